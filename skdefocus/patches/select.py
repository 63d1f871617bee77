"""The gate that keeps sharp patches only (eq. 5), on a photograph's grid (sec. 3.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_INTEGER, checked
from .._shared.validation import to_float_image, to_gray
from ..filters import laplacian
from ..synthesis.camera import to_uint8

__all__ = ["select_sharp_patches", "sharp_on_grid", "sharpness"]

# How far eq. 5 looks: one pixel to smooth, one for the Laplacian.
_REACH = 2


def sharpness(patch: np.ndarray) -> float:
    """Sharpness of one patch: the variance of its Laplacian (eq. 5).

    The patch is smoothed by a 3x3 Gaussian, of sigma 0.8, then filtered by the
    4-neighbor Laplacian, both with its edge pixels repeated outside, and the variance
    is taken over all of its pixels. The paper leaves sigma and Laplacian open; these
    keep about the share of patches that it reports.

    Parameters
    ----------
    patch : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].

    Returns
    -------
    float
        Variance on the 8-bit scale, in squared gray levels. The paper keeps patches
        above 1000; the shipped network's training keeps those above 60.

    Raises
    ------
    ValueError
        If the patch is not an image.

    References
    ----------
    Galetto and Deng (2022), eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import sharpness
    >>> sharpness(np.full((32, 32), 0.5))
    0.0
    """
    return float(laplacian(patch, smooth=True).var(dtype=np.float64))


def _sharpness_of_each(patches: np.ndarray) -> np.ndarray:
    """Eq. 5 of each of the patches (n, size, size), as `sharpness` tells it."""
    n, size = patches.shape[:2]
    # A patch inside a frame of its own mirror image is filtered as if it were alone,
    # so all of them are filtered as one tall image.
    frame = ((0, 0), (_REACH, _REACH), (_REACH, _REACH))
    framed = np.pad(patches, frame, mode="symmetric")
    side = framed.shape[1]
    values = laplacian(framed.reshape(n * side, side), smooth=True)
    inside = slice(_REACH, _REACH + size)
    values = values.reshape(n, side, side)[:, inside, inside]
    variances: np.ndarray = values.reshape(n, size * size).var(axis=1, dtype=np.float64)
    return variances


def sharp_on_grid(
    levels: np.ndarray, patch_size: int, step: int, min_sharpness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Select the sharp patches of a gray image.

    Parameters
    ----------
    levels : ndarray of shape (H, W), uint8
        The image.
    patch_size, step : int
        Side of a patch, and from one to the next, in pixels.
    min_sharpness : float
        Smallest variance of the Laplacian.

    Returns
    -------
    patches : ndarray of shape (n, patch_size, patch_size), uint8
        The patches, row by row.
    corners : ndarray of shape (n, 2), int64
        Row and column where each begins.
    """
    patches = [np.empty((0, patch_size, patch_size), np.uint8)]
    corners = [np.empty((0, 2), np.int64)]
    height, width = levels.shape
    if width >= patch_size:
        # One row of the grid at a time: overlapping patches need far more memory
        # than the photograph.
        for top in range(0, height - patch_size + 1, step):
            band = levels[top : top + patch_size]
            row = sliding_window_view(band, (patch_size, patch_size))[0, ::step]
            sharp = np.flatnonzero(_sharpness_of_each(row) >= min_sharpness)
            patches.append(row[sharp])
            corners.append(np.column_stack([np.full_like(sharp, top), sharp * step]))
    return np.concatenate(patches), np.concatenate(corners)


@checked(
    patch_size=[POSITIVE_INTEGER],
    step=[POSITIVE_INTEGER, None],
    min_sharpness=[NON_NEGATIVE_REAL],
)
def select_sharp_patches(
    image: Any,
    *,
    patch_size: int = 32,
    step: int | None = None,
    min_sharpness: float = 1000.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Select the sharp patches of a photograph (sec. 3.1).

    The photograph becomes gray, in 8 bits, and is divided into patches on a grid that
    begins in its upper left corner. Each is judged alone by `sharpness`: what lies
    around it in the photograph does not matter.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]. One smaller than a patch holds none.
    patch_size : int, default=32
        Side of a patch, in pixels.
    step : int, optional
        From one patch to the next, in pixels. By default ``patch_size``: patches do
        not overlap, as in the paper.
    min_sharpness : float, default=1000.0
        Patches whose variance of the Laplacian (eq. 5), in squared gray levels,
        reaches this are kept. The paper's gate.

    Returns
    -------
    patches : ndarray of shape (n, patch_size, patch_size), uint8
        The sharp patches, row by row.
    corners : ndarray of shape (n, 2), int64
        Row and column of each patch's upper left pixel.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 3.1 and eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import select_sharp_patches
    >>> photo = np.zeros((70, 100))
    >>> photo[:, 64:] = np.random.default_rng(0).random((70, 36))
    >>> patches, corners = select_sharp_patches(photo)
    >>> patches.shape, corners.tolist()
    ((2, 32, 32), [[0, 64], [32, 64]])
    """
    if step is None:
        step = patch_size
    levels = to_uint8(to_gray(to_float_image(image)))
    return sharp_on_grid(levels, patch_size, step, min_sharpness)
