"""The classical measures of focus: Laplacian, contrast and entropy (sec. 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from ..._base import ImageTransformer
from ..._shared.parameters import N_JOBS, POSITIVE_INTEGER, checked, unchecked
from ..._shared.validation import to_float_image, to_gray
from ...filters import variance_of_laplacian
from ...filters.box import window_variance
from ...sample import DefocusSample
from .texture import local_texture_confidence

__all__ = [
    "EntropyMapper",
    "LaplacianVarianceMapper",
    "StandardDeviationMapper",
    "entropy_map",
    "laplacian_variance_map",
    "standard_deviation_map",
]

# Variance, in squared gray levels, that counts as perfectly sharp.
_SHARPEST_VARIANCE = 255.0**2
# The largest standard deviation that values in [0, 1] can have.
_LARGEST_DEVIATION = 0.5
_N_LEVELS = 256
# Bits of a window whose gray levels are all equally frequent.
_MOST_BITS = 8.0
_CONSTRAINTS = {"patch_size": [POSITIVE_INTEGER]}


class _WindowScoreMapper(ImageTransformer):
    """A mapper from the window around every pixel to a score without a unit.

    A subclass names in ``_function`` the function that scores one photograph; it takes
    the image and ``patch_size``.
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _function: ClassVar[Callable[..., np.ndarray]]

    def __init__(self, patch_size: int = 16, *, n_jobs: int | None = None) -> None:
        self.patch_size = patch_size
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(self._function)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="relative",
        )


@checked(_CONSTRAINTS)
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
    >>> from skdefocus.mapping.peers import laplacian_variance_map
    >>> float(laplacian_variance_map(np.zeros((20, 20))).min())
    1.0
    """
    variance = unchecked(variance_of_laplacian)(image, patch_size)
    sharpness = np.log1p(variance) / np.float32(np.log1p(_SHARPEST_VARIANCE))
    score: np.ndarray = np.clip(1 - sharpness, 0, 1)
    return score


class LaplacianVarianceMapper(_WindowScoreMapper):
    """Score the blur of photographs by the variance of the Laplacian (sec. 4.1).

    The usual baseline.

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    SlidingWindowMapper : Measures sigma in pixels.
    EntropyMapper, StandardDeviationMapper : The other classical measures.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

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


@checked(_CONSTRAINTS)
def standard_deviation_map(image: np.ndarray, patch_size: int = 16) -> np.ndarray:
    """Blur score of every pixel: one minus the contrast of the window around it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 where the window is flat, 0 where half of
        it is black and half is white, with the standard deviation 0.5.

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
    >>> from skdefocus.mapping.peers import standard_deviation_map
    >>> stripes = np.indices((32, 32))[0] // 2 % 2 * 1.0
    >>> float(standard_deviation_map(stripes)[16, 16])
    0.0
    """
    # Centered and in float64, so that a flat window has no variance by rounding.
    centered = to_gray(to_float_image(image)).astype(np.float64) - 0.5
    deviation = np.sqrt(window_variance(centered, patch_size))
    score: np.ndarray = np.clip(1 - deviation / _LARGEST_DEVIATION, 0, 1).astype(
        np.float32
    )
    return score


class StandardDeviationMapper(_WindowScoreMapper):
    """Score the blur of photographs by the standard deviation of gray (sec. 4.1).

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    EntropyMapper, LaplacianVarianceMapper : The other classical measures.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> from skdefocus import StandardDeviationMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = StandardDeviationMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _function = staticmethod(standard_deviation_map)


@checked(_CONSTRAINTS)
def entropy_map(image: np.ndarray, patch_size: int = 16) -> np.ndarray:
    """Blur score of every pixel: one minus the entropy of the window around it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 where all pixels of the window have the
        same of 256 gray levels, 0 where every level is as frequent as any other.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, or an image that is not one.

    Notes
    -----
    With share p of each gray level, the entropy is ``-sum(p * log2(p))``, at most 8
    bits. The histograms of a line of windows are differences of running sums over
    those of columns, which are kept up from line to line: time does not depend on
    ``patch_size``, and memory is that of 256 counts for each column.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.peers import entropy_map
    >>> stripes = np.indices((32, 32))[0] % 2 * 1.0  # two levels: 1 of 8 bits
    >>> float(entropy_map(stripes)[16, 16])
    0.875
    """
    gray = to_gray(to_float_image(image))
    levels = np.rint(gray * np.float32(_N_LEVELS - 1)).astype(np.uint8)
    before = patch_size // 2
    padded = np.pad(levels, (before, patch_size - 1 - before), mode="symmetric")
    n_pixels = patch_size**2
    counts = np.arange(n_pixels + 1, dtype=np.float64)
    # c * log2(c) of every count; 0 * log2(0) is 0.
    weighted = (counts * np.log2(np.maximum(counts, 1))).astype(np.float32)
    columns = np.arange(padded.shape[1])
    in_column = np.zeros((padded.shape[1], _N_LEVELS), dtype=np.int32)
    for line in padded[: patch_size - 1]:
        in_column[columns, line] += 1
    up_to = np.zeros((padded.shape[1] + 1, _N_LEVELS), dtype=np.int32)
    entropy = np.empty(gray.shape, dtype=np.float32)
    for row in range(gray.shape[0]):
        in_column[columns, padded[row + patch_size - 1]] += 1
        np.cumsum(in_column, axis=0, out=up_to[1:])
        in_window = up_to[patch_size:] - up_to[:-patch_size]
        entropy[row] = weighted[in_window].sum(axis=1)
        in_column[columns, padded[row]] -= 1
    bits = np.float32(np.log2(n_pixels)) - entropy / np.float32(n_pixels)
    score: np.ndarray = np.clip(1 - bits / np.float32(_MOST_BITS), 0, 1)
    return score


class EntropyMapper(_WindowScoreMapper):
    """Score the blur of photographs by the entropy of their gray levels (sec. 4.1).

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    LaplacianVarianceMapper, StandardDeviationMapper : The other classical measures.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> from skdefocus import EntropyMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = EntropyMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _function = staticmethod(entropy_map)
