"""The gate that keeps sharp patches only (eq. 5)."""

from __future__ import annotations

import numpy as np

from ..filters import laplacian

__all__ = ["sharpness"]


def sharpness(patch: np.ndarray) -> float:
    """Sharpness of one patch: the variance of its Laplacian (eq. 5).

    The patch is smoothed by a 3x3 Gaussian, of sigma 0.8, then filtered by the
    4-neighbour Laplacian, both with its edge pixels repeated outside, and the variance
    is taken over all of its pixels. The paper leaves sigma and Laplacian open; these
    keep about the share of patches that it reports.

    Parameters
    ----------
    patch : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].

    Returns
    -------
    float
        Variance on the 8-bit scale, in squared grey levels. The paper keeps patches
        above 1000; the shipped network's training keeps those above 60.

    Raises
    ------
    ValueError
        If the patch is not an image.

    References
    ----------
    Galetto and Deng (2022), eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import sharpness
    >>> sharpness(np.full((32, 32), 0.5))
    0.0
    """
    return float(laplacian(patch, smooth=True).var(dtype=np.float64))
