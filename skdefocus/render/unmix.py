"""Edges of a defocus map: made steep, and their mixed pixels taken apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .._shared.sigma_scale import to_log_sigma

__all__ = ["Mixture", "defocus_scale", "steepen", "unmix"]

# Neighbors whose sigmas differ by more, on the scale of log(sigma + 0.8), lie on
# different surfaces.
_STEP = 0.5
# Light in which two surfaces must differ to be told apart, as a squared distance of
# each color.
_LEAST_CONTRAST = 1e-4 / 3
# Weight of front pixels at the edge itself: they count where there are no others.
_RIM_WEIGHT = 1e-3


class Mixture(NamedTuple):
    """What the pixels along an edge are made of.

    Parameters
    ----------
    pure : ndarray of shape (H, W), bool
        False within reach of a nearer surface.
    share : ndarray of shape (H, W), float32
        Share of a nearer surface in each pixel, in [0, 1]; 0 where pure.
    front : ndarray of shape (H, W), int
        Flat index of a pixel of that surface, or of the pixel itself.
    ahead : ndarray of shape (H, W, C), float32
        Light of that surface, or of the pixel itself.
    own : ndarray of shape (H, W, C), float32
        Light of the pixel without the nearer surface.
    """

    pure: np.ndarray
    share: np.ndarray
    front: np.ndarray
    ahead: np.ndarray
    own: np.ndarray


def defocus_scale(signed: np.ndarray) -> np.ndarray:
    """Take defocus to a scale on which sigmas that look alike differ alike.

    Parameters
    ----------
    signed : ndarray
        Sigma in pixels, below 0 before the plane of focus.

    Returns
    -------
    ndarray
        0 in focus, of the same sign and dtype.
    """
    # An array, since NumPy 1 takes a number of float32 to float64.
    in_focus = to_log_sigma(np.zeros(1, signed.dtype))
    size = to_log_sigma(np.abs(signed)) - in_focus
    scaled: np.ndarray = np.copysign(size, signed)
    return scaled


def steepen(signed: np.ndarray, radius: int) -> np.ndarray:
    """Give pixels on a step of a defocus map the nearer one of its two ends.

    Parameters
    ----------
    signed : ndarray of shape (H, W), float32
        Sigma in pixels, below 0 before the plane of focus.
    radius : int
        Half the width, in pixels, of the steps; 0 leaves the map as it is.

    Returns
    -------
    ndarray of shape (H, W), float32
        Slopes stay as they are.

    References
    ----------
    Kramer and Bruckner, "Iterations of a non-linear transformation for enhancement of
    digital images", Pattern Recognition 7, 1975, here only where there is a step.
    """
    if radius == 0:
        return signed
    size = 2 * radius + 1
    # The second time brings together what one window does not span.
    for _ in range(2):
        low = ndimage.minimum_filter(signed, size, mode="reflect")
        high = ndimage.maximum_filter(signed, size, mode="reflect")
        here, bottom, top = (defocus_scale(x) for x in (signed, low, high))
        end = np.where(here - bottom <= top - here, low, high)
        signed = np.where(top - bottom > _STEP, end, signed)
    return signed


def unmix(light: np.ndarray, signed: np.ndarray, radius: int) -> Mixture:
    """Take apart the pixels that show a surface and the edge of a nearer one.

    With F the light of the nearer surface around a pixel, and B that of its own, the
    share of F is that of the point nearest to the pixel's light on the line from B to
    F, but never so much that less than no light would be left for B.

    Parameters
    ----------
    light : ndarray of shape (H, W, C), float32
        Linear light of the photograph.
    signed : ndarray of shape (H, W), float32
        Sigma in pixels, below 0 before the plane of focus, with steep steps.
    radius : int
        Distance from a nearer surface, in pixels, up to which a pixel may be mixed.

    Returns
    -------
    Mixture
        Without any mixed pixel where the radius is 0.
    """
    scale = defocus_scale(signed)
    size = 2 * radius + 1
    pure = scale - ndimage.minimum_filter(scale, size, mode="reflect") <= _STEP
    rim = ndimage.maximum_filter(scale, size, mode="reflect") - scale > _STEP
    share = np.zeros(signed.shape, dtype=np.float32)
    front = np.arange(signed.size).reshape(signed.shape)
    rows, columns = np.nonzero(~pure)
    if len(rows) == 0:
        return Mixture(pure, share, front, light, light)
    height, width = signed.shape
    own = scale[rows, columns]
    found = np.full(len(rows), -1)
    sums = np.zeros((2, len(rows), light.shape[-1]))
    weights = np.zeros((2, len(rows), 1))
    for dy, dx in _offsets(2 * radius + 1):
        y, x = rows + dy, columns + dx
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        nearer = inside & (scale[y, x] < own - _STEP)
        found = np.where((found < 0) & nearer, y * width + x, found)
        front_weight = nearer * np.where(rim[y, x], _RIM_WEIGHT, 1.0)
        back_weight = (inside & ~nearer & pure[y, x]).astype(float)
        for k, weight in enumerate((front_weight, back_weight)):
            sums[k] += weight[:, np.newaxis] * light[y, x]
            weights[k] += weight[:, np.newaxis]
    ahead, behind = sums / np.maximum(weights, _RIM_WEIGHT)
    line = ahead - behind
    along = ((light[rows, columns] - behind) * line).sum(axis=1)
    length = (line**2).sum(axis=1)
    least = _LEAST_CONTRAST * light.shape[-1]
    known = (length > least) & (weights[1, :, 0] > 0)
    part = np.divide(along, length, out=np.zeros_like(along), where=known)
    lit = light[rows, columns].astype(float)
    most = np.divide(lit, ahead, out=np.ones_like(lit), where=ahead > lit).min(axis=1)
    part = np.clip(part, 0, most)
    share[rows, columns] = part
    front[rows, columns] = found
    front_light, own_light = light.copy(), light.copy()
    front_light[rows, columns] = ahead
    # Without a division: where the share is large, the light around takes its place.
    unmixed = lit - part[:, np.newaxis] * line
    own_light[rows, columns] = np.clip(unmixed, 0, 1)
    return Mixture(pure, share, front, front_light, own_light)


def _offsets(radius: int) -> list[tuple[int, int]]:
    """Give steps to all pixels of a square, from the nearest."""
    steps = range(-radius, radius + 1)
    offsets = [(dy, dx) for dy in steps for dx in steps]
    return sorted(offsets, key=lambda step: (step[0] ** 2 + step[1] ** 2, step))
