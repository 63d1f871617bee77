from __future__ import annotations

import numpy as np
import pytest
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import unsharp_mask
from skdefocus.filters.unsharp import luminance_detail, weigh_detail
from tests.strategies import color_images, gray_images


@given(gray_images(), st.floats(0, 3))
def test_equals_skimage_on_gray(image, gain):
    image = image.astype(np.float32)
    expected = skimage.filters.unsharp_mask(image, radius=1.5, amount=gain)
    result = unsharp_mask(image, gain, radius=1.5)
    np.testing.assert_allclose(result, expected, atol=2e-6)


@given(color_images(), st.one_of(st.none(), st.floats(0, 1)))
def test_gain_0_is_the_identity(image, overshoot):
    result = unsharp_mask(image, 0.0, overshoot=overshoot)
    np.testing.assert_array_equal(result, image.astype(np.float32))


def test_adds_the_same_to_every_channel(small_photo):
    image = np.clip(small_photo / 255, 0.3, 0.7)
    added = unsharp_mask(image, 0.5) - image
    np.testing.assert_allclose(added[..., 0], added[..., 1], atol=1e-6)
    np.testing.assert_allclose(added[..., 0], added[..., 2], atol=1e-6)


def test_one_gain_per_pixel(small_photo):
    gain = np.zeros(small_photo.shape[:2])
    gain[:, 60:] = 1.5
    result = unsharp_mask(small_photo, gain)
    np.testing.assert_array_equal(result[:, :60], unsharp_mask(small_photo, 0)[:, :60])
    np.testing.assert_array_equal(
        result[:, 60:], unsharp_mask(small_photo, 1.5)[:, 60:]
    )


def test_threshold_is_taken_off_the_mask(small_photo):
    image = np.clip(small_photo[..., 1] / np.float32(255), 0.3, 0.7)
    mask = unsharp_mask(image, 0.1) - image
    found = unsharp_mask(image, 0.1, threshold=0.02) - image
    expected = np.sign(mask) * np.maximum(abs(mask) - 0.002, 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_overshoot_bounds_halos():
    edge = np.repeat([[0.3, 0.7]], 16, axis=1) * np.ones((8, 1))
    edge = ndimage.gaussian_filter(edge, (0, 1.0))
    free = unsharp_mask(edge, 3.0)
    limited = unsharp_mask(edge, 3.0, overshoot=0.05)
    assert free.min() < 0.2
    assert free.max() > 0.8
    assert limited.min() >= 0.3 - 0.05 * 0.4 - 1e-6
    assert limited.max() <= 0.7 + 0.05 * 0.4 + 1e-6
    # The edge itself is still steeper than it was.
    assert np.diff(limited, axis=1).max() > 1.3 * np.diff(edge, axis=1).max()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radius": 0}, "'radius' parameter of unsharp_mask"),
        ({"overshoot": -0.1}, "'overshoot' parameter of unsharp_mask"),
        ({"gain": np.zeros((3, 3))}, "'gain' must be a number or have the image"),
        ({"gain": np.nan}, "'gain' must be finite"),
    ],
)
def test_refuses_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        unsharp_mask(**{"image": np.zeros((4, 4)), "gain": 1.0, **changes})


@given(color_images(np.float32), st.floats(0, 4), st.one_of(st.none(), st.floats(0, 1)))
def test_detail_and_its_weight_are_the_mask_in_two_steps(image, gain, overshoot):
    settings = {"radius": 1.2, "threshold": 0.01, "overshoot": overshoot}
    detail, bounds = luminance_detail(image, **settings)
    mask = weigh_detail(detail, bounds, np.float32(gain))
    assert mask.dtype == np.float32
    assert (bounds is None) == (overshoot is None)
    np.testing.assert_array_equal(
        np.clip(image + mask[..., np.newaxis], 0, 1),
        unsharp_mask(image, gain, **settings),
    )


def test_no_overshoot_at_all_keeps_to_the_range_around():
    image = np.random.default_rng(0).random((30, 40)).astype(np.float32)
    detail, bounds = luminance_detail(image, radius=0.8, threshold=0, overshoot=0.0)
    result = image + weigh_detail(detail, bounds, 50.0)
    # Two radii, rounded up, are 2 px.
    padded = np.pad(image, 2, mode="symmetric")
    around = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    low, high = around.min(axis=(2, 3)), around.max(axis=(2, 3))
    np.testing.assert_array_less(low - 1e-6, result)
    np.testing.assert_array_less(result, high + 1e-6)
    # So much gain reaches the bounds nearly everywhere.
    reached = np.minimum(result - low, high - result) < 1e-6
    assert reached.mean() > 0.9
