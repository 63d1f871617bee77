from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import cg

from skdefocus.filters._multigrid import GridSolver, _group_pixels

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


def grid_system(shape, weight, seed=0):
    """Identity plus the Laplacian of a grid whose neighbors are tied at random."""
    rng = np.random.default_rng(seed)
    index = np.arange(np.prod(shape)).reshape(shape)
    one = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    other = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    ties = weight * rng.random(len(one))
    upper = sparse.coo_array((-ties, (one, other)), shape=(index.size, index.size))
    off = (upper + upper.T).tocsr()
    diagonal = 1 - np.asarray(off.sum(axis=1)).ravel()
    return sparse.csr_array(off + sparse.diags_array(diagonal))


@given(SHAPES, st.sampled_from([0.0, 0.3, 50.0]), st.integers(0, 2**16))
def test_small_systems_are_solved_directly(shape, weight, seed):
    matrix = grid_system(shape, weight, seed)
    right = np.random.default_rng(seed).standard_normal(matrix.shape[0])
    # Neither a first guess nor a bound matters to a direct solve.
    found = GridSolver(matrix, shape).solve(right, np.full_like(right, 1e6), 0.9)
    expected = np.linalg.solve(matrix.toarray(), right)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(
    SHAPES,
    st.sampled_from([0.0, 0.3, 50.0]),
    st.sampled_from([1, 5, 30]),
    st.integers(0, 2**16),
)
def test_levels_of_any_number_and_shape_give_the_solution(
    shape, weight, direct_size, seed
):
    matrix = grid_system(shape, weight, seed)
    rng = np.random.default_rng(seed)
    right, start = rng.standard_normal((2, matrix.shape[0]))
    solver = GridSolver(matrix, shape, direct_size=direct_size)
    expected = np.linalg.solve(matrix.toarray(), right)
    found = solver.solve(right, start, 1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-6])
def test_large_systems_are_solved_to_the_tolerance_and_no_further(tolerance):
    shape = 57, 90
    matrix = grid_system(shape, 20.0)
    right = np.random.default_rng(1).random(matrix.shape[0])
    found = GridSolver(matrix, shape).solve(right, np.zeros_like(right), tolerance)
    residual = np.linalg.norm(right - matrix @ found) / np.linalg.norm(right)
    assert tolerance / 50 < residual <= tolerance
    direct = GridSolver(matrix, shape, direct_size=10**6)
    exact = direct.solve(right, np.zeros_like(right), tolerance)
    assert np.linalg.norm(right - matrix @ exact) < 1e-12 * np.linalg.norm(right)
    # No eigenvalue is below 1, so that no error is above its residual.
    error = np.linalg.norm(found - exact)
    assert 0 < error <= tolerance * np.linalg.norm(right)


def test_coarse_grids_make_stiff_systems_easy():
    shape = 70, 90
    matrix = grid_system(shape, 1000.0)
    right = np.random.default_rng(2).random(matrix.shape[0])
    start = np.zeros_like(right)
    # Conjugate gradients by themselves, scaled by the diagonal.
    iterations = []
    scaling = sparse.diags_array(1 / matrix.diagonal())
    cg(matrix, right, start, rtol=1e-6, M=scaling, callback=iterations.append)
    assert len(iterations) > 200
    found = GridSolver(matrix, shape, max_iterations=40).solve(right, start, 1e-6)
    assert np.linalg.norm(right - matrix @ found) <= 1e-6 * np.linalg.norm(right)


def test_a_first_guess_that_solves_is_given_back_as_a_copy():
    shape = 50, 60
    matrix = grid_system(shape, 5.0)
    start = np.random.default_rng(3).random(matrix.shape[0])
    solver = GridSolver(matrix, shape)
    before = start.copy()
    found = solver.solve(matrix @ start, start, 1e-9)
    np.testing.assert_array_equal(found, before)
    assert found is not start
    # Nor does a poor one change.
    solver.solve(np.ones_like(start), start, 1e-9)
    np.testing.assert_array_equal(start, before)
    nothing = solver.solve(np.zeros_like(start), np.zeros_like(start), 1e-9)
    np.testing.assert_array_equal(nothing, 0)


def test_tiny_and_huge_numbers_are_not_lost_in_single_precision():
    shape = 50, 60
    matrix = grid_system(shape, 5.0)
    right = np.random.default_rng(4).random(matrix.shape[0])
    solver = GridSolver(matrix, shape)
    plain = solver.solve(right, np.zeros_like(right), 1e-10)
    # Powers of two, so that not even rounding differs.
    for factor in (2.0**-160, 2.0**160):
        scaled = solver.solve(right * factor, np.zeros_like(right), 1e-10)
        np.testing.assert_array_equal(scaled, plain * factor)


def test_gives_up_with_advice():
    shape = 96, 128
    matrix = grid_system(shape, 1e4)
    right = np.random.default_rng(5).random(matrix.shape[0])
    solver = GridSolver(matrix, shape, max_iterations=2)
    with pytest.raises(
        RuntimeError, match=r"not solved in 2 iterations; less smoothness makes it"
    ):
        solver.solve(right, np.zeros_like(right), 1e-6)


@given(SHAPES)
def test_groups_are_of_two_by_two_pixels(shape):
    groups, coarse = _group_pixels(shape)
    assert coarse == (-(-shape[0] // 2), -(-shape[1] // 2))
    values = np.arange(np.prod(coarse), dtype=float)
    spread = np.kron(values.reshape(coarse), np.ones((2, 2)))[: shape[0], : shape[1]]
    np.testing.assert_array_equal((groups @ values).reshape(shape), spread)
