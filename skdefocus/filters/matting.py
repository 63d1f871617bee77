"""Smoothing by the closed-form matting Laplacian (Levin et al. 2008)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._validation import POSITIVE_INTEGER, POSITIVE_REAL, check_map, check_parameters
from ._planes import to_planes

__all__ = ["MATTING_CONSTRAINTS", "matting_smoother"]

MATTING_CONSTRAINTS = {
    "data_weight": [POSITIVE_REAL],
    "eps": [POSITIVE_REAL],
    "radius": [POSITIVE_INTEGER],
}
_LEAST_CONFIDENCE = 1e-3
_TOLERANCE = 1e-5


def matting_smoother(
    image: np.ndarray,
    guide: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    data_weight: float = 0.01,
    eps: float = 1e-5,
    radius: int = 1,
) -> np.ndarray:
    """Smooth a map so that in every small window it is an affine function of a guide.

    Parameters
    ----------
    image : array-like of shape (H, W)
        What is filtered: floats of any range.
    guide : array-like of shape (H, W) or (H, W, 3)
        Grey or colour guide: floats of any range, or a uint8 or uint16 image, taken as
        float in [0, 1].
    confidence : array-like of shape (H, W), optional
        Weight of every pixel's own value, in [0, 1]; by default 1.
    data_weight : float, default=0.01
        Weight of the values against the Laplacian, above 0.
    eps : float, default=1e-5
        Ridge of the affine fits, above 0, on the scale of the guide's variance.
    radius : int, default=1
        Windows are ``2 * radius + 1`` pixels wide.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        Within the image's range. float64 if image and guide are float64.

    Raises
    ------
    ValueError
        For parameters outside their range, or shapes that do not fit.
    ImportError
        Without pymatting: ``pip install 'skdefocus[compare]'``.

    Notes
    -----
    Solves ``(L + w C) u = w C m`` with L the matting Laplacian, C the diagonal matrix
    of confidence, m the map and w the data weight; L, the incomplete Cholesky
    preconditioner and conjugate gradients are pymatting's. Needs about 2 kB per pixel.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import matting_smoother
    >>> guide = np.repeat([[0.2, 0.8]], 8, axis=1) * np.ones((8, 1))
    >>> noisy = guide + 0.05 * np.random.default_rng(0).standard_normal(guide.shape)
    >>> smooth = matting_smoother(noisy, guide)  # doctest: +SKIP
    """
    check_parameters(
        MATTING_CONSTRAINTS,
        {"data_weight": data_weight, "eps": eps, "radius": radius},
        "matting_smoother",
    )
    image, guide = to_planes(image, "image"), to_planes(guide, "guide")
    if image.ndim != 2:
        raise ValueError(f"image must have shape (H, W); got shape {image.shape}.")
    side = 2 * radius + 1
    if guide.shape[:2] != image.shape or guide.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"guide must have shape {image.shape} or {(*image.shape, 3)}; "
            f"got shape {guide.shape}."
        )
    if min(image.shape) < side:
        raise ValueError(
            f"image must be at least one window, {side} pixels, high and wide; got "
            f"shape {image.shape}."
        )
    weight = np.full(image.shape, data_weight)
    if confidence is not None:
        checked = check_map(confidence, image.shape, "confidence", upper=1.0)
        weight = weight * np.maximum(checked, _LEAST_CONFIDENCE)
    both64 = image.dtype == guide.dtype == np.float64
    solved = _solve(image.astype(np.float64), guide, weight, eps, radius)
    solved = np.clip(solved, image.min(), image.max())
    return solved.astype(np.float64 if both64 else np.float32)


def _solve(
    image: np.ndarray, guide: np.ndarray, weight: np.ndarray, eps: float, radius: int
) -> np.ndarray:
    pymatting, sparse = _import_pymatting()
    colours = guide if guide.ndim == 3 else np.dstack([guide] * 3)
    laplacian = pymatting.cf_laplacian(colours.astype(np.float64), eps, radius)
    matrix = (laplacian + sparse.diags_array(weight.ravel())).tocsc()
    # From the middle, so that the tolerance is relative to what differs.
    middle = (image.min() + image.max()) / 2
    solved = pymatting.cg(
        matrix,
        weight.ravel() * (image - middle).ravel(),
        x0=(image - middle).ravel(),
        M=pymatting.ichol(matrix),
        rtol=_TOLERANCE,
        atol=1e-12,
    )
    return solved.reshape(image.shape) + middle


def _import_pymatting() -> tuple[Any, Any]:
    from scipy import sparse

    try:
        import pymatting
    except ImportError as error:
        raise ImportError(
            "matting needs pymatting, which is not installed: "
            "pip install 'skdefocus[compare]'."
        ) from error
    return pymatting, sparse
