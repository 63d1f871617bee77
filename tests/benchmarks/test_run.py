from __future__ import annotations

import time

import numpy as np

from benchmarks import run


def test_prints_ratios(capsys, monkeypatch):
    monkeypatch.setattr(run, "SHAPE", (64, 80))
    assert run.main(["--repeats", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "MobileNetV2" in line]
    assert [row.split(",")[0] for row in rows] == ["fast", "default"]
    assert all("12 patches, step 16" in row for row in rows)


def test_measures_in_turns():
    calls = []

    def ours():
        calls.append("ours")

    def peer():
        calls.append("peer")
        time.sleep(0.02)

    comparison = run.Comparison("ours", "peer", ours, peer)
    fast, slow, ratio = run.measure(comparison, 3)
    # Once each to warm up, then in turns.
    assert calls == ["ours", "peer"] * 4
    assert fast < slow
    assert ratio < 1


def test_windows_are_the_image_s_own():
    grey = np.arange(48 * 64, dtype=np.float32).reshape(48, 64)
    patches = run.windows(grey, 32, 16)
    assert len(patches) == 2 * 3
    np.testing.assert_array_equal(patches[4], grey[16:48, 16:48])
