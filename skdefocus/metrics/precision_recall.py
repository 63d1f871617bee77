"""Precision and recall of the pixels that are out of focus (Fig. 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ._checks import check_n_thresholds, map_pairs
from ._counts import count_at_distinct_values, count_at_even_steps

__all__ = ["average_precision", "precision_recall_curve"]


def precision_recall_curve(
    masks: Sequence[np.ndarray],
    blur_maps: Sequence[np.ndarray],
    n_thresholds: int = 256,
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of out-of-focus pixels, averaged over photographs (Fig. 11).

    For every photograph thresholds are evenly spaced from the smallest to the largest
    value of its map. Precision and recall at the k-th threshold of every photograph
    are averaged.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus. Photographs without any such pixel are left out, since
        they have no recall.
    blur_maps : list of array-like of shape (H, W)
        One for every mask, finite; larger is more blurred.
    n_thresholds : int, default=256
        Thresholds per photograph, at least 2.

    Returns
    -------
    precision : ndarray of shape (n_thresholds,), float64
        Share of the pixels called out of focus that are, in [0, 1]. At least the most
        blurred pixel of a map is always called so.
    recall : ndarray of shape (n_thresholds,), float64
        Share of the pixels out of focus that are called so, in [0, 1]. It starts at 1,
        where the threshold is lowest, and falls.

    Raises
    ------
    ValueError
        If there are no masks, not as many maps, one of them is not accepted, no mask
        is True anywhere, or ``n_thresholds`` is not at least 2.

    See Also
    --------
    average_precision : One number for such a curve.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3, Fig. 11.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import precision_recall_curve
    >>> mask, blur_map = np.array([[False, True, True]]), np.array([[1, 0, 2]])
    >>> precision, recall = precision_recall_curve([mask], [blur_map], n_thresholds=3)
    >>> recall.tolist(), precision[[0, 2]].round(2).tolist()
    ([1.0, 0.5, 0.5], [0.67, 1.0])
    """
    check_n_thresholds(n_thresholds, accepts_none=False)
    precision, recall = np.zeros(n_thresholds), np.zeros(n_thresholds)
    n_photographs = 0
    for mask, blur_map in _with_blur(masks, blur_maps):
        n_predicted, n_hits = count_at_even_steps(mask, blur_map, n_thresholds)
        precision += n_hits / n_predicted
        recall += n_hits / n_hits[0]
        n_photographs += 1
    return precision / n_photographs, recall / n_photographs


def average_precision(
    masks: Sequence[np.ndarray], blur_maps: Sequence[np.ndarray]
) -> float:
    """Mean average precision of out-of-focus pixels.

    The average precision of a photograph is the sum over all distinct thresholds,
    falling, of the precision times the growth of the recall. A map without information
    gets the share of pixels out of focus; the best is 1.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus. Photographs without any such pixel are left out, since
        they have no recall.
    blur_maps : list of array-like of shape (H, W)
        One for every mask, finite; larger is more blurred.

    Returns
    -------
    float
        Mean over photographs, in [0, 1].

    Raises
    ------
    ValueError
        If there are no masks, not as many maps, one of them is not accepted, or no
        mask is True anywhere.

    See Also
    --------
    precision_recall_curve : The curve behind it.

    Notes
    -----
    For one photograph this is ``sklearn.metrics.average_precision_score`` of its
    pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import average_precision
    >>> mask = np.array([[False, True]])
    >>> average_precision([mask, mask], [np.array([[0, 1]]), np.array([[1, 0]])])
    0.75
    """
    values = []
    for mask, blur_map in _with_blur(masks, blur_maps):
        _, n_predicted, n_hits = count_at_distinct_values(mask, blur_map)
        growth = -np.diff(n_hits, append=0) / n_hits[0]
        values.append(float(np.sum(growth * n_hits / n_predicted)))
    return float(np.mean(values))


def _with_blur(
    masks: Sequence[np.ndarray], blur_maps: Sequence[np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs whose mask is True somewhere; there must be one."""
    found = False
    for mask, blur_map in map_pairs(masks, blur_maps):
        if mask.any():
            found = True
            yield mask, blur_map
    if not found:
        raise ValueError(
            "masks must be True somewhere in at least one photograph, since recall "
            "counts pixels out of focus; all are False everywhere."
        )
