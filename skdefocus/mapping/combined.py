"""CombinedMapper: patches, and what surrounds them where patches do not tell."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.gray_rows import GrayRows
from .._shared.parameters import (
    N_JOBS,
    POSITIVE_INTEGER,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.validation import check_image, to_float_image
from ..classifier.context_network import ContextNetwork
from ..sample import DefocusSample
from .cache import cached_maps, network_key
from .combination import COMBINATION, combine_maps
from .context import measure_context
from .lights import map_with_lights
from .scales import SCALE, is_measured_whole, resample_all
from .sliding_window import check_windows, measure_windows

__all__ = ["CombinedMapper", "combined_map"]

# What context networks see patches of.
_PATCH_SIZE = 32
_CONSTRAINTS = {
    "network": [StrOptions({"default"}), ContextNetwork],
    "step": [POSITIVE_INTEGER],
    "estimate": [StrOptions({"mode", "mean"})],
    "scale": SCALE,
    "lights": ["boolean"],
}


def _check_settings(caller: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a step that leaves out pixels, and scales that are no factors."""
    check_windows(caller, {**parameters, "patch_size": _PATCH_SIZE})


class _Sizes:
    """The colors of a photograph at the sizes at which surroundings are looked at.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    scale : float, "auto" or list of float
        As in `combined_map`.
    """

    def __init__(self, image: np.ndarray, scale: float | str | Sequence[float]) -> None:
        self._image, self._scale = image, scale
        self._sizes: dict[float, np.ndarray] | None = None

    def at(self, factor: float) -> np.ndarray:
        """Resample the photograph, once for all factors of the scale.

        Parameters
        ----------
        factor : float
            One of the scale's.

        Returns
        -------
        ndarray of shape (h, w) or (h, w, 3), float32
            In [0, 1].
        """
        if self._sizes is None:
            self._sizes = self._resample()
        resampled = self._sizes.get(factor)
        return to_float_image(self._image) if resampled is None else resampled

    def _resample(self) -> dict[float, np.ndarray]:
        # One color after the other: a large photograph's floats are larger still.
        planes = np.atleast_3d(self._image)
        shape = planes.shape[:2]
        channels: dict[float, list[np.ndarray]] = {}
        for number in range(planes.shape[2]):
            plane = planes[..., number]
            found = resample_all(
                partial(to_float_image, plane), self._scale, shape, _PATCH_SIZE
            )
            for factor, resampled in found.items():
                if is_measured_whole(self._scale, shape, factor):
                    channels.setdefault(factor, []).append(resampled)
        return {
            factor: parts[0] if self._image.ndim == 2 else np.stack(parts, axis=2)
            for factor, parts in channels.items()
        }


@checked(_CONSTRAINTS, _check_settings)
def combined_map(
    image: np.ndarray,
    network: str | ContextNetwork = "default",
    *,
    step: int = 4,
    estimate: str = "mean",
    scale: float | str | Sequence[float] = "auto",
    lights: bool = True,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map of one photograph from its patches, and where they do not tell, more.

    Patches that show texture are measured as `sliding_window_map` does it. Where they
    are unsure, what surrounds them tells, as in `context_map`.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
    step : int, default=4
        Distance between patches, from 1 to 32. With the dense network every step from 4
        up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mean"
        Sigma of the most probable level of a patch, or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one.
    scale : float, "auto" or list of float, default="auto"
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. As in `SlidingWindowMapper`.
    lights : bool, default=True
        Whether lights out of focus, which the sensor clipped to white discs, are told
        by their size, and their rims left out. Without, a rim is taken for a sharp
        edge. What looks alike in focus, such as a white plate, is told from them by
        its surroundings.
    n_threads : int, optional
        Threads of the networks; by default those available to this process.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma, in pixels of the photograph as given.
    confidence : ndarray of shape (H, W), float32
        In [0, 1]: the probability that sigma is right within 25 % or 0.25 px, and 0
        where nothing is to be seen.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import combined_map
    >>> squares = np.kron(np.indices((16, 20)).sum(axis=0) % 2, np.ones((6, 6)))
    >>> sigma, confidence = combined_map(squares)
    >>> sigma.shape, bool(np.median(sigma) < 1)
    ((96, 120), True)
    """
    if isinstance(network, str):
        network = ContextNetwork.pretrained(network)
    image = check_image(image)
    whole, sizes = GrayRows(image), _Sizes(image, scale)

    def measure(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        is_whole = pixels is image
        shown = sizes if is_whole else _Sizes(pixels, scale)

        def combine(
            factor: float, sigma: np.ndarray, confidence: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray]:
            rounding = whole.rounding * min(1.0, factor)
            context_sigma, context_confidence, _ = measure_context(
                shown.at(factor), sizes.at(factor), rounding, network, n_threads
            )
            return combine_maps(sigma, confidence, context_sigma, context_confidence)

        return measure_windows(
            whole if is_whole else GrayRows(pixels),
            whole,
            network.classifier,
            network.classifier.sigmas_,
            patch_size=_PATCH_SIZE,
            step=step,
            estimate=estimate,
            scale=scale,
            n_threads=n_threads,
            combine=combine,
        )

    return map_with_lights(image, measure) if lights else measure(image)


class CombinedMapper(ImageTransformer):
    """Map the blur of photographs by patches, and where they do not tell, by more.

    A patch that shows texture tells its blur best by itself. Of a smooth one, and
    beside a border, a second network tells from what surrounds it. Each counts as far
    as it is to be trusted, so that the map is as sharp as that of the second and as
    exact as that of the first.

    Parameters
    ----------
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
    step : int, default=4
        Distance between patches, from 1 to 32. With the dense network every step from 4
        up in multiples of 4 costs the same.
    estimate : {"mode", "mean"}, default="mean"
        Sigma of the most probable level of a patch, or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one.
    scale : float, "auto" or list of float, default="auto"
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. As in `SlidingWindowMapper`.
    lights : bool, default=True
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
    SlidingWindowMapper : Patches alone, the paper's; in two fifths of the time.
    ContextMapper : What surrounds them alone.

    Examples
    --------
    >>> from skdefocus import CombinedMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = CombinedMapper().transform([load_sample_photograph()])
    >>> sample.blur_map.shape, sample.unit
    ((427, 640), 'px')
    """

    _constraints = {  # noqa: RUF012
        **_CONSTRAINTS,
        "memory": [str, os.PathLike, None],
        "n_jobs": N_JOBS,
    }

    def __init__(
        self,
        network: str | ContextNetwork = "default",
        *,
        step: int = 4,
        estimate: str = "mean",
        scale: float | str | Sequence[float] = "auto",
        lights: bool = True,
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.network = network
        self.step = step
        self.estimate = estimate
        self.scale = scale
        self.lights = lights
        self.memory = memory
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        _check_settings(type(self).__name__, self._settings())

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
        """
        self._check()
        network = self.network
        if isinstance(network, str):
            network = ContextNetwork.pretrained(network)
        key = f"{network.key} {network_key(network.classifier)} {COMBINATION}"
        return self._map(X, network=network, key=key)

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        network: ContextNetwork,
        key: str,
    ) -> DefocusSample:
        settings = {
            name: getattr(self, name)
            for name in ("step", "estimate", "scale", "lights")
        }

        def measure() -> tuple[np.ndarray, np.ndarray]:
            return unchecked(combined_map)(
                sample.image, network, n_threads=n_threads, **settings
            )

        maps = cached_maps(self.memory, sample.image, settings, key, measure)
        return sample.replace(**maps, unit="px")
