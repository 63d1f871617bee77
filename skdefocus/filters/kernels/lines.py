"""What the kernels share: mirrored borders, means and sums along one line."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = [
    "LEAST_RIDGE",
    "STRIP",
    "TILE",
    "add_products",
    "horizontal_mean",
    "kernel",
    "mirror",
    "padded_size",
]

# What compiles every kernel; made once, since the options are the same for all.
kernel = njit(cache=True, nogil=True, error_model="numpy")
# Rows between two beginnings of running sums.
STRIP = 192
# Lines that are solved at a time, chosen by the time that the smoother takes.
TILE = 64
LEAST_RIDGE = np.finfo(np.float32).tiny
# Sums that run along a line at a time: an addition waits for the one before it.
_CHAINS = 4


@kernel
def mirror(index: int, length: int) -> int:
    """Index within a line of ``length`` that is repeated by reflection."""
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


@kernel
def padded_size(width: int, radius: int) -> int:
    """Entries of a line with borders on both sides, as `horizontal_mean` takes it."""
    return _CHAINS * -(-width // _CHAINS) + 2 * radius + 1


@kernel
def _skip(
    count: int, one: np.ndarray, two: np.ndarray, three: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return one[count:], two[count:], three[count:]


@kernel
def horizontal_mean(
    padded: np.ndarray, width: int, radius: int, scale: float, mean: np.ndarray
) -> None:
    """Mean along a line of sums, each over its window, times ``scale``.

    The line begins after ``radius`` entries of its own border, which is filled here,
    and ``mean`` has room for as many entries. Four sums run at a time, each along a
    quarter of the line.
    """
    for k in range(radius):
        padded[radius - 1 - k] = padded[radius + mirror(-1 - k, width)]
        padded[radius + width + k] = padded[radius + mirror(width + k, width)]
    quarter = -(-width // _CHAINS)
    size = 2 * radius + 1
    # Slices, since an index that might be negative costs a comparison.
    a_leaves, a_enters, a_mean = padded, padded[size:], mean
    b_leaves, b_enters, b_mean = _skip(quarter, a_leaves, a_enters, a_mean)
    c_leaves, c_enters, c_mean = _skip(quarter, b_leaves, b_enters, b_mean)
    d_leaves, d_enters, d_mean = _skip(quarter, c_leaves, c_enters, c_mean)
    a = b = c = d = 0.0
    for k in range(size):
        a += a_leaves[k]
        b += b_leaves[k]
        c += c_leaves[k]
        d += d_leaves[k]
    for x in range(quarter):
        a_mean[x] = a * scale
        b_mean[x] = b * scale
        c_mean[x] = c * scale
        d_mean[x] = d * scale
        a += a_enters[x] - a_leaves[x]
        b += b_enters[x] - b_leaves[x]
        c += c_enters[x] - c_leaves[x]
        d += d_enters[x] - d_leaves[x]


@kernel
def add_products(factors: np.ndarray, terms: np.ndarray, result: np.ndarray) -> None:
    """Write the sum of lines, each times its factor; four at a time."""
    width = result.size
    for x in range(width):
        result[x] = 0
    k = 0
    while k + 4 <= factors.size:
        p, q, r, s = factors[k], factors[k + 1], factors[k + 2], factors[k + 3]
        a, b, c, d = terms[k], terms[k + 1], terms[k + 2], terms[k + 3]
        for x in range(width):
            result[x] += (p * a[x] + q * b[x]) + (r * c[x] + s * d[x])
        k += 4
    while k < factors.size:
        p, a = factors[k], terms[k]
        for x in range(width):
            result[x] += p * a[x]
        k += 1
