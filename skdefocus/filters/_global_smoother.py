"""The fast global smoother (Min et al. 2014): least squares along rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .._shared.parameters import (
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    checked,
)
from .._shared.threads import run_in_parts
from .._shared.validation import INTEGER_RANGE, check_map
from ._edge_weights import Ties
from ._inputs import to_planes

__all__ = ["global_smoother"]

# Confidence below this no longer tells pixels apart, and its smoothed sum, by which
# the result is divided, stays well above the smallest float.
_LEAST_CONFIDENCE = 1e-6


@checked(
    smoothness=[NON_NEGATIVE_REAL],
    color_sigma=[POSITIVE_REAL],
    n_iter=[POSITIVE_INTEGER],
)
def global_smoother(
    image: np.ndarray,
    guide: np.ndarray | None = None,
    *,
    smoothness: float,
    color_sigma: float,
    confidence: np.ndarray | None = None,
    n_iter: int = 3,
) -> np.ndarray:
    """Smooth an image, or a map, as far as the edges of a guide let it.

    Every pixel becomes a mean of all others, with weights that fall with every edge on
    the way. Where ``confidence`` is low, values come from where it is high.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, C)
        What is filtered, each channel by itself: floats of any range, or a uint8 or
        uint16 image, taken as float in [0, 1].
    guide : array-like of shape (H, W) or (H, W, C), optional
        Gray or color guide, likewise. By default the image guides itself.
    smoothness : float
        Strength (lambda), at least 0; 0 leaves the image as it is. On a flat
        guide values spread over about ``sqrt(smoothness)`` pixels.
    color_sigma : float
        Difference between neighbors of the guide that counts as an edge, above 0, on
        the guide's scale: neighbors d apart are tied by ``exp(-d / color_sigma)``.
    confidence : array-like of shape (H, W), optional
        Weight of every pixel's own value, at least 0 and somewhere above 0; by default
        1. Only its proportions matter.
    n_iter : int, default=3
        Passes along rows and columns; with few, streaks remain.

    Returns
    -------
    ndarray of the image's shape, float32 or float64
        Within the range of each channel. float64 if image and guide are float64,
        otherwise float32.

    Raises
    ------
    ValueError
        For parameters outside their range, shapes that do not fit, or confidence that
        is 0 everywhere.

    See Also
    --------
    guided_filter : Smooths within a window.

    Notes
    -----
    The sum of ``(u - f)^2`` and ``smoothness * w * (u_p - u_q)^2`` over neighbors is
    minimized along each row, then along each column, by solving tridiagonal systems
    exactly; pass t of T takes ``1.5 * 4^(T - t) / (4^T - 1)`` of the smoothness. With
    confidence c the result is ``smooth(c f) / smooth(c)``. Rows come before columns,
    so the result of a turned image is not quite the turned result.

    Solves are O(1) per pixel, whatever the smoothness.

    References
    ----------
    Min, Choi, Lu, Ham, Sohn and Do, "Fast global image smoothing based on weighted
    least squares", TIP 23(12), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import global_smoother
    >>> guide = np.repeat([[0.2, 0.8]], 8, axis=1) * np.ones((8, 1))
    >>> noisy = guide + 0.1 * np.random.default_rng(0).standard_normal(guide.shape)
    >>> smooth = global_smoother(noisy, guide, smoothness=100.0, color_sigma=0.02)
    >>> bool(abs(smooth - guide).max() < abs(noisy - guide).max() / 3)
    True
    """
    image = to_planes(image, "image")
    guide = image if guide is None else _as_guide(guide)
    if guide.shape[:2] != image.shape[:2]:
        raise ValueError(
            f"guide must have the height and width of the image, {image.shape[:2]}; "
            f"got {guide.shape[:2]}."
        )
    both64 = image.dtype == guide.dtype == np.float64
    dtype = np.dtype(np.float64 if both64 else np.float32)
    channels = np.moveaxis(np.atleast_3d(image), 2, 0)
    weighted = confidence is not None
    # One plane after another, so that lines of a plane are contiguous; weights last.
    planes = np.empty((len(channels) + weighted, *image.shape[:2]), dtype)
    planes[: len(channels)] = channels
    if weighted:
        planes[-1] = check_map(confidence, image.shape, "confidence")
        if not planes[-1].any():
            raise ValueError(
                "confidence must be above 0 somewhere; it is 0 everywhere."
            )
    values = planes[: len(channels)]
    if smoothness > 0:
        if weighted:
            _normalize(planes[-1])
        bounds = [(plane.min(), plane.max()) for plane in values]
        _smooth(planes, weighted, Ties(guide, color_sigma, dtype), smoothness, n_iter)
        for plane, (low, high) in zip(values, bounds, strict=True):
            _each_part(plane, partial(_clip, low=low, high=high))
    smooth = np.moveaxis(values, 0, 2)
    return np.ascontiguousarray(smooth).reshape(image.shape)


def _as_guide(guide: Any) -> np.ndarray:
    """Check a guide; integers stay as they are, and are taken by their full range."""
    array = np.asarray(guide)
    if array.dtype in INTEGER_RANGE and array.ndim in (2, 3) and 0 not in array.shape:
        return array
    return to_planes(guide, "guide")


def _each_part(plane: np.ndarray, function: Callable[[np.ndarray], Any]) -> None:
    """Change an array of shape (..., H, W) in place, some rows in each thread."""

    def change(first: int, last: int) -> None:
        function(plane[..., first:last, :])

    run_in_parts(change, plane.shape[-2], 1)


def _clip(rows: np.ndarray, low: float, high: float) -> None:
    np.clip(rows, low, high, rows)


def _normalize(weight: np.ndarray) -> None:
    highest = weight.max()

    def normalize(rows: np.ndarray) -> None:
        rows /= highest
        np.maximum(rows, _LEAST_CONFIDENCE, out=rows)

    _each_part(weight, normalize)


def _smooth(
    planes: np.ndarray, weighted: bool, ties: Ties, smoothness: float, n_iter: int
) -> None:
    """Smooth values, and weights by which they are then divided."""
    if weighted:
        _each_part(planes, lambda rows: np.multiply(rows[:-1], rows[-1], rows[:-1]))
    for iteration in range(1, n_iter + 1):
        strength = 1.5 * 4 ** (n_iter - iteration) / (4**n_iter - 1) * smoothness
        ties.smooth(planes, strength)
    if weighted:
        _each_part(planes, lambda rows: np.divide(rows[:-1], rows[-1], rows[:-1]))
