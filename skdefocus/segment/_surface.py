"""A threshold for every pixel: where a photograph's division becomes a mask."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.threads import run_in_parts
from ..filters._cells import spread_cells
from ._grid import FocusGrid

__all__ = ["cut_along", "evidence_of_parts"]

# Pixels in one strip of work.
_STRIP_PIXELS = 2**20
_LEAST_SPAN = 0.05


def evidence_of_parts(odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the connected parts that are in focus, and how much speaks for each.

    Parameters
    ----------
    odds : ndarray of shape (h, w)
        Logarithm of the odds of each cell, positive in focus.

    Returns
    -------
    labels : ndarray of shape (h, w), int32
        Number of the part that each cell belongs to, from 1; 0 out of focus.
    evidence : ndarray of shape (n + 1,), float64
        Sum of the odds over each part; 0 at 0.
    """
    labels, n = ndimage.label(odds > 0)
    evidence = np.bincount(labels.ravel(), np.maximum(odds, 0).ravel(), n + 1)
    evidence[0] = 0
    return labels, evidence


def cut_along(
    surface: np.ndarray, blur_map: np.ndarray, image: np.ndarray, grid: FocusGrid
) -> np.ndarray:
    """Cut a map along a threshold that differs from place to place.

    Parameters
    ----------
    surface : ndarray of shape (h, w), float32
        Level from which a cell is out of focus.
    blur_map : ndarray of shape (H, W)
        The map.
    image : ndarray of shape (H, W) or (H, W, 3)
        The photograph, along whose edges thresholds of cells reach its pixels.
    grid : FocusGrid
        Of the photograph.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where out of focus.
    """
    mask = np.empty(blur_map.shape, bool)
    ends = np.quantile(grid.colors, (0.005, 0.995))
    span = max(float(ends[1] - ends[0]), _LEAST_SPAN)
    strip = max(1, _STRIP_PIXELS // blur_map.shape[1])

    def cut(first: int, last: int) -> None:
        for top in range(first, last, strip):
            rows = slice(top, min(top + strip, last))
            (thresholds,) = spread_cells(
                surface[np.newaxis], image, grid.colors, span, grid.cell, rows
            )
            mask[rows] = grid.to_level(blur_map[rows]) >= thresholds

    run_in_parts(cut, len(mask), strip)
    return mask
