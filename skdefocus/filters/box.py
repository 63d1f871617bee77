"""Mean over a square window."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
from scipy import ndimage

from .._shared.parameters import NON_NEGATIVE_INTEGER, checked
from .._shared.threads import run_in_parts
from ._compiled import for_reading, kernels_for
from ._inputs import to_planes

__all__ = ["box_mean"]


@checked(radius=[NON_NEGATIVE_INTEGER])
def box_mean(image: np.ndarray, radius: int) -> np.ndarray:
    """Mean over the square window around every pixel, with reflected borders.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, C)
        Floats of any range, or a uint8 or uint16 image, taken as float in [0, 1].
    radius : int
        The window is ``2 * radius + 1`` pixels wide.

    Returns
    -------
    ndarray of the image's shape, float32 or float64
        Means; float64 for float64, float32 for everything else.

    Raises
    ------
    ValueError
        For a radius that is not an integer from 0 up, or values that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import box_mean
    >>> box_mean(np.array([[0.0, 3.0, 0.0]]), 1)
    array([[1., 1., 1.]])
    """
    image = to_planes(image, "image")
    return window_mean(image, radius)


def window_mean(image: np.ndarray, radius: int) -> np.ndarray:
    """Box mean without checks, for filters that take many."""
    if radius == 0:
        return image.copy()
    kernels = kernels_for(image)
    if kernels is not None:
        return _compiled_mean(kernels, image, radius)
    # Sums run in float64 along each line, whatever the precision of the image.
    sizes = (2 * radius + 1, 2 * radius + 1, 1)[: image.ndim]
    mean = ndimage.uniform_filter(image, sizes, mode="reflect")
    # Running sums may leave the range by their last digit.
    clipped: np.ndarray = np.clip(mean, image.min(), image.max(), out=mean)
    return clipped


def _compiled_mean(kernels: ModuleType, image: np.ndarray, radius: int) -> np.ndarray:
    if image.ndim == 3:
        planes = [_compiled_mean(kernels, plane, radius) for plane in split(image)]
        return np.stack(planes, axis=-1)
    return _run_rows(kernels.box_rows, kernels.STRIP, image, radius)


def _run_rows(
    kernel: Callable[..., None], strip: int, image: np.ndarray, radius: int
) -> np.ndarray:
    image = for_reading(image)
    result = np.empty(image.shape, np.float32)

    def filter_rows(first: int, last: int) -> None:
        kernel(first, last, image, radius, result)

    run_in_parts(filter_rows, len(image), strip)
    return result


def split(image: np.ndarray) -> np.ndarray:
    """Channels of an image of shape (H, W, C) as contiguous planes (C, H, W)."""
    return for_reading(np.moveaxis(image, 2, 0))


def window_variance(image: np.ndarray, size: int) -> np.ndarray:
    """Variance in the window of any side around every pixel, without checks.

    A window of even side reaches one pixel further up and to the left.
    """
    kernels = kernels_for(image)
    if kernels is not None and size % 2 == 1:
        return _run_rows(kernels.variance_rows, kernels.STRIP, image, size // 2)
    # Single precision would lose the variance of what is nearly flat.
    double = image.astype(np.float64)
    mean = ndimage.uniform_filter(double, size, mode="reflect")
    mean_square = ndimage.uniform_filter(double**2, size, mode="reflect")
    # Rounding can dip below zero where the window is flat.
    variance: np.ndarray = np.maximum(mean_square - mean**2, 0).astype(image.dtype)
    return variance
