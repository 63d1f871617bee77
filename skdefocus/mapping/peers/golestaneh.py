"""HiFSTMapper: sorted high-frequency coefficients of gradients (Golestaneh, Karam)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import fft, ndimage, special

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    check_parameters,
    checked,
    unchecked,
)
from ..._shared.threads import run_in_parts
from ..._shared.validation import to_float_image, to_gray
from ...filters import guided_filter, resize
from ...filters._compiled import compiled, for_reading
from ...sample import DefocusSample
from .texture import local_texture_confidence

__all__ = ["HiFSTMapper", "hifst_map"]

_SIZE = [POSITIVE_INTEGER]
_CONSTRAINTS: dict[str, list[Any]] = {
    "sizes": [tuple, list],
    "step": [POSITIVE_INTEGER],
    "contrast": [POSITIVE_REAL],
}
# Scale of the gradients, in pixels.
_GRADIENT_SCALE = 0.5
# The guided filter that smooths scores along edges.
_RADIUS = 24
_EPS = 1e-2
# Coefficients that are sorted at a time: 64 MB.
_MOST_VALUES = 2**24


def _check_sizes(caller: str, parameters: Mapping[str, Any]) -> None:
    sizes = parameters["sizes"]
    if not sizes:
        raise ValueError(f"The 'sizes' parameter of {caller} must name a size. Got ().")
    for size in sizes:
        check_parameters({"sizes": _SIZE}, {"sizes": size}, caller)
        if size % 2 == 0:
            raise ValueError(
                f"The 'sizes' parameter of {caller} must hold odd sides. Got {size}."
            )


@checked(_CONSTRAINTS, _check_sizes)
def hifst_map(
    image: np.ndarray,
    *,
    sizes: Sequence[int] = (7, 15, 31, 63),
    step: int = 4,
    contrast: float = 0.003,
) -> np.ndarray:
    """Blur score of every pixel: one minus the smallest high-frequency coefficients.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    sizes : tuple of int, default=(7, 15, 31, 63)
        Sides of the blocks whose coefficients are fused, odd, in pixels.
    step : int, default=4
        Distance between blocks, in pixels; scores in between are interpolated. The
        authors take every pixel, which takes 16 times as long.
    contrast : float, default=0.003
        Magnitude of coefficients from which more counts less and less, above 0, with
        gray in [0, 1].

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Notes
    -----
    1. Of the gradient's magnitude, after a Gaussian of 0.5 px, the block of each size
       around a pixel is taken, and its discrete cosine transform. The coefficients of
       high frequency are those on and below the antidiagonal.
    2. Their magnitudes in all sizes together are sorted. Each place in that order is a
       layer; the smallest count, one and as many as the sizes are wide in sum: where
       even those are large, nothing is blurred.
    3. Layers are brought to one scale. The authors take each layer's range in the
       photograph, and then the largest of all. Here the scale is the place's expected
       magnitude m in a normal distribution of deviation ``contrast``, and the mean is
       taken of ``log(1 + c / m)``, so that scores of photographs can be compared.
    4. The result is smoothed along edges, here by the guided filter. The authors also
       weight it by its local entropy.

    With these departures maps are as accurate as by what the authors do
    (docs/decisions/hifst.rst).

    References
    ----------
    Golestaneh and Karam, "Spatially-varying blur detection based on multiscale fused
    and sorted transform coefficients of gradient magnitudes", CVPR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.peers import hifst_map
    >>> noise = np.random.default_rng(0).random((96, 96))
    >>> noise[:, 48:] = 0.5
    >>> score = hifst_map(noise)
    >>> bool(score[:, :24].max() < score[:, 80:].min() - 0.3)
    True
    """
    gray = to_gray(to_float_image(image))
    gradient = ndimage.gaussian_gradient_magnitude(
        gray, _GRADIENT_SCALE, mode="reflect"
    )
    sharpness = _fused_layers(gradient, sizes, step, contrast)
    # Blocks lie at step / 2, 3 step / 2, ...: as pixels of a smaller photograph.
    enlarged = resize(sharpness, tuple(n * step for n in sharpness.shape))
    enlarged = enlarged[: gray.shape[0], : gray.shape[1]]
    smooth = unchecked(guided_filter)(enlarged, gray, radius=_RADIUS, eps=_EPS)
    score: np.ndarray = np.clip(1 - smooth, 0, 1)
    return score


def _fused_layers(
    gradient: np.ndarray,
    sizes: Sequence[int],
    step: int,
    contrast: float,
    *,
    most_values: int = _MOST_VALUES,
) -> np.ndarray:
    """Mean of the layers at every block, in [0, 1]."""
    shape = tuple(-(-length // step) for length in gradient.shape)
    reach = max(sizes) // 2
    # Room for the blocks around the last centers, which may lie beyond the border.
    widths = [(reach, reach + step) for _ in shape]
    padded = np.pad(gradient, widths, mode="symmetric")
    n_values = sum(size * (size + 1) // 2 for size in sizes)
    n_layers = min(1 + sum(sizes), n_values)
    places = (np.arange(n_layers) + 0.5) / n_values
    # Quantiles of the magnitude of what is normally distributed.
    expected = (contrast * special.ndtri((1 + places) / 2)).astype(np.float32)
    total = np.empty(shape, np.float32)
    portion = max(1, most_values // n_values)
    transform = _transform_of(for_reading(padded.astype(np.float32)), sizes, step)

    def fuse(first_row: int, last_row: int) -> None:
        for row in range(first_row, last_row):
            for first in range(0, shape[1], portion):
                last = min(first + portion, shape[1])
                values = transform(row, first, last)
                layers = np.partition(values, n_layers - 1, axis=1)[:, :n_layers]
                layers.sort(axis=1)
                layers /= expected
                np.log1p(layers, out=layers)
                total[row, first:last] = layers.mean(axis=1)

    run_in_parts(fuse, shape[0], 1)
    return np.minimum(total / np.float32(np.log1p(1 / contrast)), 1)


def _transform_of(
    padded: np.ndarray, sizes: Sequence[int], step: int
) -> Callable[[int, int, int], np.ndarray]:
    """Give what transforms the blocks from a column to another in a row of blocks.

    It returns their magnitudes of high frequency in all sizes, a block's in a row.
    """
    kernels = compiled()
    reach = max(sizes) // 2
    counts = [size * (size + 1) // 2 for size in sizes]

    def in_numpy(row: int, first: int, last: int) -> np.ndarray:
        centers = np.arange(first, last) * step + step // 2 + reach
        row = row * step + step // 2 + reach
        parts = [_high_frequencies(padded, row, centers, size) for size in sizes]
        return np.concatenate(parts, axis=1)

    if kernels is None:
        return in_numpy
    cosines = [
        for_reading(fft.dct(np.eye(size), axis=0, norm="ortho").astype(np.float32))
        for size in sizes
    ]

    def in_kernels(row: int, first: int, last: int) -> np.ndarray:
        values = np.empty((sum(counts), last - first), np.float32)
        parts = np.split(values, np.cumsum(counts)[:-1])
        for size, matrix, part in zip(sizes, cosines, parts, strict=True):
            top = row * step + step // 2 + reach - size // 2
            left = first * step + step // 2 + reach - size // 2
            rows = padded[top : top + size]
            kernels.high_frequency_magnitudes(rows, matrix, left, step, part)
        return np.ascontiguousarray(values.T)

    return in_kernels


def _high_frequencies(
    padded: np.ndarray, row: int, columns: np.ndarray, size: int
) -> np.ndarray:
    """Magnitudes of high frequency of the blocks around some centers of one row."""
    half = size // 2
    rows = padded[row - half : row + half + 1]
    windows = np.lib.stride_tricks.sliding_window_view(rows, size, axis=1)
    blocks = windows[:, columns - half].transpose(1, 0, 2)
    # Matrix products would be faster, but their last digits hang on threads.
    coefficients = fft.dctn(blocks, axes=(1, 2), norm="ortho")
    down, across = np.indices((size, size))
    magnitudes: np.ndarray = np.abs(coefficients[:, down + across >= size - 1])
    return magnitudes


class HiFSTMapper(ImageTransformer):
    """Score the blur of photographs by high frequencies of their gradients.

    Parameters
    ----------
    sizes : tuple of int, default=(7, 15, 31, 63)
        Sides of the blocks whose coefficients are fused, odd, in pixels.
    step : int, default=4
        Distance between blocks, in pixels; scores in between are interpolated. The
        authors take every pixel, which takes 16 times as long.
    contrast : float, default=0.003
        Magnitude of coefficients from which more counts less and less, above 0, with
        gray in [0, 1].
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    LaplacianVarianceMapper : Another score without a unit, far faster.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Golestaneh and Karam, "Spatially-varying blur detection based on multiscale fused
    and sorted transform coefficients of gradient magnitudes", CVPR 2017.

    Examples
    --------
    >>> from skdefocus import HiFSTMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = HiFSTMapper(step=16).transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        sizes: Sequence[int] = (7, 15, 31, 63),
        *,
        step: int = 4,
        contrast: float = 0.003,
        n_jobs: int | None = None,
    ) -> None:
        self.sizes = sizes
        self.step = step
        self.contrast = contrast
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        _check_sizes(type(self).__name__, self._settings())

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(hifst_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="relative",
        )
