"""DefocusSegmenter: from a blur map to a mask of what is out of focus (sec. 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from ._batch import map_images
from ._sigma_scale import from_log_sigma, to_log_sigma
from ._validation import (
    REAL,
    UNIT_INTERVAL,
    StrOptions,
    check_map,
    check_parameters,
)
from .filters import otsu_threshold
from .metrics import best_common_threshold, pixel_accuracy
from .sample import DefocusSample

__all__ = ["DefocusSegmenter", "defocus_mask", "photograph_threshold"]

# Chosen on CUHK 0201 to 0400 (benchmarks/RESULTS.md): the threshold in pixels above the
# sigma that this share of the photograph stays below, and the weight of Otsu's
# threshold beside it.
_THRESHOLD = 0.5
_SHARPEST_SHARE = 0.05
# What is sharp is not more blurred than this, in pixels: where a small subject is all
# that is in focus, the quantile already lies in the background.
_SHARPEST_SIGMA = 1.25
_OTSU_WEIGHT = 0.4

_CONSTRAINTS = {
    "threshold": [StrOptions({"auto"}), REAL],
    "reference": [StrOptions({"photograph", "absolute"})],
    "unit": [StrOptions({"px", "relative"})],
}


def photograph_threshold(
    blur_map: np.ndarray,
    threshold: float | str = _THRESHOLD,
    *,
    reference: str = "photograph",
    unit: str = "px",
) -> float:
    """Value from which a photograph's blur map counts as out of focus.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold : float or "auto", default=0.5
        In the unit of the map. "auto" takes the threshold from the map: for sigma a
        mean, on the scale of ``log(sigma + 0.8)``, of Otsu's, with weight 0.4, and the
        default threshold; for a relative score Otsu's.
    reference : {"photograph", "absolute"}, default="photograph"
        Whether a threshold counts from the photograph's own sharpest parts, the 5 %
        quantile of its map but at most 1.25 px of sigma, or from 0. Lenses, sampling
        and processing leave no photograph quite sharp, and what people call out of
        focus is less sharp than the rest.
    unit : {"px", "relative"}, default="px"
        Unit of the map.

    Returns
    -------
    float
        Pixels at or above it are out of focus.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3; Otsu, "A threshold selection method from
    gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.segment import photograph_threshold
    >>> blur_map = np.repeat([[0.3, 4.0]], 20, axis=1)
    >>> photograph_threshold(blur_map), photograph_threshold(blur_map, 1.0)
    (0.8, 1.3)
    >>> 0.8 < photograph_threshold(blur_map, "auto") < 4.0
    True
    """
    check_parameters(
        _CONSTRAINTS,
        {"threshold": threshold, "reference": reference, "unit": unit},
        "photograph_threshold",
    )
    blur_map = check_map(blur_map, np.shape(blur_map), "blur_map")
    if threshold != "auto":
        return float(threshold) + _sharpest(blur_map, reference, unit)
    if unit == "relative":
        return otsu_threshold(blur_map)
    otsu = otsu_threshold(to_log_sigma(blur_map))
    default = to_log_sigma(_THRESHOLD + _sharpest(blur_map, "photograph", unit))
    return float(from_log_sigma(default + _OTSU_WEIGHT * (otsu - default)))


def _sharpest(blur_map: np.ndarray, reference: str, unit: str) -> float:
    """Value that thresholds count from."""
    if reference == "absolute":
        return 0.0
    # Rounded, so that a tenth of a pixel stays a tenth.
    quantile = round(float(np.quantile(blur_map, _SHARPEST_SHARE)), 6)
    return min(quantile, _SHARPEST_SIGMA) if unit == "px" else quantile


def defocus_mask(
    blur_map: np.ndarray,
    threshold: float | str = _THRESHOLD,
    *,
    reference: str = "photograph",
    unit: str = "px",
) -> np.ndarray:
    """Mask of what is out of focus in a photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold, reference, unit
        As in `photograph_threshold`.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where out of focus.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.segment import defocus_mask
    >>> defocus_mask(np.array([[0.2, 0.6, 3.0]]))
    array([[False, False,  True]])
    """
    value = photograph_threshold(blur_map, threshold, reference=reference, unit=unit)
    return np.asarray(blur_map) >= value


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
        quantile of its map but at most 1.25 px of sigma, or from 0.

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
    """

    def __init__(
        self, threshold: float | str = _THRESHOLD, *, reference: str = "photograph"
    ) -> None:
        self.threshold = threshold
        self.reference = reference

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

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
        samples = map_images(_same, X, needs="map")
        units = {sample.unit for sample in samples}
        if len(units) > 1:
            raise ValueError(
                "One threshold needs maps of one unit; X holds both 'px' and "
                "'relative'."
            )
        above = [
            sample.blur_map
            - np.float32(_sharpest(sample.blur_map, self.reference, sample.unit))
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
            If the threshold is still to be learnt.
        """
        threshold = self._threshold()

        def find(sample: DefocusSample, n_threads: int | None) -> float:
            return photograph_threshold(
                sample.blur_map,
                threshold,
                reference=self.reference,
                unit=sample.unit,
            )

        return map_images(find, X, needs="map")

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
        return [sample.blur_map for sample in map_images(_same, X, needs="map")]

    def predict(
        self, X: Iterable[DefocusSample], unknown_below: float | None = None
    ) -> list[np.ndarray]:
        """Masks of what is out of focus.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.
        unknown_below : float, optional
            Confidence, in [0, 1], below which a pixel is called unknown.

        Returns
        -------
        list of ndarray of shape (H, W)
            bool, True where out of focus; with ``unknown_below`` uint8: 0 in focus, 1
            out of focus, 2 unknown.

        Raises
        ------
        ValueError
            For parameters outside their range, or items without a blur map.
        NotFittedError
            If the threshold is still to be learnt.
        """
        check_parameters(
            {"unknown_below": [UNIT_INTERVAL, None]},
            {"unknown_below": unknown_below},
            "DefocusSegmenter.predict",
        )
        samples = map_images(_same, X, needs="map")
        masks = [
            sample.blur_map >= value
            for sample, value in zip(samples, self.thresholds(samples), strict=True)
        ]
        if unknown_below is None:
            return masks
        labels = [mask.astype(np.uint8) for mask in masks]
        for sample, label in zip(samples, labels, strict=True):
            if sample.confidence is not None:
                label[sample.confidence < unknown_below] = 2
        return labels

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
            In [0, 1].

        Raises
        ------
        ValueError
            For masks that do not fit.
        """
        return pixel_accuracy(y, self.predict(X))

    def _check(self) -> None:
        constraints = {
            "threshold": [StrOptions({"auto", "learn"}), REAL],
            "reference": _CONSTRAINTS["reference"],
        }
        check_parameters(constraints, self.get_params(), type(self).__name__)

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
