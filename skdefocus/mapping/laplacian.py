"""LaplacianVarianceMapper: the classical baseline (sec. 4.1)."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._validation import N_JOBS, POSITIVE_INTEGER
from ..filters import variance_of_laplacian
from ..sample import DefocusSample
from .texture import local_texture_confidence

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


class LaplacianVarianceMapper(ImageTransformer):
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

    _constraints = {  # noqa: RUF012
        "patch_size": [POSITIVE_INTEGER],
        "n_jobs": N_JOBS,
    }

    def __init__(self, patch_size: int = 16, *, n_jobs: int | None = None) -> None:
        self.patch_size = patch_size
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        score = laplacian_variance_map(sample.image, self.patch_size)
        confidence = local_texture_confidence(sample.image)
        return sample.replace(blur_map=score, confidence=confidence, unit="relative")
