"""The guided filter (He et al. 2013): smooth an image along the edges of another."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from .._shared.parameters import NON_NEGATIVE_INTEGER, POSITIVE_REAL, checked
from .._shared.threads import run_in_parts
from ._compiled import for_reading, kernels_for
from ._inputs import to_guide, to_planes
from .box import split, window_mean

__all__ = ["GUIDED_CONSTRAINTS", "guided_filter"]

GUIDED_CONSTRAINTS = {"radius": [NON_NEGATIVE_INTEGER], "eps": [POSITIVE_REAL]}


@checked(GUIDED_CONSTRAINTS)
def guided_filter(
    image: np.ndarray, guide: np.ndarray | None = None, *, radius: int, eps: float
) -> np.ndarray:
    """Smooth an image, or a map, along the edges of a guide.

    In every window the result is an affine function of the guide, fitted to the image
    by least squares with ridge ``eps``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, C)
        What is filtered, each channel by itself: floats of any range, or a uint8 or
        uint16 image, taken as float in [0, 1].
    guide : array-like of shape (H, W) or (H, W, 3), optional
        Gray or color guide, likewise. By default the image guides itself.
    radius : int
        Windows are ``2 * radius + 1`` pixels wide.
    eps : float
        Ridge, above 0, on the scale of the guide's variance: on the 8-bit scale it is
        255 squared times larger. Variations below ``sqrt(eps)`` are smoothed.

    Returns
    -------
    ndarray of the image's shape, float32 or float64
        float64 if image and guide are float64, otherwise float32.

    Raises
    ------
    ValueError
        For parameters outside their range, or shapes that do not fit.

    See Also
    --------
    weighted_guided_filter : Keeps edges better.

    Notes
    -----
    Borders are reflected, as in OpenCV.

    References
    ----------
    He, Sun and Tang, "Guided image filtering", TPAMI 35(6), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import guided_filter
    >>> step = np.repeat([[0.0, 1.0]], 8, axis=1) * np.ones((8, 1))
    >>> noisy = step + 0.05 * np.random.default_rng(0).standard_normal(step.shape)
    >>> smooth = guided_filter(noisy, step, radius=2, eps=0.001)
    >>> bool(abs(smooth - step).max() < abs(noisy - step).max())
    True
    """
    image, guide = check_filter_input(image, guide)
    return apply_affine(image, guide, radius, eps)


def check_filter_input(image: Any, guide: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check image and guide of a guided filter; bring both to one dtype."""
    image = to_planes(image, "image")
    guide = to_guide(image if guide is None else guide)
    if guide.shape[:2] != image.shape[:2]:
        raise ValueError(
            f"guide must have the image's height and width {image.shape[:2]}; got "
            f"shape {guide.shape}."
        )
    both = {image.dtype, guide.dtype} == {np.dtype(np.float64)}
    dtype = np.float64 if both else np.float32
    return image.astype(dtype, copy=False), guide.astype(dtype, copy=False)


def apply_affine(
    image: np.ndarray,
    guide: np.ndarray,
    radius: int,
    eps: float,
    edges: np.ndarray | None = None,
) -> np.ndarray:
    """Guided filter with one ridge, or, with edges of shape (H, W), ``eps / edges``."""
    kernels = kernels_for(image, guide)
    if kernels is not None:
        return _compiled_affine(kernels, image, guide, radius, eps, edges)
    ridge = eps if edges is None else eps / edges
    # A ridge that rounds to 0 would divide 0 by 0 where the guide is flat.
    eps = np.maximum(np.asarray(ridge, guide.dtype), np.finfo(guide.dtype).tiny)
    fit = _fit_gray if guide.ndim == 2 else _fit_color
    filter_plane = fit(guide, radius, eps)
    if image.ndim == 2:
        return filter_plane(image)
    return np.stack([filter_plane(plane) for plane in split(image)], axis=-1)


