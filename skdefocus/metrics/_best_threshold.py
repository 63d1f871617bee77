"""Accuracy with the best threshold of every photograph (sec. 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._checks import check_map, check_mask, check_n_thresholds, list_masks, map_pairs
from ._counts import above, count_at_distinct_values, count_at_even_steps

__all__ = ["best_threshold", "best_threshold_accuracy", "constant_accuracy"]


def best_threshold(mask: np.ndarray, blur_map: np.ndarray) -> tuple[float, float]:
    """Threshold of one blur map that agrees best with its mask, and how well.

    A pixel counts as out of focus where the map is at least the threshold. All
    distinct values are tried, and one above them all.

    Parameters
    ----------
    mask : array-like of bool of shape (H, W)
        True where out of focus.
    blur_map : array-like of shape (H, W)
        Finite; larger is more blurred.

    Returns
    -------
    accuracy : float
        Share of pixels that agree, in [0, 1].
    threshold : float
        The smallest of the best thresholds.

    Raises
    ------
    ValueError
        If the shapes differ, the mask is not bool, or the map is not finite.

    See Also
    --------
    best_common_threshold : One threshold for several photographs.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import best_threshold
    >>> best_threshold(np.array([[False, False, True]]), np.array([[1.0, 2.0, 5.0]]))
    (1.0, 5.0)
    """
    mask = check_mask(mask, "mask")
    return _best_threshold(mask, check_map(blur_map, mask.shape, "blur_map"))


def _best_threshold(mask: np.ndarray, blur_map: np.ndarray) -> tuple[float, float]:
    thresholds, n_predicted, n_hits = count_at_distinct_values(mask, blur_map)
    agree = _count_agreeing(mask, n_predicted, n_hits)
    best = int(agree.argmax())
    n_in_focus = mask.size - np.count_nonzero(mask)
    if n_in_focus > agree[best]:
        return n_in_focus / mask.size, above(thresholds[-1], blur_map.dtype)
    return float(agree[best] / mask.size), float(thresholds[best])


def _count_agreeing(
    mask: np.ndarray, n_predicted: np.ndarray, n_hits: np.ndarray
) -> np.ndarray:
    """Hits, and the pixels in focus that no false alarm falls on."""
    n_in_focus = mask.size - np.count_nonzero(mask)
    agreeing: np.ndarray = n_hits + n_in_focus - (n_predicted - n_hits)
    return agreeing


def best_threshold_accuracy(
    masks: Sequence[np.ndarray],
    blur_maps: Sequence[np.ndarray],
    n_thresholds: int | None = None,
) -> float:
    """Mean accuracy with the best threshold of every photograph (Table 5).

    An upper bound: the threshold is chosen against the truth.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    blur_maps : list of array-like of shape (H, W)
        One for every mask, finite; larger is more blurred.
    n_thresholds : int, optional
        Thresholds tried, evenly spaced from the smallest to the largest value of each
        map, at least 2. By default all distinct values are tried, and one above them.

    Returns
    -------
    float
        Mean over photographs of the share of pixels that agree, in [0, 1].

    Raises
    ------
    ValueError
        If there are no masks, not as many maps, one of them is not accepted, or
        ``n_thresholds`` is neither None nor at least 2.

    See Also
    --------
    fixed_threshold_accuracy : What a threshold gives that was chosen elsewhere.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3, Table 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import best_threshold_accuracy
    >>> mask = np.array([[False, True]])
    >>> blur_maps = [np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]])]
    >>> best_threshold_accuracy([mask, mask], blur_maps)
    0.75
    """
    check_n_thresholds(n_thresholds, accepts_none=True)
    accuracies = []
    for mask, blur_map in map_pairs(masks, blur_maps):
        if n_thresholds is None:
            accuracies.append(_best_threshold(mask, blur_map)[0])
        else:
            counts = count_at_even_steps(mask, blur_map, n_thresholds)
            accuracies.append(_count_agreeing(mask, *counts).max() / mask.size)
    return float(np.mean(accuracies))


def constant_accuracy(masks: Sequence[np.ndarray]) -> float:
    """Mean accuracy of the better constant answer for every photograph.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.

    Returns
    -------
    float
        What a map without information gets from the best threshold, in [0.5, 1].

    Raises
    ------
    ValueError
        If there are no masks, or one is not a mask.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import constant_accuracy
    >>> constant_accuracy([np.array([[True, True, True, False]])])
    0.75
    """
    items = enumerate(list_masks(masks))
    shares = [check_mask(mask, f"masks[{index}]").mean() for index, mask in items]
    return float(np.mean(np.maximum(shares, 1 - np.array(shares))))
