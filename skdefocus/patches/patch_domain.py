"""Patches blurred each for itself: the paper's protocol (sec. 3.1)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage, signal

from ..filters import disc_kernel
from ..filters._blur import sampled_sigma
from ..filters.conditions import clean_conditions
from ..synthesis.camera import draw_camera, to_uint8
from .select import sharp_on_grid
from .settings import PatchSettings, draw_scale, resize

__all__ = ["blur_sharp_patches"]

_NUMPY_MODES: dict[str, Literal["symmetric", "edge", "constant"]] = {
    "reflect": "symmetric",
    "nearest": "edge",
    "constant": "constant",
}
# Patches convolved with a disc at a time: its padding makes them many times larger.
_CHUNK = 128


def _blur_gaussian(patches: np.ndarray, sigma: float, padding: str) -> np.ndarray:
    # Along one axis of a padded patch the filter is a small matrix, whatever the
    # width of the kernel: the filter's answers to each pixel alone. Multiplying by it
    # is ten times faster than filtering at the upper end of the ladder.
    pixels = np.eye(patches.shape[1])
    matrix = ndimage.gaussian_filter1d(
        pixels, sampled_sigma(sigma), axis=0, mode=padding
    )
    blurred: np.ndarray = matrix @ patches @ matrix.T
    return blurred


def _blur_disc(patches: np.ndarray, sigma: float, padding: str) -> np.ndarray:
    kernel = disc_kernel(sigma)[np.newaxis]
    half = kernel.shape[1] // 2
    frame = ((0, 0), (half, half), (half, half))
    blurred = np.empty_like(patches)
    for start in range(0, len(patches), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        padded = np.pad(patches[chunk], frame, mode=_NUMPY_MODES[padding])
        blurred[chunk] = signal.oaconvolve(padded, kernel, mode="valid", axes=(1, 2))
    return blurred


def _blur_each(
    patches: np.ndarray, sigma: float, is_disc: np.ndarray, padding: str
) -> np.ndarray:
    """Blur gray levels (n, size, size), some by a disc, as float64."""
    blurred = patches.astype(np.float64)
    if sigma > 0:
        blurred[is_disc] = _blur_disc(blurred[is_disc], sigma, padding)
        blurred[~is_disc] = _blur_gaussian(blurred[~is_disc], sigma, padding)
    return blurred


def _shrink(gray: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return gray
    height, width = (max(1, round(n * scale)) for n in gray.shape)
    return resize(gray, height, width)


def blur_sharp_patches(
    gray: np.ndarray,
    settings: PatchSettings,
    n_per_level: int | None,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Select sharp patches of a photograph and blur each by every sigma.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        The photograph, in [0, 1].
    settings : PatchSettings
        What to do.
    n_per_level : int or None
        Sharp patches asked for; None for all there are.
    rng : Generator
        Decides over the subset of patches, their point spread functions and what
        ``augment`` varies.

    Returns
    -------
    X : ndarray of shape (n, patch_size, patch_size), of the settings' dtype
        Patches: one after the other, each at all levels.
    y : ndarray of shape (n,), int64
        Their levels.
    conditions : ndarray of shape (n, 4), float32
        Those of a clean photograph: a patch alone does not tell its noise.
    """
    size, n_levels = settings.patch_size, len(settings.ladder)
    if settings.augment:
        gray = _shrink(gray, draw_scale(rng))
    sharp, _ = sharp_on_grid(to_uint8(gray), size, size, settings.min_sharpness)
    if n_per_level is not None and n_per_level < len(sharp):
        sharp = sharp[np.sort(rng.choice(len(sharp), n_per_level, replace=False))]
    is_disc = np.full((n_levels, len(sharp)), settings.psf == "disc")
    if settings.psf == "mixed":
        is_disc = rng.integers(2, size=is_disc.shape).astype(bool)
    X = np.empty((len(sharp), n_levels, size, size), settings.dtype)
    for level, sigma in enumerate(settings.ladder):
        blurred = _blur_each(sharp, sigma, is_disc[level], settings.padding) / 255
        if settings.augment:
            for patch, levels in zip(blurred, X[:, level], strict=True):
                camera = draw_camera(rng, patch.shape, vignetting=False)
                levels[...] = camera.photograph(patch)
        else:
            X[:, level] = settings.store(blurred)
    y = np.tile(np.arange(n_levels, dtype=np.int64), len(sharp))
    return X.reshape(-1, size, size), y, clean_conditions(len(y))
