"""The fast global smoother (Min et al. 2014): least squares along rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._validation import (
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    check_map,
    check_parameters,
)
from ._planes import to_planes

__all__ = ["global_smoother"]

_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "colour_sigma": [POSITIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
    "value_sigma": [POSITIVE_REAL, None],
}
# Confidence below this no longer tells pixels apart, and its smoothed sum, by which
# the result is divided, stays well above the smallest float.
_LEAST_CONFIDENCE = 1e-6


def global_smoother(
    image: np.ndarray,
    guide: np.ndarray | None = None,
    *,
    smoothness: float,
    colour_sigma: float,
    confidence: np.ndarray | None = None,
    n_iter: int = 3,
    value_sigma: float | None = None,
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
        Grey or colour guide, likewise. By default the image guides itself.
    smoothness : float
        Strength (lambda), at least 0; 0 leaves the image as it is. On a flat
        guide values spread over about ``sqrt(smoothness)`` pixels.
    colour_sigma : float
        Difference between neighbours of the guide that counts as an edge, above 0, on
        the guide's scale: neighbours d apart are tied by ``exp(-d / colour_sigma)``.
    confidence : array-like of shape (H, W), optional
        Weight of every pixel's own value, at least 0 and somewhere above 0; by default
        1. Only its proportions matter.
    n_iter : int, default=3
        Passes along rows and columns; with few, streaks remain.
    value_sigma : float, optional
        Smooth the result once more, with its own steps as edges too: neighbours of it
        d apart are tied by ``exp(-d / value_sigma)`` besides. Values within one object
        draw together, and those of different objects apart.

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
    skdefocus.GlobalRefiner : Refines blur maps with it.

    Notes
    -----
    The sum of ``(u - f)^2`` and ``smoothness * w * (u_p - u_q)^2`` over neighbours is
    minimised along each row, then along each column, by solving tridiagonal systems
    exactly; pass t of T takes ``1.5 * 4^(T - t) / (4^T - 1)`` of the smoothness. With
    confidence c the result is ``smooth(c f) / smooth(c)``. Rows come before columns,
    so the result of a turned image is not quite the turned result.

    Solves are O(1) per pixel, whatever the smoothness, and single-threaded.

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
    >>> smooth = global_smoother(noisy, guide, smoothness=100.0, colour_sigma=0.02)
    >>> bool(abs(smooth - guide).max() < abs(noisy - guide).max() / 3)
    True
    """
    check_parameters(
        _CONSTRAINTS,
        {
            "smoothness": smoothness,
            "colour_sigma": colour_sigma,
            "n_iter": n_iter,
            "value_sigma": value_sigma,
        },
        "global_smoother",
    )
    image = to_planes(image, "image")
    guide = image if guide is None else to_planes(guide, "guide")
    if guide.shape[:2] != image.shape[:2]:
        raise ValueError(
            f"guide must have the height and width of the image, {image.shape[:2]}; "
            f"got {guide.shape[:2]}."
        )
    both64 = image.dtype == guide.dtype == np.float64
    dtype = np.dtype(np.float64 if both64 else np.float32)
    # One plane after another, so that lines of a plane are contiguous.
    values = np.moveaxis(np.atleast_3d(image), 2, 0).astype(dtype)
    if smoothness == 0:
        return np.moveaxis(values, 0, 2).reshape(image.shape)
    low = values.min(axis=(1, 2), keepdims=True)
    high = values.max(axis=(1, 2), keepdims=True)
    if confidence is None:
        weight = np.ones(image.shape[:2], dtype)
    else:
        weight = _relative_confidence(confidence, image.shape, dtype)
    ties = _ties(guide, colour_sigma, dtype)
    values, weight = _smooth(values, weight, ties, smoothness, n_iter)
    if value_sigma is not None:
        steps = _ties(np.moveaxis(values, 0, 2), value_sigma, dtype)
        ties = [tie * step for tie, step in zip(ties, steps, strict=True)]
        values, _ = _smooth(values, weight, ties, smoothness, n_iter)
    smooth = np.clip(values, low, high)
    return np.ascontiguousarray(np.moveaxis(smooth, 0, 2)).reshape(image.shape)


def _smooth(
    values: np.ndarray,
    weight: np.ndarray,
    ties: Sequence[np.ndarray],
    smoothness: float,
    n_iter: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth planes of shape (n, H, W), normalised; give the smoothed weight too."""
    down, across = ties
    uniform = weight.min() == weight.max()
    planes = (
        values if uniform else np.concatenate([values * weight, weight[np.newaxis]])
    )
    for iteration in range(1, n_iter + 1):
        strength = 1.5 * 4 ** (n_iter - iteration) / (4**n_iter - 1) * smoothness
        planes = _solve_down(planes.swapaxes(1, 2), across.T, strength)
        planes = _solve_down(planes.swapaxes(1, 2), down, strength)
    if uniform:
        return planes, weight
    return planes[:-1] / planes[-1], planes[-1]


def _relative_confidence(
    confidence: np.ndarray, shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    checked = check_map(confidence, shape, "confidence")
    highest = checked.max()
    if highest == 0:
        raise ValueError("confidence must be above 0 somewhere; it is 0 everywhere.")
    return np.maximum(checked / highest, _LEAST_CONFIDENCE).astype(dtype)


def _ties(
    guide: np.ndarray, sigma: float, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Ties between neighbours down and across: 1 where the guide is flat."""
    ties = []
    for axis in (0, 1):
        difference = np.diff(guide, axis=axis)
        if guide.ndim == 3:
            difference = np.sqrt(np.square(difference).sum(axis=2))
        ties.append(np.exp(-np.abs(difference) / sigma).astype(dtype))
    return ties[0], ties[1]


def _solve_down(planes: np.ndarray, ties: np.ndarray, strength: float) -> np.ndarray:
    """Minimise along the columns of planes of shape (n, length, width).

    Elimination down and substitution up, a line of all columns at a time. What it
    keeps of each line is ``1 - c``, with c the factor of the line below: with strong
    ties c is so near 1 that float32 would lose the difference.
    """
    solved = np.array(planes, order="C")
    length, width = solved.shape[1:]
    ties = solved.dtype.type(strength) * np.ascontiguousarray(ties)
    factors = np.empty((max(length - 1, 0), width), dtype=solved.dtype)
    rest = np.zeros(width, dtype=solved.dtype)
    for line in range(length):
        pivot = rest + 1 if line == 0 else ties[line - 1] * rest + 1
        below = ties[line] if line < length - 1 else 0
        inverse = 1 / (pivot + below)
        if line > 0:
            solved[:, line] += ties[line - 1] * solved[:, line - 1]
        solved[:, line] *= inverse
        rest = pivot * inverse
        if line < length - 1:
            factors[line] = below * inverse
    for line in range(length - 2, -1, -1):
        solved[:, line] += factors[line] * solved[:, line + 1]
    return solved
