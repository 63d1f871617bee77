"""Orthogonal matching pursuit of overlapping square patches, patch by patch."""

from __future__ import annotations

import numpy as np

from .lines import add_products, kernel

__all__ = ["count_atoms"]

# What those chosen before must leave of the square of an atom, whose norm is 1; and
# below how much of it they are taken off once more, as little is left but rounding.
_LEAST_NEW = 1e-24
_LITTLE = 1e-3


@kernel
def _take_off(factor: float, direction: np.ndarray, line: np.ndarray) -> None:
    for i in range(line.size):
        line[i] -= factor * direction[i]


@kernel
def _inner(one: np.ndarray, other: np.ndarray) -> float:
    total = 0.0
    for i in range(one.size):
        total += one[i] * other[i]
    return total


@kernel
def _pursue(
    residual: np.ndarray,
    atoms: np.ndarray,
    columns: np.ndarray,
    likeness: np.ndarray,
    bound: float,
    directions: np.ndarray,
    likenesses: np.ndarray,
) -> int:
    """Count the atoms after which the square of what is left is within a bound.

    ``likeness`` holds the inner products of atoms and residual. Each atom that is
    chosen gives a direction at a right angle to those before, and all are taken off.
    """
    left = _inner(residual, residual)
    n_chosen = 0
    while left > bound and n_chosen < min(atoms.shape):
        best = 0
        for k in range(likeness.size):
            if abs(likeness[k]) > abs(likeness[best]):
                best = k
        direction = directions[n_chosen]
        direction[:] = atoms[best]
        for j in range(n_chosen):
            _take_off(likenesses[j, best], directions[j], direction)
        square = _inner(direction, direction)
        if square < _LITTLE:
            for j in range(n_chosen):
                again = _inner(directions[j], direction)
                _take_off(again, directions[j], direction)
            square = _inner(direction, direction)
        if square < _LEAST_NEW:
            break
        scale = 1 / np.sqrt(square)
        for i in range(direction.size):
            direction[i] *= scale
        add_products(direction, columns, likenesses[n_chosen])
        share = likeness[best] * scale
        _take_off(share, direction, residual)
        _take_off(share, likenesses[n_chosen], likeness)
        left = _inner(residual, residual)
        n_chosen += 1
    return n_chosen


@kernel
def count_atoms(
    first: int,
    last: int,
    padded: np.ndarray,
    step: int,
    size: int,
    atoms: np.ndarray,
    bound: float,
    counts: np.ndarray,
) -> None:
    """Write how many atoms make up each patch of some rows of patches.

    Patches of ``size`` pixels begin at every ``step`` pixels of a padded photograph,
    and their means are taken off; ``bound`` is that of the sum of squares left over.
    """
    n_atoms, n_pixels = atoms.shape
    columns = np.ascontiguousarray(atoms.T)
    residual = np.empty(n_pixels)
    likeness = np.empty(n_atoms)
    directions = np.empty((min(n_atoms, n_pixels), n_pixels))
    likenesses = np.empty((min(n_atoms, n_pixels), n_atoms))
    for row in range(first, last):
        for column in range(counts.shape[1]):
            total = 0.0
            for y in range(size):
                for x in range(size):
                    value = np.float64(padded[row * step + y, column * step + x])
                    residual[y * size + x] = value
                    total += value
            mean = total / n_pixels
            for i in range(n_pixels):
                residual[i] -= mean
            add_products(residual, columns, likeness)
            counts[row, column] = _pursue(
                residual, atoms, columns, likeness, bound, directions, likenesses
            )
