from __future__ import annotations

import numpy as np
import pytest

from skdefocus import DefocusSample, estimate_blur_map
from skdefocus.app.opened import OpenedPhotograph, open_photograph
from skdefocus.io import Photograph, write_photograph


def of_map(blur_map: np.ndarray) -> OpenedPhotograph:
    image = np.zeros((*blur_map.shape, 3), np.uint8)
    sample = DefocusSample(image, blur_map.astype(np.float32))
    return OpenedPhotograph(Photograph(image), sample, "folder/photo.png")


def test_the_map_is_the_package_s_own(opened):
    expected = estimate_blur_map(opened.original.image)
    np.testing.assert_array_equal(opened.sample.blur_map, expected)
    assert opened.name == "my flower.jpg"
    assert sum(opened.histogram) == pytest.approx(1, abs=1e-4)
    assert (opened.scale[0], opened.scale[-1]) == (0, opened.axis)
    assert (np.diff(opened.scale) > 0).all()
    settings = opened.first_settings()
    assert 0 < settings.c0 < settings.c1 < opened.axis


def test_what_is_under_a_point():
    opened = of_map(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert opened.at(0, 0) == (1.0, 1.0)
    assert opened.at(0.5, 0.75) == (5.0, 1.0)
    assert opened.at(1, 1) == (6.0, 1.0)
    for point in ((1.1, 0), (0, -0.1), (float("nan"), 0)):
        with pytest.raises(ValueError, match="lies outside the photograph"):
            opened.at(*point)


def test_the_axis_holds_what_there_is():
    assert of_map(np.full((9, 9), 1.0)).axis == 8
    assert of_map(np.full((9, 9), 30.5)).axis == 34
    assert of_map(np.full((9, 9), 900.0)).axis == 200


def test_a_map_without_a_background():
    settings = of_map(np.full((9, 9), 3.0)).first_settings()
    assert (settings.c0, settings.c1) == (3.0, 3.5)


def test_limits_are_those_of_the_reader(photo_path):
    with pytest.raises(ValueError, match="at most 100 are accepted"):
        open_photograph(photo_path, max_pixels=100)


def test_renderers_take_what_is_known_where_it_is_unknown():
    blur_map = np.full((32, 64), 4.0, np.float32)
    blur_map[:, 40:] = 30.0
    confidence = np.where(blur_map > 5, 0.0, 0.9)
    sample = DefocusSample(np.zeros((32, 64, 3), np.uint8), blur_map, confidence)
    opened = OpenedPhotograph(Photograph(sample.image), sample, "photo.png")
    assert opened.at(0.9, 0.5) == (30.0, 0.0)
    assert opened.rendered_at(0.9, 0.5) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="lies outside the photograph"):
        opened.rendered_at(2, 0)
    # The sliders start from the same.
    assert opened.first_settings().c1 < 6


def test_a_photograph_that_cannot_be_judged_has_a_note(tmp_path, opened):
    assert opened.notes == ()
    write_photograph(tmp_path / "fog.png", np.full((70, 90, 3), 128, np.uint8))
    (note,) = open_photograph(tmp_path / "fog.png", max_pixels=10_000).notes
    assert note.startswith("Nearly nothing can be judged: ")
