"""Otsu's threshold between two groups of values."""

from __future__ import annotations

import numpy as np

from ._planes import to_planes

__all__ = ["otsu_threshold"]


def otsu_threshold(values: np.ndarray, n_bins: int = 256) -> float:
    """Threshold that separates two groups of values best (Otsu 1979).

    Parameters
    ----------
    values : array-like of shape (H, W)
        Floats of any range.
    n_bins : int, default=256
        Bins of the histogram between the smallest and the largest value.

    Returns
    -------
    float
        Values at or above it form the upper group. Of a constant map, that constant.

    Raises
    ------
    ValueError
        If the values are not finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import otsu_threshold
    >>> 1 < otsu_threshold(np.array([[1.0, 1.0, 1.0, 5.0, 5.0]])) <= 5
    True
    """
    values = to_planes(values, "values").astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-5 * max(abs(low), abs(high)):
        return low
    counts, edges = np.histogram(values, n_bins, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sum_below = np.cumsum(counts * centres)[:-1]
    total = float((counts * centres).sum())
    distance = sum_below / below - (total - sum_below) / np.maximum(above, 1)
    between = below * above * distance**2
    # Between two separate groups a whole range is best: take its middle.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return float(edges[1:-1][best].mean())
