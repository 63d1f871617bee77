"""Apertures and lenses: what a point of light out of focus looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

__all__ = ["draw_aperture", "draw_psf"]

# Side of an aperture's image, in pixels; every pixel is the mean of 3 x 3 samples.
_SIDE = 61
_SUPERSAMPLING = 3
# Of all points: Gaussians, discs, and measured lenses where there are some.
_GAUSSIANS, _DISCS, _MEASURED = 0.25, 0.2, 0.25


def draw_psf(
    rng: np.random.Generator, measured: Sequence[np.ndarray] = ()
) -> str | np.ndarray:
    """Draw the shape of a point spread function.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws it.
    measured : sequence of ndarray of shape (h, w), default=()
        Measured ones. A quarter of what is drawn is one of them, turned at random.

    Returns
    -------
    str or ndarray
        For `skdefocus.filters.blur`: in a quarter of all cases "gaussian", in a fifth
        "disc", in the others a measured one or an aperture.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.lenses import draw_psf
    >>> drawn = [draw_psf(np.random.default_rng(seed)) for seed in range(9)]
    >>> {type(psf).__name__ for psf in drawn} == {"str", "ndarray"}
    True
    """
    kind = rng.random()
    if kind < _GAUSSIANS:
        return "gaussian"
    if kind < _GAUSSIANS + _DISCS:
        return "disc"
    if len(measured) and kind < _GAUSSIANS + _DISCS + _MEASURED:
        psf = measured[int(rng.integers(len(measured)))]
        turned: np.ndarray = ndimage.rotate(psf, rng.uniform(0, 360), order=1)
        return turned
    return draw_aperture(rng)


def draw_aperture(rng: np.random.Generator) -> np.ndarray:
    """Draw the image of an aperture, which is what a lens makes of a point.

    It may be a polygon of five to nine blades with more or less round edges, have the
    shadow of a mirror in its middle, be cut to a cat's eye as near the corners of a
    photograph, be narrower in one direction, and have a bright or a soft rim.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws it.

    Returns
    -------
    ndarray of shape (61, 61), float64
        Brightness, at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.lenses import draw_aperture
    >>> draw_aperture(np.random.default_rng(0)).shape
    (61, 61)
    """
    n = _SIDE * _SUPERSAMPLING
    line = (np.arange(n) + 0.5) * 2.1 / n - 1.05
    angle = rng.uniform(0, 2 * np.pi)
    x = line * np.cos(angle) + line[:, np.newaxis] * np.sin(angle)
    y = line[:, np.newaxis] * np.cos(angle) - line * np.sin(angle)
    if rng.random() < 0.3:
        y = y / rng.uniform(0.65, 1)
    radius = np.hypot(x, y)
    edge = np.ones_like(radius)
    if rng.random() < 0.6:
        n_blades = int(rng.integers(5, 10))
        blade = 2 * np.pi / n_blades
        within = np.mod(np.arctan2(y, x), blade) - blade / 2
        polygon = np.cos(blade / 2) / np.cos(within)
        roundness = rng.uniform(0, 1)
        edge = roundness + (1 - roundness) * polygon
    light = (radius <= edge).astype(np.float64)
    if rng.random() < 0.35:
        shift = rng.uniform(0.15, 0.9)
        light *= np.hypot(x - shift, y) <= rng.uniform(0.9, 1.2)
    if rng.random() < 0.25:
        light *= radius >= rng.uniform(0.15, 0.55) * edge
    if rng.random() < 0.6:
        # Spherical aberration brings light to the rim or to the middle.
        rim = rng.uniform(-0.9, 2.5)
        light *= 1 + rim * np.clip(radius / edge, 0, 1) ** rng.uniform(1.5, 6)
    blocks = light.reshape(_SIDE, _SUPERSAMPLING, _SIDE, _SUPERSAMPLING)
    aperture: np.ndarray = blocks.mean(axis=(1, 3))
    return aperture
