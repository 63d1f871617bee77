"""A guide without grain: the photograph, slightly blurred, in the depth that it has."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.gray_rows import GrayRows
from .._shared.threads import run_in_parts
from .._shared.validation import INTEGER_RANGE
from .conditions import measure_conditions, pixel_noise

__all__ = ["blur_reach", "guide_noise", "soft_guide"]

_TRUNCATE = 4.0
_STRIP = 128
_MOST = 65535


def blur_reach(sigma: float) -> int:
    """How far the blur of a guide looks, in pixels.

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    int
        In pixels.
    """
    return int(_TRUNCATE * sigma + 0.5)


def soft_guide(photograph: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a guide a little, so that noise does not pass for edges.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, C)
        uint8, uint16 or floats.
    sigma : float
        Standard deviation of the Gaussian, in pixels, at least 0; 0 gives the
        photograph itself.

    Returns
    -------
    ndarray of the photograph's shape
        uint16 of the full range for integers, which takes half the memory of floats;
        floats in their own dtype.
    """
    if sigma == 0:
        return photograph
    is_integer = photograph.dtype in INTEGER_RANGE
    guide = np.empty(photograph.shape, np.uint16 if is_integer else photograph.dtype)
    scale = np.float32(_MOST / INTEGER_RANGE[photograph.dtype]) if is_integer else 1
    reach = blur_reach(sigma)
    sigmas = (sigma, sigma, 0)[: photograph.ndim]

    def soften(first: int, last: int) -> None:
        for start in range(first, last, _STRIP):
            stop = min(start + _STRIP, last)
            top = max(0, start - reach)
            rows = photograph[top : stop + reach] * scale
            soft = ndimage.gaussian_filter(rows, sigmas, truncate=_TRUNCATE)
            rows = soft[start - top : start - top + stop - start]
            guide[start:stop] = np.rint(rows) if is_integer else rows

    run_in_parts(soften, len(guide), _STRIP)
    return guide


def guide_noise(photograph: np.ndarray) -> tuple[float, float]:
    """Measure the noise and the span of the gray of a guide.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, C)
        uint8, uint16 or floats.

    Returns
    -------
    noise, span : float
        Standard deviation of the noise, also of noise that a camera has smoothed, and
        span, both as shares of the guide's full range.
    """
    gray = GrayRows(photograph)
    full, half, _, span = measure_conditions(gray, gray.rounding)
    return float(pixel_noise(full, half)), float(span)
