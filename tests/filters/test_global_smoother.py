from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import global_smoother
from tests.strategies import color_images, gray_images, maps

SETTINGS = {"smoothness": 50.0, "color_sigma": 0.1}


def solve_line(values, guide, strength, sigma):
    """One line by a dense matrix."""
    guide = guide.reshape(len(values), -1)
    ties = np.exp(-np.linalg.norm(np.diff(guide, axis=0), axis=1) / sigma)
    matrix = np.eye(len(values))
    for i, tie in enumerate(ties):
        difference = np.zeros(len(values))
        difference[i], difference[i + 1] = 1, -1
        matrix += strength * tie * np.outer(difference, difference)
    return np.linalg.solve(matrix, values)


def brute_force(image, guide, smoothness, sigma, n_iter=3):
    result = image.copy()
    for t in range(1, n_iter + 1):
        strength = 1.5 * 4 ** (n_iter - t) / (4**n_iter - 1) * smoothness
        for y in range(image.shape[0]):
            result[y] = solve_line(result[y], guide[y], strength, sigma)
        for x in range(image.shape[1]):
            result[:, x] = solve_line(result[:, x], guide[:, x], strength, sigma)
    return result


@given(maps(), st.sampled_from([0.3, 20.0, 4000.0]), st.integers(1, 4))
def test_equals_dense_solves(pair, smoothness, n_iter):
    guide, image = pair
    expected = brute_force(image, guide, smoothness, 0.1, n_iter)
    result = global_smoother(
        image, guide, smoothness=smoothness, color_sigma=0.1, n_iter=n_iter
    )
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


