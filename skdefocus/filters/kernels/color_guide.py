"""The guided filter with a color guide, plain or weighted, in one pass over the rows.

Each row of the affine functions is used as soon as it is there: only as many rows of
them are kept as a window is high.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from .gray_guide import ridge_of_row
from .lines import STRIP, horizontal_mean, kernel, mirror, padded_size

__all__ = ["color_guided_rows"]

# Rows and columns of the upper triangle of a 3 x 3 matrix.
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
# Column sums of the guide, of its products in pairs, of the planes, and of each plane
# times the guide.
_Sums: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@kernel
def _slide(
    sums: np.ndarray,
    planes: np.ndarray,
    radius: int,
    enters: int,
    leaves: int,
    remove: bool,
) -> None:
    """Move column sums of planes down by one row."""
    for c in range(len(sums)):
        new, old = planes[c, enters], planes[c, leaves]
        total = sums[c, radius : radius + new.size]
        if remove:
            for x in range(new.size):
                total[x] += np.float64(new[x]) - np.float64(old[x])
        else:
            for x in range(new.size):
                total[x] += new[x]


@kernel
def _slide_product(
    total: np.ndarray,
    radius: int,
    one: np.ndarray,
    other: np.ndarray,
    enters: int,
    leaves: int,
    remove: bool,
) -> None:
    """Move column sums of the product of two planes down by one row."""
    new, new_other = one[enters], other[enters]
    total = total[radius : radius + new.size]
    if remove:
        old, old_other = one[leaves], other[leaves]
        for x in range(new.size):
            total[x] += (
                np.float64(new[x]) * new_other[x] - np.float64(old[x]) * old_other[x]
            )
    else:
        for x in range(new.size):
            total[x] += np.float64(new[x]) * new_other[x]


@kernel
def _slide_all(
    sums: _Sums,
    radius: int,
    guide: np.ndarray,
    planes: np.ndarray,
    enters: int,
    leaves: int,
    remove: bool,
) -> None:
    """Move all column sums down by one row."""
    means, pairs, plane_means, products = sums
    _slide(means, guide, radius, enters, leaves, remove)
    _slide(plane_means, planes, radius, enters, leaves, remove)
    for index, (i, j) in enumerate(_PAIRS):
        _slide_product(pairs[index], radius, guide[i], guide[j], enters, leaves, remove)
    for n in range(len(planes)):
        for i in range(3):
            _slide_product(
                products[n, i], radius, guide[i], planes[n], enters, leaves, remove
            )


@kernel
def _factor(matrix: np.ndarray, ridge: np.ndarray, factors: np.ndarray) -> None:
    """Factor a 3 x 3 positive definite matrix in every pixel as L D L^T.

    ``factors`` gets l10, l20, l21 and the inverse pivots; ``ridge`` is added to the
    diagonal and is a lower bound of every pivot but for rounding.
    """
    for x in range(ridge.size):
        least = np.float64(ridge[x])
        d0 = max(matrix[0, x], 0.0) + least
        l10, l20 = matrix[1, x] / d0, matrix[2, x] / d0
        d1 = max(matrix[3, x] + least - l10 * matrix[1, x], least)
        l21 = (matrix[4, x] - l20 * matrix[1, x]) / d1
        d2 = max(matrix[5, x] + least - l20 * matrix[2, x] - l21 * l21 * d1, least)
        factors[0, x], factors[1, x], factors[2, x] = l10, l20, l21
        factors[3, x], factors[4, x], factors[5, x] = 1 / d0, 1 / d1, 1 / d2


@kernel
def color_guided_rows(
    first: int,
    last: int,
    planes: np.ndarray,
    guide: np.ndarray,
    edges: np.ndarray,
    radius: int,
    eps: float,
    result: np.ndarray,
) -> None:
    """Write some rows of planes of shape (n, H, W), filtered along one guide.

    The guide has shape (3, H, W). ``edges`` is empty, or of shape (H, W): then the
    ridge is ``eps / edges``.
    """
    n_planes, height, width = planes.shape
    size = 2 * radius + 1
    scale = 1.0 / size**2
    room = padded_size(width, radius)
    line = np.empty(room)
    mean, matrix = np.empty((3, room)), np.empty((6, room))
    right, plane_mean = np.empty((3, room)), np.empty(room)
    factors, ridge = np.empty((6, width)), np.empty(width, np.float32)
    fitted_rows = np.empty((n_planes, 4, size, width), np.float32)
    fit = np.empty((4, width), np.float32)
    for start in range(first, last, STRIP):
        stop = min(start + STRIP, last)
        sums = (
            np.zeros((3, room)),
            np.zeros((6, room)),
            np.zeros((n_planes, room)),
            np.zeros((n_planes, 3, room)),
        )
        fit_sums = np.zeros((n_planes, 4, room))
        fitted_rows[:] = 0
        for k in range(start - 2 * radius, start):
            _slide_all(sums, radius, guide, planes, mirror(k, height), 0, False)
        for fitted in range(start - radius, stop + radius):
            new = mirror(fitted + radius, height)
            old = mirror(fitted - radius - 1, height)
            _slide_all(sums, radius, guide, planes, new, old, fitted > start - radius)
            y = fitted - radius
            for i in range(3):
                horizontal_mean(sums[0][i], width, radius, scale, mean[i])
            for index, (i, j) in enumerate(_PAIRS):
                horizontal_mean(sums[1][index], width, radius, scale, matrix[index])
                for x in range(width):
                    matrix[index, x] -= mean[i, x] * mean[j, x]
            ridge_of_row(eps, edges, mirror(fitted, height), ridge)
            _factor(matrix, ridge, factors)
            for n in range(n_planes):
                horizontal_mean(sums[2][n], width, radius, scale, plane_mean)
                for i in range(3):
                    horizontal_mean(sums[3][n, i], width, radius, scale, right[i])
                for x in range(width):
                    l10, l20, l21 = factors[0, x], factors[1, x], factors[2, x]
                    m0, m1, m2, m = mean[0, x], mean[1, x], mean[2, x], plane_mean[x]
                    y0 = right[0, x] - m0 * m
                    y1 = right[1, x] - m1 * m - l10 * y0
                    y2 = right[2, x] - m2 * m - l20 * y0 - l21 * y1
                    s2 = y2 * factors[5, x]
                    s1 = y1 * factors[4, x] - l21 * s2
                    s0 = y0 * factors[3, x] - l10 * s1 - l20 * s2
                    fit[0, x], fit[1, x], fit[2, x] = s0, s1, s2
                    fit[3, x] = m - s0 * m0 - s1 * m1 - s2 * m2
                for i in range(4):
                    kept = fitted_rows[n, i, fitted % size]
                    total = fit_sums[n, i, radius : radius + width]
                    for x in range(width):
                        total[x] += np.float64(fit[i, x]) - np.float64(kept[x])
                        kept[x] = fit[i, x]
                if y < start:
                    continue
                out = result[n, y]
                horizontal_mean(fit_sums[n, 3], width, radius, scale, line)
                for x in range(width):
                    out[x] = line[x]
                for i in range(3):
                    horizontal_mean(fit_sums[n, i], width, radius, scale, line)
                    row = guide[i, y]
                    for x in range(width):
                        out[x] += line[x] * row[x]
