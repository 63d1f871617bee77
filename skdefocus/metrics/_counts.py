"""How many pixels lie on either side of the thresholds of one map."""

from __future__ import annotations

import numpy as np

__all__ = ["above", "count_at_distinct_values", "count_at_even_steps"]


def count_at_distinct_values(
    mask: np.ndarray, blur_map: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count pixels at or above every distinct value of a map.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
        True where out of focus.
    blur_map : ndarray of shape (H, W)
        Finite.

    Returns
    -------
    thresholds : ndarray of shape (n_values,)
        The distinct values, ascending.
    n_predicted : ndarray of shape (n_values,), int
        Pixels at or above each.
    n_hits : ndarray of shape (n_values,), int
        Those of them that are out of focus.
    """
    order = blur_map.argsort(axis=None)
    values = blur_map.ravel()[order]
    first = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    hits_before = np.concatenate([[0], np.cumsum(mask.ravel()[order])])
    return values[first], values.size - first, hits_before[-1] - hits_before[first]


def count_at_even_steps(
    mask: np.ndarray, blur_map: np.ndarray, n_thresholds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count pixels at or above thresholds evenly spaced over the range of a map.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
        True where out of focus.
    blur_map : ndarray of shape (H, W)
        Finite.
    n_thresholds : int
        Thresholds from the smallest to the largest value of the map, both included.

    Returns
    -------
    n_predicted : ndarray of shape (n_thresholds,), int
        Pixels at or above each threshold; at least 1.
    n_hits : ndarray of shape (n_thresholds,), int
        Those of them that are out of focus.
    """
    thresholds = np.linspace(float(blur_map.min()), float(blur_map.max()), n_thresholds)
    n_reached = np.searchsorted(thresholds, blur_map.ravel(), side="right")

    def at_least(reached: np.ndarray) -> np.ndarray:
        counts = np.bincount(reached, minlength=n_thresholds + 1)
        return counts[::-1].cumsum()[-2::-1]

    return at_least(n_reached), at_least(n_reached[mask.ravel()])


def above(value: float, dtype: np.dtype) -> float:
    """Return the smallest number of a dtype that is larger than a value.

    Parameters
    ----------
    value : float
        Largest value of a map.
    dtype : dtype
        Type of the map: in a finer one, the result would round back to the value when
        it is compared with the map.

    Returns
    -------
    float
        A threshold that no pixel reaches.
    """
    with np.errstate(over="ignore"):
        return float(np.nextafter(dtype.type(value), dtype.type(np.inf)))
