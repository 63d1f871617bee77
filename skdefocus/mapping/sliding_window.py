"""SlidingWindowMapper: a blur map from the classification of patches (sec. 3.2)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from .._base import ImageTransformer
from .._validation import N_JOBS, StrOptions
from ..classifier import PatchBlurClassifier
from ..classifier.pretrained import PRETRAINED
from ..sample import DefocusSample
from .cache import cached_maps, network_key
from .scales import check_scale
from .sliding_map import MAP_CONSTRAINTS, check_windows, sliding_window_map

__all__ = ["SlidingWindowMapper"]


class SlidingWindowMapper(ImageTransformer):
    """Map the blur of photographs by classifying overlapping patches (sec. 3.2).

    Parameters
    ----------
    classifier : {"default", "fast", "paper"} or fitted classifier, default="default"
        A network that ships with the package, by name: see
        `PatchBlurClassifier.pretrained`. Otherwise a fitted `PatchBlurClassifier`, or
        any scikit-learn classifier fitted on rows of ``patch_size ** 2`` grey values in
        [0, 1]. The mapper never trains; wrap the classifier in
        `sklearn.frozen.FrozenEstimator` so that `clone` keeps it.
    patch_size : int, default=32
        Side of a patch, in pixels.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``. With the dense network
        every step from 4 up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one. Means over windows are taken on the same scale.
    scale : float, "auto" or list of float, default=1.0
        Factor by which photographs are resampled before they are measured; sigma is
        multiplied back. 1.0 measures at full size, as the paper does. Of several
        factors the mean is taken, weighted by confidence; ``(2, 1, 0.5)`` is the most
        accurate for photographs up to 1000 px, at five times the cost. "auto" halves
        until the long side is at most 1600 px, and where a patch then shows more blur
        than it can judge, from 1.5 to 3 px, goes over to what further halves show: for
        large photographs, whose backgrounds have sigmas beyond any ladder.
    memory : path-like, optional
        Folder of a cache: one file per photograph, keyed by its content, the
        parameters and the network, shared by concurrent processes.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    See Also
    --------
    LaplacianVarianceMapper : The classical baseline, with the same interface.

    References
    ----------
    Galetto and Deng (2022), sec. 3.2, eq. 6.

    Examples
    --------
    >>> from skdefocus import SlidingWindowMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = SlidingWindowMapper().transform([load_sample_photograph()])
    >>> sample.blur_map.shape, sample.unit
    ((427, 640), 'px')
    """

    _constraints = {  # noqa: RUF012
        **MAP_CONSTRAINTS,
        "classifier": [StrOptions(set(PRETRAINED)), HasMethods("predict")],
        "memory": [str, os.PathLike, None],
        "n_jobs": N_JOBS,
    }

    def __init__(
        self,
        classifier: Any = "default",
        *,
        patch_size: int = 32,
        step: int = 16,
        estimate: str = "mode",
        scale: float | str | Sequence[float] = 1.0,
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.patch_size = patch_size
        self.step = step
        self.estimate = estimate
        self.scale = scale
        self.memory = memory
        self.n_jobs = n_jobs

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:
        """Check the parameters and the classifier; there is nothing to learn.

        Parameters
        ----------
        X : iterable
            Ignored.
        y : object
            Ignored.

        Returns
        -------
        SlidingWindowMapper
            Itself.

        Raises
        ------
        ValueError
            For parameters outside their range.
        NotFittedError
            If the classifier is not fitted.
        """
        self._check()
        self._fitted_classifier()
        return self

    def transform(self, X: Iterable[Any]) -> list[DefocusSample]:
        """Map the blur of photographs.

        Parameters
        ----------
        X : list of array-like, or ndarray of shape (n, H, W) or (n, H, W, 3)
            Photographs, uint8, uint16 or float in [0, 1], or samples of them.

        Returns
        -------
        list of DefocusSample
            With ``blur_map`` in pixels of sigma and ``confidence``.

        Raises
        ------
        ValueError
            For parameters or photographs that are not accepted; a photograph is named
            by its index.
        NotFittedError
            If the classifier is not fitted.
        """
        self._check()
        classifier = self._fitted_classifier()
        network = "" if self.memory is None else network_key(classifier)
        return self._map(X, classifier=classifier, network=network)

    def _check(self) -> None:
        super()._check()
        check_windows(type(self).__name__, self.patch_size, self.step)
        check_scale(type(self).__name__, self.scale)

    def _fitted_classifier(self) -> Any:
        """Give the classifier, which must be fitted on patches of this size."""
        if isinstance(self.classifier, str):
            classifier = PatchBlurClassifier.pretrained(self.classifier)
        else:
            classifier = self.classifier
            try:
                check_is_fitted(classifier)
            except NotFittedError as error:
                raise NotFittedError(
                    f"The classifier of SlidingWindowMapper, {classifier!r}, is not "
                    f"fitted, and the mapper never trains: fit it first, and wrap it "
                    f"in FrozenEstimator so that clone keeps it fitted."
                ) from error
        trained = getattr(classifier, "patch_size_", None)
        if trained is None:
            n_features = getattr(classifier, "n_features_in_", self.patch_size**2)
            trained = round(n_features**0.5)
        if trained != self.patch_size:
            raise ValueError(
                f"The 'patch_size' parameter of SlidingWindowMapper must be {trained}, "
                f"as in the classifier's training. Got {self.patch_size} instead."
            )
        return classifier

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        classifier: Any,
        network: str,
    ) -> DefocusSample:
        settings = {
            name: getattr(self, name)
            for name in ("patch_size", "step", "estimate", "scale")
        }

        def measure() -> tuple[np.ndarray, np.ndarray]:
            return sliding_window_map(
                sample.image, classifier, n_threads=n_threads, **settings
            )

        maps = cached_maps(self.memory, sample.image, settings, network, measure)
        return sample.replace(**maps, unit="px")
