"""SlidingWindowMapper: a blur map from the classification of patches (sec. 3.2)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._base import ImageTransformer
from .._shared.gray_rows import GrayRows
from .._shared.parameters import (
    N_JOBS,
    HasMethods,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.validation import check_image
from ..classifier import PatchBlurClassifier
from ..classifier.pretrained import PRETRAINED
from ..filters import measure_conditions
from ..sample import DefocusSample
from .cache import cached_maps, network_key
from .class_sigmas import check_patch_size, sigma_of_classes
from .classify_patches import ESTIMATE, classify_bands
from .lights import map_with_lights
from .map_means import MapMeans
from .scales import SCALE, check_scale, measure_at, resample_all
from .sharp_windows import measure_sharp_windows
from .windows import GRID_CONSTRAINTS, check_step

__all__ = ["SlidingWindowMapper", "sliding_window_map"]

_Maps = tuple[np.ndarray, np.ndarray]

_MAP_CONSTRAINTS = {
    "sigmas": ["array-like", None],
    **GRID_CONSTRAINTS,
    "estimate": ESTIMATE,
    "scale": SCALE,
    "lights": ["boolean"],
}


def _check_windows(caller: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a step that leaves out pixels, and scales that are no factors."""
    check_step(caller, parameters)
    check_scale(caller, parameters)


