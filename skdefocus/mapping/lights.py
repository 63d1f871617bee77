"""Lights out of focus: discs that the sensor clipped, whose rims are not sharp edges.

A disc of clipped light looks like a white plate in focus. Its rim says nothing, so a
photograph is measured without it, and what is around it tells which of both it is:
surroundings that are out of focus, or several discs of one size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from .._shared.validation import to_float_image
from ..filters import resize
from ..sample import UNKNOWN

__all__ = ["Light", "find_round_lights", "map_with_lights"]

# Lights are looked for in a photograph that is no longer than this.
_LONG_SIDE = 1600
# Share of white from which a pixel may be clipped: compression leaves no less.
_WHITE = 0.94
# Least radius in pixels, and the largest, as a share of the shorter side.
_LEAST_RADIUS, _LARGEST_SHARE = 4.5, 0.2
# What is round: the share of its convex hull, and of the disc around it, that it fills,
# and the ratio of its axes.
_SOLID, _ROUND, _ASPECT = 0.88, 0.45, 0.45
# Least distance of overlapping discs, as a share of their radius.
_APART = 0.7
# Share of overlapping discs and of what they are found in that both have.
_COVERED = 0.85
# A rim is a step down by this much within two pixels.
_STEP = 0.25
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


@dataclass(frozen=True)
class Light:
    """A round part of a photograph that is white all over.

    Attributes
    ----------
    rows, columns : slice
        Where it lies.
    mask : ndarray of bool
        Which pixels of that part belong to it.
    sigma : float
        Standard deviation of its pixels, the mean of both axes: that of the point
        spread function, if it is a point of light out of focus.
    """

    rows: slice
    columns: slice
    mask: np.ndarray
    sigma: float


def find_round_lights(image: np.ndarray) -> list[Light]:
    """Find what may be a light out of focus: round, white, with a rim.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), float32
        The photograph, in [0, 1].

    Returns
    -------
    list of Light
        From top to bottom.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.lights import find_round_lights
    >>> rows, columns = np.mgrid[:80, :80]
    >>> night = np.where(np.hypot(rows - 40, columns - 30) < 10, 1, 0.1)
    >>> (light,) = find_round_lights(night.astype(np.float32))
    >>> round(light.sigma, 1)
    4.9
    """
    brightest = image if image.ndim == 2 else image.max(axis=2)
    white = brightest >= _WHITE * max(float(brightest.max()), _WHITE)
    parts, _ = ndimage.label(white, np.ones((3, 3)))
    largest = _LARGEST_SHARE * min(white.shape)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), start=1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not 2 * _LEAST_RADIUS <= max(height, width) <= 2 * largest:
            continue
        if _touches_border(rows, columns, white.shape):
            continue
        mask = ndimage.binary_fill_holes(parts[rows, columns] == number)
        if not _has_rim(brightest, rows, columns, mask):
            continue
        discs = _overlapping(rows, columns, mask)
        sigma = _sigma_if_round(mask)
        if not discs and sigma is not None:
            discs = [Light(rows, columns, mask, sigma)]
        found += discs
    return found


def _touches_border(rows: slice, columns: slice, shape: tuple[int, ...]) -> bool:
    inside = (
        *(rows.start > 0, columns.start > 0),
        *(rows.stop < shape[0], columns.stop < shape[1]),
    )
    return not all(inside)


def _sigma_if_round(mask: np.ndarray) -> float | None:
    """Give the standard deviation of a mask's pixels; None if it is not round."""
    points = np.argwhere(mask).astype(np.float64)
    if len(points) < np.pi * _LEAST_RADIUS**2 / 2:
        return None
    offsets = points - points.mean(axis=0)
    moments = np.linalg.eigvalsh(offsets.T @ offsets / len(offsets))
    if moments[0] < _ASPECT**2 * moments[1]:
        return None
    if len(points) < _SOLID * _pixels_of_hull(points):
        return None
    reach = float(np.hypot(*offsets.T).max()) + 0.5
    if len(points) < _ROUND * np.pi * reach**2:
        return None
    return float(np.sqrt(moments.mean()))


def _pixels_of_hull(points: np.ndarray) -> float:
    """Count the pixels within the convex hull of some, by Pick's theorem."""
    try:
        hull = ConvexHull(points)
    except QhullError:
        return float(len(points))  # All on one line.
    corners = points[hull.vertices].astype(int)
    on_border = np.gcd(*np.abs(corners - np.roll(corners, 1, axis=0)).T).sum()
    return float(hull.volume + on_border / 2 + 1)


