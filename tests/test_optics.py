from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.optics import (
    circle_of_confusion,
    distances_from_sigma,
    image_distance,
    sigma_from_distance,
)

LENS = {"focus_distance": 2.0, "focal_length": 0.05, "aperture_diameter": 0.025}
CAMERA = {**LENS, "pixel_pitch": 6e-6}


@given(st.floats(0.051, 1000))
def test_thin_lens_equation(distance):
    image = image_distance(distance, focal_length=0.05)
    assert 1 / distance + 1 / image == pytest.approx(1 / 0.05)


def test_circle_of_confusion_by_hand():
    # d = A f |S2 - S1| / (S2 |S1 - f|) = .025 * .05 * 2 / (4 * 1.95)
    assert circle_of_confusion(4.0, **LENS) == pytest.approx(0.0025 / 7.8)


def test_circle_of_confusion_from_similar_triangles():
    distance = np.array([0.5, 1.0, 3.0, 50.0])
    sensor = image_distance(2.0, focal_length=0.05)
    focus = np.array([image_distance(d, focal_length=0.05) for d in distance])
    expected = 0.025 * np.abs(focus - sensor) / focus
    np.testing.assert_allclose(circle_of_confusion(distance, **LENS), expected)


def test_is_0_in_focus_and_grows_away_from_it():
    assert circle_of_confusion(2.0, **LENS) == 0
    behind = circle_of_confusion(np.array([2.0, 3.0, 10.0, np.inf]), **LENS)
    assert (np.diff(behind) > 0).all()
    before = circle_of_confusion(np.array([0.1, 0.5, 1.0, 2.0]), **LENS)
    assert (np.diff(before) < 0).all()


@given(st.floats(0.06, 500))
def test_sigma_gives_back_the_distance(distance):
    near, far = distances_from_sigma(sigma_from_distance(distance, **CAMERA), **CAMERA)
    assert near <= 2.0 <= far or np.isnan(far)
    found = near if distance <= 2.0 else far
    assert found == pytest.approx(distance, rel=1e-6)


def test_nothing_behind_is_blurred_more_than_the_horizon():
    horizon = float(sigma_from_distance(np.inf, **CAMERA))
    near, far = distances_from_sigma([0.0, horizon * 0.5, horizon * 1.01], **CAMERA)
    assert near[0] == far[0] == 2.0
    assert np.isfinite(far[1])
    assert np.isnan(far[2])
    assert np.isfinite(near).all()
    assert distances_from_sigma(np.float64(horizon), **CAMERA)[1] > 1e6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"focus_distance": 0.05}, "must be above 'focal_length'"),
        ({"focus_distance": 0.01}, "forms no image"),
        ({"focal_length": 0.0}, "'focal_length' parameter of circle_of_confusion"),
        ({"aperture_diameter": -1.0}, "'aperture_diameter' parameter"),
        (
            {"distance": 0.0},
            "'distance' parameter of circle_of_confusion must be positive",
        ),
        ({"distance": [1.0, -2.0]}, "must be positive"),
        ({"distance": np.nan}, "must be positive"),
    ],
)
def test_refuses_impossible_lenses(changes, message):
    with pytest.raises(ValueError, match=message):
        circle_of_confusion(**{"distance": 4.0, **LENS, **changes})


def test_refuses_impossible_pixels_and_sigmas():
    with pytest.raises(ValueError, match="'pixel_pitch' parameter of sigma_from"):
        sigma_from_distance(4.0, **LENS, pixel_pitch=0.0)
    with pytest.raises(ValueError, match="'sigma' parameter of distances_from_sigma"):
        distances_from_sigma(-1.0, **CAMERA)
    with pytest.raises(
        ValueError, match="'focus_distance' parameter of image_distance"
    ):
        image_distance(0.05, focal_length=0.05)
