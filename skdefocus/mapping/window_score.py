"""What the mappers that score the window around every pixel share (sec. 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from .._base import ImageTransformer
from .._validation import N_JOBS, POSITIVE_INTEGER
from ..sample import DefocusSample
from .texture import local_texture_confidence

__all__ = ["WindowScoreMapper"]


class WindowScoreMapper(ImageTransformer):
    """A mapper from the window around every pixel to a score without a unit.

    A subclass names in ``_function`` the function that scores one photograph; it takes
    the image and ``patch_size``.
    """

    _constraints = {  # noqa: RUF012
        "patch_size": [POSITIVE_INTEGER],
        "n_jobs": N_JOBS,
    }
    _function: ClassVar[Callable[..., np.ndarray]]

    def __init__(self, patch_size: int = 16, *, n_jobs: int | None = None) -> None:
        self.patch_size = patch_size
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=self._function(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            unit="relative",
        )
