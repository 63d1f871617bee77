"""DefocusSegmenter: from blur maps to masks of what is out of focus (sec. 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from .._base import map_images, without_fit_on_images
from .._shared.parameters import (
    REAL,
    UNIT_INTERVAL,
    StrOptions,
    check_parameters,
    unchecked,
)
from ..metrics import best_common_threshold, pixel_accuracy
from ..sample import UNKNOWN, DefocusSample, unknown_pixels
from .threshold import (
    DEFAULT_THRESHOLD,
    REFERENCE,
    photograph_threshold,
    sharpest_value,
)

__all__ = ["DefocusSegmenter"]

# Beside 0, in focus, and 1, out of focus.
_UNKNOWN_CLASS = 2


class DefocusSegmenter(BaseEstimator):
    """Tell out-of-focus from in-focus pixels by a threshold on blur maps.

    The last step of a Pipeline whose parameters a search tunes against masks. With
    the mapper's ``memory`` such a search maps every photograph once; or map them
    beforehand, ``samples = mapper.transform(photographs)``, and search over the rest.

    Parameters
    ----------
    threshold : float, "auto" or "learn", default=0.5
        In pixels of sigma, or in the unit of a relative map. The default was
        calibrated on maps of `SlidingWindowMapper` refined by `GlobalRefiner`. "auto"
        takes it from each map (see `photograph_threshold`). "learn" has `fit` choose
        the one that agrees best with masks.
    reference : {"photograph", "absolute"}, default="photograph"
        Whether the threshold counts from the photograph's own sharpest parts, the 5 %
        quantile of its map but at most 1.25 px of sigma, or from 0. Lenses, sampling
        and processing leave no photograph quite sharp, and what people call out of
        focus is less sharp than the rest.
    unknown : {"guess", "class"}, default="guess"
        What `predict` makes of pixels whose confidence is too low: of what the map
        guesses, True or False; or a class of their own.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown
        (`skdefocus.sample.unknown_pixels`).

    Attributes
    ----------
    threshold_ : float or "auto"
        After `fit`: the threshold in use.

    See Also
    --------
    skdefocus.metrics.SCORERS : Other scores for a search.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdefocus import DefocusSegmenter, GlobalRefiner, SlidingWindowMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> steps = make_pipeline(SlidingWindowMapper(), GlobalRefiner(),
    ...                       DefocusSegmenter())
    >>> (mask,) = steps.predict([load_sample_photograph()])
    >>> bool(mask[40, 40]), bool(mask[200, 330])
    (True, False)

    Pixels of which the map knows nothing, apart:

    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> sample = DefocusSample(
    ...     np.zeros((1, 3)), [[0.0, 5.0, 5.0]], confidence=[[0.9, 0.9, 0.1]]
    ... )
    >>> DefocusSegmenter(unknown="class").predict([sample])
    [array([[0, 1, 2]], dtype=uint8)]
    """

    _constraints = {  # noqa: RUF012
        "threshold": [StrOptions({"auto", "learn"}), REAL],
        "reference": REFERENCE,
        "unknown": [StrOptions({"guess", "class"})],
        "unknown_below": [UNIT_INTERVAL],
    }

    def __init__(
        self,
        threshold: float | str = DEFAULT_THRESHOLD,
        *,
        reference: str = "photograph",
        unknown: str = "guess",
        unknown_below: float = UNKNOWN,
    ) -> None:
        self.threshold = threshold
        self.reference = reference
        self.unknown = unknown
        self.unknown_below = unknown_below

    def __sklearn_tags__(self) -> Any:
        return without_fit_on_images(super().__sklearn_tags__())

    def fit(
        self, X: Iterable[DefocusSample], y: Sequence[np.ndarray] | None = None
    ) -> Self:
        """Check the parameters and, with ``threshold="learn"``, choose a threshold.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map. Read only with ``threshold="learn"``.
        y : list of array-like of bool of shape (H, W), optional
            Masks, True where out of focus; needed with ``threshold="learn"``.

        Returns
        -------
        DefocusSegmenter
            Itself.

        Raises
        ------
        ValueError
            For parameters outside their range, masks that are missing or do not fit, or
            maps of different units.
        """
        self._check()
        if self.threshold != "learn":
            self.threshold_ = self.threshold
            return self
        if y is None:
            raise ValueError(
                "DefocusSegmenter(threshold='learn') needs masks to learn from: "
                "fit(X, masks); got None."
            )
        samples = map_images(_same, X, needs="blur")
        units = {sample.unit for sample in samples}
        if len(units) > 1:
            raise ValueError(
                "One threshold needs maps of one unit; X holds both 'px' and "
                "'relative'."
            )
        above = [
            sample.require_map()
            - np.float32(
                sharpest_value(sample.require_map(), self.reference, sample.unit)
            )
            for sample in samples
        ]
        self.threshold_ = best_common_threshold(y, above)[1]
        return self

    def thresholds(self, X: Iterable[DefocusSample]) -> list[float]:
        """Values from which the photographs' maps count as out of focus.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of float
            In the unit of each map, counted from 0.

        Raises
        ------
        NotFittedError
            If the threshold is still to be learned.
        """
        threshold = self._threshold()

        def find(sample: DefocusSample, n_threads: int | None) -> float:
            return unchecked(photograph_threshold)(
                sample.require_map(),
                threshold,
                reference=self.reference,
                unit=sample.unit,
            )

        return map_images(find, X, needs="blur")

    def decision_function(self, X: Iterable[DefocusSample]) -> list[np.ndarray]:
        """Blur maps, as they are.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of ndarray of shape (H, W)
            Larger is more blurred; `thresholds` are on the same scale.

        Raises
        ------
        ValueError
            For items without a blur map.
        """
        return [sample.require_map() for sample in map_images(_same, X, needs="blur")]

    def predict(self, X: Iterable[DefocusSample]) -> list[np.ndarray]:
        """Masks of what is out of focus.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of ndarray of shape (H, W)
            bool, True where out of focus; with ``unknown="class"`` uint8: 0 in focus, 1
            out of focus, 2 unknown.

        Raises
        ------
        ValueError
            For parameters outside their range, or items without a blur map.
        NotFittedError
            If the threshold is still to be learned.
        """
        samples = map_images(_same, X, needs="blur")
        masks = self._guess(samples)
        if self.unknown == "guess":
            return masks
        labels = [mask.astype(np.uint8) for mask in masks]
        for sample, label in zip(samples, labels, strict=True):
            unknown = unchecked(unknown_pixels)(sample, self.unknown_below)
            label[unknown] = _UNKNOWN_CLASS
        return labels

    def in_focus_mask(self, X: Iterable[DefocusSample]) -> list[np.ndarray]:
        """Masks of what is in focus, as editors want them: the complement.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of ndarray of shape (H, W), bool
            True where in focus; of unknown pixels, by what the map guesses.

        Raises
        ------
        ValueError
            For parameters outside their range, or items without a blur map.
        NotFittedError
            If the threshold is still to be learned.
        """
        return [~mask for mask in self._guess(X)]

    def score(self, X: Iterable[DefocusSample], y: Sequence[np.ndarray]) -> float:
        """Mean over photographs of the share of pixels that agree with a mask.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.
        y : list of array-like of bool of shape (H, W)
            Masks, True where out of focus.

        Returns
        -------
        float
            In [0, 1]. Of unknown pixels, what the map guesses counts.

        Raises
        ------
        ValueError
            For masks that do not fit.
        """
        return pixel_accuracy(y, self._guess(X))

    def _guess(self, X: Iterable[DefocusSample]) -> list[np.ndarray]:
        """Masks of what is out of focus, of bool, unknown pixels by the map."""
        samples = map_images(_same, X, needs="blur")
        return [
            sample.require_map() >= value
            for sample, value in zip(samples, self.thresholds(samples), strict=True)
        ]

    def _check(self) -> None:
        check_parameters(self._constraints, self.get_params(), type(self).__name__)

    def _threshold(self) -> float | str:
        self._check()
        if self.threshold != "learn":
            return self.threshold
        if not hasattr(self, "threshold_"):
            raise NotFittedError(
                "This DefocusSegmenter has threshold='learn' and is not fitted yet: "
                "call fit(X, masks) first."
            )
        return self.threshold_


def _same(sample: DefocusSample, n_threads: int | None) -> DefocusSample:
    """Take part in `map_images` for its checks alone."""
    return sample
