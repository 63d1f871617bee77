from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from skdefocus._shared.threads import limited_threads
from skdefocus.filters import resize
from skdefocus.filters._resize import enlarge_rows
from tests.strategies import gray_images


@given(gray_images(np.float32), st.integers(1, 20), st.integers(1, 20))
def test_shape_range_and_dtype(image, height, width):
    result = resize(image, (height, width))
    assert result.shape == (height, width)
    assert result.dtype == np.float32
    assert result.min() >= image.min() - 1e-6
    assert result.max() <= image.max() + 1e-6


def test_halving_takes_area_means(small_photo):
    expected = small_photo.reshape(48, 2, 64, 2, 3).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(resize(small_photo, (48, 64)), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(1111, 20), (300, 7), (2400, 24)])
def test_strips_and_threads_change_nothing(shape):
    image = np.random.default_rng(0).random((600, 12)).astype(np.float32)
    shrinks = shape[0] < 600 or shape[1] < 12
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    whole = Image.fromarray(image).resize(shape[::-1], method)
    with limited_threads(1):
        result = resize(image, shape)
    np.testing.assert_allclose(result, np.asarray(whole), atol=1e-4)
    with limited_threads(3):
        np.testing.assert_array_equal(resize(image, shape), result)


def test_maps_may_leave_the_unit_range():
    np.testing.assert_allclose(resize(np.full((3, 3), 17.5), (6, 9)), 17.5)


def test_same_shape_is_a_copy():
    image = np.zeros((3, 4), dtype=np.float32)
    assert resize(image, (3, 4)) is not image


def test_refuses_an_empty_shape():
    with pytest.raises(ValueError, match="'shape' must be two positive integers"):
        resize(np.zeros((4, 4)), (0, 4))


@given(gray_images(np.float32), st.integers(1, 9), st.integers(1, 9))
def test_growing_by_whole_factors_and_back_again(image, down, across):
    shape = image.shape[0] * down, image.shape[1] * across
    grown = resize(image, shape)
    # Each pixel becomes a block of them, as bilinear interpolation has it.
    padded = np.pad(image, 1, mode="edge")
    rows = (np.arange(shape[0]) + 0.5) / down + 0.5
    columns = (np.arange(shape[1]) + 0.5) / across + 0.5
    at = np.meshgrid(rows, columns, indexing="ij")
    expected = ndimage.map_coordinates(padded, at, order=1)
    np.testing.assert_allclose(grown, expected, atol=1e-5)
    whole = resize(np.kron(image, np.ones((down, across), np.float32)), image.shape)
    np.testing.assert_allclose(whole, image, atol=1e-6)


def test_each_direction_has_its_own_way():
    image = np.repeat([[0.0], [1.0]], 4, axis=1)
    found = resize(image, (4, 2))
    np.testing.assert_allclose(found, np.repeat([[0], [0.25], [0.75], [1]], 2, axis=1))
    np.testing.assert_allclose(resize(image.T, (2, 4)), found.T)


@pytest.mark.parametrize("shape", [(4,), (1, 2, 3), (4, -1)])
def test_refuses_what_is_no_shape(shape):
    with pytest.raises(ValueError, match="'shape' must be two positive integers; got"):
        resize(np.zeros((4, 4)), shape)


@given(st.data(), gray_images(np.float32))
def test_some_rows_are_those_of_the_enlarged_whole(data, plane):
    shape = tuple(data.draw(st.integers(n, 7 * n + 3)) for n in plane.shape)
    first = data.draw(st.integers(0, shape[0] - 1))
    last = data.draw(st.integers(first + 1, shape[0]))
    rows = enlarge_rows(plane, shape, slice(first, last))
    assert rows.shape == (last - first, shape[1])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, resize(plane, shape)[first:last], atol=1e-5)


def test_all_rows_are_enlarged_from_few_at_a_time():
    plane = np.random.default_rng(0).random((501, 40), dtype=np.float32) * 19
    shape = 1002, 79
    whole = enlarge_rows(plane, shape, slice(0, 1002))
    parts = [
        enlarge_rows(plane, shape, slice(first, min(first + 64, 1002)))
        for first in range(0, 1002, 64)
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=2e-5)
    # A column of a map is no contiguous array.
    narrow = enlarge_rows(plane[:, ::4], (1002, 20), slice(100, 164))
    expected = enlarge_rows(plane[:, ::4].copy(), (1002, 20), slice(0, 1002))
    np.testing.assert_allclose(narrow, expected[100:164], atol=2e-5)
