"""Pixel values to linear light and back (sRGB): light adds up, pixel values do not."""

from __future__ import annotations

import numpy as np

from .validation import to_float_image

__all__ = ["linear_to_srgb", "srgb_to_linear"]


def srgb_to_linear(image: np.ndarray) -> np.ndarray:
    """Light that the pixels of a photograph stand for.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], encoded as sRGB, as nearly all files are.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1], proportional to light.

    Raises
    ------
    ValueError
        For an image that is not one.

    References
    ----------
    IEC 61966-2-1:1999.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import srgb_to_linear
    >>> srgb_to_linear(np.array([[0.0, 0.5, 1.0]])).round(3)
    array([[0.   , 0.214, 1.   ]], dtype=float32)
    """
    values = to_float_image(image)
    slope = values / np.float32(12.92)
    power = ((values + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= np.float32(0.04045), slope, power)


def linear_to_srgb(light: np.ndarray) -> np.ndarray:
    """Pixels of a photograph that stand for light.

    Parameters
    ----------
    light : array-like of shape (H, W) or (H, W, 3)
        float in [0, 1], proportional to light.

    Returns
    -------
    ndarray of the light's shape, float32
        In [0, 1], encoded as sRGB.

    Raises
    ------
    ValueError
        For an image that is not one.

    References
    ----------
    IEC 61966-2-1:1999.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import linear_to_srgb
    >>> linear_to_srgb(np.array([[0.0, 0.214, 1.0]])).round(3)
    array([[0. , 0.5, 1. ]], dtype=float32)
    """
    light = to_float_image(light)
    power = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    values = np.where(
        light <= np.float32(0.0031308), light * np.float32(12.92), np.minimum(power, 1)
    )
    return values.astype(np.float32, copy=False)
