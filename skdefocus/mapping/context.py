"""ContextMapper: blur maps from patches and from what surrounds them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.gray_rows import GrayRows
from .._shared.parameters import N_JOBS, StrOptions, checked, unchecked
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import check_image, to_float_image, to_gray
from ..classifier.context_features import (
    CELL,
    context_conditions,
    context_features,
    expected_log_sigma,
)
from ..classifier.context_network import ContextNetwork
from ..classifier.reliability import probability_within, reliable_confidence
from ..filters import measure_conditions, resize
from ..filters.conditions import clean_conditions, pixel_noise
from ..sample import DefocusSample
from .cache import cached_maps
from .confidence import spread_confidence
from .lights import map_with_lights
from .scales import SCALE, check_scale, measure_at, resample_all
from .sharp_windows import measure_sharp_windows
from .windows import pad_to_grid, window_texture

__all__ = ["ContextMapper", "context_map", "measure_context"]

# Cells that the network sees on either side of one, and the patches around those; a
# multiple of what it reduces by. Bands of cells overlap by as many.
_REACH = 128
# Cells of a band, if it is not to be lower than that.
_BAND_CELLS = 2**18
_CONSTRAINTS = {
    "network": [StrOptions({"default"}), ContextNetwork],
    "scale": SCALE,
    "lights": ["boolean"],
}
# Sides of at least this many pixels are worth measuring at half the size.
_LEAST_SIDE = 32
# Detail of a window, as a multiple of the noise, that is more than noise.
_SOME_DETAIL = 1.3


@checked(_CONSTRAINTS, check_scale)
def context_map(
    image: np.ndarray,
    network: str | ContextNetwork = "default",
    *,
    scale: float | str | Sequence[float] = 1.0,
    lights: bool = False,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map of one photograph from its patches and what surrounds them.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
    scale : float, "auto" or list of float, default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. As in `SlidingWindowMapper`.
    lights : bool, default=False
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
        In [0, 1]: the probability that sigma is right within 25 % or 0.25 px, for a
        network whose card tells its reliability; of another one 1 where one level is
        clear, and lower where probabilities spread.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import context_map
    >>> squares = np.kron(np.indices((16, 20)).sum(axis=0) % 2, np.ones((6, 6)))
    >>> sigma, confidence = context_map(squares)
    >>> sigma.shape, bool(np.median(sigma) < 1)
    ((96, 120), True)
    """
    if isinstance(network, str):
        network = ContextNetwork.pretrained(network)
    image = check_image(image)

    def measure(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _measure_at_scale(pixels, image, network, scale, n_threads)

    return map_with_lights(image, measure) if lights else measure(image)


def _measure_at_scale(
    image: np.ndarray,
    original: np.ndarray,
    network: ContextNetwork,
    scale: float | str | Sequence[float],
    n_threads: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a photograph, of which parts may be hidden, under its own conditions."""
    photograph = to_float_image(image)
    shape, rounding = photograph.shape[:2], GrayRows(original).rounding
    resampled = resample_all(lambda: photograph, scale, shape, _LEAST_SIDE)
    whole, sizes = photograph, resampled
    if original is not image:
        whole = to_float_image(original)
        sizes = resample_all(lambda: whole, scale, shape, _LEAST_SIDE)

    def measure(
        factor: float,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        sigma, confidence, of_patches = measure_context(
            resampled.get(factor, photograph),
            sizes.get(factor, whole),
            rounding * min(1.0, factor),
            network,
            n_threads,
        )
        return sigma, confidence, of_patches, confidence

    def measure_sharp(
        factor: float, half_sigma: np.ndarray, half_confidence: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        # Of a large photograph's parts patches alone tell enough.
        told = to_gray(sizes.get(factor, whole))
        classifier = network.classifier
        return measure_sharp_windows(
            to_gray(resampled.get(factor, photograph)),
            half_sigma,
            half_confidence,
            classifier,
            classifier.sigmas_,
            patch_size=classifier.patch_size_,
            step=1,
            estimate="mean",
            conditions=measure_conditions(told, rounding * min(1.0, factor)),
        )

    return measure_at(scale, shape, _LEAST_SIDE, measure, measure_sharp)


def measure_context(
    photograph: np.ndarray,
    original: np.ndarray,
    rounding: float,
    network: ContextNetwork,
    n_threads: int | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure a photograph at the size that it has.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    original : ndarray of shape (H, W) or (H, W, 3), float32
        The same without anything hidden, by which its conditions are measured.
    rounding : float
        As in `skdefocus.filters.measure_conditions`.
    network : ContextNetwork
        Its patches and what surrounds them are asked.
    n_threads : int or None
        Threads of the networks.

    Returns
    -------
    sigma, confidence, sigma_of_patches : ndarray of shape (H, W), float32
        The last is what patches alone say.
    """
    conditions = context_conditions(original, rounding)
    cells = _cells(photograph, network, n_threads, conditions)
    log_sigma, confidence, of_patches = (
        _to_pixels(cell, photograph.shape[:2]) for cell in cells
    )
    if not _shows_anything(photograph, conditions[0]):
        # Nor do surroundings tell anything where there is nothing to be seen.
        confidence[:] = 0
    return from_log_sigma(log_sigma), confidence, from_log_sigma(of_patches)


def _cells(
    photograph: np.ndarray,
    network: ContextNetwork,
    n_threads: int | None,
    conditions: np.ndarray,
    *,
    band_cells: int = _BAND_CELLS,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure expected log(sigma + 0.8) and confidence of every cell, by bands.

    The third result is what patches alone say: a surrounding in which nothing is sharp
    makes the network take the least blurred for sharp, whatever its pixels show.
    """
    n_rows, n_columns = (-(-length // CELL) for length in photograph.shape[:2])
    # A multiple of what the network reduces by, so that bands never change a result.
    height = max(_REACH, band_cells // n_columns // _REACH * _REACH)
    levels = to_log_sigma(network.classifier.sigmas_)
    bands = []
    for first in range(0, n_rows, height):
        # What is near enough to be seen belongs to the band; the rest cannot matter.
        top, bottom = max(0, first - _REACH), first + height + _REACH
        pixels = photograph[top * CELL : bottom * CELL]
        features = context_features(pixels, network.classifier, n_threads, conditions)
        probabilities = np.moveaxis(network.run(features, n_threads), 0, -1)
        kept = probabilities[first - top : first - top + height]
        of_patches = expected_log_sigma(features, len(levels))
        of_patches = of_patches[first - top : first - top + height]
        log_sigma = kept @ levels
        bands.append((log_sigma, _confidence(kept, log_sigma, network), of_patches))
    log_sigma, confidence, of_patches = map(np.concatenate, zip(*bands, strict=True))
    return log_sigma, confidence, of_patches


def _shows_anything(photograph: np.ndarray, conditions: np.ndarray) -> bool:
    """Whether any window holds more than noise."""
    gray = pad_to_grid(to_gray(photograph), _LEAST_SIDE, _LEAST_SIDE)
    shape = gray.shape[0] // _LEAST_SIDE, gray.shape[1] // _LEAST_SIDE
    _, detail = window_texture(gray, shape, _LEAST_SIDE, _LEAST_SIDE)
    return bool((detail > _SOME_DETAIL * pixel_noise(*conditions[:2])).any())


def _confidence(
    probabilities: np.ndarray, log_sigma: np.ndarray, network: ContextNetwork
) -> np.ndarray:
    """Confidence of cells."""
    reliability = network.card.get("reliability")
    if reliability is None:
        levels = to_log_sigma(network.classifier.sigmas_)
        return spread_confidence(probabilities, levels)
    within = probability_within(
        probabilities, network.classifier.sigmas_, from_log_sigma(log_sigma)
    )
    # The network has seen what texture there is; its word alone counts.
    (clean,) = clean_conditions(1)
    return reliable_confidence(
        within, np.ones_like(within), clean, np.array(reliability)
    )


def _to_pixels(cells: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    enlarged = resize(cells, (cells.shape[0] * CELL, cells.shape[1] * CELL))
    return np.ascontiguousarray(enlarged[: shape[0], : shape[1]])


class ContextMapper(ImageTransformer):
    """Map the blur of photographs from their patches and what surrounds those.

    A patch of a smooth surface looks the same in focus and out of it; its surroundings
    tell. A second network, over cells of 4 x 4 pixels, sees what the patch network says
    at full and at half size, the colors and the edges. It has learned from sharp
    photographs that were defocused along their own segments
    (`skdefocus.synthesis.scenes`), never from masks that people drew.

    Parameters
    ----------
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
    scale : float, "auto" or list of float, default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. As in `SlidingWindowMapper`.
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
    CombinedMapper : This and patches alone, each as far as it is to be trusted.
    SlidingWindowMapper : Patches alone, the paper's.

    Examples
    --------
    >>> from skdefocus import ContextMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = ContextMapper().transform([load_sample_photograph()])
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
        scale: float | str | Sequence[float] = 1.0,
        lights: bool = False,
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.network = network
        self.scale = scale
        self.lights = lights
        self.memory = memory
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        check_scale(type(self).__name__, self._settings())

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
        return self._map(X, network=network)

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None, network: ContextNetwork
    ) -> DefocusSample:
        def measure() -> tuple[np.ndarray, np.ndarray]:
            return unchecked(context_map)(
                sample.image,
                network,
                scale=self.scale,
                lights=self.lights,
                n_threads=n_threads,
            )

        settings = {"scale": self.scale, "lights": self.lights}
        maps = cached_maps(self.memory, sample.image, settings, network.key, measure)
        return sample.replace(**maps, unit="px")
