"""A photograph in color and in gray at the sizes at which cells are measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from .._shared.gray_rows import GrayRows
from .._shared.validation import to_float_image
from ..classifier.context_features import CELL, ContextConditions, context_conditions
from ..classifier.context_network import ContextNetwork
from ..filters import measure_conditions
from .lights import map_with_lights
from .scales import is_measured_whole, measure_at, resample_all
from .sharp_windows import measure_sharp_windows

__all__ = ["LEAST_SIDE", "MeasureCells", "PhotographSizes", "measure_cells_at"]

# Sides of at least this many pixels are worth measuring at half the size.
LEAST_SIDE = 32

_Maps = tuple[np.ndarray, np.ndarray]
# From the photograph at one size and its conditions to sigma and confidence, and to
# those by which "auto" passes over to half of it.
MeasureCells = Callable[
    [np.ndarray, ContextConditions],
    tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
]


class PhotographSizes:
    """A photograph, resampled once by all factors of a scale.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    scale : float, "auto" or list of float
        As in `skdefocus.SlidingWindowMapper`.
    """

    def __init__(self, image: np.ndarray, scale: float | str | Sequence[float]) -> None:
        self._image, self._scale = image, scale
        self.gray_rows = GrayRows(image)
        self._colors: dict[float, np.ndarray] | None = None
        self._grays: dict[float, np.ndarray] | None = None

    def in_color(self, factor: float) -> np.ndarray:
        """Give the photograph at a size at which it is measured all over.

        Parameters
        ----------
        factor : float
            One of the scale's.

        Returns
        -------
        ndarray of shape (h, w) or (h, w, 3), float32
            In [0, 1].
        """
        if self._colors is None:
            self._colors = self._resample_colors()
        if factor not in self._colors:
            self._colors[factor] = to_float_image(self._image)
        return self._colors[factor]

    def in_gray(self, factor: float) -> np.ndarray | GrayRows:
        """Give its gray at any size of the scale.

        Parameters
        ----------
        factor : float
            One of the scale's.

        Returns
        -------
        ndarray of shape (h, w), float32, or GrayRows
            In [0, 1].
        """
        if self._grays is None:
            rows = self.gray_rows
            self._grays = resample_all(rows.whole, self._scale, rows.shape, LEAST_SIDE)
        return self._grays.get(factor, self.gray_rows)

    def rounding(self, factor: float) -> float:
        """Tell how far apart neighboring values are, or means of several of them.

        Parameters
        ----------
        factor : float
            One of the scale's.

        Returns
        -------
        float
            On the scale of [0, 1].
        """
        return self.gray_rows.rounding * min(1.0, factor)

    def _resample_colors(self) -> dict[float, np.ndarray]:
        # One color after the other: a large photograph's floats are larger still.
        planes = np.atleast_3d(self._image)
        shape = planes.shape[:2]
        channels: dict[float, list[np.ndarray]] = {}
        for number in range(planes.shape[2]):
            plane = planes[..., number]
            found = resample_all(
                partial(to_float_image, plane), self._scale, shape, LEAST_SIDE
            )
            for factor, resampled in found.items():
                if is_measured_whole(self._scale, shape, factor):
                    channels.setdefault(factor, []).append(resampled)
        return {
            factor: parts[0] if self._image.ndim == 2 else np.stack(parts, axis=2)
            for factor, parts in channels.items()
        }


def measure_cells_at(
    image: np.ndarray,
    network: ContextNetwork,
    scale: float | str | Sequence[float],
    lights: bool,
    begin: Callable[[], MeasureCells],
) -> _Maps:
    """Measure the cells of a photograph at the scale asked for.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    network : ContextNetwork
        Whose patches are asked about parts of photographs of more than 1600 px.
    scale : float, "auto" or list of float
        As in `skdefocus.SlidingWindowMapper`.
    lights : bool
        Whether lights out of focus are told by their size.
    begin : callable
        Called before the sizes are gone through, which is more than once where there
        are lights; of "auto" the smallest comes first. It gives a callable from the
        photograph at one size, in color and in [0, 1], and its conditions at that size
        and half of it, to sigma and confidence, and to those by which "auto" passes
        over to halves.

    Returns
    -------
    sigma, confidence : ndarray of shape (H, W), float32
        What was measured.
    """
    original = PhotographSizes(image, scale)
    classifier = network.classifier

    def measure_one(pixels: np.ndarray) -> _Maps:
        # Where lights are hidden, conditions are still those of the photograph.
        shown = original if pixels is image else PhotographSizes(pixels, scale)
        measure = begin()

        def measure_whole(
            factor: float,
        ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            conditions = context_conditions(
                original.in_color(factor), original.rounding(factor)
            )
            return measure(shown.in_color(factor), conditions)

        def measure_sharp(
            factor: float, half_sigma: np.ndarray, half_confidence: np.ndarray
        ) -> _Maps:
            # Of a large photograph's parts patches alone tell enough.
            return measure_sharp_windows(
                shown.in_gray(factor),
                half_sigma,
                half_confidence,
                classifier,
                classifier.sigmas_,
                patch_size=classifier.patch_size_,
                step=CELL,
                estimate="mean",
                conditions=measure_conditions(
                    original.in_gray(factor), original.rounding(factor)
                ),
            )

        shape = original.gray_rows.shape
        return measure_at(scale, shape, LEAST_SIDE, measure_whole, measure_sharp)

    return map_with_lights(image, measure_one) if lights else measure_one(image)
