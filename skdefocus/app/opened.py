"""A photograph that was opened: read, mapped once, and what the page starts from."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from ..batch import unknown_note
from ..io import Photograph, read_photograph
from ..recipes import recommended_steps
from ..render import automatic_focus_range, fill_unknown
from ..render.weight import LEAST_DISTANCE
from ..sample import DefocusSample
from ..segment.threshold import sharpest_value
from .settings import RANGES, Settings

__all__ = ["OpenedPhotograph", "open_photograph"]

# Bars of the histogram, and points of a curve over it.
_N_BINS, _N_POINTS = 96, 241
# The axis of sigma ends where this share of the pixels does, in pixels at least here.
_SHOWN_SHARE, _LEAST_AXIS = 0.995, 8.0


@dataclass(frozen=True, eq=False)
class OpenedPhotograph:
    """A photograph with its map, at full size.

    Attributes
    ----------
    original : Photograph
        As it was read.
    sample : DefocusSample
        With refined map and confidence.
    path : str
        What it is called in code and on a command line.
    notes : tuple of str
        What was warned of while it was mapped, each a sentence; also if nearly nothing
        of it can be judged.
    """

    original: Photograph
    sample: DefocusSample
    path: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of its file."""
        return Path(self.path).name

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return self.sample.require_map().shape

    @cached_property
    def filled(self) -> np.ndarray:
        """Its map as a renderer takes it, unknown pixels filled from known ones."""
        blur_map, confidence = self.sample.require_map(), self.sample.confidence
        if confidence is None:
            return blur_map
        return fill_unknown(blur_map, confidence)

    @cached_property
    def sharpest(self) -> float:
        """Sigma of its sharpest parts, which thresholds count from."""
        return sharpest_value(self.sample.require_map(), "photograph", "px")

    @cached_property
    def axis(self) -> float:
        """Greatest sigma that the page draws, in whole pixels."""
        value = float(np.quantile(self.sample.require_map(), _SHOWN_SHARE))
        return float(min(max(ceil(1.1 * value), _LEAST_AXIS), 200))

    @cached_property
    def scale(self) -> np.ndarray:
        """Sigma at equal steps along the axis, which is the map's colors' own."""
        low, high = to_log_sigma(np.array([0.0, self.axis]))
        scale = from_log_sigma(np.linspace(low, high, _N_POINTS))
        scale[-1] = self.axis  # Not a rounding below it.
        return scale.astype(np.float32)

    @cached_property
    def histogram(self) -> list[float]:
        """Share of the pixels in equal steps along the axis."""
        log_sigma = to_log_sigma(
            np.minimum(self.sample.require_map(), np.float32(self.axis))
        )
        limits = to_log_sigma(np.array([0.0, self.axis]))
        counts, _ = np.histogram(log_sigma, _N_BINS, tuple(limits))
        return [round(float(share), 6) for share in counts / log_sigma.size]

    def first_settings(self) -> Settings:
        """Give the package's defaults, with c0 and c1 from the map.

        Returns
        -------
        Settings
            What the page starts from.
        """
        with warnings.catch_warnings():
            # Where there is no background, both lie above the map; the page shows it.
            warnings.simplefilter("ignore")
            c0, c1 = automatic_focus_range(self.filled)
        c0 = min(round(c0, 2), RANGES["c0"][1])
        return Settings().changed(
            {"c0": c0, "c1": max(round(c1, 2), round(c0 + LEAST_DISTANCE, 2))}
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Give sigma and confidence at a point.

        Parameters
        ----------
        x, y : float
            Shares of width and height, from 0 to 1.

        Returns
        -------
        sigma, confidence : float
            Of the pixel there, at full size.

        Raises
        ------
        ValueError
            If the point lies outside.
        """
        place = self._place(x, y)
        confidence = self.sample.confidence
        trust = 1.0 if confidence is None else float(confidence[place])
        return float(self.sample.require_map()[place]), trust

    def rendered_at(self, x: float, y: float) -> float:
        """Give the sigma that a renderer takes at a point.

        Parameters
        ----------
        x, y : float
            Shares of width and height, from 0 to 1.

        Returns
        -------
        float
            Where the map is unknown, filled from what is known.

        Raises
        ------
        ValueError
            If the point lies outside.
        """
        return float(self.filled[self._place(x, y)])

    def _place(self, x: float, y: float) -> tuple[int, int]:
        """Find the pixel at a point."""
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"the point ({x!r}, {y!r}) lies outside the photograph.")
        height, width = self.shape
        return min(int(y * height), height - 1), min(int(x * width), width - 1)


def open_photograph(
    file: str | os.PathLike[str], *, path: str | None = None, max_pixels: int
) -> OpenedPhotograph:
    """Read and map a photograph.

    Parameters
    ----------
    file : path-like
        The file.
    path : str, optional
        What it is called in code and on a command line; by default the file's path.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    OpenedPhotograph
        With its map at full size.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, as `skdefocus.io.read_photograph` says.
    """
    original = read_photograph(file, max_pixels=max_pixels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        batch: list[Any] = [original.image]
        for _, step in recommended_steps():
            batch = step.transform(batch)
    notes = [str(warning.message) for warning in caught]
    unjudged = unknown_note(batch[0])
    if unjudged is not None:
        notes.append(unjudged[0].upper() + unjudged[1:])
    return OpenedPhotograph(original, batch[0], path or str(file), tuple(notes))
