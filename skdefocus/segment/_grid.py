"""A photograph's blur map on a grid of the same fineness for every size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._shared.validation import check_image
from ..filters._cells import cell_colors

__all__ = ["REFERENCE_DIAGONAL", "FocusGrid", "diagonal_of", "make_grid"]

# Diagonal, in pixels, of the photographs that thresholds were chosen on. Sigma is
# compared as a share of the diagonal, so that a photograph is divided alike in every
# size.
REFERENCE_DIAGONAL = 770.0
# Smaller photographs are compared as if they had this diagonal: no lens is sharper
# than a pixel.
_LEAST_DIAGONAL = 385.0
# Cells along the diagonal; smaller photographs have one cell a pixel.
_CELLS = 385
# Added to sigma, at the reference, before its logarithm: differences below it are
# small.
_OFFSET = 0.1
# What relative scores span, on the scale on which sigma spans 4 from 0.05 to 8 px.
_RELATIVE_SPAN = 4.0


@dataclass(frozen=True)
class FocusGrid:
    """A photograph and its map on a grid of cells.

    Attributes
    ----------
    levels : ndarray of shape (h, w), float32
        The map where distances compare: ``log(sigma + 0.1)``, with sigma as on a
        photograph of 770 px of diagonal; of relative scores the share of their range,
        times 4.
    confidence : ndarray of shape (h, w), float32
        In [0, 1].
    colors : ndarray of shape (C, h, w), float32
        Means of the cells, as shares of the full range.
    cell : int
        Pixels along the side of a cell.
    unit : {"px", "relative"}
        Of the map.
    scale : float
        Of sigma, in pixels, on the reference.
    ends : (float, float)
        Of a relative score: least and largest.
    """

    levels: np.ndarray
    confidence: np.ndarray
    colors: np.ndarray
    cell: int
    unit: str
    scale: float
    ends: tuple[float, float]

    def to_level(self, values: np.ndarray | float) -> np.ndarray:
        """Take values of the map to levels.

        Parameters
        ----------
        values : array-like
            In the unit of the map.

        Returns
        -------
        ndarray
            Levels.
        """
        values = np.asarray(values)
        if self.unit == "px":
            levels: np.ndarray = np.log(values * self.scale + _OFFSET)
            return levels
        least, largest = self.ends
        span = max(largest - least, 1e-6)
        shares: np.ndarray = (values - least) * (_RELATIVE_SPAN / span)
        return shares

    def to_value(self, levels: np.ndarray | float) -> np.ndarray:
        """Take levels back to values of the map.

        Parameters
        ----------
        levels : array-like
            As `to_level` gives them.

        Returns
        -------
        ndarray
            In the unit of the map, at least 0.
        """
        levels = np.asarray(levels)
        if self.unit == "px":
            sigma: np.ndarray = np.maximum(np.exp(levels) - _OFFSET, 0) / self.scale
            return sigma
        least, largest = self.ends
        span = max(largest - least, 1e-6) / _RELATIVE_SPAN
        scores: np.ndarray = np.maximum(levels * span, 0) + least
        return scores


def diagonal_of(shape: tuple[int, ...]) -> float:
    """Diagonal that sigma is a share of.

    Parameters
    ----------
    shape : tuple of int
        Of a photograph.

    Returns
    -------
    float
        In pixels, at least 385.
    """
    return max(float(np.hypot(shape[0], shape[1])), _LEAST_DIAGONAL)


def make_grid(
    blur_map: np.ndarray,
    image: np.ndarray | None,
    confidence: np.ndarray | None,
    unit: str,
) -> FocusGrid:
    """Put a photograph and its map on a grid.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels, or a relative score.
    image : ndarray of shape (H, W) or (H, W, 3) or None
        uint8, uint16 or floats in [0, 1]; None leaves colors out.
    confidence : ndarray of shape (H, W) or None
        In [0, 1]; None is 1 everywhere.
    unit : {"px", "relative"}
        Unit of the map.

    Returns
    -------
    FocusGrid
        The grid.
    """
    diagonal = float(np.hypot(*blur_map.shape))
    cell = max(1, round(diagonal / _CELLS))
    # The middle of each cell: a mean would lie between the two sides of an edge.
    middle = cell // 2
    rows = np.minimum(np.arange(0, blur_map.shape[0], cell) + middle, len(blur_map) - 1)
    columns = np.arange(0, blur_map.shape[1], cell) + middle
    columns = np.minimum(columns, blur_map.shape[1] - 1)
    values = blur_map[np.ix_(rows, columns)].astype(np.float32)
    weight = np.ones_like(values)
    if confidence is not None:
        weight = confidence[np.ix_(rows, columns)].astype(np.float32)
    colors = np.zeros((0, *values.shape), np.float32)
    if image is not None:
        colors = cell_colors(check_image(image), cell)
    ends = (float(blur_map.min()), float(blur_map.max()))
    scale = REFERENCE_DIAGONAL / diagonal_of(blur_map.shape)
    empty = FocusGrid(values, weight, colors, cell, unit, scale, ends)
    levels = empty.to_level(values).astype(np.float32)
    return FocusGrid(levels, weight, colors, cell, unit, scale, ends)
