from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from skdefocus._shared import memory
from skdefocus._shared.memory import available_memory

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A system that tells of no memory at all."""
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(memory.os, "sysconf", lambda name: 1024, raising=False)
    return tmp_path


def test_what_the_system_has_left(place):
    (place / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   4096 kB\n")
    assert available_memory() == 4096 * 1024


def test_without_it_what_the_machine_has(place):
    assert available_memory() == 1024**2
    (place / "meminfo").write_text("nothing of the kind")
    assert available_memory() == 1024**2


def test_a_container_may_have_less(place):
    (place / "meminfo").write_text("MemAvailable: 4096 kB\n")
    (place / "memory.max").write_text("3000000\n")
    (place / "memory.current").write_text("1000000\n")
    assert available_memory() == 2_000_000
    (place / "memory.max").write_text("max\n")
    assert available_memory() == 4096 * 1024


def test_nothing_is_known_of_other_systems(place, monkeypatch):
    def fail(name):
        raise ValueError

    monkeypatch.setattr(memory.os, "sysconf", fail, raising=False)
    assert available_memory() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as on Linux")
def test_a_limit_of_the_shell_counts():
    code = (
        "import resource; from skdefocus._shared.memory import available_memory as a;"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)); print(a())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60
    )
    assert 0 < int(done.stdout) < 2**31
