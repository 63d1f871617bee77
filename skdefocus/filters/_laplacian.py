"""Variance of the Laplacian, the classical measure of sharpness (eq. 5)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.parameters import POSITIVE_INTEGER, checked
from .._shared.validation import to_float_image, to_gray
from .box import window_variance

__all__ = ["laplacian", "variance_of_laplacian"]

# The paper's 3x3 Gaussian; its sigma is unstated. This one, with the 4-neighbor
# Laplacian, keeps the share of patches that the paper reports.
_GAUSSIAN_SIGMA = 0.8


def laplacian(image: np.ndarray, *, smooth: bool = False) -> np.ndarray:
    """4-neighbor Laplacian of an image.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    smooth : bool, default=False
        Take noise away first by a 3x3 Gaussian, as eq. 5 does.

    Returns
    -------
    ndarray of shape (H, W), float32
        Laplacian on the 8-bit scale: that of the image times 255.

    Raises
    ------
    ValueError
        If the image is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import laplacian
    >>> float(np.abs(laplacian(np.full((5, 5), 0.5))).max())
    0.0
    """
    gray = to_gray(to_float_image(image)) * np.float32(255)
    if smooth:
        gray = ndimage.gaussian_filter(gray, _GAUSSIAN_SIGMA, radius=1, mode="reflect")
    curvature: np.ndarray = ndimage.laplace(gray, mode="reflect")
    return curvature


@checked(size=[POSITIVE_INTEGER], smooth=["boolean"])
def variance_of_laplacian(
    image: np.ndarray, size: int = 16, *, smooth: bool = False
) -> np.ndarray:
    """Variance of the Laplacian in the window around every pixel.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    size : int, default=16
        Side of the square window, in pixels (sec. 4.1).
    smooth : bool, default=False
        Take noise away first by a 3x3 Gaussian, as eq. 5 does.

    Returns
    -------
    ndarray of shape (H, W), float32
        Variance on the 8-bit scale, squared gray levels; larger is sharper.

    Raises
    ------
    ValueError
        If ``size`` is not a positive integer, or the image is not one.

    References
    ----------
    Galetto and Deng (2022), eq. 5 and sec. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import variance_of_laplacian
    >>> stripes = np.indices((32, 32))[0] // 2 % 2 * 1.0
    >>> bool((variance_of_laplacian(stripes) > 1000).all())
    True
    """
    values = laplacian(image, smooth=smooth)
    return window_variance(values, size)
