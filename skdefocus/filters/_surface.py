"""Slopes of the smooth surface that evidence lies on, if it does."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg

from .._shared.block_sums import block_sums
from ._cells import in_series
from ._resize import resize

__all__ = ["fit_surface", "surface_slopes"]

# Side of a square of values that is one value of the surface.
_SQUARE = 8
# Against evidence of weight 1, how much it costs to bend, so that a surface bends over
# about a dozen squares; and, much less, to slope at all, where nothing is known.
_BENDING, _SLOPING = 20_000.0, 1.0
# Evidence weighs at most so much: what is certain must not be all there is.
_MOST_DATA = 4.0
# Squares of a neighborhood (sigma of a Gaussian); the share of the evidence's variance
# in one that the surface tells where slopes begin to count, and where they do wholly;
# and variance that is none.
_NEIGHBORHOOD = 6.0
_SHARE_TOLD = (0.7, 0.85)
_NO_VARIANCE = 1e-4
# Squares around each (sigma of a Gaussian) whose evidence lets it have a slope, and the
# share of the mean evidence at which it has half of one: far from all that is known a
# slope would lead anywhere.
_NEARBY, _HALF_SLOPE = 2.0, 0.3
# Ties that hardly tie.
_LEAST_TIES = 1e-6


def surface_slopes(
    data: np.ndarray,
    known: np.ndarray,
    down: np.ndarray,
    across: np.ndarray,
    size: int = 1,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Find by how much neighbors differ on the smooth surface that values lie on.

    Floors, tables and faces recede; what stands before a background does not lie on
    one surface with it. So the surface counts only as far as it tells most of how the
    evidence varies in a neighborhood, in the mean over the photograph; and slopes fade
    where little is known nearby.

    Parameters
    ----------
    data : ndarray of shape (H, W), float32
        Weight of what is known of each value, above 0.
    known : ndarray of shape (H, W)
        What is known.
    down, across : ndarray of shape (H, W), float32
        Ties, 1 where there is no edge, to the value below and to the right of it.
    size : int, default=1
        Pixels along the side of a cell, if values are of cells: ``data`` is their sum.

    Returns
    -------
    down, across : ndarray of shape (H, W), float32
        Differences between each value and the one below it, and to the right of it;
        the last row, or column, is none. None if values lie on no such surface.
    """
    if min(data.shape) < 2 * _SQUARE:
        return None
    weight = np.minimum(data, np.float32(_MOST_DATA * size**2))
    mean = float(weight.mean(dtype=np.float64))
    total, of_known = (
        block_sums(plane.astype(np.float64), _SQUARE, axes=(0, 1))
        for plane in (weight / mean, weight / mean * known)
    )
    values = of_known / total
    ties = _square_ties(down.T).T, _square_ties(across)
    surface = fit_surface(total, values, *ties)
    told = _share_told(surface, total, values)
    least, wholly = _SHARE_TOLD
    share = min(max((told - least) / (wholly - least), 0.0), 1.0)
    if share == 0:
        return None
    nearby = ndimage.gaussian_filter(total, _NEARBY, mode="nearest") / _SQUARE**2
    counts = share * nearby / (nearby + _HALF_SLOPE)
    slopes = []
    for axis, between in enumerate(ties):
        slope = _slopes(surface, between, axis) * counts / _SQUARE
        padded = tuple(length * _SQUARE for length in slope.shape)
        fine = resize(slope.astype(np.float32), padded)
        fine = fine[: data.shape[0], : data.shape[1]]
        # Between two values lies the mean of their slopes.
        fine += np.roll(fine, -1, axis)
        slopes.append(fine / np.float32(2))
    return slopes[0], slopes[1]


