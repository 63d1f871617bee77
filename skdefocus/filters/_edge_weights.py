"""Ties between neighboring pixels, and smoothing along lines of them."""

from __future__ import annotations

import numpy as np

from .._shared.threads import run_in_parts
from .._shared.validation import INTEGER_RANGE
from ._compiled import for_reading, kernels_for

__all__ = ["Ties"]

# Rows that ties are made for at a time.
_STRIP = 128


class Ties:
    """How far neighbors are tied, down and across: the less, the more they differ.

    Parameters
    ----------
    guide : ndarray of shape (H, W) or (H, W, C)
        Floats, or integers, which are taken by their full range.
    sigma : float
        Neighbors d apart are tied by ``exp(-d / sigma)``.
    dtype : dtype
        Of the ties, and of the planes that they smooth.
    """

    def __init__(self, guide: np.ndarray, sigma: float, dtype: np.dtype) -> None:
        colors = for_reading(np.atleast_3d(guide))
        # One block; the last row of the first and the last column of the second, which
        # have no neighbor beyond, are no ties.
        self._ties = np.zeros((2, *colors.shape[:2]), dtype)
        self._kernels = kernels_for(self._ties)

        def tie_rows(first: int, last: int) -> None:
            self._tie(colors, sigma, first, last, self._ties[:, first:last])

        run_in_parts(tie_rows, len(colors), _STRIP)

    @property
    def down(self) -> np.ndarray:
        """Ties between each pixel and the one below it, of shape (H, W)."""
        down: np.ndarray = self._ties[0]
        return down

    @property
    def across(self) -> np.ndarray:
        """Ties between each pixel and the one to its right, of shape (H, W)."""
        across: np.ndarray = self._ties[1]
        return across

    def _tie(
        self,
        colors: np.ndarray,
        sigma: float,
        first: int,
        last: int,
        ties: np.ndarray,
    ) -> None:
        """Write ``exp(-d / sigma)`` for neighbors d apart, in some rows of a guide."""
        full_range = INTEGER_RANGE.get(colors.dtype, 1.0)
        down, across = ties
        if self._kernels is not None:
            flat = colors.reshape(len(colors), -1)
            channels = colors.shape[2]
            factor = np.float32(-1 / (sigma * full_range))
            self._kernels.tie_rows(first, last, flat, channels, factor, down, across)
            return
        rows = colors[first : last + 1]
        if full_range != 1:
            rows = np.divide(rows, full_range, dtype=np.float32)
        below = _distance(rows[1:], rows[:-1])
        down[: len(below)] = np.exp(-below / sigma)
        rows = rows[: last - first]
        across[:, :-1] = np.exp(-_distance(rows[:, 1:], rows[:, :-1]) / sigma)

    def smooth(self, planes: np.ndarray, strength: float) -> None:
        """Minimize along rows, then along columns, in place.

        Parameters
        ----------
        planes : ndarray of shape (n, H, W)
            What is smoothed.
        strength : float
            What ties are taken times.
        """
        down, across = self._ties
        kernels = self._kernels
        if kernels is None:
            turned = _solve_down(planes.swapaxes(1, 2), across[:, :-1].T, strength)
            planes[:] = _solve_down(turned.swapaxes(1, 2), down[:-1], strength)
            return
        factor, tile = np.float32(strength), kernels.TILE

        def smooth_rows(first: int, last: int) -> None:
            kernels.smooth_across(first, last, planes, across, factor)

        def smooth_columns(first: int, last: int) -> None:
            kernels.smooth_down(first, last, planes, down, factor)

        run_in_parts(smooth_rows, planes.shape[1], tile)
        run_in_parts(smooth_columns, planes.shape[2], tile)


def _distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Distance between colors of two images of shape (H, W, C)."""
    difference = one - other
    distance: np.ndarray
    if difference.shape[2] == 1:
        distance = np.abs(difference[..., 0])
    else:
        distance = np.sqrt(np.square(difference).sum(axis=2))
    return distance


def _solve_down(planes: np.ndarray, ties: np.ndarray, strength: float) -> np.ndarray:
    """Minimize along the columns of planes of shape (n, length, width).

    Elimination down and substitution up, a line of all columns at a time. What it
    keeps of each line is ``1 - c``, with c the factor of the line below: with strong
    ties c is so near 1 that float32 would lose the difference.
    """
    solved = np.array(planes, order="C")
    length, width = solved.shape[1:]
    ties = solved.dtype.type(strength) * np.ascontiguousarray(ties)
    factors = np.empty((max(length - 1, 0), width), dtype=solved.dtype)
    rest = np.zeros(width, dtype=solved.dtype)
    for line in range(length):
        pivot = rest + 1 if line == 0 else ties[line - 1] * rest + 1
        below = ties[line] if line < length - 1 else 0
        inverse = 1 / (pivot + below)
        if line > 0:
            solved[:, line] += ties[line - 1] * solved[:, line - 1]
        solved[:, line] *= inverse
        rest = pivot * inverse
        if line < length - 1:
            factors[line] = below * inverse
    for line in range(length - 2, -1, -1):
        solved[:, line] += factors[line] * solved[:, line + 1]
    return solved
