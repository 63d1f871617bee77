"""The guided filter with a gray guide, plain or weighted, in one pass over the rows.

Each row of the affine functions is used as soon as it is there: only as many rows of
them are kept as a window is high.
"""

from __future__ import annotations

import numpy as np

from .lines import LEAST_RIDGE, STRIP, horizontal_mean, kernel, mirror, padded_size

__all__ = ["gray_guided_rows", "ridge_of_row", "self_guided_rows"]


@kernel
def _slide(
    totals: np.ndarray,
    squares: np.ndarray,
    radius: int,
    enters: np.ndarray,
    leaves: np.ndarray,
) -> None:
    """Move column sums of a guide and its square down by one row."""
    width = enters.size
    total, square = totals[radius : radius + width], squares[radius : radius + width]
    for x in range(width):
        new, old = np.float64(enters[x]), np.float64(leaves[x])
        total[x] += new - old
        square[x] += new * new - old * old


@kernel
def ridge_of_row(eps: float, edges: np.ndarray, y: int, ridge: np.ndarray) -> None:
    """Ridge of one row: ``eps``, divided by the guide's variance if it is given."""
    if edges.size == 0:
        ridge[:] = eps
    else:
        # A ridge of 0 would divide 0 by 0 where the guide is flat.
        for x in range(ridge.size):
            ridge[x] = max(eps / edges[y, x], LEAST_RIDGE)


@kernel
def self_guided_rows(
    first: int,
    last: int,
    guide: np.ndarray,
    edges: np.ndarray,
    radius: int,
    eps: float,
    result: np.ndarray,
) -> None:
    """Write some rows of a guide of shape (H, W), filtered by itself.

    ``edges`` is empty, or of the guide's shape: then the ridge is ``eps / edges``.
    """
    height, width = guide.shape
    size = 2 * radius + 1
    scale = 1.0 / size**2
    room = padded_size(width, radius)
    mean, square = np.empty(room), np.empty(room)
    ridge, nothing = np.empty(width, np.float32), np.zeros(width, np.float32)
    slopes = np.empty((size, width), np.float32)
    offsets = np.empty((size, width), np.float32)
    for start in range(first, last, STRIP):
        stop = min(start + STRIP, last)
        totals, squares = np.zeros(room), np.zeros(room)
        slope_sums, offset_sums = np.zeros(room), np.zeros(room)
        slope_sum = slope_sums[radius : radius + width]
        offset_sum = offset_sums[radius : radius + width]
        slopes[:], offsets[:] = 0, 0
        for k in range(start - 2 * radius, start):
            _slide(totals, squares, radius, guide[mirror(k, height)], nothing)
        for fitted in range(start - radius, stop + radius):
            begins = fitted == start - radius
            leaves = nothing if begins else guide[mirror(fitted - radius - 1, height)]
            _slide(
                totals, squares, radius, guide[mirror(fitted + radius, height)], leaves
            )
            horizontal_mean(totals, width, radius, scale, mean)
            horizontal_mean(squares, width, radius, scale, square)
            ridge_of_row(eps, edges, mirror(fitted, height), ridge)
            # The row of the affine functions that leaves the window gives its place.
            slope_row, offset_row = slopes[fitted % size], offsets[fitted % size]
            for x in range(width):
                variance = np.float32(max(square[x] - mean[x] * mean[x], 0.0))
                slope = variance / (variance + ridge[x])
                offset = np.float32(mean[x]) * (np.float32(1) - slope)
                slope_sum[x] += np.float64(slope) - np.float64(slope_row[x])
                offset_sum[x] += np.float64(offset) - np.float64(offset_row[x])
                slope_row[x] = slope
                offset_row[x] = offset
            y = fitted - radius
            if y < start:
                continue
            horizontal_mean(slope_sums, width, radius, scale, mean)
            horizontal_mean(offset_sums, width, radius, scale, square)
            row, out = guide[y], result[y]
            for x in range(width):
                out[x] = mean[x] * row[x] + square[x]


