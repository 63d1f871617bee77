from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.threads import limited_threads
from skdefocus.filters._surface import fit_surface, surface_slopes

SHAPE = (96, 136)


def even(shape=SHAPE):
    """Ties of a photograph of one color."""
    down, across = (np.ones(shape, np.float32) for _ in range(2))
    down[-1], across[:, -1] = 0, 0
    return down, across


def plane(slope_down=0.01, slope_across=-0.006, shape=SHAPE):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return slope_down * rows + slope_across * columns


def noisy(values, deviation=0.05):
    rng = np.random.default_rng(0)
    return values + deviation * rng.normal(size=values.shape)


# Where all is known evenly, slopes are so much of what they are.
FULL = 1 / 1.3


def ones(shape=SHAPE):
    return np.ones(shape, np.float32)


def test_slopes_of_a_plane():
    down, across = surface_slopes(ones(), noisy(plane()), *even())
    assert down.dtype == across.dtype == np.float32
    np.testing.assert_allclose(down[8:-9, 8:-8], 0.01 * FULL, rtol=0.1)
    np.testing.assert_allclose(across[8:-8, 8:-9], -0.006 * FULL, rtol=0.1)


def test_slopes_fade_where_nothing_is_known():
    data, known = ones(), plane()
    data[:, 72:], known[:, 72:] = 1e-4, 3
    _, across = surface_slopes(data, known, *even())
    shares = across[8:-8].mean(axis=0) / -0.006
    assert shares[8:56].min() > 0.7
    assert 0.2 < shares[80] < 0.8
    assert (np.diff(shares[80:112]) < 0).all()
    assert np.abs(shares[112:-9]).max() < 0.05


def test_each_side_of_an_edge_has_its_own():
    known = plane()
    known[:, 64:] = 1 + plane(-0.02, 0.0)[:, 64:]
    down, across = even()
    across[:, 63] = 1e-9
    found, _ = surface_slopes(ones(), known, down, across)
    np.testing.assert_allclose(found[8:-9, 8:48], 0.01 * FULL, rtol=0.2)
    np.testing.assert_allclose(found[8:-9, 80:-8], -0.02 * FULL, rtol=0.2)


@pytest.mark.parametrize("contrast", [0.5, 3.0])
def test_what_stands_before_a_background_has_none(contrast):
    subject = np.zeros(SHAPE)
    subject[30:70, 40:90] = contrast
    assert surface_slopes(ones(), subject, *even()) is None


def test_what_is_certain_is_not_all_there_is():
    data = ones()
    data[:10, :10] = 1000
    down, _ = surface_slopes(data, noisy(plane()), *even())
    np.testing.assert_allclose(down[8:-9, 8:-8], 0.01 * FULL, rtol=0.1)


def test_cells_are_sums_of_pixels():
    known = noisy(plane())
    small = surface_slopes(ones(), known, *even(), 1)
    large = surface_slopes(4 * ones(), known, *even(), 2)
    for one, other in zip(small, large, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_constant_changes_nothing():
    known = noisy(plane())
    for one, other in zip(
        surface_slopes(ones(), known, *even()),
        surface_slopes(ones(), known + 100, *even()),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("deviation", [0, 1e-9, 1e-3])
def test_even_values_have_none(deviation):
    assert (
        surface_slopes(ones(), noisy(np.full(SHAPE, 2.0), deviation), *even()) is None
    )
    slight = deviation * plane()
    assert surface_slopes(ones(), slight, *even()) is None


def test_small_arrays_have_none():
    assert (
        surface_slopes(ones((15, 90)), plane(shape=(15, 90)), *even((15, 90))) is None
    )


def test_threads_change_no_bit():
    found = []
    for n_threads in (1, 2):
        with limited_threads(n_threads):
            found.append(surface_slopes(ones(), noisy(plane()), *even()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(7, 6), (1, 5), (5, 2), (2, 2), (1, 1)])
def test_the_fit_is_the_direct_solution(shape):
    rng = np.random.default_rng(0)
    data = 10 ** rng.uniform(0, 6, shape)
    known = rng.normal(size=shape)
    down, across = (
        rng.random((shape[0] - 1, shape[1])),
        rng.random((shape[0], shape[1] - 1)),
    )
    bending, sloping = 20_000.0 * 64, 1.0 * 64

    matrix = np.diag(data.ravel())
    index = np.arange(data.size).reshape(shape)

    def add(cost, **factors):
        """Costs of the square of a sum of values, by their names."""
        row = np.zeros(data.size)
        for name, factor in factors.items():
            row[int(name[1:])] += factor
        matrix[...] += cost * np.outer(row, row)

    def name(row, column):
        return f"v{index[row, column]}"

    height, width = shape
    for i in range(height):
        for j in range(width):
            if i + 1 < height:
                add(sloping * down[i, j], **{name(i, j): -1, name(i + 1, j): 1})
            if j + 1 < width:
                add(sloping * across[i, j], **{name(i, j): -1, name(i, j + 1): 1})
            if i + 2 < height:
                cost = bending * min(down[i, j], down[i + 1, j])
                three = {name(i, j): 1, name(i + 1, j): -2, name(i + 2, j): 1}
                add(cost, **three)
            if j + 2 < width:
                cost = bending * min(across[i, j], across[i, j + 1])
                three = {name(i, j): 1, name(i, j + 1): -2, name(i, j + 2): 1}
                add(cost, **three)
            if i + 1 < height and j + 1 < width:
                around = down[i, j], down[i, j + 1], across[i, j], across[i + 1, j]
                four = {
                    name(i, j): 1,
                    name(i + 1, j): -1,
                    name(i, j + 1): -1,
                    name(i + 1, j + 1): 1,
                }
                add(2 * bending * min(around), **four)
    expected = np.linalg.solve(matrix, (data * known).ravel()).reshape(shape)
    found = fit_surface(data, known, down, across)
    np.testing.assert_allclose(found, expected, atol=1e-6)
