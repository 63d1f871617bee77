"""ContextMapper: blur maps from patches and from what surrounds them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .._shared.parameters import checked
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import check_image, to_gray
from ..classifier.context_features import ContextConditions
from ..classifier.context_network import ContextNetwork
from ..classifier.reliability import probability_within, reliable_confidence
from ..filters.conditions import clean_conditions, pixel_noise
from .cell_mapper import CELL_CONSTRAINTS, CellMapper
from .cells import cells_to_pixels, classify_cells
from .confidence import spread_confidence
from .scales import check_scale
from .sizes import LEAST_SIDE, measure_cells_at
from .windows import pad_to_grid, window_texture

__all__ = [
    "ContextMapper",
    "context_map",
    "judge_surroundings",
    "shows_anything",
    "surroundings_of_pixels",
]

# Detail of a window, as a multiple of the noise, that is more than noise.
_SOME_DETAIL = 1.3


@checked(CELL_CONSTRAINTS, check_scale)
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

    levels = to_log_sigma(network.classifier.sigmas_)

    def measure(
        photograph: np.ndarray, conditions: ContextConditions
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        judged, seen = [], []
        for band in classify_cells(photograph, network, n_threads, conditions):
            judged.append(judge_surroundings(band.of_surroundings, network))
            # A surrounding in which nothing is sharp makes the network take the least
            # blurred for sharp, whatever its pixels show.
            seen.append(band.of_patches @ levels)
        sigma, confidence = surroundings_of_pixels(
            judged, photograph, conditions.of_sizes[0]
        )
        log_seen = cells_to_pixels(np.concatenate(seen), photograph.shape[:2])
        return sigma, confidence, from_log_sigma(log_seen), confidence

    return measure_cells_at(image, network, scale, lights, lambda: measure)


def judge_surroundings(
    probabilities: np.ndarray, network: ContextNetwork
) -> tuple[np.ndarray, np.ndarray]:
    """Sigma and confidence of cells, from what the network says of their surroundings.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_levels), float32
        From `classify_cells`.
    network : ContextNetwork
        Whose they are.

    Returns
    -------
    log_sigma, confidence : ndarray of shape (...), float32
        Expected ``log(sigma + 0.8)``, and confidence in [0, 1].
    """
    sigmas = network.classifier.sigmas_
    levels = to_log_sigma(sigmas)
    log_sigma = probabilities @ levels
    reliability = network.card.get("reliability")
    if reliability is None:
        return log_sigma, spread_confidence(probabilities, levels)
    within = probability_within(probabilities, sigmas, from_log_sigma(log_sigma))
    # The network has seen what texture there is; its word alone counts.
    (clean,) = clean_conditions(1)
    told = np.ones_like(within), clean, np.array(reliability)
    return log_sigma, reliable_confidence(within, *told)


def surroundings_of_pixels(
    judged: list[tuple[np.ndarray, np.ndarray]],
    photograph: np.ndarray,
    conditions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Sigma and confidence of every pixel, from those of the cells.

    Parameters
    ----------
    judged : list of tuple of two ndarray
        From `judge_surroundings`, band after band.
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        Whose cells they are.
    conditions : ndarray of shape (4,), float32
        From `skdefocus.filters.measure_conditions`.

    Returns
    -------
    sigma, confidence : ndarray of shape (H, W), float32
        Sigma in pixels; confidence 0 where the photograph shows nothing at all.
    """
    log_sigma, confidence = (
        cells_to_pixels(np.concatenate(cells), photograph.shape[:2])
        for cells in zip(*judged, strict=True)
    )
    if not shows_anything(photograph, conditions):
        # Nor do surroundings tell anything where there is nothing to be seen.
        confidence[:] = 0
    return from_log_sigma(log_sigma), confidence


def shows_anything(photograph: np.ndarray, conditions: np.ndarray) -> bool:
    """Tell whether any window of a photograph holds more than noise.

    Parameters
    ----------
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    conditions : ndarray of shape (4,), float32
        From `skdefocus.filters.measure_conditions`.

    Returns
    -------
    bool
        False of a uniform frame, noisy or not.
    """
    gray = pad_to_grid(to_gray(photograph), LEAST_SIDE, LEAST_SIDE)
    shape = gray.shape[0] // LEAST_SIDE, gray.shape[1] // LEAST_SIDE
    _, detail = window_texture(gray, shape, LEAST_SIDE, LEAST_SIDE)
    return bool((detail > _SOME_DETAIL * pixel_noise(*conditions[:2])).any())


class ContextMapper(CellMapper):
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

    _function = staticmethod(context_map)

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