@given(color_images())
def test_colors_count_by_their_distance(guide):
    image = np.arange(guide[..., 0].size, dtype=float).reshape(guide.shape[:2])
    np.testing.assert_allclose(
        global_smoother(image, guide, **SETTINGS),
        brute_force(image, guide, 50.0, 0.1),
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("smoothness", [100.0, 5000.0])
@pytest.mark.parametrize("color", [True, False])
def test_equals_opencv(smoothness, color):
    rng = np.random.default_rng(0)
    shape = (60, 75, 3) if color else (60, 75)
    noise = rng.integers(0, 256, shape).astype(np.uint8)
    guide = cv2.GaussianBlur(noise, (0, 0), 2)
    image = rng.random((60, 75)).astype(np.float32)
    # OpenCV's lambda is that of the first pass: 1.5 * 16 / 63 of the whole.
    peer = cv2.ximgproc.createFastGlobalSmootherFilter(
        guide, smoothness * 1.5 * 16 / 63, 10.0, 0.25, 3
    ).filter(image)
    result = global_smoother(image, guide, smoothness=smoothness, color_sigma=10 / 255)
    assert result.dtype == np.float32
    # Its pivots cancel in float32; those of a float64 solve agree with ours.
    np.testing.assert_allclose(result, peer, atol=1e-4)
    double = global_smoother(
        image.astype(np.float64),
        guide / 255,
        smoothness=smoothness,
        color_sigma=10 / 255,
    )
    np.testing.assert_allclose(result, double, atol=1e-5)


@given(maps())
def test_a_constant_stays_and_the_range_is_kept(pair):
    guide, image = pair
    flat = np.full_like(image, 3.0)
    np.testing.assert_allclose(global_smoother(flat, guide, **SETTINGS), 3.0)
    result = global_smoother(image, guide, confidence=guide + 0.1, **SETTINGS)
    assert result.min() >= image.min()
    assert result.max() <= image.max()


@given(maps())
def test_linear_flips_and_zero(pair):
    guide, image = pair
    result = global_smoother(image, guide, **SETTINGS)
    close = {"rtol": 1e-9, "atol": 1e-9}
    shifted = global_smoother(image + 5, guide, **SETTINGS)
    np.testing.assert_allclose(shifted, result + 5, **close)
    for axis in (0, 1):
        flipped = global_smoother(
            np.flip(image, axis), np.flip(guide, axis), **SETTINGS
        )
        np.testing.assert_allclose(flipped, np.flip(result, axis), **close)
    settings = {**SETTINGS, "smoothness": 0}
    np.testing.assert_array_equal(global_smoother(image, guide, **settings), image)


@given(maps(), st.floats(0.1, 10))
def test_only_proportions_of_confidence_matter(pair, factor):
    guide, image = pair
    weight = 0.05 + guide / 2
    one = global_smoother(image, guide, confidence=weight, **SETTINGS)
    other = global_smoother(image, guide, confidence=weight * factor, **SETTINGS)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    uniform = global_smoother(
        image, guide, confidence=np.full(image.shape, 0.3), **SETTINGS
    )
    plain = global_smoother(image, guide, **SETTINGS)
    np.testing.assert_allclose(uniform, plain, rtol=1e-9, atol=1e-9)


def test_confidence_is_a_quotient_of_two_smoothed_images():
    rng = np.random.default_rng(1)
    image, guide, weight = rng.random((3, 9, 11))
    above = global_smoother(image * weight, guide, **SETTINGS)
    below = global_smoother(weight, guide, **SETTINGS)
    result = global_smoother(image, guide, confidence=weight, **SETTINGS)
    np.testing.assert_allclose(result, above / below, rtol=1e-9)


def test_doubtful_pixels_are_filled_in_up_to_edges():
    guide = np.repeat([[0.2, 0.8]], 20, axis=1) * np.ones((30, 1))
    image, confidence = np.where(guide > 0.5, 8.0, 1.0), np.ones(guide.shape)
    image[5:25, 5:15], confidence[5:25, 5:15] = 8.0, 1e-3
    result = global_smoother(
        image, guide, confidence=confidence, smoothness=1e4, color_sigma=0.02
    )
    np.testing.assert_allclose(result, np.where(guide > 0.5, 8.0, 1.0), atol=0.1)


def test_strong_ties_lose_nothing_in_float32():
    rng = np.random.default_rng(2)
    image, guide = rng.random((300, 40)), np.full((300, 40), 0.5)
    settings = {"smoothness": 1e7, "color_sigma": 0.02}
    double = global_smoother(image, guide, **settings)
    single = global_smoother(
        image.astype(np.float32), guide.astype(np.float32), **settings
    )
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, atol=2e-5)


@given(gray_images(np.float32))
def test_any_dtype_and_channels(image):
    integers = np.round(image * 255).astype(np.uint8)
    as_float = integers.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(
        global_smoother(integers, **SETTINGS), global_smoother(as_float, **SETTINGS)
    )
    stacked = global_smoother(np.dstack([image, image]), image, **SETTINGS)
    single = global_smoother(image, image, **SETTINGS)
    np.testing.assert_array_equal(stacked[..., 0], single)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smoothness": -1}, "'smoothness' parameter of global_smoother"),
        ({"color_sigma": 0}, "'color_sigma' parameter of global_smoother"),
        ({"n_iter": 0}, "'n_iter' parameter of global_smoother"),
        ({"guide": np.zeros((3, 3))}, "guide must have the height and width"),
        ({"confidence": np.zeros((4, 5))}, "it is 0 everywhere"),
        ({"confidence": np.zeros((3, 5))}, "confidence must have the photograph's"),
        ({"confidence": np.full((4, 5), -1.0)}, "confidence must be non-negative"),
        ({"image": np.full((4, 5), np.nan)}, "image must be finite"),
    ],
)
def test_refuses(changes, message):
    arguments = {"image": np.zeros((4, 5)), **SETTINGS, **changes}
    with pytest.raises(ValueError, match=message):
        global_smoother(arguments.pop("image"), **arguments)


def test_a_single_pixel():
    one = np.array([[0.4]])
    np.testing.assert_array_equal(global_smoother(one, **SETTINGS), one)
