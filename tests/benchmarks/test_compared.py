"""Tuning the methods that are compared, and HiFST beside another implementation."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import cuhk, hifst, tune
from skdefocus import HiFSTMapper

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*photographs of the split"),
]


def test_tuning_keeps_the_best_of_each_parameter(small_folder, capsys, monkeypatch):
    # The accuracy of a setting is its patch size: the last value is the best.
    monkeypatch.setattr(tune, "accuracy", lambda mapper, *pair: mapper.patch_size / 100)
    arguments = ["--data", str(small_folder), "--mappers", "deviation", "--jobs", "1"]
    assert tune.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert "0.1600  default" in lines[0]
    assert "0.3200  chosen {'patch_size': 32}" in lines[-1]


def test_tuning_scores_maps(small_folder, capsys):
    arguments = ["--data", str(small_folder), "--mappers", "laplacian", "--every", "2"]
    assert tune.main([*arguments, "--jobs", "1"]) == 0
    figures = [float(line.split()[1]) for line in capsys.readouterr().out.splitlines()]
    assert min(figures) > 0.8


def test_what_was_chosen_can_be_set():
    assert set(tune.TUNED) == set(tune.GRIDS)
    for name, (kind, grid) in tune.GRIDS.items():
        defaults = kind().get_params()
        for parameter, values in grid.items():
            for value in values:
                kind(**{parameter: value}).fit([np.zeros((70, 70))])
        for parameter, value in tune.TUNED[name].items():
            assert value in grid[parameter]
            assert value != defaults[parameter]


def test_tuned_methods_stand_beside_the_published(monkeypatch):
    monkeypatch.setitem(tune.TUNED, "hifst", {"contrast": 0.01})
    mappers = cuhk.make_mappers(None, 4, "mean")
    assert mappers["hifst"].contrast == HiFSTMapper().contrast
    assert mappers["hifst-tuned"].contrast == 0.01


def test_hifst_beside_another(small_folder, capsys, monkeypatch):
    def reverse(photograph: np.ndarray) -> np.ndarray:
        return 1 - HiFSTMapper(step=4).transform([photograph])[0].blur_map

    monkeypatch.setattr(hifst, "peer_map", reverse)
    assert hifst.main(["--data", str(small_folder), "--limit", "1"]) == 0
    text = capsys.readouterr().out
    assert "rank correlation: mean -1.000" in text
    assert "times as long" in text


def test_the_other_hifst(texture):
    pytest.importorskip("blur_detector", reason="installed by hand for this comparison")
    photograph = (texture * 255).astype(np.uint8)
    blur_map = hifst.peer_map(photograph)
    assert blur_map.shape == photograph.shape
    assert blur_map.min() >= 0


def test_they_say_what_is_missing(capsys, monkeypatch):
    monkeypatch.delenv("SKDEFOCUS_DATA", raising=False)
    for command in (tune, hifst):
        with pytest.raises(SystemExit):
            command.main([])
        assert "give --data DIR" in capsys.readouterr().err
