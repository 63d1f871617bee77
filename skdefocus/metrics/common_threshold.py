"""Accuracy with one threshold for all photographs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._checks import check_real, map_pairs
from ._counts import above

__all__ = ["best_common_threshold", "fixed_threshold_accuracy"]

_N_BINS = 65_536
# Sums over photographs of different sizes are rounded: what differs by less is a tie.
_TIE = 1e-9


def fixed_threshold_accuracy(
    masks: Sequence[np.ndarray], blur_maps: Sequence[np.ndarray], threshold: float
) -> float:
    """Mean accuracy with one threshold for all photographs.

    A pixel counts as out of focus where the map is at least the threshold.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    blur_maps : list of array-like of shape (H, W)
        One for every mask, finite; larger is more blurred.
    threshold : float
        In the unit of the maps; infinity calls every pixel in focus.

    Returns
    -------
    float
        Mean over photographs of the share of pixels that agree, in [0, 1].

    Raises
    ------
    ValueError
        If there are no masks, not as many maps, one of them is not accepted, or the
        threshold is not a number.

    See Also
    --------
    best_common_threshold : Chooses the threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import fixed_threshold_accuracy
    >>> mask = np.array([[False, True]])
    >>> blur_maps = [np.array([[1.0, 2.0]]), np.array([[2.0, 3.0]])]
    >>> fixed_threshold_accuracy([mask, mask], blur_maps, 2.0)
    0.75
    """
    threshold = check_real(threshold, "threshold")
    # A threshold beyond the range of float32 is infinite to a map of float32.
    with np.errstate(over="ignore"):
        accuracies = [
            np.mean((blur_map >= threshold) == mask)
            for mask, blur_map in map_pairs(masks, blur_maps)
        ]
    return float(np.mean(accuracies))


def best_common_threshold(
    masks: Sequence[np.ndarray], blur_maps: Sequence[np.ndarray]
) -> tuple[float, float]:
    """Threshold for all photographs with the highest mean accuracy, and that accuracy.

    Every photograph counts the same, whatever its size.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    blur_maps : list of array-like of shape (H, W)
        One for every mask, finite; larger is more blurred.

    Returns
    -------
    accuracy : float
        What `fixed_threshold_accuracy` gives at the threshold.
    threshold : float
        A value of one of the maps, or the next number above all of them. Of equally
        good ones the smallest.

    Raises
    ------
    ValueError
        If there are no masks, not as many maps, or one of them is not accepted.

    See Also
    --------
    best_threshold : The best threshold of one photograph.

    Notes
    -----
    Thresholds are tried at the edges of 65,536 bins of equal width between the smallest
    and the largest value of all maps: values that fall into one bin are not told
    apart. Beside the maps it needs the memory of a few copies of one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import best_common_threshold
    >>> mask = np.array([[False, True]])
    >>> best_common_threshold([mask, mask], [np.array([[1, 4]]), np.array([[3, 5]])])
    (1.0, 4.0)
    """
    extremes = [(m.min(), m.max(), m.dtype) for _, m in map_pairs(masks, blur_maps)]
    low = float(min(lowest for lowest, _, _ in extremes))
    high = float(max(highest for _, highest, _ in extremes))
    blurred, sharp = np.zeros(_N_BINS), np.zeros(_N_BINS)
    for mask, blur_map in map_pairs(masks, blur_maps):
        bins = _bin(blur_map, low, high)
        n_all = np.bincount(bins.ravel(), minlength=_N_BINS)
        n_blurred = np.bincount(bins[mask], minlength=_N_BINS)
        blurred += n_blurred / mask.size
        sharp += (n_all - n_blurred) / mask.size
    # With k bins below the threshold, what is in focus in them agrees, and what is out
    # of focus in the others.
    agree = np.concatenate([[0], np.cumsum(sharp)])
    agree += blurred.sum() - np.concatenate([[0], np.cumsum(blurred)])
    best = int(np.flatnonzero(agree >= agree.max() - _TIE * len(extremes))[0])
    # Not the edge itself: values on it may have been rounded into the bin below.
    reached = [
        blur_map[_bin(blur_map, low, high) >= best].min(initial=np.inf)
        for _, blur_map in map_pairs(masks, blur_maps)
    ]
    threshold = float(min(reached))
    if not np.isfinite(threshold):
        coarsest = min((dtype for _, _, dtype in extremes), key=lambda d: d.itemsize)
        threshold = above(high, coarsest)
    return fixed_threshold_accuracy(masks, blur_maps, threshold), threshold


def _bin(blur_map: np.ndarray, low: float, high: float) -> np.ndarray:
    """Bin of every pixel; never falls where the map rises."""
    position = np.subtract(blur_map, low, dtype=np.float64)
    if high > low:
        position /= high - low
    position *= _N_BINS
    bins: np.ndarray = np.minimum(position.astype(np.intp), _N_BINS - 1)
    return bins
