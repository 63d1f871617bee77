"""What a pipeline made of a photograph: a map from sharp to blurred, and pictures."""

from __future__ import annotations

import numpy as np

from skdefocus import DefocusSample
from skdefocus.batch.pipeline import Results
from skdefocus.io import Photograph

__all__ = ["SHAPE", "an_image", "made"]

SHAPE = (24, 30)


def an_image(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)


def made(*, unit="px", file_format="PNG", **pictures):
    """Results with a map from sharp at the left to blurred at the right."""
    image = an_image()
    ramp = np.tile(np.linspace(0, 1, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    sample = DefocusSample(image, ramp * (19 if unit == "px" else 1), unit=unit)
    original = Photograph(image, file_format=file_format)
    return Results(original, sample, pictures=pictures)
