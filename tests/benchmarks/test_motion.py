"""The benchmark of motion, on small photographs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import motion
from skdefocus.io import write_photograph


@pytest.mark.parametrize(
    ("step", "direction"), [((0, 1), 0), ((1, 0), 90), ((1, 1), 135), ((-1, 1), 45)]
)
def test_direction_is_counterclockwise(step, direction):
    path = np.zeros((21, 21))
    for i in range(-8, 9):
        path[10 + i * step[0], 10 + i * step[1]] = 1
    assert motion._direction(path) == pytest.approx(direction, abs=0.1)


def test_small_photographs_are_passed_over(tmp_path, photo):
    write_photograph(tmp_path / "small.png", photo[:60, :60])
    assert motion.judge(tmp_path / "small.png", 0) == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*photographs of the split")
def test_prints_the_table(tmp_path, small_folder, photo, capsys):
    photographs = tmp_path / "photographs"
    write_photograph(photographs / "a.png", photo)
    command = [str(photographs), "--data", str(small_folder), "--jobs", "1"]
    assert motion.main(command) == 0
    text = capsys.readouterr().out
    rows = re.findall(r"^ +(\d+|all) +(\d\.\d{3}) ", text, flags=re.M)
    assert [name for name, _ in rows] == ["9", "15", "25", "41", "all"]
    assert float(rows[-1][1]) > 0.7
    assert "of 2 photographs" in text