def _compiled_affine(
    kernels: ModuleType,
    image: np.ndarray,
    guide: np.ndarray,
    radius: int,
    eps: float,
    edges: np.ndarray | None,
) -> np.ndarray:
    itself = image is guide and guide.ndim == 2
    planes = split(np.atleast_3d(image))
    channels = planes if image is guide else split(np.atleast_3d(guide))
    if guide.ndim == 2:
        channels = channels[0]
    result = np.empty(planes.shape, np.float32)
    weights = for_reading(np.empty((0, 0), np.float32) if edges is None else edges)
    ridge = np.float32(max(eps, kernels.LEAST_RIDGE))

    def filter_rows(first: int, last: int) -> None:
        settings = first, last
        common = weights, radius, ridge
        if itself:
            kernels.self_guided_rows(*settings, channels, *common, result[0])
        elif channels.ndim == 2:
            kernels.gray_guided_rows(*settings, planes, channels, *common, result)
        else:
            kernels.color_guided_rows(*settings, planes, channels, *common, result)

    run_in_parts(filter_rows, guide.shape[0], kernels.STRIP)
    if image.ndim == 2:
        plane: np.ndarray = result[0]
        return plane
    return np.ascontiguousarray(np.moveaxis(result, 0, 2))


def _centered(image: np.ndarray) -> tuple[np.ndarray, np.floating]:
    """Image less its mid-range, which keeps variances from canceling in float32."""
    middle = (image.min() + image.max()) / image.dtype.type(2)
    return image - middle, middle


def _fit_gray(
    guide: np.ndarray, radius: int, eps: float | np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Prepare a gray guide; the result filters one plane after another with it."""
    original = guide
    guide, guide_middle = _centered(guide)
    mean_guide = window_mean(guide, radius)
    # Rounding can take the variance of a flat window below zero.
    variance = np.maximum(window_mean(guide * guide, radius) - mean_guide**2, 0)

    def filter_plane(plane: np.ndarray) -> np.ndarray:
        if plane is original:
            mean, covariance, middle = mean_guide, variance, guide_middle
        else:
            plane, middle = _centered(plane)
            mean = window_mean(plane, radius)
            covariance = window_mean(guide * plane, radius) - mean_guide * mean
        slope = covariance / (variance + eps)
        offset = mean - slope * mean_guide
        result = window_mean(slope, radius) * guide + window_mean(offset, radius)
        filtered: np.ndarray = (result + middle).astype(guide.dtype, copy=False)
        return filtered

    return filter_plane


def _fit_color(
    guide: np.ndarray, radius: int, eps: float | np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Prepare a color guide; the result filters one plane after another with it."""
    channels = [_centered(plane)[0] for plane in split(guide)]
    means = [window_mean(channel, radius) for channel in channels]
    matrix = {}
    for i in range(3):
        for j in range(i, 3):
            product = window_mean(channels[i] * channels[j], radius)
            product -= means[i] * means[j]
            matrix[i, j] = np.maximum(product, 0) + eps if i == j else product

    def filter_plane(plane: np.ndarray) -> np.ndarray:
        plane, middle = _centered(plane)
        offset = window_mean(plane, radius)
        right = [
            window_mean(channel * plane, radius) - mean * offset
            for channel, mean in zip(channels, means, strict=True)
        ]
        result = np.full_like(plane, middle)
        for slope, channel, mean in zip(
            _solve_symmetric(matrix, right), channels, means, strict=True
        ):
            offset = offset - slope * mean
            result += window_mean(slope, radius) * channel
        filtered: np.ndarray = (result + window_mean(offset, radius)).astype(
            guide.dtype, copy=False
        )
        return filtered

    return filter_plane


def _solve_symmetric(
    a: dict[tuple[int, int], np.ndarray], b: list[np.ndarray]
) -> list[np.ndarray]:
    """Solve a 3 x 3 positive definite system in every pixel by its LDL^T factors."""
    l10 = a[0, 1] / a[0, 0]
    l20 = a[0, 2] / a[0, 0]
    # The ridge on the diagonal is a lower bound of every pivot but for rounding.
    tiny = np.finfo(b[0].dtype).eps * a[0, 0]
    d1 = np.maximum(a[1, 1] - l10 * a[0, 1], tiny)
    l21 = (a[1, 2] - l20 * a[0, 1]) / d1
    d2 = np.maximum(a[2, 2] - l20 * a[0, 2] - l21**2 * d1, tiny)
    y1 = b[1] - l10 * b[0]
    y2 = b[2] - l20 * b[0] - l21 * y1
    x2 = y2 / d2
    x1 = y1 / d1 - l21 * x2
    x0 = b[0] / a[0, 0] - l10 * x1 - l20 * x2
    return [x0, x1, x2]
