from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tiff_writer import write_tiff

ROOT = Path(__file__).parents[2]


def work(*words):
    command = [sys.executable, "-m", "skdefocus.io.rare_worker", *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def packed(tmp_path):
    pytest.importorskip("tifffile", reason="the extra tiff is not installed")
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 1), np.uint16)
    path = tmp_path / "x.tif"
    write_tiff(path, samples, 16, 1, compression=(34925, lzma.compress))
    return path, samples


def test_it_writes_the_samples(packed, tmp_path):
    path, samples = packed
    done = work(path, 0, tmp_path / "x.npy", samples.nbytes)
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), samples[..., 0])


def test_it_says_what_is_wrong_in_its_last_line(packed, tmp_path):
    path, samples = packed
    path.write_bytes(path.read_bytes()[:200])
    done = work(path, 0, tmp_path / "x.npy", samples.nbytes)
    assert done.returncode == 1
    assert "out of range" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.npy").exists()
