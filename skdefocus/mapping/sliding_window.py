"""SlidingWindowMapper: a blur map from the classification of patches (sec. 3.2)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from .._base import ImageTransformer
from .._validation import (
    N_JOBS,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    StrOptions,
    check_parameters,
    to_float_image,
    to_grey,
)
from ..classifier import PatchBlurClassifier
from ..filters import resize
from ..sample import DefocusSample
from .cache import content_key, load_maps, network_key, store_maps
from .patch_levels import classify_windows
from .windows import average_windows

__all__ = ["SlidingWindowMapper", "automatic_scale", "sliding_window_map"]

# A photograph of this length rarely holds more blur than the ladder has levels for.
_LONG_SIDE = 1600
# The more a patch is blurred, the less it holds to judge by; a disc of sigma 8 is as
# wide as a patch. Between these sigmas (benchmarks/RESULTS.md) the answer passes over
# to a photograph of half the size, while its long side is above the last of these.
_TRUSTED, _DOUBTED = 1.5, 3.0
_SHORTEST_LONG_SIDE = 200


_CONSTRAINTS = {
    "patch_size": [POSITIVE_INTEGER],
    "step": [POSITIVE_INTEGER],
    "estimate": [StrOptions({"mode", "mean"})],
    "scale": [StrOptions({"auto"}), POSITIVE_REAL],
}


def _check_windows(caller: str, patch_size: int, step: int) -> None:
    if step > patch_size:
        raise ValueError(
            f"The 'step' parameter of {caller} must be at most 'patch_size' "
            f"({patch_size}), or pixels are left out. Got {step} instead."
        )


def automatic_scale(shape: tuple[int, ...]) -> float:
    """Halve until the long side of a photograph is at most 1600 pixels.

    Parameters
    ----------
    shape : tuple of int
        Height and width first.

    Returns
    -------
    float
        1, 1/2, 1/4, ...

    Examples
    --------
    >>> from skdefocus.mapping import automatic_scale
    >>> automatic_scale((427, 640)), automatic_scale((4000, 6000, 3))
    (1.0, 0.25)
    """
    scale = 1.0
    while max(shape[:2]) * scale > _LONG_SIDE:
        scale /= 2
    return scale


def sliding_window_map(
    image: np.ndarray,
    classifier: Any,
    *,
    patch_size: int = 32,
    step: int = 16,
    estimate: str = "mode",
    scale: float | str = 1.0,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map of one photograph by classifying overlapping patches (eq. 6).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    classifier : classifier
        Fitted on patches of ``patch_size``.
    patch_size : int, default=32
        Side of a patch, in pixels of the scaled photograph.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the expected sigma.
    scale : float or "auto", default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. "auto" halves until the long side is at most 1600 px, and
        where a patch then shows more blur than it can judge, from 1.5 to 3 px, goes
        over to what further halves show.
    n_threads : int, optional
        Threads of the network; by default those available to this process.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma, in pixels of the photograph as given.
    confidence : ndarray of shape (H, W), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import PatchBlurClassifier
    >>> from skdefocus.mapping import sliding_window_map
    >>> noise = np.random.default_rng(0).random((64, 80))
    >>> sigma, confidence = sliding_window_map(noise, PatchBlurClassifier.pretrained())
    >>> sigma.shape, bool(sigma.max() < 1)
    ((64, 80), True)
    """
    check_parameters(
        _CONSTRAINTS,
        {"patch_size": patch_size, "step": step, "estimate": estimate, "scale": scale},
        "sliding_window_map",
    )
    _check_windows("sliding_window_map", patch_size, step)
    grey = to_grey(to_float_image(image))
    scales = [scale]
    if scale == "auto":
        scales = [automatic_scale(grey.shape)]
        while (
            max(grey.shape) * scales[-1] / 2 > _SHORTEST_LONG_SIDE
            and min(grey.shape) * scales[-1] / 2 >= patch_size
        ):
            scales.append(scales[-1] / 2)
    blur_map, confidence = None, None
    for factor in reversed(scales):
        shape = tuple(max(1, round(length * factor)) for length in grey.shape)
        windows = classify_windows(
            resize(grey, shape),
            classifier,
            patch_size=patch_size,
            step=step,
            estimate=estimate,
            n_threads=n_threads,
        )
        fine, fine_confidence = (
            average_windows(values, shape, patch_size, step) for values in windows
        )
        if blur_map is None:
            blur_map, confidence = fine, fine_confidence
            continue
        doubt = np.clip((fine - _TRUSTED) / (_DOUBTED - _TRUSTED), 0, 1)
        blur_map = fine + doubt * (2 * resize(blur_map, shape) - fine)
        confidence = resize(confidence, shape)
        confidence = fine_confidence + doubt * (confidence - fine_confidence)
    unit = np.float32(1 / scales[0])
    return resize(blur_map, grey.shape) * unit, resize(confidence, grey.shape)


class SlidingWindowMapper(ImageTransformer):
    """Map the blur of photographs by classifying overlapping patches (sec. 3.2).

    Parameters
    ----------
    classifier : "default" or fitted classifier, default="default"
        "default" is the network that ships with the package. Otherwise a fitted
        `PatchBlurClassifier`, or any scikit-learn classifier fitted on rows of
        ``patch_size ** 2`` grey values in [0, 1]. The mapper never trains; wrap the
        classifier in `sklearn.frozen.FrozenEstimator` so that `clone` keeps it.
    patch_size : int, default=32
        Side of a patch, in pixels.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``. With the dense network
        every step from 4 up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the expected sigma.
    scale : float or "auto", default=1.0
        Factor by which photographs are resampled before they are measured; sigma is
        multiplied back. 1.0 measures at full size, as the paper does. "auto" halves
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
        **_CONSTRAINTS,
        "classifier": [StrOptions({"default"}), HasMethods("predict")],
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
        scale: float | str = 1.0,
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
        _check_windows(type(self).__name__, self.patch_size, self.step)

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
        maps, key = None, ""
        if self.memory is not None:
            key = content_key(sample.image, settings, network)
            maps = load_maps(self.memory, key)
        if maps is None:
            blur_map, confidence = sliding_window_map(
                sample.image, classifier, n_threads=n_threads, **settings
            )
            maps = {"blur_map": blur_map, "confidence": confidence}
            if self.memory is not None:
                store_maps(self.memory, key, maps)
        return sample.replace(**maps, unit="px")
