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
from .automatic import FocusAnswer, automatic_mask, judge_focus
from .hints import check_hint
from .subject import mask_by_hint
from .threshold import (
    REFERENCE,
    THRESHOLD_UNIT,
    in_unit_of_map,
    photograph_threshold,
    sharpest_value,
)

__all__ = ["DefocusSegmenter"]

# Beside 0, in focus, and 1, out of focus.
_UNKNOWN_CLASS = 2


class DefocusSegmenter(BaseEstimator):
    """Tell out-of-focus from in-focus pixels by blur maps.

    The last step of a Pipeline whose parameters a search tunes against masks. With
    the mapper's ``memory`` such a search maps every photograph once; or map them
    beforehand, ``samples = mapper.transform(photographs)``, and search over the rest.

    Parameters
    ----------
    threshold : float, "auto", "learn" or None, default=None
        In ``threshold_unit``. None is a share of the photograph's diagonal that was
        calibrated on maps of `SlidingWindowMapper` refined by `GlobalRefiner`: half a
        pixel of sigma on 770 px, and at least a quarter; of a relative score, Otsu's
        threshold. "auto" divides
        each photograph in its own way (`automatic_mask`), and may find all of it sharp,
        or nothing. "learn" has `fit` choose the threshold that agrees best with masks.
    threshold_unit : {"px", "diagonal"}, default="px"
        Unit of a threshold that is a number: pixels of sigma, or the unit of a relative
        map; or shares of the photograph's diagonal, which hold at every size.
    reference : {"photograph", "absolute"}, default="photograph"
        Whether the threshold counts from the photograph's own sharpest parts, the 5 %
        quantile of its map but at most 0.16 % of the diagonal, or from 0. Lenses,
        sampling and processing leave no photograph quite sharp, and what people call
        out of focus is less sharp than the rest.
    unknown : {"guess", "class"}, default="guess"
        What `predict` makes of pixels whose confidence is too low: of what the map
        guesses, True or False; or a class of their own.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown
        (`skdefocus.sample.unknown_pixels`).

    Attributes
    ----------
    threshold_ : float, "auto" or None
        After `fit`: the threshold in use, in ``threshold_unit``.
    unit_ : {"px", "relative"}
        After `fit` with "learn": unit of the maps that the threshold was learned from,
        and holds for.

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

    A click on the subject, at column 330 and row 200, leaves nothing to guess:

    >>> samples = steps[:-1].transform([load_sample_photograph()])
    >>> segmenter = DefocusSegmenter()
    >>> (mask,) = segmenter.predict(samples, subject_points=[(330, 200)])
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
        "threshold": [StrOptions({"auto", "learn"}), REAL, None],
        "threshold_unit": THRESHOLD_UNIT,
        "reference": REFERENCE,
        "unknown": [StrOptions({"guess", "class"})],
        "unknown_below": [UNIT_INTERVAL],
    }

    def __init__(
        self,
        threshold: float | str | None = None,
        *,
        threshold_unit: str = "px",
        reference: str = "photograph",
        unknown: str = "guess",
        unknown_below: float = UNKNOWN,
    ) -> None:
        self.threshold = threshold
        self.threshold_unit = threshold_unit
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
        above = []
        for sample in samples:
            blur_map = sample.require_map()
            sharpest = sharpest_value(blur_map, self.reference, sample.unit)
            one = in_unit_of_map(1.0, self.threshold_unit, sample.unit, blur_map.shape)
            # As precise as masks will be cut, or a value may fall on the other side.
            above.append((blur_map.astype(np.float64) - sharpest) / one)
        self.threshold_ = best_common_threshold(y, above)[1]
        self.unit_ = samples[0].unit
        return self

    def thresholds(self, X: Iterable[DefocusSample]) -> list[float]:
        """Values from which the photographs' maps count as out of focus.

        With "auto" masks say more than these: see `automatic_mask`.

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
        ValueError
            For parameters outside their range, or items without a blur map.
        NotFittedError
            If the threshold is still to be learned.
        """
        return map_images(self._cut, X, needs="blur", threshold=self._threshold())

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

    def predict(
        self,
        X: Iterable[DefocusSample],
        *,
        subject_points: Sequence[Any] | None = None,
        subject_boxes: Sequence[Any] | None = None,
        scribbles: Sequence[Any] | None = None,
    ) -> list[np.ndarray]:
        """Masks of what is out of focus.

        A photograph with a hint about its subject is divided into the subject and all
        else (`subject_mask`), whatever the threshold is.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.
        subject_points : list, optional
            For each photograph a point on the subject, (x, y), or a list of them, or
            None; columns and rows from 0, in pixels of the photograph.
        subject_boxes : list, optional
            For each photograph a box that holds the subject, (left, top, width,
            height), or a list of them, or None; in pixels of the photograph.
        scribbles : list, optional
            For each photograph an array of its shape, or None: 1 on the subject, 2 on
            the background, 0 where nothing is said.

        Returns
        -------
        list of ndarray of shape (H, W)
            bool, True where out of focus; with ``unknown="class"`` uint8: 0 in focus, 1
            out of focus, 2 unknown.

        Raises
        ------
        ValueError
            For parameters outside their range, items without a blur map, or hints that
            are not of their form, as many as X, or within the photograph.
        NotFittedError
            If the threshold is still to be learned.
        """
        samples = map_images(_same, X, needs="blur")
        masks = self._guess(samples, subject_points, subject_boxes, scribbles)
        if self.unknown == "guess":
            return masks
        labels = [mask.astype(np.uint8) for mask in masks]
        for sample, label in zip(samples, labels, strict=True):
            unknown = unchecked(unknown_pixels)(sample, self.unknown_below)
            label[unknown] = _UNKNOWN_CLASS
        return labels

    def in_focus_mask(
        self,
        X: Iterable[DefocusSample],
        *,
        subject_points: Sequence[Any] | None = None,
        subject_boxes: Sequence[Any] | None = None,
        scribbles: Sequence[Any] | None = None,
    ) -> list[np.ndarray]:
        """Masks of what is in focus, as editors want them: the complement.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.
        subject_points, subject_boxes, scribbles
            As in `predict`.

        Returns
        -------
        list of ndarray of shape (H, W), bool
            True where in focus; of unknown pixels, by what the map guesses.

        Raises
        ------
        ValueError
            As `predict` does.
        NotFittedError
            If the threshold is still to be learned.
        """
        masks = self._guess(X, subject_points, subject_boxes, scribbles)
        return [~mask for mask in masks]

    def describe(self, X: Iterable[DefocusSample]) -> list[FocusAnswer]:
        """Tell whether photographs are sharp in part, everywhere, or nowhere.

        Whatever the threshold is, this is what "auto" finds.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of FocusAnswer
            ``answer``, "mixed", "all sharp" or "nothing sharp", and ``certainty``, in
            [0, 1]: how little the automatic mask would change under other likely
            thresholds. Photographs of low certainty are worth a hint.

        Raises
        ------
        ValueError
            For items without a blur map.

        Examples
        --------
        >>> import numpy as np
        >>> from skdefocus import DefocusSample, DefocusSegmenter
        >>> blur_map = np.full((60, 90), 0.3)
        >>> blur_map[:, 45:] = 4.0
        >>> sample = DefocusSample(np.zeros((60, 90)), blur_map)
        >>> (found,) = DefocusSegmenter().describe([sample])
        >>> found.answer, found.certainty > 0.9
        ('mixed', True)
        """
        return map_images(_judge, X, needs="blur")

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
            For parameters outside their range, items without a blur map, or masks that
            do not fit.
        NotFittedError
            If the threshold is still to be learned.
        """
        return pixel_accuracy(y, self._guess(X))

    def _guess(
        self,
        X: Iterable[DefocusSample],
        subject_points: Sequence[Any] | None = None,
        subject_boxes: Sequence[Any] | None = None,
        scribbles: Sequence[Any] | None = None,
    ) -> list[np.ndarray]:
        """Masks of what is out of focus, of bool, unknown pixels by the map."""
        beside = {
            "subject_points": subject_points,
            "subject_boxes": subject_boxes,
            "scribbles": scribbles,
        }
        threshold = self._threshold()
        return map_images(
            self._divide, X, needs="blur", beside=beside, threshold=threshold
        )

    def _divide(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        threshold: float | str | None,
        points: Any = None,
        boxes: Any = None,
        scribble: Any = None,
    ) -> np.ndarray:
        """Mask of what is out of focus in one photograph."""
        blur_map = sample.require_map()
        hint = check_hint(blur_map.shape, points, boxes, scribble)
        if hint is not None:
            return mask_by_hint(sample, hint)
        if threshold == "auto":
            return automatic_mask(sample)
        mask: np.ndarray = blur_map >= self._cut(sample, n_threads, threshold)
        return mask

    def _cut(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        threshold: float | str | None,
    ) -> float:
        """Value from which one photograph's map counts as out of focus."""
        if self.threshold == "learn" and sample.unit != self.unit_:
            raise ValueError(
                f"the threshold was learned from maps of unit {self.unit_!r}, and says "
                f"nothing of one of unit {sample.unit!r}."
            )
        return unchecked(photograph_threshold)(
            sample.require_map(),
            threshold,
            threshold_unit=self.threshold_unit,
            reference=self.reference,
            unit=sample.unit,
            confidence=sample.confidence,
        )

    def _check(self) -> None:
        check_parameters(self._constraints, self.get_params(), type(self).__name__)

    def _threshold(self) -> float | str | None:
        self._check()
        if self.threshold != "learn":
            return self.threshold
        if not hasattr(self, "threshold_"):
            raise NotFittedError(
                "This DefocusSegmenter has threshold='learn' and is not fitted yet: "
                "call fit(X, masks) first."
            )
        return self.threshold_


def _judge(sample: DefocusSample, n_threads: int | None) -> FocusAnswer:
    return judge_focus(sample)


def _same(sample: DefocusSample, n_threads: int | None) -> DefocusSample:
    """Take part in `map_images` for its checks alone."""
    return sample
