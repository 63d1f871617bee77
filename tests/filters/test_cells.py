from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.threads import limited_threads
from skdefocus.filters._cells import (
    cell_colors,
    cell_sums,
    cell_ties,
    pixels_per_cell,
    spread_cells,
)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((5, 7), 1),
        ((300, 400), 1),
        ((427, 640, 3), 2),
        ((700, 1000), 2),
        ((4000, 6000), 8),
        ((8000, 12500), 16),
    ],
)
def test_cells_are_as_small_as_their_number_lets_them(shape, size):
    assert pixels_per_cell(shape) == size


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (301, 70)])
def test_sums(shape, size):
    plane = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    found = cell_sums(lambda a, b: plane[:, a:b], plane.shape, size)
    short = [(0, -length % size) for length in shape]
    padded = np.pad(plane, [(0, 0), *short])
    n, height, width = padded.shape
    cells = padded.reshape(n, height // size, size, width // size, size)
    np.testing.assert_allclose(found, cells.sum(axis=(2, 4)), rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_ties_of_one_color_are_one(size):
    down, across = cell_ties(np.full((40, 56), 0.5), 1.0, 0.02, size)
    assert down.shape == across.shape == (40 // size, 56 // size)
    np.testing.assert_allclose(down[:-1], 1, rtol=1e-5)
    np.testing.assert_allclose(across[:, :-1], 1, rtol=1e-5)
    assert not down[-1].any()
    assert not across[:, -1].any()


@pytest.mark.parametrize("shape", [(1, 1), (130, 7), (129, 128), (257, 3)])
def test_a_last_row_alone(shape):
    down, across = cell_ties(np.full(shape, 0.5), 1.0, 0.02, 2)
    np.testing.assert_allclose(down[:-1], 1, rtol=1e-5)
    np.testing.assert_allclose(across[:, :-1], 1, rtol=1e-5)


def test_ties_follow_each_other_like_resistors():
    image = np.random.default_rng(0).random((8, 12)) * 0.05
    down, across = cell_ties(image, 0, 0.02, 4)
    # As far apart as three equal channels.
    steps = np.exp(-np.abs(np.diff(image, axis=1)) * 3**0.5 / 0.02)
    ways = [
        (0.5 / line[1] + (1 / line[2:5]).sum() + 0.5 / line[5]) for line in steps[:4]
    ]
    assert across[0, 0] == pytest.approx(sum(1 / way for way in ways), rel=1e-4)
    turned = cell_ties(image.T, 0, 0.02, 4)
    np.testing.assert_allclose(turned[0], across.T, rtol=1e-5)
    np.testing.assert_allclose(turned[1], down.T, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_strips_and_threads_change_no_bit(dtype, size, small_photo, monkeypatch):
    image = np.tile(small_photo, (4, 1, 1)).astype(dtype)
    if dtype == np.float64:
        image /= 255
    with limited_threads(1):
        whole = cell_ties(image, 1.2, 0.02, size)
    monkeypatch.setattr("skdefocus.filters._cells._STRIP", 16)
    with limited_threads(3):
        parts = cell_ties(image, 1.2, 0.02, size)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_colors_are_means(small_photo):
    found = cell_colors(small_photo, 2)
    expected = small_photo[:4, :4].reshape(2, 2, 2, 2, 3).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(found[:, :2, :2], np.moveaxis(expected, 2, 0), atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 60), (41, 61)])
def test_values_are_spread_up_to_the_edges(shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    subject = columns + 0.3 * rows < 31
    image = np.where(subject, 0.2, 0.8)
    truth = np.where(subject, 1.0, 5.0).astype(np.float32)[np.newaxis]
    count = cell_sums(lambda a, b: np.ones_like(truth[:, a:b]), truth.shape, 4)
    values = cell_sums(lambda a, b: truth[:, a:b], truth.shape, 4) / count
    colors = cell_colors(image, 4)
    found = spread_cells(values, image, colors, 0.6, 4, slice(0, shape[0]))[0]
    assert found.shape == shape
    assert ((found > 3) == ~subject).mean() > 0.99
    part = spread_cells(values, image, colors, 0.6, 4, slice(7, 13))[0]
    np.testing.assert_array_equal(part, found[7:13])
    assert values.min() <= found.min() <= found.max() <= values.max()
