"""Lights out of focus: discs that the sensor clipped, whose rims are not sharp edges.

A disc of clipped light looks like a white plate in focus. Its rim says nothing, so a
photograph is measured without it, and what is around it tells which of both it is:
surroundings that are out of focus, or several discs of one size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ..sample import UNKNOWN
from .round_lights import Light, find_round_lights

__all__ = ["map_with_lights"]

# Lights of one size: their sigmas differ by no more than this, as a ratio, and there
# are so many.
_ALIKE, _SEVERAL = 1.2, 3
# Around a light, as multiples of its radius: what is left out, and what tells about it.
_LEFT_OUT, _AROUND = 0.25, 1.5
# Surroundings in focus, and out of it: sigma in pixels and as shares of the light's.
_IN_FOCUS, _OUT_OF_FOCUS = 0.25, 0.4
_LEAST_SIGMA = 1.2
# What is seen well enough to tell, as a share of the surroundings.
_SEEN = 0.1
# Sectors that surroundings are divided into: how many must be sharp for a light to be
# in focus, and how many must be blurred, and more than are sharp, for it not to be.
_SECTORS, _MOST_SECTORS, _SOME_SECTORS = 8, 6, 2
# How often the size of such a disc is right (benchmarks/lights.py).
_CONFIDENCE = 0.9
# Pixels of the rim, which are not white, and still are the light's.
_RIM = 2
# From how far windows see a rim: half a patch, in pixels.
_RIM_SEEN_FROM = 16

_Maps = tuple[np.ndarray, np.ndarray]


def map_with_lights(image: np.ndarray, measure: Callable[[np.ndarray], _Maps]) -> _Maps:
    """Measure a photograph without its lights, and lights by their size.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        The photograph, of any dtype.
    measure : callable
        From an image of that shape and dtype to sigma and confidence.

    Returns
    -------
    blur_map, confidence : ndarray of shape (H, W), float32
        As ``measure`` gives them; within a light that is out of focus the sigma of its
        disc.
    """
    lights = find_round_lights(image)
    if not lights:
        return measure(image)
    blur_map, confidence = measure(_without(image, lights))
    verdicts = _judge(lights, blur_map, confidence)
    hidden = [light for light, is_out in zip(lights, verdicts, strict=True) if is_out]
    if len(hidden) < len(lights):
        # What is in focus is measured like anything else.
        blur_map, confidence = measure(_without(image, hidden) if hidden else image)
    for light, is_out in zip(lights, verdicts, strict=True):
        if is_out:
            window, distance = light.distances(_RIM, image.shape)
            blur_map[window][distance <= _RIM] = light.sigma
            confidence[window][distance <= _RIM] = _CONFIDENCE
        elif is_out is None:
            # Its rim is all that there is to see, and that says nothing.
            confidence[light.window(_RIM_SEEN_FROM, image.shape)] = 0
    return blur_map, confidence


def _margin(light: Light) -> int:
    """How far its rim reaches, in pixels: a lens is not quite sharp."""
    return int(np.ceil(3 + 2 * _LEFT_OUT * light.sigma))


def _cover(lights: list[Light], shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels belong to lights or their rims."""
    covered = np.zeros(shape[:2], bool)
    for light in lights:
        window, distance = light.distances(_margin(light), shape)
        covered[window] |= distance <= _margin(light)
    return covered


def _without(image: np.ndarray, lights: list[Light]) -> np.ndarray:
    """Fill lights with what surrounds them, smoothly."""
    covered = _cover(lights, image.shape)
    filled = image.copy()
    for light in lights:
        margin = _margin(light) + int(np.ceil(4 * light.sigma))
        window = light.window(margin, image.shape)
        hidden = covered[window]
        if hidden.all():
            continue
        nearest = ndimage.distance_transform_edt(
            hidden, return_distances=False, return_indices=True
        )
        pixels = image[window].astype(np.float32)[tuple(nearest)]
        sigmas = (light.sigma, light.sigma, 0)[: image.ndim]
        filled[window][hidden] = ndimage.gaussian_filter(pixels, sigmas)[hidden]
    return filled


def _judge(
    lights: list[Light], blur_map: np.ndarray, confidence: np.ndarray
) -> list[bool | None]:
    """Tell which lights are out of focus, by what is around them and by each other.

    None stands for one that might be either.
    """
    usable = (confidence >= UNKNOWN) & ~_cover(lights, blur_map.shape)
    said = [_surroundings(light, blur_map, usable) for light in lights]
    sigmas = np.array([light.sigma for light in lights])
    is_out = np.array([one is True for one in said])
    is_in = np.array([one is False for one in said])
    verdicts: list[bool | None] = []
    for light, own in zip(lights, said, strict=True):
        alike = np.maximum(sigmas / light.sigma, light.sigma / sigmas) <= _ALIKE
        n_out, n_in = (np.count_nonzero(alike & each) for each in (is_out, is_in))
        if own is not None:
            verdicts.append(own)
        elif n_in > n_out:
            # Plates on a table are alike, too.
            verdicts.append(False)
        else:
            several = np.count_nonzero(alike & ~is_in) >= _SEVERAL
            verdicts.append(True if several else None)
    return verdicts


def _surroundings(
    light: Light, blur_map: np.ndarray, usable: np.ndarray
) -> bool | None:
    """Tell whether a light's surroundings are out of focus; None if that is not seen.

    It may lie beside a subject in focus, so what is sharp must be nearly all around.
    """
    reach = int(np.ceil(2 * _AROUND * light.sigma)) + _RIM_SEEN_FROM
    window = light.window(reach, usable.shape)
    rows, columns = np.indices(usable[window].shape)
    inside = np.argwhere(light.mask).mean(axis=0)
    down = rows + window[0].start - light.rows.start - inside[0]
    across = columns + window[1].start - light.columns.start - inside[1]
    angle = np.arctan2(down, across)
    sector = ((angle + np.pi) / (2 * np.pi) * _SECTORS).astype(int) % _SECTORS
    is_sharp = blur_map[window] < max(_LEAST_SIGMA, _IN_FOCUS * light.sigma)
    is_blurred = blur_map[window] >= max(_LEAST_SIGMA, _OUT_OF_FOCUS * light.sigma)
    n_sharp = n_blurred = 0
    for number in range(_SECTORS):
        own = sector == number
        seen = own & usable[window]
        if seen.sum() < _SEEN * own.sum():
            continue
        n_sharp += int(is_sharp[seen].mean() > 0.5)
        n_blurred += int(is_blurred[seen].mean() > 0.5)
    if n_sharp >= _MOST_SECTORS:
        return False
    return True if n_blurred > n_sharp and n_blurred >= _SOME_SECTORS else None