def _overlapping(rows: slice, columns: slice, mask: np.ndarray) -> list[Light]:
    """Divide a mask into discs of about one size; none if it is made of no such."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    radius = float(depth.max())
    if radius < _LEAST_RADIUS:
        return []
    # Centers lie deepest; of a ridge between two of them the middle is less deep.
    window = 2 * int(np.ceil(_APART * radius)) + 1
    peaks = (depth == ndimage.maximum_filter(depth, window)) & (
        depth >= radius / _ALIKE
    )
    labels, n_peaks = ndimage.label(peaks, np.ones((3, 3)))
    centers = ndimage.center_of_mass(peaks, labels, range(1, n_peaks + 1))
    down, across = np.indices(mask.shape)
    if n_peaks < 2:
        return []
    radii = np.array([depth[round(row), round(column)] for row, column in centers])
    # How far outside of each disc a pixel lies.
    outside = [
        np.hypot(down - row, across - column) - own
        for (row, column), own in zip(centers, radii, strict=True)
    ]
    union = np.min(outside, axis=0) <= 0
    if (union & mask).sum() < _COVERED * (union | mask).sum():
        return []
    nearest = np.argmin(outside, axis=0)
    return [
        Light(rows, columns, mask & (nearest == number), float(own) / 2)
        for number, own in enumerate(radii)
    ]


def _has_rim(
    brightest: np.ndarray, rows: slice, columns: slice, mask: np.ndarray
) -> bool:
    """Tell whether it is darker just outside, nearly all around."""
    wide = tuple(
        slice(max(part.start - 3, 0), part.stop + 3) for part in (rows, columns)
    )
    inside = np.zeros(brightest[wide].shape, bool)
    inside[
        rows.start - wide[0].start : rows.stop - wide[0].start,
        columns.start - wide[1].start : columns.stop - wide[1].start,
    ] = mask
    near = ndimage.binary_dilation(inside, iterations=2)
    ring = ndimage.binary_dilation(near) & ~near
    return float(np.quantile(brightest[wide][ring], 0.9)) < _WHITE - _STEP


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
    lights = _lights_of(image)
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
            window, disc = _widened(light, _RIM, image.shape)
            blur_map[window][disc] = light.sigma
            confidence[window][disc] = _CONFIDENCE
        elif is_out is None:
            # Its rim is all that there is to see, and that says nothing.
            confidence[_window(light, _RIM_SEEN_FROM, image.shape)] = 0
    return blur_map, confidence


def _lights_of(image: np.ndarray) -> list[Light]:
    """Find the lights of a photograph of any size, in its own pixels."""
    shape = image.shape[:2]
    factor = min(1.0, _LONG_SIDE / max(shape))
    photograph = to_float_image(image)
    if factor == 1:
        return find_round_lights(photograph)
    small = [max(1, round(length * factor)) for length in shape]
    return [
        _enlarged(light, small, shape)
        for light in find_round_lights(resize(photograph, (small[0], small[1])))
    ]


def _enlarged(light: Light, small: list[int], shape: tuple[int, ...]) -> Light:
    """Bring a light from a reduced photograph to the size of the whole."""
    parts, places = [], []
    for part, few, many in zip((light.rows, light.columns), small, shape, strict=True):
        parts.append(slice(part.start * many // few, part.stop * many // few))
        pixels = np.arange(parts[-1].start, parts[-1].stop)
        place = ((pixels + 0.5) * few / many).astype(int) - part.start
        places.append(np.clip(place, 0, part.stop - part.start - 1))
    mask = light.mask[np.ix_(*places)]
    return Light(parts[0], parts[1], mask, light.sigma * shape[1] / small[1])


def _window(light: Light, margin: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Part of a photograph around a light."""
    rows, columns = (
        slice(max(part.start - margin, 0), min(part.stop + margin, length))
        for part, length in zip((light.rows, light.columns), shape, strict=False)
    )
    return rows, columns


def _margin(light: Light) -> int:
    """How far its rim reaches, in pixels: a lens is not quite sharp."""
    return int(np.ceil(3 + 2 * _LEFT_OUT * light.sigma))


def _widened(
    light: Light, margin: int, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Part of a photograph, and which pixels of it are that close to a light."""
    window = _window(light, margin, shape)
    mask = np.zeros([part.stop - part.start for part in window], bool)
    inside = tuple(
        slice(part.start - wide.start, part.stop - wide.start)
        for part, wide in zip((light.rows, light.columns), window, strict=True)
    )
    mask[inside] = light.mask
    return window, ndimage.distance_transform_edt(~mask) <= margin


def _cover(lights: list[Light], shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels belong to lights or their rims."""
    covered = np.zeros(shape[:2], bool)
    for light in lights:
        window, disc = _widened(light, _margin(light), shape)
        covered[window] |= disc
    return covered


def _without(image: np.ndarray, lights: list[Light]) -> np.ndarray:
    """Fill lights with what surrounds them, smoothly."""
    covered = _cover(lights, image.shape)
    filled = image.copy()
    for light in lights:
        margin = _margin(light) + int(np.ceil(4 * light.sigma))
        window = _window(light, margin, image.shape)
        hidden = covered[window]
        known = (~hidden).astype(np.float32)
        planes = image[window].astype(np.float32)
        planes = planes if planes.ndim == 3 else planes[..., np.newaxis]
        nearest = ndimage.distance_transform_edt(
            hidden, return_distances=False, return_indices=True
        )
        if not known.any():
            continue
        for channel in range(planes.shape[2]):
            plane = planes[..., channel][tuple(nearest)]
            smooth = ndimage.gaussian_filter(plane, light.sigma)
            target = (
                filled[window] if filled.ndim == 2 else filled[window][..., channel]
            )
            target[hidden] = smooth[hidden].astype(filled.dtype)
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
    window = _window(light, reach, usable.shape)
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
