"""How far contrast around a pixel lets the hand-crafted mappers be trusted."""

from __future__ import annotations

import numpy as np

from ..._shared.validation import to_float_image, to_gray
from ...filters.box import window_mean
from ..confidence import texture_confidence

__all__ = ["local_texture_confidence"]

# Radius of the window whose contrast tells how far a score is to be trusted.
_CONTEXT = 16


def local_texture_confidence(image: np.ndarray) -> np.ndarray:
    """Confidence from the contrast around each pixel, as for windows of patches.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.

    Returns
    -------
    ndarray of shape (H, W), float32
        From 0.02 where the 33 pixels around are flat to 1 where their standard
        deviation reaches 20 of 255 levels.
    """
    # In float32 the variance of a nearly flat window would be lost.
    gray = to_gray(to_float_image(image)).astype(np.float64)
    variance = window_mean(gray**2, _CONTEXT) - window_mean(gray, _CONTEXT) ** 2
    deviation = np.sqrt(np.maximum(variance, 0))
    return texture_confidence(deviation.astype(np.float32))
