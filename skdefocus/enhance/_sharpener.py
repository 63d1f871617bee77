"""What the sharpeners that need no blur map share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from .._base import SubjectTransformer
from .._shared.parameters import unchecked
from .._shared.validation import check_subject_mask, to_float_image
from ..sample import DefocusSample

__all__ = ["Sharpener"]


class Sharpener(SubjectTransformer):
    """A sharpener of whole photographs, interchangeable with `AdaptiveUnsharpMask`.

    A subclass names in ``_function`` the function that sharpens one photograph; it
    takes the image and the estimator's parameters.
    """

    _needs: ClassVar[str | None] = None

    def transform(
        self,
        X: Iterable[Any],
        subject_masks: Sequence[np.ndarray | None] | None = None,
    ) -> list[np.ndarray]:
        """Sharpen photographs.

        Parameters
        ----------
        X : list, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs (uint8, uint16 or float in [0, 1]), or samples of them, whose
            blur maps are not used.
        subject_masks : list of array-like of shape (H, W), optional
            For every photograph None or a mask, True, 1.0, or 255 as uint8, where it is
            in focus and left as it is.

        Returns
        -------
        list of ndarray, float32
            Photographs in [0, 1].

        Raises
        ------
        ValueError
            For parameters, photographs or masks that are not accepted.
        """
        return super().transform(X, subject_masks=subject_masks)

    def fit_transform(
        self,
        X: Iterable[Any],
        y: Any = None,
        subject_masks: Sequence[np.ndarray | None] | None = None,
    ) -> list[np.ndarray]:
        """Check the parameters, then sharpen photographs as `transform` does.

        Parameters
        ----------
        X : list, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs, or samples of them.
        y : object
            Ignored.
        subject_masks : list of array-like of shape (H, W), optional
            As in `transform`.

        Returns
        -------
        list of ndarray, float32
            Photographs in [0, 1].
        """
        return self.transform(X, subject_masks=subject_masks)

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        subject_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        image = to_float_image(sample.image)
        sharp = unchecked(self._function)(image, **self._settings())
        if subject_mask is None:
            return sharp
        share = check_subject_mask(subject_mask, image.shape).astype(np.float32)
        share = share if image.ndim == 2 else share[..., np.newaxis]
        return np.where(share == 1, image, sharp + share * (image - sharp))
