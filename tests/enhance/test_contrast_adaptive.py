from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import ContrastAdaptiveSharpening
from skdefocus.enhance import contrast_adaptive_sharpening
from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from tests.strategies import color_images, gray_images

SHARPNESSES = st.floats(0, 1)


def brute_force(image, sharpness):
    """CAS pixel by pixel, as described: a cross of five, at borders the edge again."""
    height, width = image.shape
    result = np.zeros(image.shape)
    for y, x in np.ndindex(image.shape):
        n, s = image[max(y - 1, 0), x], image[min(y + 1, height - 1), x]
        w, e = image[y, max(x - 1, 0)], image[y, min(x + 1, width - 1)]
        c = image[y, x]
        low, high = min(n, s, w, e, c), max(n, s, w, e, c)
        amount = 0.0
        if high > 0:
            amount = np.sqrt(np.clip(min(low, 1 - high) / high, 0, 1))
        peak = -1 / (8 * (1 - sharpness) + 5 * sharpness)
        weight = amount * peak
        result[y, x] = (c + weight * (n + s + w + e)) / (1 + 4 * weight)
    return np.clip(result, 0, 1)


@given(gray_images(np.float32), SHARPNESSES)
def test_against_brute_force(image, sharpness):
    found = contrast_adaptive_sharpening(image, sharpness)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found, brute_force(image.astype(float), sharpness), atol=1e-5
    )


def test_by_hand():
    image = np.array([[0.4, 0.4, 0.5]])
    # The middle one: A = sqrt(0.4 / 0.5), w = -A / 8, four neighbors of 1.7 in all.
    weight = -np.sqrt(0.8) / 8
    expected = (0.4 + weight * 1.7) / (1 + 4 * weight)
    found = contrast_adaptive_sharpening(image, 0.0)
    assert found[0, 1] == pytest.approx(expected, abs=1e-6)


@given(color_images(np.float32), SHARPNESSES)
def test_every_channel_by_itself(image, sharpness):
    found = contrast_adaptive_sharpening(image, sharpness)
    for c in range(3):
        np.testing.assert_array_equal(
            found[..., c], contrast_adaptive_sharpening(image[..., c], sharpness)
        )


@given(gray_images(np.float32), SHARPNESSES)
def test_flips_and_turns(image, sharpness):
    found = contrast_adaptive_sharpening(image, sharpness)
    for turn in (np.rot90, np.flipud, np.transpose):
        np.testing.assert_allclose(
            contrast_adaptive_sharpening(turn(image), sharpness),
            turn(found),
            atol=1e-5,
        )


@given(st.floats(0, 1), SHARPNESSES, st.booleans())
def test_flat_stays_flat(value, sharpness, linear_light):
    image = np.full((4, 5), value, dtype=np.float32)
    found = contrast_adaptive_sharpening(image, sharpness, linear_light=linear_light)
    np.testing.assert_allclose(found, image, atol=1e-5)


def test_the_whole_range_of_sharpness(texture):
    blurred = blur(0.2 + 0.6 * texture, 1.0)
    steepness = [
        abs(np.diff(contrast_adaptive_sharpening(blurred, s), axis=1)).mean()
        for s in np.linspace(0, 1, 6)
    ]
    assert steepness[0] > 1.03 * abs(np.diff(blurred, axis=1)).mean()
    assert (np.diff(steepness) > 0).all()


def test_sharpens_low_contrast_more_than_high():
    def gain(contrast):
        edge = 0.5 + contrast * np.array([[-1.0, -1, -0.5, 0.5, 1, 1]]) * np.ones(
            (3, 1)
        )
        found = contrast_adaptive_sharpening(edge, 1.0)
        return np.ptp(found) / np.ptp(edge)

    assert gain(0.05) > 1.2 * gain(0.45) > 1


def test_linear_light_is_the_same_between_two_conversions(small_photo):
    light = contrast_adaptive_sharpening(srgb_to_linear(small_photo), 0.7)
    found = contrast_adaptive_sharpening(small_photo, 0.7, linear_light=True)
    np.testing.assert_array_equal(found, linear_to_srgb(light))
    assert abs(found - contrast_adaptive_sharpening(small_photo, 0.7)).max() > 0.01


def test_the_estimator_is_the_function(small_photo):
    cas = ContrastAdaptiveSharpening(0.4, linear_light=True)
    expected = contrast_adaptive_sharpening(small_photo, 0.4, linear_light=True)
    np.testing.assert_array_equal(cas.transform([small_photo])[0], expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sharpness": -0.125}, "'sharpness' parameter of ContrastAdaptiveSharpening"),
        ({"sharpness": 1.1}, "'sharpness' parameter"),
        ({"sharpness": True}, "'sharpness' parameter"),
        ({"linear_light": "srgb"}, "'linear_light' parameter"),
    ],
)
def test_refuses_bad_parameters(small_photo, changes, message):
    with pytest.raises(ValueError, match=message):
        ContrastAdaptiveSharpening(**changes).transform([small_photo])
    with pytest.raises(ValueError, match=r"parameter of contrast_adaptive_sharpening"):
        contrast_adaptive_sharpening(small_photo, **changes)
