"""Noise of an image, from what is left of it when smooth structure is taken away."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.validation import to_float_image, to_gray

__all__ = ["noise_deviation"]

# The difference of two Laplacians: blind to constant, linear and quadratic structure.
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


def noise_deviation(image: np.ndarray, where: np.ndarray | None = None) -> float:
    """Estimate the standard deviation of an image's noise (Immerkaer 1996).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    where : array-like of bool of shape (H, W), optional
        Pixels to judge by; blurred ones are best, since their fine detail is noise.

    Returns
    -------
    float
        On the scale of [0, 1]; 0 where there is no pixel to judge by.

    Raises
    ------
    ValueError
        If the image is not one, or ``where`` does not fit it.

    References
    ----------
    Immerkaer, "Fast noise variance estimation", CVIU 64(2), 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import noise_deviation
    >>> noise = np.random.default_rng(0).normal(0, 0.02, (100, 100))
    >>> round(noise_deviation(0.5 + noise), 2)
    0.02
    """
    gray = to_gray(to_float_image(image))
    response = np.abs(ndimage.convolve(gray, _KERNEL, mode="reflect"))
    if where is not None:
        where = np.asarray(where)
        if where.shape != gray.shape or where.dtype != bool:
            raise ValueError(
                f"'where' must be bool and have the image's shape {gray.shape}; got "
                f"dtype {where.dtype} and shape {where.shape}."
            )
        response = response[where]
    if response.size == 0:
        return 0.0
    return float(np.sqrt(np.pi / 2) / 6 * response.mean(dtype=np.float64))
