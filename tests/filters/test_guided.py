from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import box_mean, guided_filter
from tests.strategies import color_images, gray_images, maps


def brute_force(image, guide, radius, eps):
    """Textbook guided filter with a matrix solve in every window."""
    guide = guide.reshape(*image.shape, -1)
    mean = lambda values: box_mean(np.ascontiguousarray(values), radius)  # noqa: E731
    slopes = np.zeros(guide.shape)
    offset = np.zeros(image.shape)
    means = np.stack([mean(g) for g in np.moveaxis(guide, -1, 0)], axis=-1)
    for row, column in np.ndindex(image.shape):
        window = np.ix_(
            *[
                np.pad(np.arange(n), radius, mode="symmetric")[i : i + 2 * radius + 1]
                if radius
                else [i]
                for n, i in zip(image.shape, (row, column), strict=True)
            ]
        )
        g, x = guide[window].reshape(-1, guide.shape[2]), image[window].ravel()
        centered = g - g.mean(axis=0)
        matrix = centered.T @ centered / len(x) + eps * np.eye(g.shape[1])
        slopes[row, column] = np.linalg.solve(
            matrix, centered.T @ (x - x.mean()) / len(x)
        )
        offset[row, column] = x.mean() - slopes[row, column] @ means[row, column]
    smooth = np.stack([mean(s) for s in np.moveaxis(slopes, -1, 0)], axis=-1)
    return (smooth * guide).sum(axis=-1) + mean(offset)


@given(maps(), st.integers(0, 3), st.sampled_from([1e-4, 0.01, 1.0]))
def test_gray_guide_equals_brute_force(pair, radius, eps):
    guide, image = pair
    np.testing.assert_allclose(
        guided_filter(image, guide, radius=radius, eps=eps),
        brute_force(image, guide, radius, eps),
        rtol=1e-8,
        atol=1e-8,
    )


@given(color_images(), st.integers(0, 3), st.sampled_from([1e-3, 0.1]))
def test_color_guide_equals_brute_force(guide, radius, eps):
    image = guide[..., 0] * 3 - guide[..., 2]
    np.testing.assert_allclose(
        guided_filter(image, guide, radius=radius, eps=eps),
        brute_force(image, guide, radius, eps),
        rtol=1e-7,
        atol=1e-7,
    )


@pytest.mark.parametrize("color", [False, True])
def test_equals_opencv(small_photo, color):
    image = (small_photo[..., 1] / 255).astype(np.float32)
    guide = (small_photo / 255).astype(np.float32)
    guide = guide if color else guide[..., 0].copy()
    expected = cv2.ximgproc.guidedFilter(guide, image, 5, 0.01)
    result = guided_filter(image, guide, radius=5, eps=0.01)
    np.testing.assert_allclose(result, expected, atol=2e-5)


def test_golden_values_of_opencv():
    # cv2.ximgproc.guidedFilter(guide, image, 1, 0.01), opencv-contrib 4.x
    guide = np.array([[0.1, 0.1, 0.9], [0.1, 0.5, 0.9], [0.2, 0.8, 0.9]], np.float32)
    image = np.array([[0, 0, 5], [0, 1, 5], [1, 4, 5]], np.float32)
    golden = [
        [0.06791037, 0.03375557, 4.7016773],
        [0.16863656, 2.0784764, 4.6934733],
        [0.7397624, 3.831038, 4.6852703],
    ]
    result = guided_filter(image, guide, radius=1, eps=0.01)
    np.testing.assert_allclose(result, golden, atol=1e-5)


@given(maps(), st.integers(0, 3))
def test_constant_is_a_fixed_point_and_added_constants_come_through(pair, radius):
    guide, image = pair
    constant = np.full(image.shape, 3.25)
    np.testing.assert_allclose(
        guided_filter(constant, guide, radius=radius, eps=0.01), constant, rtol=1e-10
    )
    np.testing.assert_allclose(
        guided_filter(image + 2, guide, radius=radius, eps=0.01),
        guided_filter(image, guide, radius=radius, eps=0.01) + 2,
        atol=1e-9,
    )


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    guide, image = pair
    np.testing.assert_allclose(
        guided_filter(change(image), change(guide), radius=2, eps=0.01),
        change(guided_filter(image, guide, radius=2, eps=0.01)),
        atol=1e-9,
    )


@given(gray_images(np.float32))
def test_float32_agrees_with_float64(image):
    result = guided_filter(image, radius=2, eps=0.01)
    assert result.dtype == np.float32
    expected = guided_filter(image.astype(np.float64), radius=2, eps=0.01)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=5e-6)


def test_self_guide_of_a_color_image_filters_each_channel_by_all(small_photo):
    image = small_photo / 255
    result = guided_filter(image, radius=4, eps=0.01)
    for channel in range(3):
        expected = guided_filter(image[..., channel], image, radius=4, eps=0.01)
        np.testing.assert_allclose(result[..., channel], expected, atol=1e-10)


def test_extreme_ridges(small_photo):
    image = small_photo[..., 0] / 255
    np.testing.assert_allclose(
        guided_filter(image, radius=3, eps=1e-12), image, atol=1e-3
    )
    np.testing.assert_allclose(
        guided_filter(image, radius=3, eps=1e9),
        box_mean(box_mean(image, 3), 3),
        atol=1e-6,
    )


def test_a_tiny_ridge_divides_nothing_by_0():
    flat = np.full((8, 8), 0.25, np.float32)
    np.testing.assert_allclose(guided_filter(flat, radius=2, eps=1e-50), flat)


def test_uint8_counts_as_unit_scale(small_photo):
    np.testing.assert_allclose(
        guided_filter(small_photo, radius=2, eps=0.01),
        guided_filter((small_photo / 255).astype(np.float32), radius=2, eps=0.01),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eps": 0}, "'eps' parameter of guided_filter must be a float"),
        ({"eps": -1.0}, "'eps' parameter"),
        ({"eps": np.nan}, "'eps' parameter"),
        ({"radius": -1}, "'radius' parameter"),
        ({"guide": np.zeros((5, 4))}, "guide must have the image's height and width"),
        ({"guide": np.zeros((4, 4, 2))}, r"guide must have shape \(H, W\) or"),
    ],
)
def test_refuses_bad_input(changes, message):
    arguments = {"image": np.zeros((4, 4)), "radius": 1, "eps": 0.1, **changes}
    with pytest.raises(ValueError, match=message):
        guided_filter(**arguments)
