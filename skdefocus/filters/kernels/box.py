"""Mean over a square window, row by row."""

from __future__ import annotations

import numpy as np
from numba import njit

from .lines import OPTIONS, STRIP, horizontal_mean, mirror, padded_size

__all__ = ["box_rows"]


@njit(**OPTIONS)
def box_rows(first, last, image, radius, result):
    """Write the box mean of some rows of an image of shape (H, W)."""
    height, width = image.shape
    room = padded_size(width, radius)
    mean = np.empty(room)
    scale = 1.0 / (2 * radius + 1) ** 2
    for start in range(first, last, STRIP):
        padded = np.zeros(room)
        sums = padded[radius : radius + width]
        for k in range(start - radius, start + radius):
            row = image[mirror(k, height)]
            for x in range(width):
                sums[x] += row[x]
        for y in range(start, min(start + STRIP, last)):
            enters = image[mirror(y + radius, height)]
            leaves = image[mirror(y - radius, height)]
            for x in range(width):
                sums[x] += enters[x]
            horizontal_mean(padded, width, radius, scale, mean)
            for x in range(width):
                result[y, x] = mean[x]
                sums[x] -= leaves[x]
