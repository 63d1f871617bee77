"""ContextMapper: blur maps from patches and from what surrounds them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, StrOptions, checked, unchecked
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import to_float_image
from ..classifier.context_features import CELL, context_features, expected_log_sigma
from ..classifier.context_network import ContextNetwork
from ..filters import resize
from ..sample import DefocusSample
from .cache import cached_maps
from .classify_patches import spread_confidence
from .scales import SCALE, check_scale, measure_at, resample_all

__all__ = ["ContextMapper", "context_map"]

# Cells that the network sees on either side of one, and the patches around those; a
# multiple of what it reduces by. Bands of cells overlap by as many.
_REACH = 128
# Cells of a band, if it is not to be lower than that.
_BAND_CELLS = 2**18
_CONSTRAINTS = {
    "network": [StrOptions({"default"}), ContextNetwork],
    "scale": SCALE,
}
# Sides of at least this many pixels are worth measuring at half the size.
_LEAST_SIDE = 32


@checked(_CONSTRAINTS, check_scale)
def context_map(
    image: np.ndarray,
    network: str | ContextNetwork = "default",
    *,
    scale: float | str | Sequence[float] = 1.0,
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
    n_threads : int, optional
        Threads of the networks; by default those available to this process.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma, in pixels of the photograph as given.
    confidence : ndarray of shape (H, W), float32
        In [0, 1]: 1 where one level is clear, lower where probabilities spread.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import context_map
    >>> noise = np.random.default_rng(0).random((64, 80))
    >>> sigma, confidence = context_map(noise)
    >>> sigma.shape, bool(np.median(sigma) < 1)
    ((64, 80), True)
    """
    if isinstance(network, str):
        network = ContextNetwork.pretrained(network)
    photograph = to_float_image(image)
    shape = photograph.shape[:2]

    resampled = resample_all(lambda: photograph, scale, shape, _LEAST_SIDE)

    def measure(factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pixels = resampled.get(factor, photograph)
        cells = _cells(pixels, network, n_threads)
        log_sigma, confidence, of_patches = (
            _to_pixels(cell, pixels.shape[:2]) for cell in cells
        )
        return from_log_sigma(log_sigma), confidence, from_log_sigma(of_patches)

    return measure_at(scale, shape, _LEAST_SIDE, measure)


def _cells(
    photograph: np.ndarray,
    network: ContextNetwork,
    n_threads: int | None,
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
        features = context_features(pixels, network.classifier, n_threads)
        probabilities = np.moveaxis(network.run(features, n_threads), 0, -1)
        kept = probabilities[first - top : first - top + height]
        of_patches = expected_log_sigma(features, len(levels))
        of_patches = of_patches[first - top : first - top + height]
        bands.append((kept @ levels, spread_confidence(kept, levels), of_patches))
    log_sigma, confidence, of_patches = map(np.concatenate, zip(*bands, strict=True))
    return log_sigma, confidence, of_patches


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
    memory : path-like, optional
        Folder of a cache: one file per photograph, keyed by its content, the
        parameters and the network, shared by concurrent processes.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    SlidingWindowMapper : Patches alone, the paper's; better with `GlobalRefiner`.

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
        memory: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.network = network
        self.scale = scale
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
                sample.image, network, scale=self.scale, n_threads=n_threads
            )

        maps = cached_maps(
            self.memory, sample.image, {"scale": self.scale}, network.key, measure
        )
        return sample.replace(**maps, unit="px")