@kernel
def gray_guided_rows(
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

    ``edges`` is empty, or of the guide's shape: then the ridge is ``eps / edges``.
    """
    n_planes, height, width = planes.shape
    size = 2 * radius + 1
    scale = 1.0 / size**2
    room = padded_size(width, radius)
    mean, square = np.empty(room), np.empty(room)
    plane_mean, product = np.empty(room), np.empty(room)
    inverse, nothing = np.empty(width, np.float32), np.zeros(width, np.float32)
    slopes = np.empty((n_planes, size, width), np.float32)
    offsets = np.empty((n_planes, size, width), np.float32)
    for start in range(first, last, STRIP):
        stop = min(start + STRIP, last)
        totals, squares = np.zeros(room), np.zeros(room)
        plane_totals = np.zeros((n_planes, room))
        products = np.zeros((n_planes, room))
        slope_sums = np.zeros((n_planes, room))
        offset_sums = np.zeros((n_planes, room))
        slopes[:], offsets[:] = 0, 0
        for k in range(start - 2 * radius, start):
            y = mirror(k, height)
            _slide(totals, squares, radius, guide[y], nothing)
            for n in range(n_planes):
                _slide_products(
                    plane_totals[n],
                    products[n],
                    radius,
                    guide[y],
                    planes[n, y],
                    nothing,
                    nothing,
                )
        for fitted in range(start - radius, stop + radius):
            begins = fitted == start - radius
            new = mirror(fitted + radius, height)
            old = mirror(fitted - radius - 1, height)
            leaves = nothing if begins else guide[old]
            _slide(totals, squares, radius, guide[new], leaves)
            horizontal_mean(totals, width, radius, scale, mean)
            horizontal_mean(squares, width, radius, scale, square)
            ridge_of_row(eps, edges, mirror(fitted, height), inverse)
            for x in range(width):
                variance = np.float32(max(square[x] - mean[x] * mean[x], 0.0))
                inverse[x] = np.float32(1) / (variance + inverse[x])
            y = fitted - radius
            for n in range(n_planes):
                plane_leaves = nothing if begins else planes[n, old]
                _slide_products(
                    plane_totals[n],
                    products[n],
                    radius,
                    guide[new],
                    planes[n, new],
                    leaves,
                    plane_leaves,
                )
                horizontal_mean(plane_totals[n], width, radius, scale, plane_mean)
                horizontal_mean(products[n], width, radius, scale, product)
                slope_row, offset_row = (
                    slopes[n, fitted % size],
                    offsets[n, fitted % size],
                )
                slope_sum = slope_sums[n, radius : radius + width]
                offset_sum = offset_sums[n, radius : radius + width]
                for x in range(width):
                    covariance = np.float32(product[x] - mean[x] * plane_mean[x])
                    slope = covariance * inverse[x]
                    offset = np.float32(plane_mean[x] - np.float64(slope) * mean[x])
                    slope_sum[x] += np.float64(slope) - np.float64(slope_row[x])
                    offset_sum[x] += np.float64(offset) - np.float64(offset_row[x])
                    slope_row[x] = slope
                    offset_row[x] = offset
                if y < start:
                    continue
                horizontal_mean(slope_sums[n], width, radius, scale, plane_mean)
                horizontal_mean(offset_sums[n], width, radius, scale, product)
                row, out = guide[y], result[n, y]
                for x in range(width):
                    out[x] = plane_mean[x] * row[x] + product[x]


@kernel
def _slide_products(
    totals: np.ndarray,
    products: np.ndarray,
    radius: int,
    enters: np.ndarray,
    plane_enters: np.ndarray,
    leaves: np.ndarray,
    plane_leaves: np.ndarray,
) -> None:
    """Move column sums of a plane, and of it times the guide, down by one row."""
    width = enters.size
    total, product = totals[radius : radius + width], products[radius : radius + width]
    for x in range(width):
        new, old = np.float64(plane_enters[x]), np.float64(plane_leaves[x])
        total[x] += new - old
        product[x] += new * enters[x] - old * leaves[x]
