"""Confidence of classifiers whose reliability is not known: a weight of texture."""

from __future__ import annotations

import numpy as np

__all__ = ["spread_confidence", "texture_confidence"]

# Variance of log(sigma + 0.8) at which confidence is one half: that of probabilities
# spread evenly over two neighboring levels and a little more.
_HALF_VARIANCE = 0.018
# Standard deviation of the gray levels, on [0, 1], from which texture is decisive.
_FULL_TEXTURE = 20 / 255
_LEAST_TEXTURE = 0.02


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