@checked(_MAP_CONSTRAINTS, _check_windows)
def sliding_window_map(
    image: np.ndarray,
    classifier: Any,
    *,
    sigmas: Sequence[float] | None = None,
    patch_size: int = 32,
    step: int = 16,
    estimate: str = "mode",
    scale: float | str | Sequence[float] = 1.0,
    lights: bool = False,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map of one photograph by classifying overlapping patches (eq. 6).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    classifier : classifier
        Fitted on patches of ``patch_size``.
    sigmas : sequence of float, optional
        Sigma of each class of a scikit-learn classifier, in pixels, in the order of
        ``classes_``: ``np.take(patches.ladder, classifier.classes_)`` if it was fitted
        on the levels of a `PatchSet`. A `PatchBlurClassifier` knows its own.
    patch_size : int, default=32
        Side of a patch, in pixels of the resampled photograph.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``. With the dense network every
        step from 4 up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one. Means over windows are taken on the same scale.
    scale : float, "auto" or list of float, default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. 1.0 measures at full size, as the paper does. Of several
        factors, such as ``(2, 1, 0.5)`` at five times the cost, the mean is taken,
        weighted by confidence. "auto" measures at full size and goes over to halves of
        it where a patch shows more blur than it can judge, from 1.5 to 3 px;
        photographs of more than 1600 px at full size only where half of it reads below
        1.5 px or shows nothing, in windows 16 px apart.
    lights : bool, default=False
        Whether lights out of focus, which the sensor clipped to white discs, are told
        by their size, and their rims left out. Without, a rim is taken for a sharp
        edge. What looks alike in focus, such as a white plate, is told from them by
        its surroundings.
    n_threads : int, optional
        Threads of the network; by default those available to this process.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma, in pixels of the photograph as given.
    confidence : ndarray of shape (H, W), float32
        In [0, 1]: the probability that sigma is right within 25 % or 0.25 px, of a
        classifier whose ``reliability_`` is known, as that of "default" and "fast" is;
        of another classifier a weight of texture and agreement.

    Raises
    ------
    ValueError
        For parameters outside their range, an image that is not one, a ``patch_size``
        that the classifier has not learned from, or ``sigmas`` that is missing, not
        needed, or not one for each class.

    References
    ----------
    Galetto and Deng (2022), sec. 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import PatchBlurClassifier
    >>> from skdefocus.mapping import sliding_window_map
    >>> edges = np.kron(np.random.default_rng(0).random((16, 20)), np.ones((4, 4)))
    >>> sigma, confidence = sliding_window_map(edges, PatchBlurClassifier.pretrained())
    >>> sigma.shape, bool(sigma.max() < 1)
    ((64, 80), True)
    """
    class_sigmas = sigma_of_classes(classifier, sigmas, "sliding_window_map")
    check_patch_size(classifier, patch_size, "sliding_window_map")
    image = check_image(image)
    original = GrayRows(image)

    def measure(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _measure_windows(
            original if pixels is image else GrayRows(pixels),
            original,
            classifier,
            class_sigmas,
            patch_size=patch_size,
            step=step,
            estimate=estimate,
            scale=scale,
            n_threads=n_threads,
        )

    return map_with_lights(image, measure) if lights else measure(image)


def _measure_windows(
    gray: GrayRows,
    original: GrayRows,
    classifier: Any,
    class_sigmas: np.ndarray,
    *,
    patch_size: int,
    step: int,
    estimate: str,
    scale: float | str | Sequence[float],
    n_threads: int | None,
) -> _Maps:
    """Measure a photograph, of which parts may be hidden, under its own conditions."""
    resampled = resample_all(gray.whole, scale, gray.shape, patch_size)
    whole = resampled
    if original is not gray:
        whole = resample_all(original.whole, scale, gray.shape, patch_size)

    def conditions(factor: float) -> np.ndarray:
        # Rounding is averaged away as noise is where a photograph is made smaller.
        rounding = original.rounding * min(1.0, factor)
        return measure_conditions(whole.get(factor, original), rounding)

    def measure(
        factor: float,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        sigma, confidence = _measure(
            resampled.get(factor, gray),
            classifier,
            patch_size,
            step,
            estimate,
            n_threads,
            class_sigmas,
            conditions=conditions(factor),
        )
        return sigma, confidence, sigma, confidence

    def measure_sharp(
        factor: float, half_sigma: np.ndarray, half_confidence: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return measure_sharp_windows(
            resampled.get(factor, gray),
            half_sigma,
            half_confidence,
            classifier,
            class_sigmas,
            patch_size=patch_size,
            step=step,
            estimate=estimate,
            conditions=conditions(factor),
        )

    return measure_at(scale, gray.shape, patch_size, measure, measure_sharp)


def _measure(
    gray: np.ndarray | GrayRows,
    classifier: Any,
    patch_size: int,
    step: int,
    estimate: str,
    n_threads: int | None,
    sigmas: np.ndarray | None = None,
    *,
    conditions: np.ndarray,
    **bands: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a photograph at the size that it has; ``bands`` as `classify_bands`."""
    means = MapMeans(gray.shape, patch_size, step, estimate)
    for windows in classify_bands(
        gray,
        classifier,
        patch_size=patch_size,
        sigmas=sigmas,
        step=step,
        estimate=estimate,
        n_threads=n_threads,
        conditions=conditions,
        **bands,
    ):
        means.add(*windows)
    return means.finish(conditions, classifier)


class SlidingWindowMapper(ImageTransformer):
    """Map the blur of photographs by classifying overlapping patches (sec. 3.2).

    Parameters
    ----------
    classifier : {"default", "fast", "paper"} or fitted classifier, default="default"
        A network that ships with the package, by name: see
        `PatchBlurClassifier.pretrained`. Otherwise a fitted `PatchBlurClassifier`, or
        any scikit-learn classifier fitted on rows of ``patch_size ** 2`` gray values in
        [0, 1], with ``sigmas``. The mapper never trains; wrap the classifier in
        `sklearn.frozen.FrozenEstimator` so that `clone` keeps it.
    sigmas : sequence of float, optional
        Sigma of each class of a scikit-learn classifier, in pixels, in the order of
        ``classes_``: ``np.take(patches.ladder, classifier.classes_)`` if it was fitted
        on the levels of a `PatchSet`. A `PatchBlurClassifier` knows its own.
    patch_size : int, default=32
        Side of a patch, in pixels of the resampled photograph.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``. With the dense network every
        step from 4 up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one. Means over windows are taken on the same scale.
    scale : float, "auto" or list of float, default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. 1.0 measures at full size, as the paper does. Of several
        factors, such as ``(2, 1, 0.5)`` at five times the cost, the mean is taken,
        weighted by confidence. "auto" measures at full size and goes over to halves of
        it where a patch shows more blur than it can judge, from 1.5 to 3 px;
        photographs of more than 1600 px at full size only where half of it reads below
        1.5 px or shows nothing, in windows 16 px apart.
    lights : bool, default=False
        Whether lights out of focus, which the sensor clipped to white discs, are told
        by their size, and their rims left out. Without, a rim is taken for a sharp
        edge. What looks alike in focus, such as a white plate, is told from them by
        its surroundings.
    memory : path-like, optional
        Folder of a cache: one file per photograph, keyed by its content, the
        parameters and the network, shared by concurrent processes.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    CombinedMapper : Patches, and what surrounds them where they do not tell.
    LaplacianVarianceMapper : The classical baseline, with the same interface.

    Notes
    -----
    ``confidence`` of the samples is the probability that sigma is right within 25 % or
    0.25 px, of a classifier whose ``reliability_`` is known, as that of "default" and
    "fast" is; of another classifier it is a weight of texture and agreement.

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
        **_MAP_CONSTRAINTS,
        "classifier": [StrOptions(set(PRETRAINED)), HasMethods("predict")],
        "memory": [str, os.PathLike, None],
        "n_jobs": N_JOBS,
    }

    def __init__(
        self,
        classifier: Any = "default",
        *,
        sigmas: Sequence[float] | None = None,
        patch_size: int = 32,
        step: int = 16,
        estimate: str = "mode",
        scale: float | str | Sequence[float] = 1.0,
        lights: bool = False,
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.sigmas = sigmas
        self.patch_size = patch_size
        self.step = step
        self.estimate = estimate
        self.scale = scale
        self.lights = lights
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
        self._class_sigmas(self._fitted_classifier())
        return self

    def transform(self, X: Iterable[Any]) -> list[DefocusSample]:
        """Map the blur of photographs.

        Parameters
        ----------
        X : list, or ndarray of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4)
            Photographs or samples of them: pixels (uint8, uint16 or float in [0, 1]),
            paths of files, pictures of Pillow as they lie, or what
            `skdefocus.io.read_photograph` returns; alpha is left out.

        Returns
        -------
        list of DefocusSample
            With ``blur_map`` in pixels of sigma and ``confidence``.

        Raises
        ------
        ValueError
            For parameters or photographs that are not accepted; a photograph is named
            by its index.
        FileNotFoundError
            If a file is not there.
        NotFittedError
            If the classifier is not fitted.
        """
        self._check()
        classifier = self._fitted_classifier()
        sigmas = self._class_sigmas(classifier)
        network = "" if self.memory is None else network_key(classifier, sigmas)
        return self._map(X, classifier=classifier, network=network)

    def _check(self) -> None:
        super()._check()
        _check_windows(type(self).__name__, self._settings())

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
        check_patch_size(classifier, self.patch_size, type(self).__name__)
        return classifier

    def _class_sigmas(self, classifier: Any) -> np.ndarray | None:
        """Check ``sigmas``; None where the classifier has its own."""
        sigmas = sigma_of_classes(classifier, self.sigmas, type(self).__name__)
        return None if self.sigmas is None else sigmas

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        classifier: Any,
        network: str,
    ) -> DefocusSample:
        settings = {
            name: getattr(self, name)
            for name in ("patch_size", "step", "estimate", "scale", "lights")
        }

        def measure() -> tuple[np.ndarray, np.ndarray]:
            return unchecked(sliding_window_map)(
                sample.image,
                classifier,
                sigmas=self.sigmas,
                n_threads=n_threads,
                **settings,
            )

        maps = cached_maps(self.memory, sample.image, settings, network, measure)
        calibrated = getattr(classifier, "reliability_", None) is not None
        kind = "probability" if calibrated else "weight"
        return sample.replace(**maps, unit="px", confidence_kind=kind)
