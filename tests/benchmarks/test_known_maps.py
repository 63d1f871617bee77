"""The benchmark of known maps, on one small photograph."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import known_maps
from skdefocus import DefocusSample
from skdefocus.io import write_photograph


@pytest.mark.slow
def test_prints_a_row_for_every_kind_and_refiner(tmp_path, photo, capsys):
    write_photograph(tmp_path / "a.png", photo)
    assert known_maps.main([str(tmp_path), "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    rows = re.findall(r"^(.{14}) (\w+) +([\d.]+|nan) .* ([01]\.\d+)$", text, re.M)
    assert len(rows) == len(known_maps.KINDS) * len(known_maps.REFINERS)
    errors = {(kind.strip(), name): float(error) for kind, name, error, _ in rows}
    # The sample photograph is sharp where the subject is cut out, and hardly elsewhere.
    assert errors["small subject", "global"] < errors["small subject", "wgif"]
    sure = {(kind.strip(), name): float(share) for kind, name, _, share in rows}
    assert sure["uniform", "global"] < 0.05


def test_scenes_are_blurred_as_they_say(photo):
    sharp = photo[::2, ::2] / np.float32(255)
    for kind, make in known_maps.KINDS.items():
        scene = make(sharp, np.random.default_rng(0))
        assert scene.image.shape == sharp.shape
        assert scene.image.dtype == np.uint8
        assert scene.truth.shape == scene.judged.shape == sharp.shape[:2]
        assert scene.judged.any(), kind
        assert scene.truth.min() >= 0


def test_the_truth_has_no_error():
    truth = np.linspace(0.5, 6, 400, dtype=np.float32).reshape(20, 20)
    scene = known_maps.Scene(truth, truth, truth > 1)
    sample = DefocusSample(truth / 6, truth, np.full(truth.shape, 0.7))
    error, rank, where_sure, right, sure = known_maps.judge(sample, scene)
    assert (error, where_sure) == (0, 0)
    assert (rank, right, sure) == (pytest.approx(1), 1, 1)
