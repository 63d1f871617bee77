from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

CHILD = """
import os, sys, time
from pathlib import Path
from skdefocus._shared.processes import end_with
end_with(int(sys.argv[1]), Path(sys.argv[2], "ended").touch)
Path(sys.argv[2], "started").touch()
time.sleep(120)
"""
PARENT = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]])
time.sleep(120)
"""


def appears(path, seconds=30):
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(os.name != "posix", reason="orphans as POSIX has them")
def test_a_child_ends_with_a_parent_that_is_killed(tmp_path):
    command = [sys.executable, "-c", PARENT, CHILD, str(tmp_path)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."}) as parent:
        assert appears(tmp_path / "started")
        time.sleep(1)
        assert not (tmp_path / "ended").exists()
        parent.kill()
    assert appears(tmp_path / "ended")
