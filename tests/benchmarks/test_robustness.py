"""The benchmark of conditions: on a small folder that is laid out as CUHK."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import robustness

pytestmark = pytest.mark.slow


@pytest.mark.filterwarnings("ignore:.*photographs of the split")
def test_prints_a_row_for_every_condition(small_folder, capsys):
    names = ["clean", "noise 10", "half size", "black bars", "turned"]
    arguments = ["--data", str(small_folder), "--split", "test", "--jobs", "1"]
    assert robustness.main([*arguments, "--conditions", *names]) == 0
    text = capsys.readouterr().out
    assert "CUHK test, 2 photographs" in text
    rows = {}
    for name in names:
        (cells,) = re.findall(rf"^{name}  +(.*)$", text, flags=re.M)
        rows[name] = [float(cell) for cell in re.findall(r"(?<!±)\b\d\.\d+", cells)]
        assert len(rows[name]) == 5
    best, default, automatic, ratio, rank = rows["clean"]
    assert best >= max(default, automatic)
    assert best > 0.8
    assert (ratio, rank) == (1, 1)
    assert rows["half size"][3] == pytest.approx(0.5, abs=0.2)
    assert rows["turned"][4] > 0.9


def test_ranks_of_flat_maps_are_0():
    assert robustness.rank(np.zeros((9, 9)), np.arange(81.0).reshape(9, 9)) == 0


def test_refuses_conditions_that_it_does_not_know(small_folder, capsys):
    with pytest.raises(SystemExit):
        robustness.main(["--data", str(small_folder), "--conditions", "fog"])
    assert "invalid choice: 'fog'" in capsys.readouterr().err
