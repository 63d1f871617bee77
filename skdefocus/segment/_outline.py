"""How much the levels of a map step along the outline of a part."""

from __future__ import annotations

import numpy as np

__all__ = ["mean_step", "steps_between"]

# Cells between the two sides of an outline whose step is measured, and the largest step
# that counts.
_REACH = 4
_LARGEST_STEP = 1.5


def steps_between(levels: np.ndarray) -> list[np.ndarray]:
    """Differences of levels some cells before and after each border of two cells.

    Parameters
    ----------
    levels : ndarray of shape (h, w)
        Of the cells.

    Returns
    -------
    list of ndarray
        Between rows, of shape (h - 1, w), and between columns, of shape (h, w - 1); at
        least 0.
    """
    padded = np.pad(levels, _REACH, mode="edge")
    height, width = levels.shape
    rows, columns = slice(_REACH, _REACH + height), slice(_REACH, _REACH + width)
    after = slice(2 * _REACH, None)
    down = padded[after, columns][: height - 1] - padded[1:height, columns]
    across = padded[rows, after][:, : width - 1] - padded[rows, 1:width]
    return [np.minimum(abs(step), _LARGEST_STEP) for step in (down, across)]


def mean_step(part: np.ndarray, steps: list[np.ndarray]) -> tuple[float, float]:
    """Mean step along the outline of a part, and the outline's length.

    Parameters
    ----------
    part : ndarray of shape (h, w), bool
        The cells that belong to it.
    steps : list of ndarray
        From `steps_between`.

    Returns
    -------
    step : float
        In levels; 0 without an outline.
    length : float
        In diagonals of the grid.
    """
    down, across = steps
    along = np.concatenate(
        [down[part[1:] != part[:-1]], across[part[:, 1:] != part[:, :-1]]]
    )
    length = along.size / float(np.hypot(part.shape[0], part.shape[1]))
    return (float(along.mean()) if along.size else 0.0), length
