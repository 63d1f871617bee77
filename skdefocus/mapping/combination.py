"""Two measurements of one photograph made one, each as far as it is to be trusted.

A patch that shows texture tells its blur best by itself. What surrounds it tells the
rest.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from .._shared.odds import log_odds
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from ..classifier.reliability import tolerance

__all__ = [
    "COMBINATION",
    "Combination",
    "combine_maps",
    "fit_combination",
    "share_seen",
]

# Confidence of patches up to which there is next to nothing to be seen: whatever
# surrounds a sky or a wall, its blur is not measured.
_SEEN = 0.02
# Errors on the scale log(sigma + 0.8) below which they weigh less and less.
_SMALL_ERROR = 0.1
_LEAST_PROBABILITY = 1e-3

# Numbers of two logistic functions of the certainty of patches and of that of their
# surroundings: the share of the patches, and how often the result is right.
Combination = tuple[tuple[float, ...], tuple[float, ...]]
# python benchmarks/fit_confidence.py --data DIR --combined
COMBINATION: Combination = ((-2.58, 3.97, -2.94), (0.58, 0.28, 0.66))


def _logistic(
    numbers: tuple[float, ...], patches: np.ndarray, context: np.ndarray
) -> np.ndarray:
    offset, of_patches, of_context = map(np.float32, numbers)
    value: np.ndarray = expit(offset + of_patches * patches + of_context * context)
    return value


def combine_maps(
    sigma: np.ndarray,
    confidence: np.ndarray,
    context_sigma: np.ndarray,
    context_confidence: np.ndarray,
    combination: Combination = COMBINATION,
) -> tuple[np.ndarray, np.ndarray]:
    """Combine what patches say of a photograph with what their surroundings say.

    Parameters
    ----------
    sigma, confidence : ndarray of shape (H, W), float32
        Of patches: sigma in pixels, and how often it is right.
    context_sigma, context_confidence : ndarray of shape (H, W), float32
        Of the network that sees what surrounds them.
    combination : tuple, optional
        From `fit_combination`; by default that of the networks that ship.

    Returns
    -------
    sigma : ndarray of shape (H, W), float32
        The mean of both on the scale ``log(sigma + 0.8)``, of which patches take the
        more, the surer they are and the less their surroundings are.
    confidence : ndarray of shape (H, W), float32
        How often that is right, within 25 % or 0.25 px; 0 where patches show nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.combination import combine_maps
    >>> sigma, context_sigma = np.ones((1, 2), np.float32), np.full((1, 2), 2.0)
    >>> confidence = np.array([[0.95, 0.3]])
    >>> combine_maps(sigma, confidence, context_sigma, 1 - confidence)[0].round(1)
    array([[1., 2.]])
    """
    share, reliability = combination
    certainties = log_odds(confidence), log_odds(context_confidence)
    of_patches = _logistic(share, *certainties)
    log_sigma = to_log_sigma(context_sigma)
    log_sigma += of_patches * (to_log_sigma(sigma) - log_sigma)
    known = share_seen(confidence) * _logistic(reliability, *certainties)
    return from_log_sigma(log_sigma), known


def share_seen(confidence: np.ndarray) -> np.ndarray:
    """Tell how far patches show anything at all.

    Parameters
    ----------
    confidence : ndarray of shape (H, W), float32
        Of patches.

    Returns
    -------
    ndarray of shape (H, W), float32
        From 0 to 1, which is reached at a confidence of 0.02.
    """
    seen: np.ndarray = np.minimum(confidence / np.float32(_SEEN), 1)
    return seen


def fit_combination(
    sigma: np.ndarray,
    confidence: np.ndarray,
    context_sigma: np.ndarray,
    context_confidence: np.ndarray,
    truth: np.ndarray,
    weight: np.ndarray,
) -> Combination:
    """Learn how far to follow patches, and how often the result is right.

    Parameters
    ----------
    sigma, confidence, context_sigma, context_confidence : ndarray of shape (n,)
        As in `combine_maps`, of pixels of photographs that no network has learned from.
    truth : ndarray of shape (n,)
        True sigma, in pixels.
    weight : ndarray of shape (n,)
        By how much each pixel counts.

    Returns
    -------
    tuple
        What `combine_maps` takes: the share of patches that errs least on the scale
        ``log(sigma + 0.8)``, and the numbers under which what was right is likeliest.
    """
    measured = (sigma, confidence, context_sigma, context_confidence)
    weight = weight / weight.sum()
    true_log = to_log_sigma(truth)

    def combined(
        numbers: np.ndarray, reliability: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return combine_maps(*measured, (tuple(numbers), tuple(reliability)))

    def error(share: np.ndarray) -> float:
        found, _ = combined(share, np.zeros(3))
        difference = to_log_sigma(found) - true_log
        return float(weight @ np.hypot(difference, _SMALL_ERROR))

    share = minimize(error, COMBINATION[0], method="Nelder-Mead").x
    right = np.abs(combined(share, np.zeros(3))[0] - truth) <= tolerance(truth)

    def surprise(reliability: np.ndarray) -> float:
        _, found = combined(share, reliability)
        likely = np.where(right, found, 1 - found)
        return -float(weight @ np.log(np.maximum(likely, _LEAST_PROBABILITY)))

    reliability = minimize(surprise, COMBINATION[1], method="Nelder-Mead").x
    first, second = (tuple(map(float, numbers)) for numbers in (share, reliability))
    return first, second
