"""Blur a photograph by a known map (eq. 4), with occlusion, noise and JPEG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.utils import check_random_state

from .._shared.parameters import (
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import check_map, to_float_image
from ..filters import blur, linear_to_srgb, srgb_to_linear
from ..filters._blur import PSF
from .camera import through_jpeg, to_uint8

__all__ = ["defocus", "sigma_layers"]

# Pixels whose sigmas are this close, on the scale of log(sigma + 0.8), count as one
# surface, on which colors mix; farther apart, one hides the other.
_SAME_SURFACE = 0.5
# Below this share of a layer under the kernel its color is not known.
_LEAST_SHARE = 1e-4


def sigma_layers(blur_map: np.ndarray, n_layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide a map into layers of one sigma, as `defocus` does.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels.
    n_layers : int
        Most layers.

    Returns
    -------
    levels : ndarray of shape (n,)
        Sigmas of the layers, ascending: those of the map, or spread evenly on a
        log-like scale.
    nearest : ndarray of shape (H, W), int
        The layer of every pixel.
    """
    levels = np.unique(blur_map)
    if len(levels) > n_layers:
        low, high = to_log_sigma(levels[[0, -1]].astype(np.float64))
        if n_layers == 1:
            low = high = (low + high) / 2
        levels = from_log_sigma(np.linspace(low, high, n_layers))
    borders = to_log_sigma(levels)
    middles = (borders[1:] + borders[:-1]) / 2
    return levels, np.searchsorted(middles, to_log_sigma(blur_map))


def _check_quality(caller: str, parameters: Mapping[str, Any]) -> None:
    quality = parameters["jpeg_quality"]
    if quality is not None and quality > 100:
        raise ValueError(
            f"The 'jpeg_quality' parameter of {caller} must be an int from 1 to 100 or "
            f"None. Got {quality!r} instead."
        )


@checked(
    {
        "psf": PSF,
        "light": [StrOptions({"encoded", "linear"})],
        "n_layers": [POSITIVE_INTEGER],
        "noise": [NON_NEGATIVE_REAL],
        "jpeg_quality": [POSITIVE_INTEGER, None],
    },
    _check_quality,
)
def defocus(
    image: np.ndarray,
    blur_map: np.ndarray,
    *,
    psf: str | np.ndarray = "gaussian",
    light: str = "encoded",
    depth: np.ndarray | None = None,
    n_layers: int = 16,
    noise: float = 0.0,
    jpeg_quality: int | None = None,
    random_state: Any = None,
) -> np.ndarray:
    """Defocus a sharp photograph by a map of sigmas (eq. 4).

    The photograph is cut into layers of one sigma, and they are blurred and laid over
    each other from back to front. A layer's colors are means over pixels of about its
    own sigma, so a sharp foreground does not bleed into a blurred background, and a
    blurred foreground spreads over what lies behind it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    psf : {"gaussian", "disc"} or array-like of shape (h, w), default="gaussian"
        Shape of the point spread function, as `skdefocus.filters.blur` takes it.
    light : {"encoded", "linear"}, default="encoded"
        What is blurred: the pixels' values as they are, as in the paper, or the light
        that they stand for (sRGB), as a lens does.
    depth : array-like of shape (H, W), optional
        Larger is farther away, at least 0. By default the more blurred is taken to be
        farther away.
    n_layers : int, default=16
        Most sigmas used; a map with more is rounded to that many, evenly on a
        logarithmic scale.
    noise : float, default=0.0
        Standard deviation of the sensor noise Z, on the 8-bit scale.
    jpeg_quality : int, optional
        From 1 to 100: pass the result through JPEG.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or maps that do not fit the image.

    References
    ----------
    Galetto and Deng (2022), eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis import defocus
    >>> photo = np.random.default_rng(0).random((32, 32))
    >>> blur_map = np.repeat([[0.0, 4.0]], 16, axis=1) * np.ones((32, 1))
    >>> blurred = defocus(photo, blur_map)
    >>> bool(np.allclose(blurred[:, :16], photo[:, :16], atol=1e-6))
    True
    """
    image = to_float_image(image)
    blur_map = check_map(blur_map, image.shape, "blur_map")
    shelves = np.zeros(blur_map.shape, np.intp)
    if depth is not None:
        shelves = _depth_shelves(check_map(depth, image.shape, "depth"), n_layers)
    if light == "linear":
        image = srgb_to_linear(image)
    levels, nearest = sigma_layers(blur_map, n_layers)
    position, borders = to_log_sigma(blur_map), to_log_sigma(levels)
    # Things of one sigma can lie before and behind the plane of focus.
    layers = np.unique(np.stack([shelves.ravel(), nearest.ravel()]), axis=1).T[::-1]
    result: np.ndarray = image
    ahead = np.ones(blur_map.shape, dtype=np.float32)
    for number, (shelf, level) in enumerate(layers):
        mask = (shelves == shelf) & (nearest == level)
        surface = np.abs(position - borders[level]) <= _SAME_SURFACE
        surface &= np.abs(shelves - shelf) <= 1
        colors = _blur_layer(image, surface | mask, float(levels[level]), psf)
        if number == 0:
            result = colors
        else:
            # What is ahead covers up to its own border only, with no gap between
            # one layer and the next.
            cover = unchecked(blur)(ahead, float(levels[level]), psf)
            cover = cover if image.ndim == 2 else cover[..., np.newaxis]
            result = result + cover * (colors - result)
        ahead = ahead * ~mask
    if light == "linear":
        result = linear_to_srgb(np.clip(result, 0, 1))
    if noise > 0:
        generator = check_random_state(random_state)
        result = result + generator.normal(0, noise / 255, image.shape)
    result = np.clip(result, 0, 1).astype(np.float32)
    if jpeg_quality is None:
        return result
    return to_float_image(unchecked(through_jpeg)(to_uint8(result), jpeg_quality))


def _depth_shelves(depth: np.ndarray, n_shelves: int) -> np.ndarray:
    """Give each depth a number, from the nearest; too many are rounded."""
    values, shelves = np.unique(depth, return_inverse=True)
    if len(values) > n_shelves:
        share = (depth - values[0]) / (values[-1] - values[0])
        shelves = np.minimum((share * n_shelves).astype(np.intp), n_shelves - 1)
    return shelves.reshape(depth.shape)


def _blur_layer(
    image: np.ndarray, mask: np.ndarray, sigma: float, psf: str | np.ndarray
) -> np.ndarray:
    """Blur one layer's colors; beyond their reach its nearest color goes on."""
    share = mask.astype(np.float32)
    weight = share if image.ndim == 2 else share[..., np.newaxis]
    soften = unchecked(blur)
    gathered, share = soften(image * weight, sigma, psf), soften(share, sigma, psf)
    share = share if image.ndim == 2 else share[..., np.newaxis]
    mean = gathered / np.maximum(share, _LEAST_SHARE)
    rows, columns = ndimage.distance_transform_edt(
        ~mask, return_distances=False, return_indices=True
    )
    return np.where(share > _LEAST_SHARE, mean, image[rows, columns])
