"""The benchmark of measured defocus, on a scene of that shape."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks import pixel4
from skdefocus.io import write_photograph
from skdefocus.synthesis import defocus

pytestmark = pytest.mark.slow


def test_prints_what_disagrees(tmp_path, texture, capsys):
    truth = np.zeros(texture.shape)
    truth[:, 96:] = 4.0
    levels = (defocus(texture, truth) * 255).round().astype(np.uint8)
    Image.fromarray(levels).convert("RGB").save(tmp_path / "001.webp", lossless=True)
    write_photograph(tmp_path / "001_map.png", (truth * 40 + 50).astype(np.uint8))
    assert pixel4.main([str(tmp_path)]) == 0
    scene, mean = capsys.readouterr().out.splitlines()[1:]
    assert scene.split()[0] == "001"
    assert scene.split()[1:] == mean.split()[1:]
    assert all(0 <= float(cell) < 0.4 for cell in mean.split()[1:])


def test_unknown_pixels_do_not_count():
    truth = np.zeros((8, 80))
    truth[:, 40:] = np.arange(40) + 1
    assert pixel4.disagreement(truth, truth) == pytest.approx(0)
    other = truth.copy()
    other[:, :40] = 99
    assert pixel4.disagreement(other, truth) == pytest.approx(0)
    assert pixel4.disagreement(np.ones_like(truth), truth) == 1


def test_refuses_folders_without_maps(tmp_path, capsys):
    with pytest.raises(SystemExit):
        pixel4.main([str(tmp_path)])
    assert "holds no NNN_map.png" in capsys.readouterr().err
