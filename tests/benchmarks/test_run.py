from __future__ import annotations

import re
import time

import cv2
import numpy as np
import pytest

from benchmarks import large, peers, run
from skdefocus.filters import weighted_guided_filter
from skdefocus.recipes import recommended_steps

pytestmark = pytest.mark.slow


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(run, "SHAPE", (64, 80))
    monkeypatch.setattr(run, "N_PHOTOGRAPHS", 2)
    monkeypatch.setattr(run, "MOMENT", 1e-9)


def test_prints_a_ratio_for_every_comparison(capsys, small):
    pytest.importorskip("pymatting", reason="the extra 'compare' brings it")
    sections = ["filters", "maps", "job", "matting", "folder"]
    assert run.main(["--repeats", "1", "--only", *sections]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if re.search(r"\d+\.\d{3}  ", line)]
    assert len(rows) == 13
    assert sum("12 patches" in row for row in rows) == 6


def test_prints_the_time_of_every_mapper(capsys, monkeypatch, small, small_photo):
    pytest.importorskip("skimage", reason="the extra 'compare' brings it")
    monkeypatch.setattr(run, "load_sample_photograph", lambda: small_photo)
    assert run.main(["--repeats", "1", "--only", "mappers"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.rsplit(maxsplit=1)[-1] for row in rows] == ["2"] * 9 + ["10"] * 2


def test_prints_time_and_memory_by_size(capsys, monkeypatch):
    jobs = {"refinement": large.JOBS["refinement, 7 + 1 passes"]}
    monkeypatch.setattr(large, "JOBS", jobs)
    monkeypatch.setattr(run, "SIZES", (0.01, 0.04))
    monkeypatch.setattr(large, "in_own_process", lambda job, size: (size * 3, 0.25))
    assert run.main(["--only", "size"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("0.25" in line for line in lines) == 2
    assert "to the power of 1.000" in lines[-1]


def test_a_job_runs_in_a_process_of_its_own():
    spent, peak = large.in_own_process("refinement, 7 + 1 passes", 2)
    assert spent > 0
    # Two megapixels: some planes of 8 MB.
    assert 0.008 < peak < 0.2


@pytest.mark.parametrize("job", large.JOBS)
def test_every_job_runs(job):
    image = large.photograph(0.005)
    result = large.JOBS[job](image)()
    # Maps alone, or with their confidence.
    for plane in result if isinstance(result, tuple) else (result,):
        assert plane.shape == image.shape[:2]
        assert np.isfinite(plane).all()


def test_photographs_have_as_many_pixels_as_said():
    assert large.photograph(1).shape[:2] == (816, 1224)


def test_measures_in_turns(monkeypatch):
    monkeypatch.setattr(run, "MOMENT", 0.001)
    calls = []

    def ours():
        calls.append("ours")
        time.sleep(0.002)

    def peer():
        calls.append("peer")
        time.sleep(0.02)

    fast, slow, ratio = run.measure(peers.Comparison("ours", "peer", ours, peer), 3)
    # Once each to warm up, then in turns.
    assert calls == ["ours", "peer"] * 4
    assert fast < slow
    assert ratio < 1


def test_short_calls_are_repeated(monkeypatch):
    monkeypatch.setattr(run, "MOMENT", 0.01)
    calls = []
    run.seconds(lambda: calls.append(time.sleep(0.003)))
    assert 2 <= len(calls) <= 4


@pytest.mark.parametrize("box", [peers.cv_box, peers.scipy_box])
def test_peers_do_the_same_as_ours(box):
    image = peers.photograph((90, 120))
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    ours = weighted_guided_filter(gray, radius=peers.RADIUS, eps=peers.EPS)
    theirs = peers.weighted_filter(gray, gray, box)
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    for comparison in peers.filters((90, 120)):
        if "smoother" in comparison.title or "gray" in comparison.title:
            difference = np.abs(comparison.ours() - comparison.peer())
            assert np.median(difference) < 0.02, comparison.title


def test_what_is_recommended_is_compared():
    mapper, refiner = peers.recommended((96, 128))
    for comparison in (mapper, refiner):
        comparison.peer()
    (sample,) = mapper.ours()
    (refined,) = refiner.ours()
    assert sample.blur_map.shape == refined.blur_map.shape == (96, 128)
    (expected,) = recommended_steps()[1][1].transform([sample])
    np.testing.assert_array_equal(refined.blur_map, expected.blur_map)
    assert "recommended" in run.SECTIONS


def test_windows_are_the_image_s_own():
    gray = np.arange(48 * 64, dtype=np.float32).reshape(48, 64)
    patches = peers.windows(gray, 32, 16)
    assert len(patches) == 2 * 3
    np.testing.assert_array_equal(patches[4], gray[16:, 16:48])
