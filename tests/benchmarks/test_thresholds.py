"""The benchmark of thresholds and hints, on a few small photographs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks import thresholds
from skdefocus import DefocusSample


def test_hints_lie_on_the_subject():
    mask = np.ones((40, 60), bool)
    mask[10:30, 20:50] = False
    hints = thresholds.find_hints(mask, np.random.default_rng(0))
    assert hints["box"] == (20, 10, 30, 20)
    for name in thresholds.CLICKS:
        x, y = hints[name]
        assert not mask[int(y), int(x)]
    x, y = hints["border"]
    assert min(x - 19, 50 - x, y - 9, 30 - y) == pytest.approx(5, abs=0.6)


def test_a_perfect_map_is_divided_perfectly():
    mask = np.ones((40, 60), bool)
    mask[10:30, 20:50] = False
    sample = DefocusSample(
        np.zeros(mask.shape), np.where(mask, 5.0, 0.2), confidence=np.ones(mask.shape)
    )
    hints = thresholds.find_hints(mask, np.random.default_rng(0))
    row = thresholds.judge(sample, mask, hints)
    wrong = {name for name, value in row.items() if value < 0.99}
    assert wrong == {"MAE"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*not comparable:UserWarning")
def test_prints_a_row_for_every_way(tmp_path, photo, capsys):
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, photo.shape[1] // 2 :] = 255
    for kind, picture in (("images", photo), ("masks", mask)):
        for number in (201, 202):
            folder = tmp_path / "cuhk" / kind
            folder.mkdir(parents=True, exist_ok=True)
            ending = "jpg" if kind == "images" else "png"
            name = f"out_of_focus{number:04}.{ending}"
            Image.fromarray(picture).save(folder / name)
    arguments = ["--data", str(tmp_path), "--jobs", "1", "--sizes", "0.5"]
    assert thresholds.main(arguments) == 0
    text = capsys.readouterr().out
    for name in ("best", "default", "before", "auto", "interior", "box", "certain"):
        assert f"\n{name} " in text
    assert "default, 0.5 times" in text
