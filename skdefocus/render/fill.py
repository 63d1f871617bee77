"""Fill what is unknown of a blur map from what is known around it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.parameters import UNIT_INTERVAL, checked
from .._shared.validation import check_map, check_plane, check_subject_mask
from ..filters._resize import enlarge_rows
from ..sample import UNKNOWN

__all__ = ["fill_unknown"]

# Rows that are taken at a time, an even number.
_BAND = 256
# Squares along the longer side, of which those around a pixel, too, are near it.
_SQUARES = 16
# How far from what is known nearby a value must be to be wholly replaced, as a share of
# it and in pixels.
_FAR_SHARE, _FAR = 0.25, 0.25


@checked(unknown_below=[UNIT_INTERVAL])
def fill_unknown(
    blur_map: np.ndarray,
    confidence: np.ndarray,
    subject_mask: np.ndarray | None = None,
    *,
    unknown_below: float = UNKNOWN,
) -> np.ndarray:
    """Fill unknown pixels of a blur map smoothly from known ones around them.

    Known pixels are averaged on ever coarser grids, and what is unknown takes its value
    from the finest grid on which something is known near it, interpolated: all of it at
    a confidence of 0, and less of it the nearer the confidence is to ``unknown_below``.
    A background out of focus that is told without much precision so stays blurred. What
    is unknown but like something known nearby stays: along an outline both sides are
    known, and a mean of them would be neither.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    confidence : array-like of shape (H, W)
        That of the map, in [0, 1].
    subject_mask : array-like of shape (H, W), optional
        True, 1.0, or 255 as uint8, where the photograph is in focus whatever the map
        says. The map stays as it is there, and nothing is filled from there.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown; with 0 none is.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        Between the map and the range of its known pixels where it is filled. The map
        itself, if nothing is unknown, or nothing known.

    Raises
    ------
    ValueError
        If the map is not one, or a confidence or mask does not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import fill_unknown
    >>> blur_map = np.array([[2.0, 9.0, 2.0, 2.0]])
    >>> fill_unknown(blur_map, np.array([[1.0, 0.0, 1.0, 1.0]]))
    array([[2., 2., 2., 2.]])
    """
    blur_map = check_plane(blur_map, "blur_map")
    confidence = check_map(confidence, blur_map.shape, "confidence", upper=1.0)
    known = confidence >= unknown_below
    unknown = ~known
    if subject_mask is not None:
        subject = check_subject_mask(subject_mask, blur_map.shape) >= 0.5
        known &= ~subject
        unknown &= ~subject
    if not (unknown.any() and known.any()):
        return blur_map
    filled = blur_map.copy()
    least, largest = _range_nearby(blur_map, known)
    side = _side(blur_map.shape)
    squares = least.shape[0] * side, least.shape[1] * side
    coarse = _fill_coarse(*_halve(blur_map, known))
    double = 2 * coarse.shape[0], 2 * coarse.shape[1]
    for start in range(0, len(filled), _BAND):
        rows = slice(start, min(start + _BAND, len(filled)))
        fine = enlarge_rows(coarse, double, rows)[:, : filled.shape[1]]
        low, high = (
            enlarge_rows(plane, squares, rows)[:, : filled.shape[1]]
            for plane in (least, largest)
        )
        near = np.clip(filled[rows], low, high)
        away = np.abs(filled[rows] - near)
        fine = near + np.minimum(away / (_FAR_SHARE * near + _FAR), 1) * (fine - near)
        share = confidence[rows] / unknown_below
        mixed = fine + share * (filled[rows] - fine)
        np.copyto(filled[rows], mixed, where=unknown[rows], casting="same_kind")
    return filled


def _side(shape: tuple[int, ...]) -> int:
    """Side of a square of what is near, in pixels."""
    return -(-max(shape) // _SQUARES)


def _range_nearby(
    values: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest of what is known in each square and in those around it.

    Where nothing is, they are those of the nearest squares.
    """
    side = _side(values.shape)
    ends = []
    for reduce, none in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        rows = []
        for start in range(0, len(values), side):
            part = values[start : start + side]
            part = np.where(known[start : start + side], part, np.float32(none))
            columns = np.arange(0, part.shape[1], side)
            rows.append(reduce.reduceat(reduce.reduce(part, axis=0), columns))
        ends.append(np.stack(rows).astype(np.float32))
    least, largest = ends
    while True:
        least = ndimage.minimum_filter(least, 3, mode="nearest")
        largest = ndimage.maximum_filter(largest, 3, mode="nearest")
        if np.isfinite(least).all():
            return least, largest


def _halve(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average what is known in squares of two by two, and tell where that is any."""
    height, width = values.shape
    shape = -(-height // 2), -(-width // 2)
    means, some = np.zeros(shape, np.float32), np.zeros(shape, bool)
    for start in range(0, height, _BAND):
        part, counts = values[start : start + _BAND], known[start : start + _BAND]
        totals = np.zeros((-(-len(part) // 2), shape[1]), np.float32)
        n_known = np.zeros(totals.shape, np.float32)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            corner = np.s_[row::2, column::2]
            inside = tuple(map(slice, part[corner].shape))
            totals[inside] += np.where(counts[corner], part[corner], 0)
            n_known[inside] += counts[corner]
        rows = slice(start // 2, start // 2 + len(totals))
        np.divide(totals, n_known, out=means[rows], where=n_known > 0)
        some[rows] = n_known > 0
    return means, some


def _fill_coarse(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill a coarser grid from one that is coarser still."""
    if known.all():
        return values
    coarse = _fill_coarse(*_halve(values, known))
    double = 2 * coarse.shape[0], 2 * coarse.shape[1]
    fine = enlarge_rows(coarse, double, slice(0, len(values)))[:, : values.shape[1]]
    return np.where(known, values, fine)
