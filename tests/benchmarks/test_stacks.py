"""The benchmark of focus series, on a small one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import stacks
from skdefocus.filters import blur
from skdefocus.io import write_photograph

pytestmark = pytest.mark.slow


@pytest.fixture
def series(tmp_path, texture):
    """Three slices: one side is sharp in the first, the other in the last."""
    for index, (left, right) in enumerate(((0.0, 4.0), (2.0, 2.0), (4.0, 0.0))):
        image = np.concatenate(
            [blur(texture, left)[:, :96], blur(texture, right)[:, 96:]], axis=1
        )
        write_photograph(tmp_path / "series" / "one" / f"{index:02d}.png", image)
    flat = np.full((96, 128), 0.5, np.float32)
    write_photograph(tmp_path / "series" / "two" / "00.png", flat)
    return tmp_path / "series"


def test_the_sharpest_slice_is_that_of_the_strongest_contrast(series, capsys):
    assert stacks.main([str(series), "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    assert "1 scenes" in text
    found = {
        name: [float(cell) for cell in cells.split()]
        for name, cells in re.findall(
            r"^([a-z, ]+?) {2,}(0\.\d+.*|1\.\d+.*)$", text, re.M
        )
    }
    assert set(found) == {"raw", "refined", "raw, surer half", "raw, less sure half"}
    same, near = found["raw"]
    assert same > 0.8
    assert near >= same


def test_texture_is_a_clear_peak():
    contrast = np.array([[[100.0, 100.0, 50.0]], [[40.0, 60.0, 1.0]], [[1.0] * 3]])
    assert stacks.textured(contrast).tolist() == [[True, False, False]]


def test_agreement_counts_slices_apart():
    maps = np.array([[[0.0, 2.0, 2.0]], [[1.0, 0.0, 1.0]], [[2.0, 1.0, 0.0]]])
    contrast = np.array([[[9.0, 9.0, 9.0]], [[1.0] * 3], [[1.0] * 3]])
    where = np.ones((1, 3), bool)
    same, near = stacks.agreement(maps, contrast, where)
    assert same == pytest.approx(1 / 3)
    assert near == pytest.approx(2 / 3)


def test_refuses_folders_without_texture(series, capsys):
    (series / "one").rename(series.parent / "away")
    with pytest.raises(SystemExit):
        stacks.main([str(series), "--jobs", "1"])
    assert "holds no scene with textured pixels" in capsys.readouterr().err
