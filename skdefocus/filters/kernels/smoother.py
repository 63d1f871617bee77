"""The global smoother: tridiagonal systems, many lines of pixels at a time."""

from __future__ import annotations

import numpy as np

from .exponential import exponential
from .lines import TILE, kernel

__all__ = ["smooth_across", "smooth_down", "tie_rows"]


@kernel
def _load_row(values: np.ndarray, row: np.ndarray) -> None:
    """Split one row of a guide into float32 channels."""
    channels, width = row.shape
    if channels == 3:
        # All at once, and by indices without a sign: what a compiler makes parallel.
        red, green, blue = row[0], row[1], row[2]
        for x in range(width):
            first = np.uintp(3) * np.uintp(x)
            red[x] = values[first]
            green[x] = values[first + np.uintp(1)]
            blue[x] = values[first + np.uintp(2)]
    else:
        for c in range(channels):
            for x in range(width):
                row[c, x] = values[x * channels + c]


@kernel
def _tie(
    row: np.ndarray, other: np.ndarray, shift: int, factor: float, tie: np.ndarray
) -> None:
    """Write ``exp(factor * d)``, with d the distance between colors of two rows."""
    width = row.shape[1] - shift
    distance = tie[:width]
    for c in range(len(row)):
        left, right = row[c, :width], other[c, shift : shift + width]
        if c == 0:
            for x in range(width):
                distance[x] = (left[x] - right[x]) ** 2
        else:
            for x in range(width):
                distance[x] += (left[x] - right[x]) ** 2
    for x in range(width):
        distance[x] = np.sqrt(distance[x]) * factor
    exponential(distance)


@kernel
def tie_rows(
    first: int,
    last: int,
    guide: np.ndarray,
    channels: int,
    factor: float,
    down: np.ndarray,
    across: np.ndarray,
) -> None:
    """Write ``exp(factor * d)`` for neighbors d apart in a guide of shape (H, W * C).

    Colors are apart by their distance. ``down`` and ``across``, of shape (h, W), begin
    with row ``first``; the last row's ties down and the last column's ties across stay
    as they are.
    """
    height, width = len(guide), across.shape[1]
    row = np.empty((channels, width), np.float32)
    below = np.empty((channels, width), np.float32)
    _load_row(guide[first], row)
    for y in range(first, last):
        _tie(row, row, 1, factor, across[y - first])
        if y < height - 1:
            _load_row(guide[y + 1], below)
            _tie(row, below, 0, factor, down[y - first])
        row, below = below, row


@kernel
def _solve(values: np.ndarray, ties: np.ndarray, strength: float) -> None:
    """Solve the systems of the lines of values of shape (n, length, width) in place.

    Elimination down and substitution up. What is kept of each line is ``1 - c``, with
    c the factor of the line below: with strong ties c is so near 1 that float32 would
    lose the difference. The ties between a line and the next make room for its factor.
    """
    n_planes, length, width = values.shape
    one = np.float32(1)
    rest, above = np.empty(width, np.float32), np.empty(width, np.float32)
    inverse = np.empty(width, np.float32)
    rest[:], above[:], ties[length - 1] = 0, 0, 0
    for line in range(length):
        # Several short loops over few arrays: those a compiler makes parallel.
        below = ties[line]
        for x in range(width):
            below[x] *= strength
        for x in range(width):
            rest[x] = above[x] * rest[x] + one
        for x in range(width):
            inverse[x] = one / (rest[x] + below[x])
        for n in range(n_planes):
            here = values[n, line]
            if line > 0:
                before = values[n, line - 1]
                for x in range(width):
                    here[x] += above[x] * before[x]
            for x in range(width):
                here[x] *= inverse[x]
        for x in range(width):
            rest[x] *= inverse[x]
        for x in range(width):
            above[x] = below[x]
            below[x] *= inverse[x]
    for n in range(n_planes):
        for line in range(length - 2, -1, -1):
            here, after, factor = values[n, line], values[n, line + 1], ties[line]
            for x in range(width):
                here[x] += factor[x] * after[x]


@kernel
def _copy(
    source: np.ndarray, target: np.ndarray, start: int, width: int, backwards: bool
) -> None:
    """Copy columns of an array, from ``start``, to a tile, or a tile to them."""
    for y in range(len(source)):
        one, other = source[y, start : start + width], target[y, :width]
        if backwards:
            for x in range(width):
                one[x] = other[x]
        else:
            for x in range(width):
                other[x] = one[x]


@kernel
def _eight_rows(array: np.ndarray, y: int) -> tuple[np.ndarray, ...]:
    a, b, c, d = array[y], array[y + 1], array[y + 2], array[y + 3]
    return a, b, c, d, array[y + 4], array[y + 5], array[y + 6], array[y + 7]


@kernel
def _to_columns(source: np.ndarray, tile: np.ndarray, start: int, height: int) -> None:
    """Copy rows of an array, from ``start``, to columns of a tile."""
    length = source.shape[1]
    # Eight at a time: one at a time would go through the tile's memory for each.
    for y in range(0, height - 7, 8):
        a, b, c, d, e, f, g, h = _eight_rows(source, start + y)
        for x in range(length):
            line = tile[x, y : y + 8]
            line[0], line[1], line[2], line[3] = a[x], b[x], c[x], d[x]
            line[4], line[5], line[6], line[7] = e[x], f[x], g[x], h[x]
    for y in range(height // 8 * 8, height):
        row = source[start + y]
        for x in range(length):
            tile[x, y] = row[x]


@kernel
def _from_columns(
    tile: np.ndarray, target: np.ndarray, start: int, height: int
) -> None:
    """Copy columns of a tile to rows of an array, from ``start``."""
    length = target.shape[1]
    for y in range(0, height - 7, 8):
        a, b, c, d, e, f, g, h = _eight_rows(target, start + y)
        for x in range(length):
            line = tile[x, y : y + 8]
            a[x], b[x], c[x], d[x] = line[0], line[1], line[2], line[3]
            e[x], f[x], g[x], h[x] = line[4], line[5], line[6], line[7]
    for y in range(height // 8 * 8, height):
        row = target[start + y]
        for x in range(length):
            row[x] = tile[x, y]


@kernel
def _work_space(n_planes: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.zeros((n_planes, length, TILE), np.float32)
    return values, np.zeros((length, TILE), np.float32)


@kernel
def smooth_down(
    first: int, last: int, planes: np.ndarray, down: np.ndarray, strength: float
) -> None:
    """Smooth some columns of planes of shape (n, H, W) in place."""
    n_planes, height, _ = planes.shape
    values, ties = _work_space(n_planes, height)
    for start in range(first, last, TILE):
        width = min(TILE, last - start)
        _copy(down, ties, start, width, False)
        for n in range(n_planes):
            _copy(planes[n], values[n], start, width, False)
        _solve(values, ties, strength)
        for n in range(n_planes):
            _copy(planes[n], values[n], start, width, True)


@kernel
def smooth_across(
    first: int, last: int, planes: np.ndarray, across: np.ndarray, strength: float
) -> None:
    """Smooth some rows of planes of shape (n, H, W) in place."""
    n_planes, _, width = planes.shape
    values, ties = _work_space(n_planes, width)
    for start in range(first, last, TILE):
        height = min(TILE, last - start)
        _to_columns(across, ties, start, height)
        for n in range(n_planes):
            _to_columns(planes[n], values[n], start, height)
        _solve(values, ties, strength)
        for n in range(n_planes):
            _from_columns(values[n], planes[n], start, height)
