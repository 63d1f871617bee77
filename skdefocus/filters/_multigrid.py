"""Solver for the large sparse systems of smoothers: one unknown for every pixel."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

__all__ = ["GridSolver"]

# Below this many unknowns a direct solve costs less than anything else.
_DIRECT_SIZE = 2000
_MAX_ITERATIONS = 2000
# Aggregation makes coarse matrices too stiff; 2 would be right for straight lines.
_OVERCORRECTION = 1.5
_DAMPING = 1.6


class GridSolver:
    """Solve symmetric positive definite systems between neighboring pixels.

    Conjugate gradients, preconditioned by one multigrid cycle in which 2 x 2 pixels
    become one: faster than sparse factors and simpler preconditioners, in a tenth of
    the memory of the former (docs/decisions/grid_solver.rst).

    Parameters
    ----------
    matrix : sparse array of shape (H * W, H * W)
        Symmetric and positive definite, entries only between pixels that are near.
    shape : tuple of int
        Height and width.
    direct_size : int, default=2000
        Most unknowns that are solved for directly, of the system itself or of the
        coarsest one that it is reduced to.
    max_iterations : int, default=2000
        Conjugate gradients are given up after as many.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        shape: tuple[int, int],
        *,
        direct_size: int = _DIRECT_SIZE,
        max_iterations: int = _MAX_ITERATIONS,
    ) -> None:
        self._matrix = matrix
        self._max_iterations = max_iterations
        self._levels: list[tuple[sparse.csr_array, np.ndarray, sparse.csr_array]] = []
        while matrix.shape[0] > direct_size:
            groups, shape = _group_pixels(shape)
            # Row sums of magnitudes bound the matrix, so no smoothing step can diverge,
            # and the cycle stays positive definite, as conjugate gradients need it.
            steps = _DAMPING / abs(matrix).sum(axis=1)
            # Single precision is enough for a preconditioner and half the memory.
            single = matrix.astype(np.float32), steps.astype(np.float32)
            self._levels.append((*single, groups.astype(np.float32)))
            matrix = sparse.csr_array(groups.T @ matrix @ groups)
        self._coarsest = linalg.splu(sparse.csc_array(matrix))

    def solve(
        self, right: np.ndarray, start: np.ndarray, tolerance: float
    ) -> np.ndarray:
        """Solve for one right-hand side.

        Parameters
        ----------
        right : ndarray of shape (H * W,), float64
            Right-hand side.
        start : ndarray of shape (H * W,), float64
            First guess.
        tolerance : float
            Bound of the residual, relative to the right-hand side.

        Returns
        -------
        ndarray of shape (H * W,), float64
            The solution.

        Raises
        ------
        RuntimeError
            If the bound is not reached.
        """
        if not self._levels:
            solution: np.ndarray = self._coarsest.solve(right)
            return solution
        # SciPy's own conjugate gradients sum by BLAS, whose last digits change with its
        # number of threads; results must not.
        solution = start.copy()
        residual = right - self._matrix @ solution
        bound = tolerance * np.sqrt(_dot(right, right))
        direction, energy = np.zeros_like(right), 1.0
        for _ in range(self._max_iterations):
            if np.sqrt(_dot(residual, residual)) <= bound:
                return solution
            corrected = self._precondition(residual)
            previous, energy = energy, _dot(residual, corrected)
            direction = corrected + energy / previous * direction
            image = self._matrix @ direction
            step = energy / _dot(direction, image)
            solution += step * direction
            residual -= step * image
        raise RuntimeError(
            f"The smoother's system was not solved in {self._max_iterations} "
            f"iterations; less smoothness makes it easier."
        )

    def _precondition(self, residual: np.ndarray) -> np.ndarray:
        # A residual near 0 must not be lost in single precision.
        scale = np.abs(residual).max()
        if scale == 0:
            return residual
        cycle = self._cycle((residual.ravel() / scale).astype(np.float32), 0)
        corrected: np.ndarray = cycle.astype(np.float64) * scale
        return corrected

    def _cycle(self, right: np.ndarray, depth: int) -> np.ndarray:
        if depth == len(self._levels):
            solution: np.ndarray = self._coarsest.solve(
                right.astype(np.float64)
            ).astype(np.float32)
            return solution
        matrix, steps, groups = self._levels[depth]
        solution = steps * right
        coarse = self._cycle(groups.T @ (right - matrix @ solution), depth + 1)
        solution += groups @ (np.float32(_OVERCORRECTION) * coarse)
        solution += steps * (right - matrix @ solution)
        return solution


def _dot(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sum(one * other))


def _group_pixels(
    shape: tuple[int, int],
) -> tuple[sparse.csr_array, tuple[int, int]]:
    """Matrix that gives each of 2 x 2 pixels the value of their group."""
    height, width = shape
    coarse = (height + 1) // 2, (width + 1) // 2
    index = np.arange(height)[:, None] // 2 * coarse[1] + np.arange(width) // 2
    n_pixels = height * width
    ones, starts = np.ones(n_pixels), np.arange(n_pixels + 1)
    groups = sparse.csr_array(
        (ones, index.ravel(), starts), shape=(n_pixels, coarse[0] * coarse[1])
    )
    return groups, coarse
