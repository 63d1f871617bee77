"""Mean and variance over a square window, row by row."""

from __future__ import annotations

import numpy as np

from .lines import STRIP, horizontal_mean, kernel, mirror, padded_size

__all__ = ["box_rows", "variance_rows"]


@kernel
def box_rows(
    first: int, last: int, image: np.ndarray, radius: int, result: np.ndarray
) -> None:
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


@kernel
def variance_rows(
    first: int, last: int, image: np.ndarray, radius: int, result: np.ndarray
) -> None:
    """Write the variance in a box around each pixel of some rows."""
    height, width = image.shape
    room = padded_size(width, radius)
    mean, square = np.empty(room), np.empty(room)
    scale = 1.0 / (2 * radius + 1) ** 2
    for start in range(first, last, STRIP):
        padded, padded_square = np.zeros(room), np.zeros(room)
        sums = padded[radius : radius + width]
        squares = padded_square[radius : radius + width]
        for k in range(start - radius, start + radius):
            row = image[mirror(k, height)]
            for x in range(width):
                value = np.float64(row[x])
                sums[x] += value
                squares[x] += value * value
        for y in range(start, min(start + STRIP, last)):
            enters = image[mirror(y + radius, height)]
            leaves = image[mirror(y - radius, height)]
            for x in range(width):
                value = np.float64(enters[x])
                sums[x] += value
                squares[x] += value * value
            horizontal_mean(padded, width, radius, scale, mean)
            horizontal_mean(padded_square, width, radius, scale, square)
            for x in range(width):
                result[y, x] = max(square[x] - mean[x] * mean[x], 0.0)
                value = np.float64(leaves[x])
                sums[x] -= value
                squares[x] -= value * value