def fit_surface(
    data: np.ndarray, known: np.ndarray, down: np.ndarray, across: np.ndarray
) -> np.ndarray:
    """Fit a surface that bends little, but where ties are weak.

    Minimized is the sum of ``data (s - known)^2``, of the squared second differences,
    weighted by the weakest tie between their values, and, much less, of the squared
    first differences.

    Parameters
    ----------
    data : ndarray of shape (H, W)
        Weight of what is known of each value.
    known : ndarray of shape (H, W)
        What is known.
    down : ndarray of shape (H - 1, W)
        Ties to the value below, in [0, 1].
    across : ndarray of shape (H, W - 1)
        Ties to the value to the right.

    Returns
    -------
    ndarray of shape (H, W)
        The surface.
    """
    index = np.arange(data.size).reshape(data.shape)
    corner = np.minimum(
        np.minimum(down[:, :-1], down[:, 1:]), np.minimum(across[:-1], across[1:])
    )
    bend_down = np.minimum(down[:-1], down[1:])
    bend_across = np.minimum(across[:, :-1], across[:, 1:])
    bending, sloping = _BENDING * _SQUARE**2, _SLOPING * _SQUARE**2
    # Which values, by which factors, and what their sum costs.
    terms = [
        ((index[:-2], index[1:-1], index[2:]), (1, -2, 1), bending * bend_down),
        (
            (index[:, :-2], index[:, 1:-1], index[:, 2:]),
            (1, -2, 1),
            bending * bend_across,
        ),
        (
            (index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]),
            (1, -1, -1, 1),
            2 * bending * corner,
        ),
        ((index[:-1], index[1:]), (-1, 1), sloping * down),
        ((index[:, :-1], index[:, 1:]), (-1, 1), sloping * across),
    ]
    system = sparse.diags_array(data.ravel().astype(np.float64), format="csr")
    for places, factors, cost in terms:
        n = cost.size
        rows = np.tile(np.arange(n), len(factors))
        columns = np.concatenate([place.ravel() for place in places])
        entries = np.repeat(np.array(factors, float), n)
        sums = sparse.csr_array((entries, (rows, columns)), (n, data.size))
        costs = sparse.diags_array(cost.ravel().astype(np.float64))
        system = system + sums.T @ costs @ sums
    solve = linalg.splu(sparse.csc_array(system)).solve
    surface: np.ndarray = solve((data * known).ravel().astype(np.float64))
    return surface.reshape(data.shape)


def _square_ties(ties: np.ndarray) -> np.ndarray:
    """From ties of neighbors along lines, (h, w), to those of squares."""
    # The last column is none; squares at the border may be cut off.
    short = (-ties.shape[0]) % _SQUARE, (-ties.shape[1]) % _SQUARE + 1
    padded = np.pad(ties[:, :-1], ((0, short[0]), (0, short[1])), mode="edge")
    squares: np.ndarray = np.minimum(in_series(padded, _SQUARE), 1)
    return squares


def _share_told(surface: np.ndarray, data: np.ndarray, known: np.ndarray) -> float:
    """Share of the variance in neighborhoods that the surface tells, in the mean."""

    def around(plane: np.ndarray) -> np.ndarray:
        found: np.ndarray = ndimage.gaussian_filter(
            plane, _NEIGHBORHOOD, mode="constant"
        )
        return found

    total = around(data)
    mean = around(data * known) / total
    # Around a mean of all, for the digits that squares lose.
    middle = float(np.average(known, weights=data))
    squares = around(data * (known - middle) ** 2) / total
    variance = np.maximum(squares - (mean - middle) ** 2, 0)
    left = around(data * (known - surface) ** 2) / total
    told = np.maximum((variance - left) / (variance + _NO_VARIANCE), -1)
    return float(np.average(told, weights=data))


def _slopes(surface: np.ndarray, ties: np.ndarray, axis: int) -> np.ndarray:
    """Differences of neighbors at each value, from those that no edge parts."""
    steps = np.diff(surface, axis=axis)
    total, tied = np.zeros_like(surface), np.zeros_like(surface)
    for side in (slice(None, -1), slice(1, None)):
        here = (side, slice(None)) if axis == 0 else (slice(None), side)
        total[here] += ties * steps
        tied[here] += ties
    total, tied = (
        ndimage.gaussian_filter(plane, 1.0, mode="constant") for plane in (total, tied)
    )
    slopes: np.ndarray = total / (tied + _LEAST_TIES)
    return slopes
