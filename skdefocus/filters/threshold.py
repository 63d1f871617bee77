"""Thresholds that a map of values chooses itself: by its histogram, by its edges."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from .._shared.parameters import Interval, checked
from ._inputs import to_values

__all__ = ["edge_threshold", "otsu_threshold"]


@checked(n_bins=[Interval(Integral, 2, None, closed="left")])
def otsu_threshold(values: np.ndarray, n_bins: int = 256) -> float:
    """Threshold that separates two groups of values best (Otsu 1979).

    Parameters
    ----------
    values : array-like of shape (H, W)
        Numbers of any range, taken as they are.
    n_bins : int, default=256
        Bins of the histogram between the smallest and the largest value, at least 2.

    Returns
    -------
    float
        Values at or above it form the upper group. Of a constant map, that constant.

    Raises
    ------
    ValueError
        If the values are not finite numbers in two dimensions, or for less than 2 bins.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import otsu_threshold
    >>> 1 < otsu_threshold(np.array([[1.0, 1.0, 1.0, 5.0, 5.0]])) <= 5
    True
    """
    values = to_values(values, "values")
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-5 * max(abs(low), abs(high)):
        return low
    counts, edges = np.histogram(values, n_bins, range=(low, high))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sum_below = np.cumsum(counts * centers)[:-1]
    total = float((counts * centers).sum())
    distance = sum_below / below - (total - sum_below) / np.maximum(above, 1)
    between = below * above * distance**2
    # Between two separate groups a whole range is best: take its middle.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return float(edges[1:-1][best].mean())


def edge_threshold(values: np.ndarray) -> float:
    """Threshold at which a map changes most: its mean, weighted by its gradient.

    The "simple image statistic" of Kittler et al. (1985). The mean of all contours'
    levels, each weighted by its length: two surfaces of any size and number are
    divided halfway up the edges between them, where the threshold of a histogram
    follows the larger surface.

    Parameters
    ----------
    values : array-like of shape (H, W)
        Numbers of any range, taken as they are.

    Returns
    -------
    float
        Within the range of the values. Of a constant map, that constant.

    Raises
    ------
    ValueError
        If the values are not finite numbers in two dimensions.

    See Also
    --------
    otsu_threshold : Looks at the histogram alone.

    References
    ----------
    Kittler, Illingworth and Föglein, "Threshold selection based on a simple image
    statistic", Computer Vision, Graphics, and Image Processing 30(2), 1985.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import edge_threshold
    >>> edge_threshold(np.repeat([[1.0, 5.0]], [2, 30], axis=1))
    3.0
    """
    values = to_values(values, "values")
    down, across = (
        np.gradient(values, axis=axis) if values.shape[axis] > 1 else 0.0
        for axis in (0, 1)
    )
    weight = np.hypot(down, across)
    total = float(np.sum(weight))
    if total == 0:
        return float(values.flat[0])
    low, high = float(values.min()), float(values.max())
    # A rounded sum must not leave the values.
    return min(max(float(np.sum(weight * values)) / total, low), high)
