"""The scale on which levels of blur lie at nearly equal distances, also near 0."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LARGEST_SIGMA", "from_log_sigma", "to_log_sigma"]

# Where the paper's levels end, in pixels: colors of maps end there, the gain of
# sharpening is a function of the map's share of it, and so on.
LARGEST_SIGMA = 19.0

_OFFSET = 0.8


def to_log_sigma(sigma: Any, out: np.ndarray | None = None) -> np.ndarray:
    """Take sigma, in pixels, to ``log(sigma + 0.8)``.

    Parameters
    ----------
    sigma : array-like
        At least 0.
    out : ndarray, optional
        To write to; may be ``sigma`` itself.

    Returns
    -------
    ndarray
        In the floating dtype of the input.
    """
    log_sigma: np.ndarray = np.log(np.add(sigma, _OFFSET, out=out), out=out)
    return log_sigma


def from_log_sigma(log_sigma: Any, out: np.ndarray | None = None) -> np.ndarray:
    """Take ``log(sigma + 0.8)`` back to sigma, in pixels.

    Parameters
    ----------
    log_sigma : array-like
        As `to_log_sigma` gives it.
    out : ndarray, optional
        To write to; may be ``log_sigma`` itself.

    Returns
    -------
    ndarray
        At least 0.
    """
    sigma: np.ndarray = np.maximum(
        np.subtract(np.exp(log_sigma, out=out), _OFFSET, out=out), 0, out=out
    )
    return sigma
