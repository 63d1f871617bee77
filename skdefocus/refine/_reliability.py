"""How often a refined map is right, by the evidence that reached each pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from .._shared.odds import log_odds

__all__ = ["RELIABILITY", "Evidence", "fit_refined", "refined_confidence"]

# What keeps the logarithms of variances finite.
_LEAST_VARIANCE = 0.02
# Evidence below which a pixel is less and less known.
_SOME_EVIDENCE = 0.1
# Coefficients of the logistic regression of `fit_refined`:
# python benchmarks/fit_confidence.py --data DIR --refined
RELIABILITY = (-6.08, -3.63, -0.99, 1.1, -1.23)


class Evidence(NamedTuple):
    """What the confidence of a refined map hangs on.

    Attributes
    ----------
    own : ndarray
        Confidence of the map before, in [0, 1].
    distance : ndarray
        Of the map before from the refined one, on the scale ``log(sigma + 0.8)``.
    reach : ndarray
        Evidence that reached a pixel, as a share of all that could, in [0, 1].
    variance : ndarray
        Of that evidence around the refined map, on the same scale.
    """

    own: np.ndarray
    distance: np.ndarray
    reach: np.ndarray
    variance: np.ndarray


def _features(evidence: Evidence) -> np.ndarray:
    """Give, along a first axis, what being right is a logistic function of."""
    own, distance, reach, variance = evidence
    reach = np.clip(reach, 0, 1)
    return np.stack(
        [
            own,
            # That the map before says something else tells as much as it was sure.
            own * np.log(distance**2 + _LEAST_VARIANCE),
            log_odds(reach),
            np.log(np.maximum(variance, 0) + _LEAST_VARIANCE),
        ]
    )


def refined_confidence(
    evidence: Evidence, reliability: tuple[float, ...] = RELIABILITY
) -> np.ndarray:
    """Give the probability that a refined sigma is right within 25 % or 0.25 px.

    Parameters
    ----------
    evidence : Evidence
        Of pixels or cells, of any shape.
    reliability : tuple of 5 floats
        From `fit_refined`; by default those of the package's mapper.

    Returns
    -------
    ndarray of that shape
        In [0, 1], and 0 where no evidence arrived.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine._reliability import Evidence, refined_confidence
    >>> own, reach = np.array([0.9, 0.1, 0.0]), np.array([0.95, 0.8, 0.0])
    >>> refined_confidence(Evidence(own, own * 0, reach, own * 0)).round(1)
    array([0.9, 0.6, 0. ])
    """
    offset, *factors = reliability
    certainty = offset + np.tensordot(factors, _features(evidence), 1)
    some = np.clip(evidence.reach / _SOME_EVIDENCE, 0, 1)
    probability: np.ndarray = some / (1 + np.exp(-certainty))
    return probability


def fit_refined(
    evidence: Evidence, right: np.ndarray, weight: np.ndarray
) -> tuple[float, ...]:
    """Learn how often a refined map is right where so much evidence arrived.

    Parameters
    ----------
    evidence : Evidence
        Of n pixels of photographs that no network has learned from.
    right : ndarray of shape (n,), bool
        Whether the refined sigma is right within 25 % or 0.25 px.
    weight : ndarray of shape (n,)
        By how much each counts.

    Returns
    -------
    tuple of 5 floats
        Coefficients of a logistic regression: its offset, and those of the confidence
        of the map before, of that times the logarithm of its distance, of the evidence
        that reached a pixel, and of the logarithm of its variance.
    """
    model = LogisticRegression(max_iter=1000)
    model.fit(_features(evidence).T, np.asarray(right, bool), sample_weight=weight)
    return tuple(float(x) for x in (*model.intercept_, *model.coef_[0]))
