"""LaplacianVarianceMapper: the classical baseline (sec. 4.1)."""

from __future__ import annotations

import numpy as np

from ..filters import variance_of_laplacian
from .window_score import WindowScoreMapper

__all__ = ["LaplacianVarianceMapper", "laplacian_variance_map"]

# Variance, in squared grey levels, that counts as perfectly sharp.
_SHARPEST = 255.0**2


def laplacian_variance_map(image: np.ndarray, patch_size: int = 16) -> np.ndarray:
    """Blur score of every pixel: one minus the logarithm of its Laplacian's variance.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 where the window is flat, 0 where the
        variance reaches 255 squared.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, or an image that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import laplacian_variance_map
    >>> float(laplacian_variance_map(np.zeros((20, 20))).min())
    1.0
    """
    variance = variance_of_laplacian(image, patch_size)
    sharpness = np.log1p(variance) / np.float32(np.log1p(_SHARPEST))
    return np.clip(1 - sharpness, 0, 1)


class LaplacianVarianceMapper(WindowScoreMapper):
    """Score the blur of photographs by the variance of the Laplacian (sec. 4.1).

    The baseline that every figure of the project is shown beside.

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    See Also
    --------
    SlidingWindowMapper : Measures sigma in pixels.
    EntropyMapper, StandardDeviationMapper : The other classical measures.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> from skdefocus import LaplacianVarianceMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = LaplacianVarianceMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _function = staticmethod(laplacian_variance_map)
