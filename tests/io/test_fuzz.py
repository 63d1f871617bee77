"""No mutation of a file takes the machine: it gives a photograph or one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skdefocus._shared.threads import ONE_THREAD

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits of memory as Linux has them"
)
def test_mutations_give_a_photograph_or_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.io.fuzzing", str(tmp_path), "45"],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_mutations_are_the_same_for_the_same_seed():
    from tests.io.fuzzing import mutate

    data = bytes(range(256)) * 4
    results = [mutate(data, np.random.default_rng([seed, 0])) for seed in range(40)]
    again = [mutate(data, np.random.default_rng([seed, 0])) for seed in range(40)]
    assert results == again
    assert len(set(results)) > 30
    # A few write what is there already.
    assert results.count(data) < 4
