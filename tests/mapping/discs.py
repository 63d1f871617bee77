"""Photographs with white discs."""

import numpy as np

__all__ = ["SHAPE", "with_discs"]

SHAPE = (160, 200)


def with_discs(ground, *discs, value=1.0):
    """Put white discs (row, column, radius) on a ground."""
    rows, columns = np.mgrid[: ground.shape[0], : ground.shape[1]]
    image = ground.copy()
    for row, column, radius in discs:
        image[np.hypot(rows - row, columns - column) <= radius] = value
    return image
