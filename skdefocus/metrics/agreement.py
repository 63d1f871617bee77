"""How well predicted masks agree with the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._checks import check_map, check_real, mask_pairs, pairs

__all__ = [
    "f_score",
    "intersection_over_union",
    "mean_absolute_error",
    "pixel_accuracy",
]


def pixel_accuracy(
    masks: Sequence[np.ndarray], predicted: Sequence[np.ndarray]
) -> float:
    """Mean share of pixels that agree.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    predicted : list of array-like of bool of shape (H, W)
        One for every mask.

    Returns
    -------
    float
        Mean over photographs, in [0, 1].

    Raises
    ------
    ValueError
        If there are no masks, not as many predicted ones, or one is not a mask of the
        shape of its photograph.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import pixel_accuracy
    >>> pixel_accuracy([np.array([[False, True]])], [np.array([[True, True]])])
    0.5
    """
    agreeing = [
        np.mean(mask == answer) for mask, answer in mask_pairs(masks, predicted)
    ]
    return float(np.mean(agreeing))


def f_score(
    masks: Sequence[np.ndarray],
    predicted: Sequence[np.ndarray],
    beta_squared: float = 0.3,
) -> float:
    r"""Mean F-score of the pixels out of focus.

    With precision :math:`P` and recall :math:`R` of a photograph it is
    :math:`(1 + \beta^2) P R / (\beta^2 P + R)`.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    predicted : list of array-like of bool of shape (H, W)
        One for every mask.
    beta_squared : float, default=0.3
        Weight of recall against precision, finite and at least 0; 1 weighs both alike.

    Returns
    -------
    float
        Mean over photographs, in [0, 1]. A photograph counts 1 where both masks are
        False everywhere, and 0 where else they do not overlap.

    Raises
    ------
    ValueError
        If there are no masks, not as many predicted ones, one is not a mask of the
        shape of its photograph, or ``beta_squared`` is not accepted.

    References
    ----------
    Achanta, Hemami, Estrada and Süsstrunk, "Frequency-tuned salient region detection",
    CVPR 2009, eq. 6, for the weight of 0.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import f_score
    >>> mask, predicted = np.array([[False, True]]), np.array([[True, True]])
    >>> f_score([mask], [predicted], beta_squared=1)
    0.6666666666666666
    """
    beta_squared = check_real(beta_squared, "beta_squared", at_least=0)
    if not np.isfinite(beta_squared):
        raise ValueError(f"beta_squared must be finite; got {beta_squared}.")
    scores = []
    for mask, answer in mask_pairs(masks, predicted):
        n_hits, n_true, n_predicted = _count(mask, answer)
        if n_hits == 0:
            scores.append(float(n_true == n_predicted == 0))
        else:
            weighted = beta_squared * n_true + n_predicted
            scores.append((1 + beta_squared) * n_hits / weighted)
    return float(np.mean(scores))


def intersection_over_union(
    masks: Sequence[np.ndarray], predicted: Sequence[np.ndarray]
) -> float:
    """Mean intersection over union of the regions out of focus.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    predicted : list of array-like of bool of shape (H, W)
        One for every mask.

    Returns
    -------
    float
        Mean over photographs, in [0, 1]. A photograph counts 1 where both masks are
        False everywhere.

    Raises
    ------
    ValueError
        If there are no masks, not as many predicted ones, or one is not a mask of the
        shape of its photograph.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import intersection_over_union
    >>> mask, predicted = np.array([[False, True]]), np.array([[True, True]])
    >>> intersection_over_union([mask], [predicted])
    0.5
    """
    scores = []
    for mask, answer in mask_pairs(masks, predicted):
        n_hits, n_true, n_predicted = _count(mask, answer)
        union = n_true + n_predicted - n_hits
        scores.append(n_hits / union if union else 1.0)
    return float(np.mean(scores))


def mean_absolute_error(
    masks: Sequence[np.ndarray], predicted: Sequence[np.ndarray]
) -> float:
    """Mean absolute difference from the truth, 1 out of focus and 0 in focus.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        True where out of focus.
    predicted : list of array-like of shape (H, W)
        One for every mask: bool, or float in [0, 1], as a map of unit "relative" is.

    Returns
    -------
    float
        Mean over photographs, in [0, 1]; 0 is perfect.

    Raises
    ------
    ValueError
        If there are no masks, not as many predicted ones, or one has another shape,
        another dtype, or values outside [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import mean_absolute_error
    >>> mean_absolute_error([np.array([[False, True]])], [np.array([[0.5, 1.0]])])
    0.25
    """
    errors = []
    for index, mask, answer in pairs(masks, predicted, "predicted"):
        values = _check_share(answer, mask.shape, f"predicted[{index}]")
        errors.append(np.abs(np.subtract(mask, values, dtype=np.float64)).mean())
    return float(np.mean(errors))


def _check_share(answer: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    dtype = np.asarray(answer).dtype
    if dtype.kind in "iu":
        # 0 and 255 would be meant as often as 0 and 1.
        raise ValueError(f"{name} must be bool or float in [0, 1]; got dtype {dtype}.")
    values = check_map(answer, shape, name)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise ValueError(
            f"{name} must be bool or float in [0, 1]; its values span [{low:.6g}, "
            f"{high:.6g}]."
        )
    return values


def _count(mask: np.ndarray, answer: np.ndarray) -> tuple[int, int, int]:
    """Pixels out of focus in both, in the truth, and in the answer."""
    counted = (mask & answer, mask, answer)
    n_hits, n_true, n_predicted = (int(np.count_nonzero(m)) for m in counted)
    return n_hits, n_true, n_predicted
