"""Confidence: how often a sigma is right, or, where that is not known, a weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._shared.sigma_scale import to_log_sigma
from ..classifier.reliability import (
    KNOWS_NEIGHBORS,
    probability_within,
    reliable_confidence,
)

__all__ = [
    "final_confidence",
    "judge_trust",
    "spread_confidence",
    "texture_confidence",
]

# Variance of log(sigma + 0.8) at which confidence is one half: that of probabilities
# spread evenly over two neighboring levels and a little more.
_HALF_VARIANCE = 0.018
# Standard deviation of the gray levels, on [0, 1], from which texture is decisive.
_FULL_TEXTURE = 20 / 255
_LEAST_TEXTURE = 0.02


def judge_trust(
    probabilities: np.ndarray,
    sigmas: np.ndarray,
    sigma: np.ndarray,
    texture: np.ndarray,
    classifier: Any,
) -> np.ndarray:
    """How far the probabilities of windows are to be trusted.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_classes), float32
        Of each class.
    sigmas : ndarray of shape (n_classes,), float32
        Sigma of each class, in pixels.
    sigma : ndarray of shape (...), float32
        From `estimate_sigma`.
    texture : ndarray of shape (...), float32
        Standard deviation of the gray levels of each window.
    classifier : classifier
        One whose ``reliability_`` is known gives its word for it that sigma is right
        within 25 % or 0.25 px; of any other, agreement of the probabilities and texture
        make a weight.

    Returns
    -------
    ndarray of shape (...), float32
        In [0, 1].
    """
    if getattr(classifier, "reliability_", None) is not None:
        return probability_within(probabilities, sigmas, sigma)
    decided = spread_confidence(probabilities, to_log_sigma(sigmas))
    # Beyond the ladder the top level only says "at least this much". It is not the last
    # class where classes are names: "blurred" comes before "sharp".
    inside = 1 - probabilities[..., sigmas.argmax()] / 2
    weight: np.ndarray = np.clip(decided * texture_confidence(texture) * inside, 0, 1)
    return weight


def final_confidence(
    trust: np.ndarray,
    detail: np.ndarray,
    conditions: np.ndarray,
    classifier: Any,
    varies: Callable[[], np.ndarray],
) -> np.ndarray:
    """Confidence of windows or of pixels, whose trust is a mean over windows.

    Parameters
    ----------
    trust : ndarray of shape (...), float32
        From `judge_trust`.
    detail : ndarray of shape (...), float32
        Standard deviation of the detail, from `window_texture`.
    conditions : ndarray of shape (4,), float32
        Those of the photograph.
    classifier : classifier
        As in `judge_trust`; a weight stays what it is.
    varies : callable
        Gives their `disagreement`, if the classifier knows what that means.

    Returns
    -------
    ndarray of shape (...), float32
        In [0, 1].
    """
    reliability = getattr(classifier, "reliability_", None)
    if reliability is None:
        return trust
    known = varies() if len(reliability) == KNOWS_NEIGHBORS else None
    return reliable_confidence(trust, detail, conditions, reliability, known)


def spread_confidence(probabilities: np.ndarray, log_sigmas: np.ndarray) -> np.ndarray:
    """How far probabilities agree on one level.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_levels)
        Of each level.
    log_sigmas : ndarray of shape (n_levels,)
        ``log(sigma + 0.8)`` of each level.

    Returns
    -------
    ndarray of shape (...)
        1 for one clear level, one half where they spread over two neighbors and a
        little more.
    """
    mean = probabilities @ log_sigmas
    variance = np.maximum(probabilities @ log_sigmas**2 - mean**2, 0)
    agreement: np.ndarray = 1 / (1 + variance / np.float32(_HALF_VARIANCE))
    return agreement


def texture_confidence(deviation: np.ndarray) -> np.ndarray:
    """How far contrast lets blur be judged.

    Parameters
    ----------
    deviation : ndarray
        Standard deviation of gray levels, in [0, 1], within windows.

    Returns
    -------
    ndarray of the same shape
        From 0.02 for flat windows to 1 from a deviation of 20 of 255 levels.
    """
    return np.clip(deviation / np.float32(_FULL_TEXTURE), _LEAST_TEXTURE, 1)
