"""The scale on which levels of blur lie at nearly equal distances, also near 0."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["from_log_sigma", "to_log_sigma"]

_OFFSET = 0.8


def to_log_sigma(sigma: Any) -> np.ndarray:
    """Take sigma, in pixels, to ``log(sigma + 0.8)``.

    Parameters
    ----------
    sigma : array-like
        At least 0.

    Returns
    -------
    ndarray
        In the floating dtype of the input.
    """
    return np.log(np.asarray(sigma) + _OFFSET)


def from_log_sigma(log_sigma: Any) -> np.ndarray:
    """Take ``log(sigma + 0.8)`` back to sigma, in pixels.

    Parameters
    ----------
    log_sigma : array-like
        As `to_log_sigma` gives it.

    Returns
    -------
    ndarray
        At least 0.
    """
    return np.maximum(np.exp(np.asarray(log_sigma)) - _OFFSET, 0)
