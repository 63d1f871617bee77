from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import linalg

from skdefocus._shared.threads import limited_threads
from skdefocus.filters._tied_grid import TiedGrid

pytestmark = pytest.mark.usefixtures("small_grids_are_not_solved_directly")

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def grid(shape, seed=0, strength=1000.0):
    """Data and ties over many orders of magnitude, and values."""
    rng = np.random.default_rng(seed)
    data = 10 ** rng.uniform(-4, 1, shape)
    down, across = (strength * 10 ** rng.uniform(-6, 0, shape) for _ in range(2))
    down[-1], across[:, -1] = 0, 0
    system = [array.astype(np.float32) for array in (data, down, across)]
    return *system, rng.normal(size=shape)


def direct(data, down, across, values, slopes=None):
    index = np.arange(data.size).reshape(data.shape)
    matrix = sparse.lil_array((data.size, data.size))
    for one, other, tie in (
        *zip(index[:-1].flat, index[1:].flat, down[:-1].flat, strict=True),
        *zip(index[:, :-1].flat, index[:, 1:].flat, across[:, :-1].flat, strict=True),
    ):
        matrix[one, other] = matrix[other, one] = -float(tie)
    diagonal = data.ravel().astype(float) - matrix.sum(axis=1)
    system = sparse.csc_array(matrix) + sparse.diags_array(diagonal)
    right = data.astype(float) * values
    for axis, tie in enumerate((down, across) if slopes is not None else ()):
        drawn = tie.astype(float) * slopes[axis]
        right += np.roll(drawn, 1, axis) - drawn
    found = linalg.spsolve(sparse.csc_array(system), right.ravel())
    return found.reshape(data.shape)


@given(SHAPES, st.integers(0, 2**16))
def test_is_the_direct_solution(shape, seed):
    *system, values = grid(shape, seed)
    found = TiedGrid(*system).solve(values, tolerance=1e-6)
    np.testing.assert_allclose(found, direct(*system, values), atol=1e-3)


@given(SHAPES, st.integers(0, 2**16))
def test_ties_draw_neighbors_to_slopes(shape, seed):
    *system, values = grid(shape, seed)
    slopes = np.random.default_rng(seed).normal(0, 0.1, (2, *shape))
    found = TiedGrid(*system).solve(values, slopes=tuple(slopes), tolerance=1e-6)
    expected = direct(*system, values, slopes)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@given(SHAPES, st.integers(0, 2**16))
def test_other_data_are_solved_for_on_the_same_ties(shape, seed):
    *system, values = grid(shape, seed)
    data, down, across = system
    other = data[::-1, ::-1] + np.float32(0.05)
    before = TiedGrid(*system)
    first = before.solve(values, tolerance=1e-6)
    found = before.with_data(other).solve(values, tolerance=1e-6)
    expected = direct(other, down, across, values)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    # The grid that it was made of is what it was.
    np.testing.assert_array_equal(before.solve(values, tolerance=1e-6), first)


def test_several_levels_are_solved_together():
    *system, values = grid((100, 150))
    solver = TiedGrid(*system)
    assert len(solver._levels) > 3
    found = solver.solve(values, tolerance=1e-7)
    np.testing.assert_allclose(found, direct(*system, values), atol=1e-2)


def test_a_plane_is_held_by_its_slopes():
    rows, columns = np.mgrid[:40, :50]
    plane = 0.1 * rows - 0.2 * columns
    data, down, across, _ = grid((40, 50))
    slopes = np.full((40, 50), 0.1), np.full((40, 50), -0.2)
    system = TiedGrid(data, down, across)
    found = system.solve(plane, slopes=slopes, tolerance=1e-6)
    np.testing.assert_allclose(found, plane, atol=1e-3)
    assert np.abs(system.solve(plane, tolerance=1e-6) - plane).max() > 0.1


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001])
def test_the_error_is_of_the_order_of_the_bound(tolerance):
    *system, values = grid((60, 70))
    data, down, across = system
    error = TiedGrid(*system).solve(values, tolerance=tolerance)
    error -= direct(*system, values)
    energy = (data * error**2).sum()
    energy += (down[:-1] * np.diff(error, axis=0) ** 2).sum()
    energy += (across[:, :-1] * np.diff(error, axis=1) ** 2).sum()
    # Ties over six orders of magnitude are the worst that a cycle estimates.
    around = values - np.average(values, weights=data)
    assert energy <= (6 * tolerance) ** 2 * (data * around**2).sum()


def test_islands_of_little_evidence_are_not_flooded():
    data = np.full((80, 120), 1.0, np.float32)
    data[:, 59:] = 1e-4
    down = np.full(data.shape, 1e4, np.float32)
    across = down.copy()
    down[-1], across[:, -1], across[:, 58] = 0, 0, 1e-9
    values = np.where(np.arange(120) < 59, 0.0, 2.0) * np.ones((80, 1))
    found = TiedGrid(data, down, across).solve(values, tolerance=0.01)
    np.testing.assert_allclose(found, values, atol=1e-2)


def test_a_first_guess_changes_little():
    *system, values = grid((60, 70))
    solver = TiedGrid(*system)
    plain = solver.solve(values, tolerance=1e-5)
    guessed = solver.solve(values, np.full_like(values, 3.0), tolerance=1e-5)
    np.testing.assert_allclose(guessed, plain, atol=1e-3)


def test_without_kernels_the_solve_is_direct(monkeypatch):
    *system, values = grid((40, 50))
    monkeypatch.setattr("skdefocus.filters._compiled.compiled", lambda: None)
    found = TiedGrid(*system).solve(values, tolerance=0.9)
    np.testing.assert_allclose(found, direct(*system, values), atol=1e-6)


def test_threads_change_no_bit():
    *system, values = grid((300, 400))
    found = []
    for n_threads in (1, 3):
        with limited_threads(n_threads):
            found.append(TiedGrid(*system).solve(values, tolerance=0.01))
    np.testing.assert_array_equal(*found)


def test_gives_up_in_one_sentence(monkeypatch):
    *system, values = grid((60, 70))
    monkeypatch.setattr("skdefocus.filters._tied_grid._MAX_ITERATIONS", 1)
    with pytest.raises(RuntimeError, match="not solved in 1 iterations; less smooth"):
        TiedGrid(*system).solve(values, tolerance=1e-9)
