"""Sums over the squares of a grid."""

from __future__ import annotations

import numpy as np

__all__ = ["block_sums"]


def block_sums(values: np.ndarray, side: int, axes: tuple[int, ...]) -> np.ndarray:
    """Sum values over blocks of as many along each of some axes.

    Parameters
    ----------
    values : ndarray
        Of any shape.
    side : int
        Values of a block along an axis. The last block may have fewer.
    axes : tuple of int
        Along which values are summed.

    Returns
    -------
    ndarray
        In the dtype of the values.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus._shared.block_sums import block_sums
    >>> block_sums(np.ones((2, 5)), 2, axes=(0, 1))
    array([[4., 4., 2.]])
    """
    # NumPy sums few values along an axis slowly, and adds arrays fast.
    for axis in axes:
        along = np.moveaxis(values, axis, 0)
        sums = along[::side].copy()
        for first in range(1, min(side, len(along))):
            part = along[first::side]
            sums[: len(part)] += part
        values = np.moveaxis(sums, 0, axis)
    return values
