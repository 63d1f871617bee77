"""The gray of a photograph, made for some rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .threads import run_in_parts
from .validation import check_image, to_float_image, to_gray

__all__ = ["GrayRows"]

# Rows that are converted at a time where all are wanted.
_BAND = 256


class GrayRows:
    """Gray of a photograph in [0, 1], without a copy of the whole in floats.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].

    Raises
    ------
    ValueError
        If it is no image.
    """

    def __init__(self, image: Any) -> None:
        self._image = check_image(image)
        self.shape: tuple[int, int] = self._image.shape[:2]
        kind = self._image.dtype
        # Distance between neighboring values; 0 for floats.
        self.rounding = 1 / np.iinfo(kind).max if kind.kind == "u" else 0.0

    def rows(self, first: int, last: int) -> np.ndarray:
        """Convert some rows.

        Parameters
        ----------
        first, last : int
            The rows.

        Returns
        -------
        ndarray of shape (last - first, W), float32
            Their gray.
        """
        return to_gray(to_float_image(self._image[first:last]))

    def whole(self) -> np.ndarray:
        """Convert all rows.

        Returns
        -------
        ndarray of shape (H, W), float32
            The gray.
        """
        gray = np.empty(self.shape, np.float32)

        def convert(first: int, last: int) -> None:
            for start in range(first, last, _BAND):
                stop = min(start + _BAND, last)
                gray[start:stop] = self.rows(start, stop)

        run_in_parts(convert, len(gray), _BAND)
        return gray
