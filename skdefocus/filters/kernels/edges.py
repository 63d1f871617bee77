"""The variance by which the weighted guided filter tells edges."""

from __future__ import annotations

import numpy as np

from .lines import STRIP, kernel, mirror

__all__ = ["edge_rows"]


@kernel
def edge_rows(
    first: int,
    last: int,
    guide: np.ndarray,
    floor: float,
    variance: np.ndarray,
    inverse_sums: np.ndarray,
) -> None:
    """Write the variance in 3 x 3 windows, plus ``floor``, of some rows of a guide.

    ``inverse_sums`` gets the sum of the inverse of each strip's values.
    """
    height, width = guide.shape
    total, square = np.empty(width), np.empty(width)
    for start in range(first, last, STRIP):
        inverse = np.zeros(width)
        for y in range(start, min(start + STRIP, last)):
            above, row = guide[mirror(y - 1, height)], guide[y]
            below = guide[mirror(y + 1, height)]
            for x in range(width):
                a, b, c = np.float64(above[x]), np.float64(row[x]), np.float64(below[x])
                total[x] = a + b + c
                square[x] = a * a + b * b + c * c
            out = variance[y]
            for x in range(1, width - 1):
                mean = (total[x - 1] + total[x] + total[x + 1]) / 9
                spread = (square[x - 1] + square[x] + square[x + 1]) / 9 - mean * mean
                out[x] = max(spread, 0.0) + floor
            for x in (0, width - 1):
                left, right = mirror(x - 1, width), mirror(x + 1, width)
                mean = (total[left] + total[x] + total[right]) / 9
                spread = (square[left] + square[x] + square[right]) / 9 - mean * mean
                out[x] = max(spread, 0.0) + floor
            for x in range(width):
                inverse[x] += np.float32(1) / out[x]
        inverse_sums[start // STRIP] = inverse.sum()
