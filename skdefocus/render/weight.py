"""The weight of the sharpened photograph (eq. 13) and its range of focus."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np

from .._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_REAL, Interval, checked
from .._shared.sigma_scale import to_log_sigma
from .._shared.validation import check_plane, check_sigma, protect_subject
from ..filters import otsu_threshold

__all__ = [
    "LARGEST_SHARE",
    "LEAST_DISTANCE",
    "WEIGHT_CONSTRAINTS",
    "automatic_focus_range",
    "resolve_focus_range",
    "sdof_parameters",
    "sdof_weight",
    "weigh_subject",
]

_OPEN_FRACTION = Interval(Real, 0, 1, closed="neither")
WEIGHT_CONSTRAINTS = {
    "c0": [NON_NEGATIVE_REAL],
    "c1": [POSITIVE_REAL],
    "w0": [_OPEN_FRACTION],
    "w1": [_OPEN_FRACTION],
    "pivot": [POSITIVE_REAL],
}
# Photographs whose two modes are closer than this have no background to blur.
LEAST_DISTANCE = 0.5
# Largest c1, as a share of the pivot, that is chosen automatically: that of the paper's
# example.
LARGEST_SHARE = 0.7


@checked(WEIGHT_CONSTRAINTS)
def sdof_parameters(
    c0: float = 1.0,
    c1: float = 7.0,
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
) -> tuple[float, float]:
    """Solve eq. 13 for its two parameters from two points of the curve.

    Parameters
    ----------
    c0, c1 : float, default=1.0 and 7.0
        Sigma, in pixels, up to which a pixel counts as in focus and from which it
        counts as background: 0 <= c0 < c1 < pivot.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there: 0 < w1 < w0 < 1.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.

    Returns
    -------
    gamma, sigma : float
        Exponent and scale of ``W = 1 - exp(-((pivot - M) / sigma) ** gamma)``.

    Raises
    ------
    ValueError
        For values outside these ranges.

    References
    ----------
    Galetto and Deng (2022), eq. 13.

    Examples
    --------
    >>> from skdefocus.render import sdof_parameters
    >>> [round(value, 4) for value in sdof_parameters(1, 7)]
    [8.0464, 7.0783]
    """
    if not c0 < c1 < pivot:
        raise ValueError(
            f"'c0', 'c1' and 'pivot' must satisfy 0 <= c0 < c1 < pivot. Got c0={c0:g}, "
            f"c1={c1:g}, pivot={pivot:g} instead."
        )
    if not w1 < w0:
        raise ValueError(
            f"'w0' and 'w1' must satisfy 0 < w1 < w0 < 1. Got w0={w0:g}, w1={w1:g} "
            f"instead."
        )
    log0, log1 = -np.log1p(-w0), -np.log1p(-w1)
    gamma = np.log(log0 / log1) / np.log((pivot - c0) / (pivot - c1))
    return float(gamma), float((pivot - c0) / log0 ** (1 / gamma))


def sdof_weight(
    blur_map: np.ndarray,
    c0: float = 1.0,
    c1: float = 7.0,
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    literal: bool = False,
) -> np.ndarray:
    """Weight of the sharpened photograph in every pixel (eq. 13).

    The equation as printed is not monotone: it falls to 0 at the pivot and rises
    again, so that the most blurred pixels would get the sharpened photograph. Here the
    weight stays 0 beyond the pivot.

    Parameters
    ----------
    blur_map : array-like
        Sigma in pixels, at least 0, of any shape.
    c0, c1 : float, default=1.0 and 7.0
        Sigma up to which a pixel counts as in focus and from which as background.
    w0, w1 : float, default=0.999 and 0.001
        Weights there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.
    literal : bool, default=False
        Reproduce the equation as printed.

    Returns
    -------
    ndarray of the map's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For values outside the ranges that `sdof_parameters` names, or a sigma that is
        negative or not finite.

    References
    ----------
    Galetto and Deng (2022), eq. 13.

    Examples
    --------
    >>> from skdefocus.render import sdof_weight
    >>> sdof_weight([1.0, 7.0, 18.0]).round(3)
    array([0.999, 0.001, 0.   ], dtype=float32)
    >>> sdof_weight([18.0], literal=True).round(2)
    array([0.93], dtype=float32)
    """
    gamma, sigma = sdof_parameters(c0, c1, w0=w0, w1=w1, pivot=pivot)
    # In float64: gamma can be large where c0 and c1 are close together.
    distance = pivot - check_sigma(blur_map, "blur_map").astype(np.float64)
    distance = np.abs(distance) if literal else np.maximum(distance, 0)
    with np.errstate(over="ignore"):  # Far from c1 the weight is 1 all the same.
        return -np.expm1(-((distance / sigma) ** gamma)).astype(np.float32)


def automatic_focus_range(blur_map: np.ndarray) -> tuple[float, float]:
    """Take c0 and c1 from the in-focus and the background mode of a map.

    The map is split in two by Otsu's threshold on a logarithmic scale; nine tenths of
    the sharper part lie below c0, three quarters of the more blurred one above c1.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.

    Returns
    -------
    c0, c1 : float
        In pixels of sigma. Where the modes cannot be told apart, which is warned of,
        both lie above the map, so that nothing is blurred.

    Raises
    ------
    ValueError
        If the map is empty, has not two dimensions, or is negative or not finite.

    Warns
    -----
    UserWarning
        If the modes cannot be told apart.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import automatic_focus_range
    >>> c0, c1 = automatic_focus_range(np.array([[0.5, 0.5, 4.0, 4.0]]))
    >>> round(c0, 2), round(c1, 2)
    (0.5, 4.0)
    """
    blur_map = check_plane(blur_map, "blur_map").astype(np.float32)
    scale = to_log_sigma(blur_map)
    sharp = scale < otsu_threshold(scale)
    if sharp.any():
        c0 = float(np.quantile(blur_map[sharp], 0.9))
        c1 = float(np.quantile(blur_map[~sharp], 0.25))
        if c1 - c0 >= LEAST_DISTANCE:
            return c0, c1
    warnings.warn(
        "the blur map has no clear distinction between focus and background, so "
        "nothing is blurred, only sharpened; set c0 and c1 (on the command line: --set "
        "renderer__c0=C0 --set renderer__c1=C1).",
        UserWarning,
        stacklevel=2,
    )
    highest = float(blur_map.max())
    return highest, highest + LEAST_DISTANCE


def resolve_focus_range(
    blur_map: np.ndarray, c0: float | str, c1: float | str, pivot: float
) -> tuple[float, float, float]:
    """Replace "auto"; a value given stays, and the other keeps its distance to it.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels, at least 0.
    c0, c1 : float or "auto"
        Sigma up to which a pixel is in focus and from which it is background.
    pivot : float
        Sigma, in pixels, from which the weight is 0.

    Returns
    -------
    c0, c1, pivot : float
        In pixels of sigma. The pivot is raised where an automatic c1 needs it.
    """
    if c0 != "auto" and c1 != "auto":
        return float(c0), float(c1), pivot
    auto0, auto1 = automatic_focus_range(blur_map)
    if c1 != "auto":
        return min(auto0, max(0.0, float(c1) - LEAST_DISTANCE)), float(c1), pivot
    c0 = auto0 if c0 == "auto" else float(c0)
    c1 = max(auto1, c0 + LEAST_DISTANCE)
    # A large photograph's background can lie anywhere; the curve keeps its shape.
    return c0, c1, max(pivot, c1 / LARGEST_SHARE)


def weigh_subject(
    blur_map: np.ndarray,
    c0: float | str,
    c1: float | str,
    *,
    w0: float,
    w1: float,
    pivot: float,
    literal: bool,
    subject_mask: np.ndarray | None,
) -> np.ndarray:
    """Give every pixel its weight (eq. 13), with an automatic range and a subject.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels, at least 0.
    c0, c1 : float or "auto"
        Sigma up to which a pixel is in focus and from which it is background; "auto"
        takes both from the map.
    w0, w1, pivot, literal
        As in `sdof_weight`.
    subject_mask : array-like of shape (H, W) or None
        True, 1.0, or 255 as uint8, where the photograph is in focus.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For values outside the ranges that `sdof_parameters` names, or a mask that does
        not fit the map.
    """
    # The range is the photograph's; a subject set to 0 would be taken for a mode.
    c0, c1, pivot = resolve_focus_range(blur_map, c0, c1, pivot)
    blur_map = protect_subject(blur_map, subject_mask)
    return sdof_weight(blur_map, c0, c1, w0=w0, w1=w1, pivot=pivot, literal=literal)
