"""CombinedMapper: patches, and what surrounds them where patches do not tell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._shared.parameters import checked
from .._shared.validation import check_image, to_gray
from ..classifier.context_features import CELL, ContextConditions, pad_to_cells
from ..classifier.context_network import ContextNetwork
from ..filters import resize
from .cell_mapper import CELL_CONSTRAINTS, CellMapper
from .cells import classify_cells
from .classify_patches import classify_bands, estimate_sigma
from .combination import COMBINATION, combine_maps, share_seen
from .confidence import judge_trust
from .context import judge_surroundings, surroundings_of_pixels
from .map_means import MapMeans
from .scales import check_scale
from .sizes import MeasureCells, measure_cells_at
from .windows import window_texture

__all__ = ["CombinedMapper", "combined_map", "measure_both", "measure_patches"]

_Maps = tuple[np.ndarray, np.ndarray]

# In larger photographs half the size shows what surrounds a patch: the network has
# learned from scenes of 480 px, and sees too little of things that are larger.
_SEEN_WHOLE = 800


@checked(CELL_CONSTRAINTS, check_scale)
def combined_map(
    image: np.ndarray,
    network: str | ContextNetwork = "default",
    *,
    scale: float | str | Sequence[float] = "auto",
    lights: bool = True,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map from patches, and from their surroundings where patches show too little.

    Patches that show texture are measured as `sliding_window_map` does it. Where they
    are unsure, what surrounds them tells, as in `context_map`; a scale of "auto" looks
    at it in photographs of up to 800 px, and in halves of larger ones.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
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

    def begin() -> MeasureCells:
        # What surroundings say of the size before, which of "auto" is half of this one.
        of_half: _Maps | None = None

        def measure(
            photograph: np.ndarray, conditions: ContextConditions
        ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            nonlocal of_half
            told = (photograph, conditions, network, n_threads)
            shape = photograph.shape[:2]
            if scale == "auto" and of_half is not None and max(shape) > _SEEN_WHOLE:
                patches = measure_patches(*told)
                sigma, sure = (resize(plane, shape) for plane in of_half)
                surroundings = sigma * np.float32(2), sure
            else:
                patches, surroundings = measure_both(*told)
            # Where nothing is to be seen, surroundings say nothing for larger sizes.
            (_, seen), (sigma, sure) = patches, surroundings
            of_half = sigma, sure * share_seen(seen)
            return *combine_maps(*patches, *surroundings), *patches

        return measure

    return measure_cells_at(image, network, scale, lights, begin)


def measure_both(
    photograph: np.ndarray,
    conditions: ContextConditions,
    network: ContextNetwork,
    n_threads: int | None,
) -> tuple[_Maps, _Maps]:
    """Measure a photograph, at the size that it has, by patches and by surroundings.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    conditions : ContextConditions
        From `skdefocus.classifier.context_features.context_conditions`.
    network : ContextNetwork
        Asked, and its classifier.
    n_threads : int or None
        Threads of both.

    Returns
    -------
    of_patches, of_surroundings : tuple of two ndarray of shape (H, W), float32
        Sigma and confidence each.
    """
    classifier = network.classifier
    patch_size, sigmas = classifier.patch_size_, classifier.sigmas_
    means = _PatchMeans(photograph.shape[:2], classifier)
    judged = []
    for band in classify_cells(photograph, network, n_threads, conditions):
        found = band.of_patches
        grid = found.shape[0], found.shape[1]
        texture, detail = window_texture(band.pixels, grid, patch_size, CELL)
        sigma = estimate_sigma(found, sigmas, "mean")
        means.add(sigma, judge_trust(found, sigmas, sigma, texture, classifier), detail)
        judged.append(judge_surroundings(band.of_surroundings, network))
    surroundings = surroundings_of_pixels(judged, photograph, conditions.of_sizes[0])
    return means.finish(conditions.of_sizes[0]), surroundings


def measure_patches(
    photograph: np.ndarray,
    conditions: ContextConditions,
    network: ContextNetwork,
    n_threads: int | None,
) -> _Maps:
    """Measure a photograph, at the size that it has, by the patches around cells.

    Parameters
    ----------
    photograph, conditions, network, n_threads
        As in `measure_both`, which says the same of them.

    Returns
    -------
    sigma, confidence : ndarray of shape (H, W), float32
        Of patches.
    """
    classifier = network.classifier
    means = _PatchMeans(photograph.shape[:2], classifier)
    for windows in classify_bands(
        pad_to_cells(to_gray(photograph), classifier.patch_size_),
        classifier,
        patch_size=classifier.patch_size_,
        step=CELL,
        estimate="mean",
        n_threads=n_threads,
        conditions=conditions.of_sizes[0],
    ):
        means.add(*windows)
    return means.finish(conditions.of_sizes[0])


class _PatchMeans:
    """Maps of a photograph, from the patches around its cells that come row by row.

    The first begin before its first pixel.
    """

    def __init__(self, shape: tuple[int, ...], classifier: Any) -> None:
        self._shape, self._classifier = shape, classifier
        self._beyond = classifier.patch_size_ - CELL
        down, across = (-(-n // CELL) * CELL + self._beyond for n in shape)
        self._means = MapMeans((down, across), classifier.patch_size_, CELL, "mean")

    def add(self, *windows: np.ndarray) -> None:
        self._means.add(*windows)

    def finish(self, conditions: np.ndarray) -> _Maps:
        first = self._beyond // 2
        inside = tuple(slice(first, first + length) for length in self._shape)
        sigma, confidence = (
            np.ascontiguousarray(plane[inside])
            for plane in self._means.finish(conditions, self._classifier)
        )
        return sigma, confidence


class CombinedMapper(CellMapper):
    """Map blur from patches, and from their surroundings where patches show too little.

    A patch that shows texture tells its blur best by itself. Of a smooth one, and
    beside a border, a second network tells from what surrounds it. Each counts as far
    as it is to be trusted, so that the map is as sharp as that of the second and as
    exact as that of the first. Both see the photograph relative to its own noise and
    range: exposure and contrast alone change no sigma.

    Parameters
    ----------
    network : "default" or ContextNetwork, default="default"
        "default" is the one that ships with the package. It brings its patch network.
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
    SlidingWindowMapper : Patches alone, the paper's; in half to 0.7 of the time.
    ContextMapper : What surrounds them alone.

    Examples
    --------
    >>> from skdefocus import CombinedMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = CombinedMapper().transform([load_sample_photograph()])
    >>> sample.blur_map.shape, sample.unit
    ((427, 640), 'px')
    """

    _function = staticmethod(combined_map)
    _constants = COMBINATION

    def _is_calibrated(self, network: ContextNetwork) -> bool:
        by_patches = network.classifier.reliability_ is not None
        return by_patches and super()._is_calibrated(network)

    def __init__(
        self,
        network: str | ContextNetwork = "default",
        *,
        scale: float | str | Sequence[float] = "auto",
        lights: bool = True,
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.network = network
        self.scale = scale
        self.lights = lights
        self.memory = memory
        self.n_jobs = n_jobs
