"""Cells of 4 x 4 pixels: what their patches say, and what surrounds those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._shared.validation import to_gray
from ..classifier.context_features import (
    CELL,
    ContextConditions,
    context_features,
    pad_to_cells,
)
from ..classifier.context_network import ContextNetwork
from ..filters import resize

__all__ = ["CellBand", "cells_to_pixels", "classify_cells"]

# Cells that the network sees on either side of one, and the patches around those; a
# multiple of what it reduces by. Bands of cells overlap by as many.
_REACH = 128
# Cells of a band, if it is not to be lower than that.
_BAND_CELLS = 2**18


@dataclass(frozen=True)
class CellBand:
    """Some rows of cells.

    Attributes
    ----------
    of_patches, of_surroundings : ndarray of shape (n, n_across, n_levels), float32
        Probabilities of the levels: by the patch around each cell, and by the network
        that sees what surrounds it.
    pixels : ndarray of shape (4 n + 28, 4 n_across + 28), float32
        Gray of the patches, for patches of 32 px.
    """

    of_patches: np.ndarray
    of_surroundings: np.ndarray
    pixels: np.ndarray


def classify_cells(
    photograph: np.ndarray,
    network: ContextNetwork,
    n_threads: int | None,
    conditions: ContextConditions,
    *,
    band_cells: int = _BAND_CELLS,
) -> Iterator[CellBand]:
    """Classify the cells of a photograph, some rows of them at a time.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1], of any size from 1 x 1.
    network : ContextNetwork
        Asked, and its classifier, which is asked once about each patch.
    n_threads : int or None
        Threads of both.
    conditions : ContextConditions
        From `skdefocus.classifier.context_features.context_conditions`.
    band_cells : int, default=2**18
        About as many cells are classified at a time; it does not change them.

    Yields
    ------
    CellBand
        The next rows.
    """
    n_rows, n_columns = (-(-length // CELL) for length in photograph.shape[:2])
    classifier = network.classifier
    beyond = classifier.patch_size_ - CELL
    # A multiple of what the network reduces by, so that bands never change a result.
    height = max(_REACH, band_cells // n_columns // _REACH * _REACH)
    for first in range(0, n_rows, height):
        # What is near enough to be seen belongs to the band; the rest cannot matter.
        top, bottom = max(0, first - _REACH), first + height + _REACH
        pixels = photograph[top * CELL : bottom * CELL]
        padded = pad_to_cells(to_gray(pixels), classifier.patch_size_)
        found = classifier.predict_proba_image(
            padded, n_threads, conditions.of_sizes[0]
        )
        features = context_features(pixels, classifier, n_threads, conditions, found)
        around = np.moveaxis(network.run(features, n_threads), 0, -1)
        kept = slice(first - top, first - top + height)
        rows = slice(kept.start * CELL, kept.stop * CELL + beyond)
        yield CellBand(found[kept], around[kept], padded[rows])


def cells_to_pixels(cells: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give every pixel what lies between the cells around it.

    Parameters
    ----------
    cells : ndarray of shape (n_down, n_across), float32
        One value for each cell of a photograph.
    shape : tuple of int
        Height and width of the photograph.

    Returns
    -------
    ndarray of shape ``shape``, float32
        The values.
    """
    enlarged = resize(cells, (cells.shape[0] * CELL, cells.shape[1] * CELL))
    return np.ascontiguousarray(enlarged[: shape[0], : shape[1]])
