"""Pictures of maps and of confidence tell what they show."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from skdefocus import DefocusSample
from skdefocus.batch import write_confidence, write_map_picture
from skdefocus.batch.map_picture import draw_map_picture
from skdefocus.figures import color_map, hatch_unknown

SHAPE = (24, 30)
IMAGE = np.zeros((*SHAPE, 3), np.uint8)
RAMP = np.tile(np.linspace(0, 1, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))


def mapped(unit="px", confidence=RAMP):
    sigma = RAMP * np.float32(19 if unit == "px" else 1)
    return DefocusSample(IMAGE, sigma, confidence, unit=unit)


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture), picture.mode, dict(picture.text)


@pytest.mark.parametrize("below", [0.25, 0.6])
def test_what_is_unknown_is_hatched(tmp_path, below):
    path = tmp_path / "a.png"
    write_map_picture(path, mapped(), unknown_below=below)
    pixels, _, text = read(path)
    colors = color_map(mapped().blur_map)
    np.testing.assert_array_equal(pixels, hatch_unknown(colors, below > RAMP))
    assert (pixels[below > RAMP] != colors[below > RAMP]).any()
    assert text == {
        "Description": "sigma of defocus in px, in colors from 0 (dark) to 19 (bright) "
        f"on a logarithmic scale; hatched: unknown, confidence below {below:g}"
    }
    assert pixels.shape == IMAGE.shape


def test_without_a_confidence_nothing_is(tmp_path):
    sample = mapped(confidence=None)
    write_map_picture(tmp_path / "a.png", sample)
    pixels, _, text = read(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels, color_map(sample.blur_map))
    assert text["Description"].endswith(
        "nothing is hatched, since no confidence is known"
    )


def test_a_score_spans_all_colors_and_is_not_hatched(tmp_path):
    write_map_picture(tmp_path / "a.png", mapped(unit="relative"))
    pixels, _, text = read(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels, color_map(mapped().blur_map))
    assert text["Description"].startswith("relative score of blur, in colors from 0")


@pytest.mark.parametrize(
    ("unit", "what"),
    [("px", "confidence of the blur map"), ("relative", "weight of texture")],
)
def test_confidence_times_255(tmp_path, unit, what):
    write_confidence(tmp_path / "a.png", mapped(unit))
    pixels, mode, text = read(tmp_path / "a.png")
    assert mode == "L"
    np.testing.assert_array_equal(pixels, np.rint(RAMP * 255))
    assert text["Description"] == f"{what}, in [0, 1], times 255"


def test_no_confidence_counts_as_1(tmp_path):
    write_confidence(tmp_path / "a.png", mapped(confidence=None))
    pixels, _, _ = read(tmp_path / "a.png")
    assert pixels.shape == SHAPE
    assert (pixels == 255).all()


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="has no blur map"):
        draw_map_picture(DefocusSample(IMAGE))
    with pytest.raises(ValueError, match="'unknown_below' parameter of write_map"):
        write_map_picture(tmp_path / "a.png", mapped(), unknown_below=3)
    assert list(tmp_path.iterdir()) == []
