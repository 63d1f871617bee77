from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus._shared.threads import limited_threads
from skdefocus.filters._edge_weights import Ties
from tests.strategies import color_images, maps

# Both ways there are: float32 is of the kernels, float64 of NumPy.
DTYPES = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float32, 2e-4), (np.float64, 1e-9)]
)


def ties_along(line, sigma):
    """How far each of a line's colors is tied to the next."""
    line = line.reshape(len(line), -1)
    return np.exp(-np.linalg.norm(np.diff(line, axis=0), axis=1) / sigma)


def solve(values, ties, strength):
    """Minimize along one line by a dense matrix."""
    matrix = np.eye(len(values))
    for k, tie in enumerate(ties):
        matrix[[k, k + 1], [k, k + 1]] += strength * tie
        matrix[[k, k + 1], [k + 1, k]] -= strength * tie
    return np.linalg.solve(matrix, values)


def smooth_by_lines(plane, strength, guide, sigma):
    """Rows, then columns."""
    plane = plane.astype(np.float64)
    for y in range(plane.shape[0]):
        plane[y] = solve(plane[y], ties_along(guide[y], sigma), strength)
    for x in range(plane.shape[1]):
        plane[:, x] = solve(plane[:, x], ties_along(guide[:, x], sigma), strength)
    return plane


@DTYPES
@given(pair=maps(), strength=st.sampled_from([0.0, 0.7, 900.0]))
def test_smoothing_minimizes_along_rows_then_columns(dtype, tolerance, pair, strength):
    guide, image = pair
    planes = np.stack([image, image[::-1] * 2]).astype(dtype)
    expected = [smooth_by_lines(plane, strength, guide, 0.1) for plane in planes]
    Ties(guide, 0.1, dtype).smooth(planes, strength)
    assert planes.dtype == dtype
    np.testing.assert_allclose(planes, expected, rtol=tolerance, atol=tolerance)


@DTYPES
@given(guide=color_images())
def test_colors_are_as_far_apart_as_in_space(dtype, tolerance, guide):
    image = np.arange(guide[..., 0].size, dtype=dtype).reshape(guide.shape[:2])
    expected = smooth_by_lines(image, 5.0, guide, 0.3)
    planes = image[np.newaxis].copy()
    Ties(guide, 0.3, dtype).smooth(planes, 5.0)
    np.testing.assert_allclose(planes[0], expected, rtol=tolerance, atol=tolerance)


@DTYPES
def test_strips_of_rows_fit_together(dtype, tolerance):
    # More than two strips of 128, the last of them of a few rows.
    rng = np.random.default_rng(0)
    guide, image = rng.random((2, 261, 5))
    expected = smooth_by_lines(image, 30.0, guide, 0.5)
    planes = image[np.newaxis].astype(dtype)
    with limited_threads(1):
        Ties(guide, 0.5, dtype).smooth(planes, 30.0)
    np.testing.assert_allclose(planes[0], expected, rtol=tolerance, atol=tolerance)


@DTYPES
@pytest.mark.parametrize("n_threads", [2, 3, 5])
def test_threads_change_no_bit(dtype, tolerance, n_threads):
    rng = np.random.default_rng(0)
    guide, image = rng.random((2, 300, 70)).astype(dtype)
    results = []
    for count in (1, n_threads):
        with limited_threads(count):
            planes = image[np.newaxis].copy()
            Ties(guide, 0.5, dtype).smooth(planes, 30.0)
        results.append(planes)
    np.testing.assert_array_equal(*results)
    assert abs(results[0][0] - image).max() > tolerance


@DTYPES
@pytest.mark.parametrize("guide_dtype", [np.uint8, np.uint16])
def test_integer_guides_count_by_their_range(dtype, tolerance, guide_dtype):
    rng = np.random.default_rng(0)
    top = np.iinfo(guide_dtype).max
    guide = rng.integers(0, top, (9, 11, 3), guide_dtype, endpoint=True)
    whole, unit = rng.random((2, 1, 9, 11)).astype(dtype)
    unit[:] = whole
    Ties(guide, 0.2, dtype).smooth(whole, 8.0)
    as_float = np.divide(guide, top, dtype=np.float32)
    Ties(as_float, 0.2, dtype).smooth(unit, 8.0)
    np.testing.assert_allclose(whole, unit, rtol=tolerance, atol=tolerance)
    assert np.ptp(whole) > 0.1


@DTYPES
def test_nothing_crosses_a_wall(dtype, tolerance):
    guide = np.repeat([[0.0, 1.0]], 6, axis=1) * np.ones((8, 1))
    planes = np.where(guide > 0.5, 7.0, 2.0)[np.newaxis].astype(dtype)
    before = planes.copy()
    ties = Ties(guide, 0.01, dtype)
    ties.smooth(planes, 1e5)
    np.testing.assert_allclose(planes, before, atol=tolerance)
    Ties(np.zeros_like(guide), 0.01, dtype).smooth(planes, 1e5)
    assert np.ptp(planes) < 0.1
