"""Find round parts of a photograph that are white all over: lights or plates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from .._shared.validation import to_float_image
from ..filters import resize

__all__ = ["Light", "find_round_lights"]

# Lights are looked for in a photograph that is no longer than this, which is made of so
# many rows at a time.
_LONG_SIDE, _BAND = 1600, 256
# Share of white from which a pixel may be clipped: compression leaves no less.
_WHITE = 0.94
# Least radius in pixels, and the largest, as a share of the shorter side.
_LEAST_RADIUS, _LARGEST_SHARE = 4.5, 0.2
# What is round: the share of its convex hull, and of the disc around it, that it fills,
# and the ratio of its axes.
_SOLID, _ROUND, _ASPECT = 0.88, 0.45, 0.45
# Overlapping discs: their least distance, as a share of the radius; how much their
# radii may differ, as a ratio; the share of them and of what they are found in that
# both have.
_APART, _DIFFER, _COVERED = 0.7, 1.2, 0.85
# A rim is a step down by this much within two pixels.
_STEP = 0.25


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

    def distances(
        self, margin: int, shape: tuple[int, ...]
    ) -> tuple[tuple[slice, slice], np.ndarray]:
        """Tell how far pixels around the light are from it.

        Parameters
        ----------
        margin : int
            So many pixels around the light, if the photograph reaches that far.
        shape : tuple of int
            Of the photograph.

        Returns
        -------
        window : tuple of slice
            Rows and columns of the light and what is around it.
        distance : ndarray
            Of each pixel of the window from the light, in pixels; 0 within it.
        """
        window = self.window(margin, shape)
        inside = tuple(
            slice(part.start - wide.start, part.stop - wide.start)
            for part, wide in zip((self.rows, self.columns), window, strict=True)
        )
        outside = np.ones([part.stop - part.start for part in window], bool)
        outside[inside] = ~self.mask
        distance: np.ndarray = ndimage.distance_transform_edt(outside)
        return window, distance

    def window(self, margin: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Give the rows and columns of the light and what is around it."""
        rows, columns = (
            slice(max(part.start - margin, 0), min(part.stop + margin, length))
            for part, length in zip((self.rows, self.columns), shape, strict=False)
        )
        return rows, columns


def find_round_lights(image: np.ndarray) -> list[Light]:
    """Find what may be a light out of focus: round, white, with a rim.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].

    Returns
    -------
    list of Light
        From top to bottom.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.round_lights import find_round_lights
    >>> rows, columns = np.mgrid[:80, :80]
    >>> night = np.where(np.hypot(rows - 40, columns - 30) < 10, 1, 0.1)
    >>> (light,) = find_round_lights(night)
    >>> round(light.sigma, 1)
    4.9
    """
    brightest = _brightest(image)
    shape = brightest.shape
    factor = min(1.0, _LONG_SIDE / max(shape))
    small = [max(1, round(length * factor)) for length in shape]
    if factor < 1:
        brightest = resize(brightest, (small[0], small[1]))
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
        whole = Light(rows, columns, mask, _sigma_if_round(mask))
        if not _has_rim(brightest, whole):
            continue
        discs = _overlapping(whole)
        found += discs or ([whole] if whole.sigma else [])
    return found if factor == 1 else [_enlarged(one, small, shape) for one in found]


def _brightest(image: np.ndarray) -> np.ndarray:
    """Take the brightest color of each pixel, some rows at a time."""
    if image.ndim == 2:
        return to_float_image(image)
    brightest = np.empty(image.shape[:2], np.float32)
    for start in range(0, len(image), _BAND):
        rows = slice(start, start + _BAND)
        brightest[rows] = to_float_image(image[rows]).max(axis=2)
    return brightest


def _touches_border(rows: slice, columns: slice, shape: tuple[int, ...]) -> bool:
    inside = (
        *(rows.start > 0, columns.start > 0),
        *(rows.stop < shape[0], columns.stop < shape[1]),
    )
    return not all(inside)


def _sigma_if_round(mask: np.ndarray) -> float:
    """Give the standard deviation of a mask's pixels; 0 if it is not round."""
    points = np.argwhere(mask).astype(np.float64)
    if len(points) < np.pi * _LEAST_RADIUS**2 / 2:
        return 0.0
    offsets = points - points.mean(axis=0)
    moments = np.linalg.eigvalsh(offsets.T @ offsets / len(offsets))
    if moments[0] < _ASPECT**2 * moments[1]:
        return 0.0
    if len(points) < _SOLID * _pixels_of_hull(points):
        return 0.0
    reach = float(np.hypot(*offsets.T).max()) + 0.5
    if len(points) < _ROUND * np.pi * reach**2:
        return 0.0
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


def _overlapping(light: Light) -> list[Light]:
    """Divide a light into discs of about one size; none if it is made of no such."""
    mask = light.mask
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    radius = float(depth.max())
    if radius < _LEAST_RADIUS:
        return []
    # Centers lie deepest; of a ridge between two of them the middle is less deep.
    window = 2 * int(np.ceil(_APART * radius)) + 1
    peaks = (depth == ndimage.maximum_filter(depth, window)) & (
        depth >= radius / _DIFFER
    )
    labels, n_peaks = ndimage.label(peaks, np.ones((3, 3)))
    if n_peaks < 2:
        return []
    centers = ndimage.center_of_mass(peaks, labels, range(1, n_peaks + 1))
    down, across = np.indices(mask.shape)
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
        replace(light, mask=mask & (nearest == number), sigma=float(own) / 2)
        for number, own in enumerate(radii)
    ]


def _has_rim(brightest: np.ndarray, light: Light) -> bool:
    """Tell whether it is darker just outside, nearly all around."""
    window, distance = light.distances(3, brightest.shape)
    ring = (distance > 2) & (distance <= 3)
    return float(np.quantile(brightest[window][ring], 0.9)) < _WHITE - _STEP


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
