from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks import known_sigma
from skdefocus import PatchBlurClassifier

pytestmark = pytest.mark.slow


@pytest.fixture
def photograph(tmp_path, texture):
    path = tmp_path / "texture.png"
    Image.fromarray(np.rint(texture * 255).astype(np.uint8)).save(path)
    return path


def test_prints_errors_and_draws(photograph, tmp_path, capsys):
    figure = tmp_path / "known_sigma.png"
    arguments = [str(photograph), "--shrink", "1", "--maps", "--figure", str(figure)]
    assert known_sigma.main(arguments) == 0
    printed = capsys.readouterr().out
    for method in ("each window", "windows, auto", "context", "combined"):
        assert f"{method}: mean absolute error" in printed
    assert "expected calibration error" in printed
    with Image.open(figure) as picture:
        assert picture.size == (1320, 600)


def test_maps_of_the_mappers_named(photograph, capsys):
    arguments = [str(photograph), "--shrink", "1", "--maps", "windows"]
    assert known_sigma.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "\nwindows: mean absolute error" in printed
    assert "context" not in printed


def test_windows_are_those_with_texture(texture):
    image = texture.copy()
    image[:, 64:] = 0.5
    corners = known_sigma.textured_windows(image, 60)
    assert {tuple(corner) for corner in corners} <= {
        (row, column) for row in range(0, 160, 32) for column in (0, 32)
    }
    assert len(corners) >= 8


def test_reliability_of_a_classifier_that_knows_itself():
    classifier = PatchBlurClassifier.pretrained()
    rng = np.random.default_rng(0)
    measured = []
    for level, sigma in enumerate(classifier.sigmas_):
        # Says 0.7 for the right level 7 times in 10, else for its neighbor.
        right = rng.random(2000) < 0.7
        probabilities = np.full((2000, 18), 0.3 / 17, np.float32)
        other = (level + 1) % 18
        probabilities[np.arange(2000), np.where(right, level, other)] = 0.7
        measured.append(
            known_sigma.Measured("gaussian", "clean", float(sigma), probabilities, {})
        )
    (confidence, accuracy, count), error = known_sigma.reliability(classifier, measured)
    bin_ = int(count.argmax())
    assert confidence[bin_] == pytest.approx(0.7, abs=1e-3)
    assert accuracy[bin_] == pytest.approx(0.7, abs=0.02)
    assert error < 0.02
