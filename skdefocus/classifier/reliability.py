"""How often a classifier is right where it says so: what confidence is made of."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from .._shared.odds import log_odds
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from ..filters.box import window_variance
from ..filters.conditions import pixel_noise

__all__ = [
    "KNOWS_NEIGHBORS",
    "disagreement",
    "fit_reliability",
    "learn_reliability",
    "patch_texture",
    "probability_within",
    "reliable_confidence",
    "tolerance",
]

# As many coefficients have one for how far sigma varies around a pixel.
KNOWS_NEIGHBORS = 5
# What counts as right: within this share of sigma, or within so many pixels.
_SHARE, _LEAST = np.float32(0.25), np.float32(0.25)
# Logarithms of detail over noise and over span, between which they count.
_OVER_NOISE, _OVER_SPAN = (-0.5, 3.0), (-6.0, -1.5)
# Detail, as a multiple of the noise, up to which it is noise, and from which there is
# more: agreement of windows of pure noise is no evidence.
_NO_DETAIL, _SOME_DETAIL = 1.0, 1.3
_LEAST_DETAIL = 1e-9
# Variance of log(sigma + 0.8) below which windows of one neighborhood agree.
_LEAST_DISAGREEMENT = 1e-3


def tolerance(sigma: np.ndarray) -> np.ndarray:
    """By how much a sigma may be wrong and still count as right.

    Parameters
    ----------
    sigma : ndarray
        True or estimated sigma, in pixels.

    Returns
    -------
    ndarray of the same shape
        A quarter of it, or a quarter of a pixel if that is more.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.classifier.reliability import tolerance
    >>> tolerance(np.array([0.0, 0.5, 4.0])).tolist()
    [0.25, 0.25, 1.0]
    """
    allowed: np.ndarray = np.maximum(_SHARE * sigma, _LEAST)
    return allowed


def probability_within(
    probabilities: np.ndarray, sigmas: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """Probability that sigma is right within 25 % or 0.25 px, by a classifier's word.

    The probability of a level is spread evenly, on the scale ``log(sigma + 0.8)``, from
    halfway to the level before to halfway to the next.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_levels), float32
        Of each level.
    sigmas : ndarray of shape (n_levels,)
        Sigma of each level, ascending, at least two.
    sigma : ndarray of shape (...)
        What is said to be the sigma, in pixels.

    Returns
    -------
    ndarray of shape (...), float32
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.classifier.reliability import probability_within
    >>> levels = np.array([0.0, 1.0, 2.0, 4.0])
    >>> sure = np.array([[0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    >>> found = probability_within(sure, levels, np.array([2.0, 2.0]))
    >>> bool(found[0] > 0.7), bool(found[1] < 0.2)
    (True, True)
    """
    levels = to_log_sigma(np.asarray(sigmas, np.float64))
    middles = (levels[1:] + levels[:-1]) / 2
    # The last level reaches as far up as it does down.
    edges = np.concatenate([levels[:1], middles, [2 * levels[-1] - middles[-1]]])
    below = np.zeros((*probabilities.shape[:-1], len(edges)), np.float32)
    np.cumsum(probabilities, axis=-1, out=below[..., 1:])
    allowed = tolerance(sigma)
    ends = [
        _interpolated(below, edges, to_log_sigma(np.maximum(end, 0)))
        for end in (sigma - allowed, sigma + allowed)
    ]
    within: np.ndarray = np.clip(ends[1] - ends[0], 0, 1).astype(np.float32)
    return within


def _interpolated(
    below: np.ndarray, edges: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Share of each distribution that lies below a value."""
    places = np.interp(values, edges, np.arange(len(edges))).astype(np.float32)
    first = np.minimum(places.astype(np.intp), len(edges) - 2)[..., np.newaxis]
    low, high = (np.take_along_axis(below, first + i, -1)[..., 0] for i in (0, 1))
    interpolated: np.ndarray = low + (places - first[..., 0]) * (high - low)
    return interpolated


def patch_texture(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the standard deviation of the gray levels of patches, and of their detail.

    Parameters
    ----------
    patches : ndarray of shape (n, size * size), float
        Gray patches.

    Returns
    -------
    deviation : ndarray of shape (n,), float32
        On the scale of the patches.
    detail : ndarray of shape (n,), float32
        The same of what is left when the plane that fits a patch best is taken away:
        that of a smooth sky is its noise.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.classifier.reliability import patch_texture
    >>> ramp = np.tile(np.linspace(0, 1, 8), 8)[np.newaxis]
    >>> deviation, detail = patch_texture(ramp)
    >>> bool(deviation[0] > 0.3), bool(detail[0] < 1e-6)
    (True, True)
    """
    size = round(patches.shape[1] ** 0.5)
    pixels = patches.astype(np.float64)
    pixels -= pixels.mean(axis=1, keepdims=True)
    places = np.arange(size) - (size - 1) / 2
    rows, columns = np.repeat(places, size), np.tile(places, size)
    variance = (pixels**2).mean(axis=1)
    moment = max((rows**2).sum(), 1) * size**2
    explained = ((pixels @ rows) ** 2 + (pixels @ columns) ** 2) / moment
    detail = np.maximum(variance - explained, 0)
    return np.sqrt(variance).astype(np.float32), np.sqrt(detail).astype(np.float32)


def disagreement(log_sigma: np.ndarray, patch_size: int, step: int) -> np.ndarray:
    """How far sigma varies within a patch around every window or pixel.

    A window on the border of something sharp shows it, on either side: around there
    sigma is less often right than any of the windows says.

    Parameters
    ----------
    log_sigma : ndarray of shape (H, W), float32
        ``log(sigma + 0.8)`` of windows or pixels.
    patch_size, step : int
        Side of a patch, and distance between windows, 1 for pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        Variance.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.classifier.reliability import disagreement
    >>> border = np.repeat([[0.0, 1.0]], 64, axis=1) * np.ones((64, 1))
    >>> disagreement(border, 32, 1)[32, [8, 64, 120]].round(2).tolist()
    [0.0, 0.25, 0.0]
    """
    # At least the windows beside each.
    variance: np.ndarray = window_variance(
        log_sigma, 2 * max(1, patch_size // (2 * step)) + 1
    )
    return variance


def _features(
    within: np.ndarray,
    detail: np.ndarray,
    conditions: np.ndarray,
    disagreement: np.ndarray | None,
) -> np.ndarray:
    """Give, last axis, what being right is a logistic function of."""
    noise = pixel_noise(conditions[..., 0], conditions[..., 1])
    detail = np.maximum(detail, _LEAST_DETAIL)
    said = log_odds(within)
    over_noise = np.clip(np.log(detail / noise), *_OVER_NOISE)
    over_span = np.clip(np.log(detail / conditions[..., 3]), *_OVER_SPAN)
    features = [said, over_noise, over_span]
    if disagreement is not None:
        features.append(np.log(disagreement + _LEAST_DISAGREEMENT))
    return np.stack(features, axis=-1)


def reliable_confidence(
    within: np.ndarray,
    detail: np.ndarray,
    conditions: np.ndarray,
    reliability: np.ndarray,
    disagreement: np.ndarray | None = None,
) -> np.ndarray:
    """Turn a classifier's word into the probability that it is true.

    Parameters
    ----------
    within : ndarray of shape (...)
        From `probability_within`.
    detail : ndarray of shape (...)
        Standard deviation of the detail of gray levels, as `patch_texture` takes it, in
        [0, 1].
    conditions : ndarray of shape (4,) or (..., 4)
        From `skdefocus.filters.measure_conditions`.
    reliability : ndarray of shape (4,) or (5,)
        From `fit_reliability`; five if it was given the disagreement.
    disagreement : ndarray of shape (...), optional
        Variance of ``log(sigma + 0.8)`` in the neighborhood, which five coefficients
        need and four leave out.

    Returns
    -------
    ndarray of shape (...), float32
        In [0, 1]; 0 where there is no detail at all.
    """
    knows_neighbors = len(reliability) == KNOWS_NEIGHBORS
    features = _features(
        within, detail, conditions, disagreement if knows_neighbors else None
    )
    certainty = features @ reliability[1:] + reliability[0]
    noise = pixel_noise(conditions[..., 0], conditions[..., 1])
    some = (detail / noise - _NO_DETAIL) / (_SOME_DETAIL - _NO_DETAIL)
    confidence: np.ndarray = np.clip(some, 0, 1) / (1 + np.exp(-certainty))
    return confidence.astype(np.float32)


def fit_reliability(
    within: np.ndarray,
    detail: np.ndarray,
    conditions: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray | None = None,
    disagreement: np.ndarray | None = None,
) -> np.ndarray:
    """Learn how often a classifier is right where it says so.

    Parameters
    ----------
    within, detail, conditions
        As in `reliable_confidence`, of shapes (n,), (n,) and (n, 4), of photographs
        that the classifier has not learned from.
    right : ndarray of shape (n,), bool
        Whether sigma is right within `tolerance`.
    weight : ndarray of shape (n,), optional
        By how much each counts; by default 1.
    disagreement : ndarray of shape (n,), optional
        As in `reliable_confidence`, of pixels of maps; patches have no neighbors.

    Returns
    -------
    ndarray of shape (4,) or (5,), float64
        Coefficients of a logistic regression: its offset, and those of the word, of
        detail over noise, of detail over span, and of the logarithm of the
        disagreement if that is given.

    Raises
    ------
    ValueError
        If all are right, or none is.
    """
    features = _features(within, detail, conditions, disagreement)
    model = LogisticRegression(max_iter=1000)
    model.fit(features, np.asarray(right, bool), sample_weight=weight)
    found: np.ndarray = np.concatenate([model.intercept_, model.coef_[0]])
    return found.astype(np.float64)


def learn_reliability(
    probabilities: np.ndarray,
    sigmas: np.ndarray,
    truth: np.ndarray,
    detail: np.ndarray,
    conditions: np.ndarray,
    disagreement: np.ndarray | None = None,
) -> np.ndarray:
    """Compare what a classifier says with what is true, by `fit_reliability`.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_levels), float32
        For patches or cells that the classifier has not learned from.
    sigmas : ndarray of shape (n_levels,), float32
        Sigma of each level, in pixels, ascending.
    truth : ndarray of shape (n,)
        Sigma of each, in pixels.
    detail, conditions, disagreement
        As in `fit_reliability`.

    Returns
    -------
    ndarray of shape (4,) or (5,), float64
        Its coefficients. Where all are right, or none is, nothing is learned, and four
        leave the word of the classifier as it is.
    """
    sigma = from_log_sigma(probabilities @ to_log_sigma(sigmas))
    right = np.abs(sigma - truth) <= tolerance(truth)
    if right.all() or not right.any():
        return np.array([0.0, 1.0, 0.0, 0.0])
    within = probability_within(probabilities, sigmas, sigma)
    return fit_reliability(within, detail, conditions, right, disagreement=disagreement)
