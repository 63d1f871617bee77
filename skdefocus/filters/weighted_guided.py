"""The weighted guided filter (Li et al. 2015): a ridge that edges lower (sec. 3.3)."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from scipy import ndimage

from .._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_REAL, checked
from .._shared.threads import run_in_parts
from .._shared.validation import to_gray
from ._compiled import for_reading, kernels_for
from ._inputs import to_guide
from .box import window_mean
from .guided import GUIDED_CONSTRAINTS, apply_affine, check_filter_input

__all__ = ["edge_weight", "weighted_guided_filter"]

_RANGE = [POSITIVE_REAL]
_SMOOTHING = [NON_NEGATIVE_REAL]


@checked(dynamic_range=_RANGE, smoothing=_SMOOTHING)
def edge_weight(
    guide: np.ndarray, *, dynamic_range: float = 1.0, smoothing: float = 0.0
) -> np.ndarray:
    """Edge-aware weight of every pixel: above 1 at edges, below 1 where it is flat.

    ``Gamma(p) = (v(p) + e) * mean(1 / (v + e))``, with v the guide's variance in a
    3 x 3 window, e = (0.001 L)^2, and L the dynamic range.

    Parameters
    ----------
    guide : array-like of shape (H, W) or (H, W, 3)
        Floats of any range, or a uint8 or uint16 image, taken as float in [0, 1]. Of
        a color guide the gray is used.
    dynamic_range : float, default=1.0
        Range L that the guide's values may take, above 0.
    smoothing : float, default=0.0
        Sigma of a Gaussian over the weights, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        Positive weights.

    Raises
    ------
    ValueError
        For parameters outside their range, or a guide that is not one.

    References
    ----------
    Li, Zheng, Zhu, Yao and Wu, "Weighted guided image filtering", TIP 24(1), 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import edge_weight
    >>> step = np.repeat([[0.0, 1.0]], 8, axis=1) * np.ones((8, 1))
    >>> weight = edge_weight(step)
    >>> bool(weight[4, 8] > 1 > weight[4, 2])
    True
    """
    guide = to_guide(guide)
    variance, mean_inverse = _edge_variance(to_gray(guide), dynamic_range)
    weight: np.ndarray = variance * variance.dtype.type(mean_inverse)
    if smoothing > 0:
        weight = ndimage.gaussian_filter(weight, smoothing, mode="reflect")
    return weight


def _edge_variance(gray: np.ndarray, dynamic_range: float) -> tuple[np.ndarray, float]:
    """Give ``v + e`` of every pixel, and the mean of its inverse."""
    floor = (0.001 * dynamic_range) ** 2
    kernels = kernels_for(gray)
    if kernels is not None:
        return _compiled_variance(kernels, for_reading(gray), floor)
    double = gray.astype(np.float64)
    # In float32 the variance of a flat window would be off by a good part of e.
    mean = window_mean(double, 1)
    variance = np.maximum(window_mean(double**2, 1) - mean**2, 0) + floor
    return variance.astype(gray.dtype), float(np.mean(1 / variance))


def _compiled_variance(
    kernels: ModuleType, gray: np.ndarray, floor: float
) -> tuple[np.ndarray, float]:
    variance = np.empty(gray.shape, np.float32)
    inverse_sums = np.empty(-(-len(gray) // kernels.STRIP))

    def measure_rows(first: int, last: int) -> None:
        kernels.edge_rows(first, last, gray, floor, variance, inverse_sums)

    run_in_parts(measure_rows, len(gray), kernels.STRIP)
    return variance, float(inverse_sums.sum()) / gray.size


@checked(GUIDED_CONSTRAINTS, dynamic_range=_RANGE, weight_smoothing=_SMOOTHING)
def weighted_guided_filter(
    image: np.ndarray,
    guide: np.ndarray | None = None,
    *,
    radius: int,
    eps: float,
    dynamic_range: float = 1.0,
    weight_smoothing: float = 0.0,
) -> np.ndarray:
    """Smooth an image, or a map, along the edges of a guide, sparing its edges.

    The guided filter with ``eps`` divided, in every pixel, by the guide's edge weight.

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
        Ridge, above 0, on the scale of the guide's variance.
    dynamic_range : float, default=1.0
        Range that the guide's values may take: 1 on the unit scale, 255 on the 8-bit
        scale.
    weight_smoothing : float, default=0.0
        Sigma of a Gaussian over the edge weights, in pixels.

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
    guided_filter : The same with weights of 1.
    skdefocus.WGIFRefiner : Refines blur maps with it.

    References
    ----------
    Li, Zheng, Zhu, Yao and Wu, "Weighted guided image filtering", TIP 24(1), 2015;
    Galetto and Deng (2022), sec. 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import weighted_guided_filter
    >>> noise = np.random.default_rng(0).random((32, 32))
    >>> smooth = weighted_guided_filter(noise, radius=4, eps=1.0)
    >>> bool(smooth.std() < noise.std() / 2)
    True
    """
    image, guide = check_filter_input(image, guide)
    return apply_weighted(image, guide, radius, eps, dynamic_range, weight_smoothing)


def apply_weighted(
    image: np.ndarray,
    guide: np.ndarray,
    radius: int,
    eps: float,
    dynamic_range: float,
    weight_smoothing: float,
) -> np.ndarray:
    """Filter without checks, for those who filter many times."""
    edges, mean_inverse = _edge_variance(to_gray(guide), dynamic_range)
    if weight_smoothing > 0:
        edges = ndimage.gaussian_filter(edges, weight_smoothing, mode="reflect")
    # The ridge is eps / weight, and the weight edges * mean_inverse.
    return apply_affine(image, guide, radius, eps / mean_inverse, edges)
