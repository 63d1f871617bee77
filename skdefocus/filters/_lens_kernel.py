"""Point spread functions as images, brought to a wanted standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_psf", "lens_kernel"]

# A square of side 1 has this second moment: each pixel of the image, and of the kernel.
_PIXEL = 1 / 12
# Where the kernel ends, in standard deviations of the image.
_REACH = 4.0
# How often the scale is corrected, and the least moment that is scaled to.
_TRIES = 4
_LEAST = 0.1


def check_psf(psf: Any) -> np.ndarray:
    """Check a point spread function that is given as an image.

    Parameters
    ----------
    psf : array-like of shape (H, W)
        What a point of light becomes: at least 0, finite, on any scale, of at least two
        pixels that are not 0.

    Returns
    -------
    ndarray of shape (H, W), float64
        The same, with a sum of 1.

    Raises
    ------
    ValueError
        If it is not of that kind.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters._lens_kernel import check_psf
    >>> float(check_psf(np.ones((2, 2)))[0, 0])
    0.25
    """
    values = np.asarray(psf)
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise ValueError(
            "psf must be 'gaussian', 'disc' or an array of shape (H, W) of numbers; "
            f"got an array of shape {values.shape} and dtype {values.dtype}."
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all() or values.min(initial=0) < 0:
        raise ValueError("psf must hold finite numbers of at least 0.")
    if np.count_nonzero(values) < 2:
        raise ValueError("psf must have at least two pixels that are not 0.")
    shares: np.ndarray = values / values.sum()
    return shares


def lens_kernel(psf: np.ndarray, sigma: float) -> np.ndarray:
    """Scale a point spread function to a standard deviation, and sample it.

    Parameters
    ----------
    psf : ndarray of shape (H, W), float64
        From `check_psf`. Its center of mass comes to the center of the kernel.
    sigma : float
        Root of the mean second moment along the two axes of the kernel, in pixels,
        at least 0.8: a smaller kernel has no shape.

    Returns
    -------
    ndarray of shape (k, k), float64
        Odd-sized kernel that sums to 1; what lies beyond 4 sigma is left out.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters._lens_kernel import check_psf, lens_kernel
    >>> square = lens_kernel(check_psf(np.ones((40, 40))), 2.0)
    >>> offsets = np.arange(len(square)) - len(square) // 2
    >>> round(float(np.sqrt(square.sum(axis=0) @ offsets**2)), 2)
    2.0
    """
    centers, moments = _moments(psf)
    half = int(np.ceil(_REACH * sigma))
    # The squares that pixels are add to the moment, before and after the scaling; of a
    # small kernel not exactly that much.
    wanted = sigma**2 - _PIXEL
    for _ in range(_TRIES):
        scale = np.sqrt(wanted / (np.mean(moments) + _PIXEL))
        rows, columns = (
            _overlaps(psf.shape[axis], centers[axis], scale, half) for axis in (0, 1)
        )
        kernel: np.ndarray = rows @ psf @ columns.T
        kernel /= kernel.sum()
        wanted += sigma**2 - float(np.mean(_moments(kernel)[1]))
        wanted = max(wanted, _LEAST)
    return kernel


def _moments(psf: np.ndarray) -> tuple[list[float], list[float]]:
    """Center of mass and second moment around it, along each axis."""
    centers, moments = [], []
    for axis in (0, 1):
        places = np.arange(psf.shape[axis])
        line = psf.sum(axis=1 - axis)
        centers.append(float(line @ places))
        moments.append(float(line @ (places - centers[-1]) ** 2))
    return centers, moments


def _overlaps(n: int, center: float, scale: float, half: int) -> np.ndarray:
    """Share of each scaled pixel of a line that lies in each pixel of the kernel."""
    borders = (np.arange(n + 1) - 0.5 - center) * scale
    pixels = np.arange(-half, half + 2) - 0.5
    upper = np.minimum(borders[1:], pixels[1:, np.newaxis])
    lower = np.maximum(borders[:-1], pixels[:-1, np.newaxis])
    shares: np.ndarray = np.maximum(upper - lower, 0) / scale
    return shares
