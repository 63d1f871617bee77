"""Cells of a few pixels: their ties along a photograph, and back to its pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._shared.block_sums import block_sums
from .._shared.threads import run_in_parts
from .._shared.validation import INTEGER_RANGE
from ._edge_weights import Ties
from ._soft_guide import blur_reach, soft_guide

__all__ = [
    "cell_colors",
    "cell_sums",
    "cell_ties",
    "in_series",
    "pixels_per_cell",
    "spread_cells",
]

# Most pixels of a photograph that is its own grid, and most cells of a larger one.
_MOST_PIXELS, _MOST_CELLS = 2**17, 2**19
# Rows of pixels in one strip of work.
_STRIP = 128
# Colors have so many channels: the one of a gray photograph stands for three like it.
_CHANNELS = 3
# A tie is no weaker than this: what no evidence can reach has to be told something.
_LEAST_TIE = 1e-9
# Difference of color, as a share of the span, at which a cell counts for less than a
# half of what it would count by its distance.
_COLOR_TOLERANCE = 0.1


def pixels_per_cell(shape: tuple[int, ...]) -> int:
    """Side of a cell: a power of two.

    Parameters
    ----------
    shape : tuple of int
        Height and width of a photograph.

    Returns
    -------
    int
        1 for small photographs, and from 2 on such that there are no more than half a
        million cells.
    """
    size = 1 if shape[0] * shape[1] <= _MOST_PIXELS else 2
    while -(-shape[0] // size) * -(-shape[1] // size) > _MOST_CELLS:
        size *= 2
    return size


def cell_sums(
    rows: Callable[[int, int], np.ndarray], shape: tuple[int, ...], size: int
) -> np.ndarray:
    """Sum planes over the pixels of each cell.

    Parameters
    ----------
    rows : callable
        ``rows(first, last)`` gives some rows, of shape (n, last - first, W).
    shape : tuple of int
        n, height and width.
    size : int
        Pixels along the side of a cell. Those at the bottom and right may have fewer.

    Returns
    -------
    ndarray of shape (n, h, w), float32
        The sums.
    """
    n, height, width = shape
    sums = np.empty((n, -(-height // size), -(-width // size)), np.float32)
    strip = max(1, _STRIP // size)

    def add(first: int, last: int) -> None:
        for top in range(first, last, strip):
            bottom = min(top + strip, last)
            values = rows(top * size, min(bottom * size, height))
            sums[:, top:bottom] = block_sums(values, size, axes=(1, 2))

    run_in_parts(add, sums.shape[1], strip)
    return sums


def cell_ties(
    photograph: np.ndarray, blur: float, color_sigma: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tie neighboring cells, the less, the stronger the edges between their middles.

    Along each line of pixels, from the middle of a cell to that of the next, ties
    follow each other as resistors do; the lines stand beside each other.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, C)
        uint8, uint16 or floats.
    blur : float
        Sigma by which it is blurred before, in pixels.
    color_sigma : float
        Neighboring pixels d apart are tied by ``exp(-d / color_sigma)``, with d the
        distance in three channels: those of a gray photograph are equal.
    size : int
        Pixels along the side of a cell.

    Returns
    -------
    down, across : ndarray of shape (h, w), float32
        Ties between each cell and the one below it, and to the right of it; 0 where
        there is none. Those of a photograph of one color are 1, whatever the size.
    """
    height, width = photograph.shape[:2]
    shape = -(-height // size), -(-width // size)
    down, across = (np.zeros(shape, np.float32) for _ in range(2))
    # Blurred strips overlap, and the way down leads into the next cell.
    margin = size * -(-blur_reach(blur) // size)
    strip = max(1, _STRIP // size)
    n_channels = 1 if photograph.ndim == 2 else photograph.shape[2]
    color_sigma *= (n_channels / _CHANNELS) ** 0.5

    def tie(first: int, last: int) -> None:
        for top in range(first, last, strip):
            bottom = min(top + strip, last)
            above = max(0, top * size - margin)
            rows = photograph[above : bottom * size + margin + size]
            guide = soft_guide(rows, blur)[top * size - above :]
            guide = guide[: (bottom - top + 1) * size]
            short = (-len(guide)) % size, (-width) % size
            if any(short):
                widths = ((0, short[0]), (0, short[1])) + ((0, 0),) * (guide.ndim - 2)
                guide = np.pad(guide, widths, mode="edge")
            ties = Ties(guide, color_sigma, np.dtype(np.float32))
            below = in_series(ties.down.T, size).T[: min(bottom, shape[0] - 1) - top]
            down[top : top + len(below)] = below
            beside = in_series(ties.across[: (bottom - top) * size], size)
            across[top:bottom, :-1] = beside

    run_in_parts(tie, shape[0], strip)
    return down, across


def in_series(ties: np.ndarray, size: int) -> np.ndarray:
    """Tie neighboring cells along lines of pixels.

    Parameters
    ----------
    ties : ndarray of shape (n * size, m * size), float32
        Of each pixel to the right one beside it, in [0, 1]; the last column is none.
    size : int
        Pixels along the side of a cell.

    Returns
    -------
    ndarray of shape (n, m - 1), float32
        Ties between cells, 1 where those of all pixels are.
    """
    length = ties.shape[1]
    ties = np.maximum(ties[:, : length - 1], np.float32(_LEAST_TIE))
    if size == 1:
        return ties
    resistance = 1 / ties
    # From middle to middle: half of the step that crosses each, and all between them.
    middle = size // 2 - 1
    steps = np.arange(length // size - 1) * size + middle
    way = (resistance[:, steps] + resistance[:, steps + size]) / 2
    for step in range(1, size):
        way += resistance[:, steps + step]
    lines = 1 / way
    shape = len(lines) // size, size, lines.shape[1]
    summed: np.ndarray = lines.reshape(shape).sum(axis=1)
    return summed


def cell_colors(photograph: np.ndarray, size: int) -> np.ndarray:
    """Mean color of each cell.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, C)
        uint8, uint16 or floats.
    size : int
        Pixels along the side of a cell.

    Returns
    -------
    ndarray of shape (C, h, w), float32
        As shares of the full range.
    """
    height, width = photograph.shape[:2]

    def rows(first: int, last: int) -> np.ndarray:
        colors = _colors(photograph[first:last])
        return np.concatenate([colors, np.ones((1, *colors.shape[1:]), np.float32)])

    n = 1 if photograph.ndim == 2 else photograph.shape[2]
    sums = cell_sums(rows, (n + 1, height, width), size)
    means: np.ndarray = sums[:-1] / sums[-1:]
    return means


def _colors(rows: np.ndarray) -> np.ndarray:
    colors = np.moveaxis(np.atleast_3d(rows), 2, 0).astype(np.float32)
    full_range = INTEGER_RANGE.get(rows.dtype, 1.0)
    return colors if full_range == 1 else colors / np.float32(full_range)


def spread_cells(
    planes: np.ndarray,
    photograph: np.ndarray,
    colors: np.ndarray,
    span: float,
    size: int,
    rows: slice,
) -> np.ndarray:
    """Bring values of cells to the pixels of some rows, along the photograph's edges.

    A pixel takes means of the four cells around it, weighted as if between them by its
    place, and by how near its color is to theirs.

    Parameters
    ----------
    planes : ndarray of shape (n, h, w), float32
        Values of cells.
    photograph : ndarray of shape (H, W) or (H, W, C)
        uint8, uint16 or floats.
    colors : ndarray of shape (C, h, w), float32
        From `cell_colors`.
    span : float
        That of the photograph, as a share of its full range.
    size : int
        Pixels along the side of a cell.
    rows : slice
        First and last of the rows.

    Returns
    -------
    ndarray of shape (n, rows.stop - rows.start, W), float32
        Within the range of each plane.
    """
    if size == 1:
        return planes[:, rows]
    here = _colors(photograph[rows])
    scale = np.float32(_CHANNELS / len(colors) / (_COLOR_TOLERANCE * span) ** 2)
    places = [
        (np.arange(first, last, dtype=np.float32) + np.float32(0.5)) / size
        - np.float32(0.5)
        for first, last in ((rows.start, rows.stop), (0, photograph.shape[1]))
    ]
    ends = [
        _around(place, length)
        for place, length in zip(places, planes.shape[1:], strict=True)
    ]
    total = np.zeros(here.shape[1:], np.float32)
    result = np.zeros((len(planes), *here.shape[1:]), np.float32)
    for row, share_down in ends[0]:
        for column, share_across in ends[1]:
            distance = np.zeros_like(total)
            for channel, of_cells in zip(here, colors, strict=True):
                distance += (channel - of_cells[row][:, column]) ** 2
            distance *= scale
            distance += 1
            weight = share_down[:, np.newaxis] * share_across
            weight /= distance * distance
            total += weight
            for plane, out in zip(planes, result, strict=True):
                out += weight * plane[row][:, column]
    result /= total
    return result


def _around(place: np.ndarray, length: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cells before and after each place along an axis, and their shares."""
    before = np.floor(place)
    after_share = place - before
    cells = [np.clip(before + step, 0, length - 1).astype(np.intp) for step in (0, 1)]
    # A middle between two cells must not leave one of them without any weight.
    return [(cells[0], 1 - after_share), (cells[1], after_share)]
