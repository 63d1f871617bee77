"""Probabilities on the scale on which evidence adds up."""

from __future__ import annotations

import numpy as np

__all__ = ["log_odds"]

# Keeps what is certain at a finite distance from what is not.
_CERTAIN = 0.01


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Take the logarithm of the odds, bounded for what is certain.

    Parameters
    ----------
    probability : ndarray
        In [0, 1].

    Returns
    -------
    ndarray of the same shape
        From about -4.6 to 4.6; 0 at one half. In the floating dtype of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus._shared.odds import log_odds
    >>> log_odds(np.array([0.0, 0.5, 1.0])).round(1).tolist()
    [-4.6, 0.0, 4.6]
    """
    odds = (probability + _CERTAIN) / (1 + _CERTAIN - probability)
    found: np.ndarray = np.log(odds)
    return found
