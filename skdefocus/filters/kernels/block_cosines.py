"""Cosine transforms of overlapping square blocks, a row of blocks at a time."""

from __future__ import annotations

import numpy as np

from .lines import add_products, kernel

__all__ = ["high_frequency_magnitudes"]


@kernel
def high_frequency_magnitudes(
    rows: np.ndarray, cosines: np.ndarray, first: int, step: int, result: np.ndarray
) -> None:
    """Write the magnitudes on and below the antidiagonal of each block's transform.

    Blocks are as high as ``rows``, of odd height, and as wide; they begin at column
    ``first`` and every ``step`` columns after it. ``cosines`` is the orthonormal matrix
    of the transform, and ``result`` has a line for each coefficient and a column for
    each block. A cosine is even or odd about the block's middle, so half of each is
    enough; and the transform of columns serves all blocks.
    """
    size, width = rows.shape
    n_blocks = result.shape[1]
    half = size // 2
    n_terms = half + 1
    even = np.empty((n_terms, width), np.float32)
    odd = np.zeros((n_terms, width), np.float32)
    for k in range(half):
        above, below, added, taken = rows[k], rows[size - 1 - k], even[k], odd[k]
        for x in range(width):
            added[x] = above[x] + below[x]
            taken[x] = above[x] - below[x]
    even[half] = rows[half]
    line = np.empty(width, np.float32)
    even_blocks = np.empty((n_terms, n_blocks), np.float32)
    odd_blocks = np.zeros((n_terms, n_blocks), np.float32)
    number = 0
    for u in range(size):
        add_products(cosines[u, :n_terms], odd if u % 2 else even, line)
        for k in range(half):
            added, taken = even_blocks[k], odd_blocks[k]
            left, right = line[first + k :], line[first + size - 1 - k :]
            for j in range(n_blocks):
                added[j] = left[j * step] + right[j * step]
                taken[j] = left[j * step] - right[j * step]
        middle, added = line[first + half :], even_blocks[half]
        for j in range(n_blocks):
            added[j] = middle[j * step]
        for v in range(size - 1 - u, size):
            magnitudes = result[number]
            terms = odd_blocks if v % 2 else even_blocks
            add_products(cosines[v, :n_terms], terms, magnitudes)
            for j in range(n_blocks):
                magnitudes[j] = abs(magnitudes[j])
            number += 1
