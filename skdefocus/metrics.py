"""How well blur maps tell out-of-focus from in-focus pixels (sec. 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["best_threshold", "best_threshold_accuracy", "constant_accuracy"]


def _check_pair(
    blur_map: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    blur_map, mask = np.asarray(blur_map), np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(
            f"a mask must be bool, True where out of focus; got dtype {mask.dtype}."
        )
    if blur_map.shape != mask.shape or mask.size == 0:
        raise ValueError(
            f"a blur map and its mask must have one shape and not be empty; got "
            f"{blur_map.shape} and {mask.shape}."
        )
    if not np.isfinite(blur_map).all():
        raise ValueError("a blur map must be finite; it contains NaN or infinity.")
    return blur_map, mask


def best_threshold(blur_map: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """Threshold of one blur map that agrees best with its mask, and how well.

    A pixel counts as out of focus where the map is at least the threshold. All
    distinct values are tried, and one above them all.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Larger is more blurred.
    mask : array-like of bool of shape (H, W)
        True where out of focus.

    Returns
    -------
    accuracy : float
        Share of pixels that agree.
    threshold : float
        The smallest of the best thresholds.

    Raises
    ------
    ValueError
        If the shapes differ, the mask is not bool, or the map is not finite.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import best_threshold
    >>> best_threshold(np.array([1.0, 2.0, 5.0]), np.array([False, False, True]))
    (1.0, 5.0)
    """
    blur_map, mask = _check_pair(blur_map, mask)
    values, inverse = np.unique(blur_map, return_inverse=True)
    blurred = np.bincount(inverse.ravel(), weights=mask.ravel(), minlength=len(values))
    total = np.bincount(inverse.ravel(), minlength=len(values))
    # With the k smallest values below the threshold, those of them that are in focus
    # agree, and so do the blurred among the others.
    below = np.concatenate([[0], np.cumsum(total - blurred)])
    above = blurred.sum() - np.concatenate([[0], np.cumsum(blurred)])
    agree = below + above
    best = int(agree.argmax())
    threshold = values[best] if best < len(values) else np.nextafter(values[-1], np.inf)
    return float(agree[best] / mask.size), float(threshold)


def best_threshold_accuracy(
    blur_maps: Sequence[np.ndarray], masks: Sequence[np.ndarray]
) -> float:
    """Mean accuracy with the best threshold of every photograph (Table 5).

    An upper bound: the threshold is chosen against the truth.

    Parameters
    ----------
    blur_maps : sequence of array-like of shape (H, W)
        Larger is more blurred.
    masks : sequence of array-like of bool of shape (H, W)
        True where out of focus.

    Returns
    -------
    float
        Mean over photographs of the share of pixels that agree.

    Raises
    ------
    ValueError
        If there are no maps, or not as many masks.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3, Table 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import best_threshold_accuracy
    >>> mask = np.array([[False, True]])
    >>> blur_maps = [np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]])]
    >>> best_threshold_accuracy(blur_maps, [mask, mask])
    0.75
    """
    if len(blur_maps) != len(masks) or len(masks) == 0:
        raise ValueError(
            f"there must be as many blur maps as masks, and at least one; got "
            f"{len(blur_maps)} and {len(masks)}."
        )
    pairs = zip(blur_maps, masks, strict=True)
    return float(
        np.mean([best_threshold(blur_map, mask)[0] for blur_map, mask in pairs])
    )


def constant_accuracy(masks: Sequence[np.ndarray]) -> float:
    """Mean accuracy of the better constant answer for every photograph.

    Parameters
    ----------
    masks : sequence of array-like of bool of shape (H, W)
        True where out of focus.

    Returns
    -------
    float
        What a map without information gets from the best threshold.

    Raises
    ------
    ValueError
        If there are no masks.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import constant_accuracy
    >>> constant_accuracy([np.array([[True, True, True, False]])])
    0.75
    """
    return best_threshold_accuracy([np.zeros(np.shape(mask)) for mask in masks], masks)
