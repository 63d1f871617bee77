"""Smoothing with the matting Laplacian (Levin et al. 2008) of a guide."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .._shared.parameters import POSITIVE_INTEGER, POSITIVE_REAL, checked
from .._shared.validation import check_map
from ._inputs import to_planes
from ._multigrid import GridSolver

__all__ = ["MATTING_CONSTRAINTS", "matting_smoother"]

MATTING_CONSTRAINTS = {
    "data_weight": [POSITIVE_REAL],
    "eps": [POSITIVE_REAL],
    "radius": [POSITIVE_INTEGER],
}

# Keeps the system solvable where nothing at all is known.
_LEAST_CONFIDENCE = 1e-3
_TOLERANCE = 1e-5


@checked(MATTING_CONSTRAINTS)
def matting_smoother(
    image: np.ndarray,
    guide: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    data_weight: float = 0.01,
    eps: float = 1e-4,
    radius: int = 1,
) -> np.ndarray:
    """Smooth an image, or a map, to one that is locally affine in a guide's colors.

    The guided filter's model, fitted in all windows at once instead of in each by
    itself, so that what is known spreads from pixel to pixel up to the guide's edges.
    It needs pymatting: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, C)
        What is smoothed, each channel by itself: floats of any range, or a uint8 or
        uint16 image, taken as float in [0, 1].
    guide : array-like of shape (H, W) or (H, W, 3)
        Gray or color guide, likewise. Colors tell edges apart far better.
    confidence : array-like of shape (H, W), optional
        How far the image can be trusted, in [0, 1]. None means 1 everywhere. Below
        0.001 counts as 0.001, so that there is always an answer.
    data_weight : float, default=0.01
        Weight of the distance from the image, above 0. Less is smoother.
    eps : float, default=1e-4
        Ridge, above 0, on the scale of the guide's variance, summed over a window.
        More is smoother and transfers less texture.
    radius : int, default=1
        Windows are ``2 * radius + 1`` pixels wide. Memory grows with
        ``(4 * radius + 1) ** 2`` per pixel.

    Returns
    -------
    ndarray of the image's shape, float32 or float64
        float64 for a float64 image, otherwise float32. It may leave the image's range.

    Raises
    ------
    ValueError
        For parameters outside their range, or shapes that do not fit.
    ImportError
        Without pymatting.
    RuntimeError
        If the linear system is too hard to solve: a data weight next to nothing.

    See Also
    --------
    guided_filter : The same model in separate windows, much faster.
    skdefocus.refine.MattingRefiner : Refines blur maps with it.

    Notes
    -----
    Solves ``(L + data_weight * C) x = data_weight * C m`` with m the image, C the
    confidence on a diagonal, and L the Laplacian of Levin et al.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008; Zhuo and Sim, "Defocus map estimation from a single image",
    Pattern Recognition 44(9), 2011, for maps.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import matting_smoother
    >>> guide = np.repeat([[0.2, 0.8]], 16, axis=1) * np.ones((8, 1))
    >>> coarse = np.repeat([[1.0, 5.0]], [12, 20], axis=1) * np.ones((8, 1))
    >>> fine = matting_smoother(coarse, guide, eps=1e-6)  # doctest: +SKIP
    >>> bool(fine[4, 16] - fine[4, 15] > 1)  # doctest: +SKIP
    True
    """
    image = to_planes(image, "image")
    guide = to_planes(guide, "guide")
    shape = image.shape[:2]
    if guide.shape not in (shape, (*shape, 3)):
        raise ValueError(
            f"guide must have the image's height and width {shape} and at most 3 "
            f"channels; got shape {guide.shape}."
        )
    if confidence is None:
        weight: np.ndarray = np.full(shape, float(data_weight))
    else:
        checked = check_map(confidence, shape, "confidence", upper=1.0)
        weight = data_weight * np.maximum(checked, _LEAST_CONFIDENCE, dtype=np.float64)
    # Sides narrower than a window are continued by reflection.
    margins = [radius if side < 2 * radius + 1 else 0 for side in shape]
    laplacian = _matting_laplacian(_extend(guide, margins), eps, radius)
    weight = _extend(weight, margins)
    solver = GridSolver(
        sparse.csr_array(laplacian + sparse.diags_array(weight.ravel())), weight.shape
    )
    planes = image[..., np.newaxis] if image.ndim == 2 else image
    smooth = np.empty_like(planes)
    rows, columns = (slice(m, m + n) for m, n in zip(margins, shape, strict=True))
    for channel in range(planes.shape[2]):
        plane = _extend(planes[..., channel].astype(np.float64), margins)
        # For the correction alone, so that added constants come through exactly.
        start = np.zeros(plane.size)
        right = -(laplacian @ (plane.ravel() - plane.mean()))
        plane = plane + solver.solve(right, start, _TOLERANCE).reshape(plane.shape)
        smooth[..., channel] = plane[rows, columns]
    return smooth.reshape(image.shape)


def _extend(image: np.ndarray, margins: list[int]) -> np.ndarray:
    widths = [(margin, margin) for margin in margins] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, widths, mode="symmetric")


def _matting_laplacian(guide: np.ndarray, eps: float, radius: int) -> Any:
    # Imported on first use: it is an extra, and it starts numba.
    try:
        from pymatting import cf_laplacian
    except ImportError as error:
        raise ImportError(
            "matting_smoother needs pymatting: pip install 'skdefocus[compare]'."
        ) from error
    if guide.ndim == 2:
        # Three equal channels would cost digits: nearly singular covariances.
        guide = np.pad(guide[..., np.newaxis], ((0, 0), (0, 0), (0, 2)))
    guide = np.ascontiguousarray(guide, dtype=np.float64)
    laplacian = sparse.csr_array(cf_laplacian(guide, epsilon=eps, radius=radius))
    # Neighbors beyond the border come as zeros in the first column.
    laplacian.sum_duplicates()
    laplacian.eliminate_zeros()
    return laplacian
