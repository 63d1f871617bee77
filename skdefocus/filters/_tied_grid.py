"""Exact solver for values on a grid that evidence holds and ties draw together."""

from __future__ import annotations

from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from .._shared.threads import run_in_parts
from ._compiled import kernels_for

__all__ = ["TiedGrid"]

# Below so many values a direct solve costs least, and from this share of nodes on that
# find no partner, too.
_DIRECT_SIZE = 2000
_LEAST_PROGRESS = 0.9
_MAX_ITERATIONS = 1000
# A tie below this share of the strongest of a node makes no pair; what holds a node
# this much more than its ties needs none.
_WEAK = np.float32(0.25)
_ALONE = np.float32(5.0)
# Nodes that a thread works on at a time: to share fewer takes longer than the work.
_GRAIN = 2**17


class TiedGrid:
    """Minimize ``data (u - f)^2`` plus ``tie (u_p - u_q)^2`` over neighbors.

    Conjugate gradients, preconditioned by one cycle of algebraic multigrid: twice over,
    each value and the neighbor that it is tied to most become one, so that no group
    reaches across an edge. Neither threads nor the libraries underneath change a bit.
    Where the kernels cannot be had, a direct solve takes its place, and more time.

    Parameters
    ----------
    data : ndarray of shape (H, W), float32
        Weight of what is known of each value, above 0.
    down : ndarray of shape (H, W), float32
        Ties between each value and the one below it, at least 0; the last row is none.
    across : ndarray of shape (H, W), float32
        The same with the one to the right; the last column is none.
    """

    def __init__(self, data: np.ndarray, down: np.ndarray, across: np.ndarray) -> None:
        self._shape, self._ties = data.shape, (down, across)
        index = np.arange(data.size, dtype=np.int32).reshape(data.shape)
        one = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
        other = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
        ties = np.concatenate([down[:-1].ravel(), across[:, :-1].ravel()])
        kernels = kernels_for(data)
        rows = _both_ways(one, other, ties, data.size)
        self._levels = [_Level(data.ravel(), *rows, kernels)]
        while kernels is not None and len(self._levels[-1].data) > _DIRECT_SIZE:
            coarser = self._levels[-1].coarser()
            if coarser is None:
                break
            self._levels.append(coarser)
        self._coarsest = linalg.splu(self._levels[-1].matrix())

    def with_data(self, data: np.ndarray) -> TiedGrid:
        """Give the same ties with other data, joined as these are.

        Parameters
        ----------
        data : ndarray of shape (H, W), float32
            Weight of what is known of each value, above 0.

        Returns
        -------
        TiedGrid
            To be solved; it takes a part of the time that a new one takes.
        """
        grid = copy(self)
        grid._levels = [self._levels[0].with_data(data.ravel())]
        for finer, level in pairwise(self._levels):
            # What ties to nodes without a group hold stays what it is.
            n_groups = len(level.data)
            held = level.data - _group_sums(finer.groups, finer.data, n_groups)
            own = _group_sums(finer.groups, grid._levels[-1].data, n_groups)
            grid._levels.append(level.with_data((own + held).astype(np.float32)))
        grid._coarsest = linalg.splu(grid._levels[-1].matrix())
        return grid

    def solve(
        self,
        values: np.ndarray,
        start: np.ndarray | None = None,
        *,
        slopes: tuple[np.ndarray, np.ndarray] | None = None,
        tolerance: float,
    ) -> np.ndarray:
        """Solve for one set of values.

        Parameters
        ----------
        values : ndarray of shape (H, W)
            ``f``, what is known.
        start : ndarray of shape (H, W), optional
            First guess; by default what one cycle says.
        slopes : tuple of two ndarrays of shape (H, W), optional
            Differences that ties draw each value and the one below it to, and the one
            to the right of it; by default none: ``tie (u_q - u_p - slope)^2``.
        tolerance : float
            Bound of the error relative to how far the values vary, of the root of its
            energy over that of the values around their mean, as one cycle estimates it.

        Returns
        -------
        ndarray of shape (H, W), float64
            The solution.

        Raises
        ------
        RuntimeError
            If the bound is not reached.
        """
        finest = self._levels[0]
        known = values.ravel().astype(np.float64)
        # Around their mean: a constant that is added is added to the last digit.
        total = np.sum(finest.data, dtype=np.float64)
        middle = _dot(finest.data, known) / float(total)
        known -= middle
        right = finest.data * known
        # The bound is of the values, however steep they are to be.
        allowed = tolerance**2 * _dot(right, known)
        if slopes is not None:
            right += self._drawn(slopes)
        if len(self._levels) == 1:
            solved: np.ndarray = self._coarsest.solve(right)
            return solved.reshape(self._shape) + middle
        if start is None:
            solution = self._precondition(right)
        else:
            solution = start.ravel().astype(np.float64) - middle
        residual = finest.residual(solution, right)
        direction, energy = np.zeros_like(right), 1.0
        nothing = np.zeros_like(right)
        for _ in range(_MAX_ITERATIONS):
            corrected = self._precondition(residual)
            previous, energy = energy, _dot(residual, corrected)
            if energy <= allowed:
                solution += corrected
                return solution.reshape(self._shape) + middle
            direction *= energy / previous
            direction += corrected
            image = finest.residual(direction, nothing)
            step = -energy / _dot(direction, image)
            solution += step * direction
            residual += step * image
        raise RuntimeError(
            f"The refiner's system was not solved in {_MAX_ITERATIONS} iterations; "
            f"less smoothness makes it easier."
        )

    def _drawn(self, slopes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Give what ties add to the right side, by slopes down and across."""
        down, across = (
            (tie * slope).astype(np.float64)
            for tie, slope in zip(self._ties, slopes, strict=True)
        )
        right = np.zeros(self._shape)
        right[1:] += down[:-1]
        right[:-1] -= down[:-1]
        right[:, 1:] += across[:, :-1]
        right[:, :-1] -= across[:, :-1]
        return right.ravel()

    def _precondition(self, residual: np.ndarray) -> np.ndarray:
        # A residual near 0 must not be lost in single precision.
        scale = float(np.abs(residual).max())
        if scale == 0:
            return np.zeros_like(residual)
        cycle = self._cycle((residual / scale).astype(np.float32), 0)
        return cycle.astype(np.float64) * scale

    def _cycle(self, right: np.ndarray, depth: int) -> np.ndarray:
        level = self._levels[depth]
        if depth == len(self._levels) - 1:
            solved = self._coarsest.solve(right.astype(np.float64))
            coarsest: np.ndarray = solved.astype(np.float32)
            return coarsest
        values, left = level.relax(right, len(self._levels[depth + 1].data))
        # The other way round: conjugate gradients need a symmetric cycle.
        level.correct(values, self._cycle(left, depth + 1), right)
        return values


class _Level:
    """The system at one size: a graph in compressed rows."""

    # Of each node, the node of the next level that it belongs to, or -1.
    groups: np.ndarray

    def __init__(
        self,
        data: np.ndarray,
        starts: np.ndarray,
        ends: np.ndarray,
        ties: np.ndarray,
        kernels: Any,
    ) -> None:
        self._starts, self._ends, self._ties = starts, ends, ties
        self._nodes = np.repeat(np.arange(len(data)), np.diff(starts))
        self._held = np.bincount(self._nodes, ties, len(data))
        self._kernels = kernels
        self._set_data(data)

    def _set_data(self, data: np.ndarray) -> None:
        self.data = data
        self._diagonal = data + self._held
        self._inverse = (1 / self._diagonal).astype(np.float32)

    def with_data(self, data: np.ndarray) -> _Level:
        """Give the same graph, and the groups of its nodes, with other data."""
        level = copy(self)
        level._set_data(data)
        return level

    def coarser(self) -> _Level | None:
        """Take up to four nodes for one; None if that makes them hardly fewer."""
        level, groups = self, np.arange(len(self.data))
        for _ in range(2):
            pairs = np.empty(len(level.data), np.int32)
            n_groups = self._kernels.pair_nodes(
                level._starts,
                level._ends,
                level._ties,
                level.data,
                _WEAK,
                _ALONE,
                pairs,
            )
            if n_groups == 0 and level is not self:
                break
            if n_groups == 0:
                # The data holds every node so firmly that none needs another, and what
                # iterates needs a level below.
                pairs[0], n_groups = 0, 1
            groups = np.where(groups >= 0, pairs[groups], -1)
            level = level._joined(pairs, n_groups)
        if len(level.data) > _LEAST_PROGRESS * len(self.data):
            return None
        self.groups = groups.astype(np.int32)
        return level

    def _joined(self, groups: np.ndarray, n_groups: int) -> _Level:
        one, other = groups[self._nodes], groups[self._ends]
        # Ties to a node without a group hold what is left.
        between = (one >= 0) & (other >= 0) & (one < other)
        outside = (one >= 0) & (other < 0)
        data = _group_sums(groups, self.data, n_groups)
        data += np.bincount(one[outside], self._ties[outside], n_groups)
        ties = self._ties[between]
        rows = _both_ways(one[between], other[between], ties, n_groups)
        return _Level(data.astype(np.float32), *rows, self._kernels)

    def matrix(self) -> sparse.csc_array:
        """Write the system as a matrix."""
        n = len(self.data)
        off = sparse.csr_array(
            (-self._ties.astype(np.float64), self._ends, self._starts), (n, n)
        )
        return sparse.csc_array(off + sparse.diags_array(self._diagonal))

    def residual(self, values: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Give ``right`` minus the matrix times ``values``."""
        residual = np.empty_like(right)

        def subtract(first: int, last: int) -> None:
            self._kernels.residual_nodes(
                first,
                last,
                self._starts,
                self._ends,
                self._ties,
                self.data,
                right,
                values,
                residual,
            )

        if len(right) <= _GRAIN:
            subtract(0, len(right))
        else:
            run_in_parts(subtract, len(right), _GRAIN)
        return residual

    def relax(self, right: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
        """Solve for each node alone, in their order, and sum what is left of groups."""
        graph = self._starts, self._ends, self._ties
        values = np.empty_like(right)
        self._kernels.relax_from_zero(*graph, self._inverse, right, values)
        # In double precision: many nodes of either sign are summed.
        left = np.zeros(n_groups)
        self._kernels.gather_residual(*graph, values, self.groups, left)
        return values, left.astype(np.float32)

    def correct(
        self, values: np.ndarray, coarse: np.ndarray, right: np.ndarray
    ) -> None:
        """Add to nodes what their groups want, and solve for each, the last first."""
        graph = self._starts, self._ends, self._ties
        self._kernels.add_groups(self.groups, coarse, values)
        self._kernels.relax_nodes(*graph, self._inverse, right, values)


def _group_sums(groups: np.ndarray, values: np.ndarray, n_groups: int) -> np.ndarray:
    """Sum values of nodes over their groups."""
    inside = groups >= 0
    sums: np.ndarray = np.bincount(groups[inside], values[inside], n_groups)
    return sums


def _both_ways(
    one: np.ndarray, other: np.ndarray, ties: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write ties between two nodes as compressed rows; several of two are summed."""
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    rows = sparse.csr_array((np.concatenate([ties, ties]), ends), (n, n))
    rows.sum_duplicates()
    return rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data


def _dot(one: np.ndarray, other: np.ndarray) -> float:
    # Not by BLAS, whose last digits change with its number of threads.
    return float(np.sum(one * other))
