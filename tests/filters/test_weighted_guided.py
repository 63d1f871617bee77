from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import (
    box_mean,
    edge_weight,
    guided_filter,
    weighted_guided_filter,
)
from tests.strategies import color_images, gray_images, maps


def brute_force_weight(gray: np.ndarray) -> np.ndarray:
    padded = np.pad(gray, 1, mode="symmetric")
    variance = np.empty(gray.shape)
    for row, column in np.ndindex(gray.shape):
        variance[row, column] = padded[row : row + 3, column : column + 3].var()
    eps = 0.001**2
    return (variance + eps) * np.mean(1 / (variance + eps))


@given(gray_images())
def test_weight_equals_brute_force(image):
    np.testing.assert_allclose(edge_weight(image), brute_force_weight(image), rtol=1e-6)


def brute_force(image, guide, radius, eps):
    weight = brute_force_weight(guide)
    mean = lambda values: box_mean(values, radius)  # noqa: E731
    covariance = mean(guide * image) - mean(guide) * mean(image)
    variance = mean(guide**2) - mean(guide) ** 2
    slope = covariance / (variance + eps / weight)
    return mean(slope) * guide + mean(mean(image) - slope * mean(guide))


@given(maps(), st.integers(0, 3), st.sampled_from([0.005, 0.5]))
def test_gray_guide_equals_brute_force(pair, radius, eps):
    guide, image = pair
    np.testing.assert_allclose(
        weighted_guided_filter(image, guide, radius=radius, eps=eps),
        brute_force(image, guide, radius, eps),
        rtol=1e-6,
        atol=1e-6,
    )


def test_weight_varies_and_marks_edges(small_photo):
    weight = edge_weight(small_photo)
    assert weight.shape == small_photo.shape[:2]
    assert weight.max() > 10 * np.median(weight)
    assert (weight > 0).all()


def test_weight_of_a_flat_guide_is_1_and_gives_the_guided_filter():
    rng = np.random.default_rng(0)
    flat = np.full((12, 12), 0.3)
    np.testing.assert_allclose(edge_weight(flat), 1.0)
    image = rng.random((12, 12))
    np.testing.assert_allclose(
        weighted_guided_filter(image, flat, radius=2, eps=0.1),
        guided_filter(image, flat, radius=2, eps=0.1),
        atol=1e-12,
    )


def test_keeps_an_edge_better_than_the_guided_filter():
    step = np.repeat([[0.2, 0.8]], 16, axis=1) * np.ones((24, 1))
    noisy = step + np.random.default_rng(0).normal(0, 0.01, step.shape)
    plain = guided_filter(noisy, radius=4, eps=0.1)
    weighted = weighted_guided_filter(noisy, radius=4, eps=0.1)
    contrast = lambda image: image[:, 16].mean() - image[:, 15].mean()  # noqa: E731
    assert contrast(weighted) > 1.3 * contrast(plain)


@given(color_images())
def test_color_guide_takes_its_weight_from_the_gray(guide):
    gray = guide @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(edge_weight(guide), edge_weight(gray), rtol=1e-3)


def test_scale_of_the_guide_is_the_callers(small_photo):
    guide = small_photo[..., 1] / 255
    image = guide**2
    unit = weighted_guided_filter(image, guide, radius=3, eps=0.005)
    eight_bit = weighted_guided_filter(
        image, guide * 255, radius=3, eps=0.005 * 255**2, dynamic_range=255.0
    )
    np.testing.assert_allclose(unit, eight_bit, atol=1e-7)


def test_weight_smoothing_smooths_the_weight(small_photo):
    rough = edge_weight(small_photo)
    smooth = edge_weight(small_photo, smoothing=3.0)
    assert smooth.max() < rough.max() / 2
    plain = weighted_guided_filter(small_photo, radius=3, eps=0.1)
    smoothed = weighted_guided_filter(
        small_photo, radius=3, eps=0.1, weight_smoothing=3.0
    )
    assert not np.allclose(plain, smoothed)


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    guide, image = pair
    np.testing.assert_allclose(
        weighted_guided_filter(change(image), change(guide), radius=2, eps=0.01),
        change(weighted_guided_filter(image, guide, radius=2, eps=0.01)),
        atol=1e-6,
    )


def test_float32_agrees_with_float64(small_photo):
    image = (small_photo / 255).astype(np.float32)
    result = weighted_guided_filter(image, radius=16, eps=0.005)
    assert result.dtype == np.float32
    expected = weighted_guided_filter(image.astype(np.float64), radius=16, eps=0.005)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eps": 0.0}, "'eps' parameter of weighted_guided_filter"),
        ({"dynamic_range": 0}, "'dynamic_range' parameter of weighted_"),
        (
            {"weight_smoothing": -1},
            "'weight_smoothing' parameter of weighted_",
        ),
    ],
)
def test_refuses_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        weighted_guided_filter(np.zeros((4, 4)), **{"radius": 1, "eps": 0.1, **changes})


@pytest.mark.parametrize("n_channels", [1, 2, 4])
def test_a_guide_has_one_channel_or_three(n_channels):
    guide = np.zeros((4, 4, n_channels))
    with pytest.raises(
        ValueError, match=r"guide must have shape \(H, W\) or \(H, W, 3"
    ):
        edge_weight(guide)
    with pytest.raises(
        ValueError, match=r"guide must have shape \(H, W\) or \(H, W, 3"
    ):
        weighted_guided_filter(np.zeros((4, 4)), guide, radius=1, eps=0.1)
