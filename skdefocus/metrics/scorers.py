"""Metrics in the form that scikit-learn's ``scoring`` takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ._best_threshold import best_threshold_accuracy
from .agreement import (
    f_score,
    intersection_over_union,
    mean_absolute_error,
    pixel_accuracy,
)
from .precision_recall import average_precision

__all__ = ["SCORERS", "make_map_scorer", "make_mask_scorer"]


class _Scorer:
    """A function of masks and answers, called with an estimator and a batch.

    A class and not a closure, so that it can be sent to other processes. scikit-learn's
    own `make_scorer` asks only classifiers for their `decision_function`.
    """

    _factory: str

    def __init__(
        self,
        function: Callable[..., float],
        greater_is_better: bool,
        keywords: dict[str, Any],
    ) -> None:
        if not callable(function):
            raise ValueError(
                f"function must be callable with masks and answers; got {function!r}."
            )
        # A misspelt keyword is told here: a search would turn it into NaN scores.
        inspect.signature(function).bind((), (), **keywords)
        self._function = function
        self._greater_is_better = bool(greater_is_better)
        self._keywords = keywords

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        score = self._function(y, self._answer(estimator, X), **self._keywords)
        if np.ndim(score) != 0:
            raise ValueError(
                f"{self!r} must give one number; the function returned "
                f"{type(score).__name__}."
            )
        return float(score) if self._greater_is_better else -float(score)

    def __repr__(self) -> str:
        arguments = [getattr(self._function, "__name__", repr(self._function))]
        if not self._greater_is_better:
            arguments.append("greater_is_better=False")
        arguments += [f"{name}={value!r}" for name, value in self._keywords.items()]
        return f"{self._factory}({', '.join(arguments)})"

    def _answer(self, estimator: Any, X: Any) -> Any:
        raise NotImplementedError


class _MapScorer(_Scorer):
    _factory = "make_map_scorer"

    def _answer(self, estimator: Any, X: Any) -> Any:
        if hasattr(estimator, "decision_function"):
            return estimator.decision_function(X)
        if not hasattr(estimator, "transform"):
            raise TypeError(
                f"{type(estimator).__name__} has neither decision_function nor "
                f"transform, one of which a scorer of blur maps needs."
            )
        samples = estimator.transform(X)
        blur_maps = [getattr(sample, "blur_map", None) for sample in samples]
        for index, blur_map in enumerate(blur_maps):
            if blur_map is None:
                raise ValueError(
                    f"{type(estimator).__name__}.transform must return samples with a "
                    f"blur map; item {index} is {type(samples[index]).__name__} "
                    f"without one."
                )
        return blur_maps


class _MaskScorer(_Scorer):
    _factory = "make_mask_scorer"

    def _answer(self, estimator: Any, X: Any) -> Any:
        if not hasattr(estimator, "predict"):
            raise TypeError(
                f"{type(estimator).__name__} has no predict, which a scorer of masks "
                f"needs."
            )
        masks = estimator.predict(X)
        if any(getattr(mask, "dtype", None) == np.uint8 for mask in masks):
            raise ValueError(
                f"{type(estimator).__name__} predicts classes of pixels as uint8, but "
                f"a scorer of masks needs bool: set unknown='guess' of its segmenter."
            )
        return masks


def make_map_scorer(
    function: Callable[..., float], *, greater_is_better: bool = True, **keywords: Any
) -> Callable[[Any, Any, Any], float]:
    """Make a scorer of blur maps from a function of masks and maps.

    The maps are what the estimator's ``decision_function(X)`` returns; of an estimator
    without it, such as a Pipeline of a mapper and a refiner, they are the blur maps of
    the samples that ``transform(X)`` returns.

    Parameters
    ----------
    function : callable
        ``function(masks, blur_maps, **keywords)``, returning a number.
    greater_is_better : bool, default=True
        False negates the number, so that a search finds the smallest.
    **keywords
        Passed on to the function.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, where y is a list of masks. It can be pickled when
        the function can.

    Raises
    ------
    ValueError
        If the function is not callable.
    TypeError
        If the function does not accept the keywords.

    See Also
    --------
    make_mask_scorer : For what ``predict`` returns.

    Examples
    --------
    >>> from skdefocus.metrics import best_threshold_accuracy, make_map_scorer
    >>> make_map_scorer(best_threshold_accuracy, n_thresholds=256)
    make_map_scorer(best_threshold_accuracy, n_thresholds=256)
    """
    return _MapScorer(function, greater_is_better, keywords)


def make_mask_scorer(
    function: Callable[..., float], *, greater_is_better: bool = True, **keywords: Any
) -> Callable[[Any, Any, Any], float]:
    """Make a scorer of masks from a function of masks and predicted masks.

    Parameters
    ----------
    function : callable
        ``function(masks, predicted, **keywords)``, returning a number; ``predicted``
        is what the estimator's ``predict(X)`` returns.
    greater_is_better : bool, default=True
        False negates the number, so that a search finds the smallest.
    **keywords
        Passed on to the function.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, where y is a list of masks. It can be pickled when
        the function can.

    Raises
    ------
    ValueError
        If the function is not callable.
    TypeError
        If the function does not accept the keywords.

    See Also
    --------
    make_map_scorer : For blur maps.

    Examples
    --------
    >>> from skdefocus.metrics import f_score, make_mask_scorer
    >>> make_mask_scorer(f_score, beta_squared=1.0)
    make_mask_scorer(f_score, beta_squared=1.0)
    """
    return _MaskScorer(function, greater_is_better, keywords)


SCORERS: dict[str, Callable[[Any, Any, Any], float]] = {
    "best_threshold_accuracy": make_map_scorer(best_threshold_accuracy),
    "average_precision": make_map_scorer(average_precision),
    "pixel_accuracy": make_mask_scorer(pixel_accuracy),
    "f_score": make_mask_scorer(f_score),
    "intersection_over_union": make_mask_scorer(intersection_over_union),
    "neg_mean_absolute_error": make_mask_scorer(
        mean_absolute_error, greater_is_better=False
    ),
}
"""Scorers by name, for ``scoring=SCORERS["f_score"]``, or ``scoring=SCORERS`` with a
``refit``. Every one asks the estimator anew: give a slow mapper a ``memory``."""
