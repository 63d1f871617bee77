"""Patches cut from photographs that were blurred before."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from .._shared.parameters import unchecked
from ..filters import (
    blur,
    linear_to_srgb,
    measure_conditions,
    srgb_to_linear,
    variance_of_laplacian,
)
from ..filters.conditions import clean_conditions
from ..synthesis.camera import Camera, draw_camera
from ..synthesis.lights import add_lights
from .settings import PatchSettings, draw_scale, resize

__all__ = ["cut_blurred"]

# A region is blurred once for many patches: the blur costs more than the cutting.
_REGION = 192
_PATCHES_PER_REGION = 25
_TRIES = 10
# Share of the regions blurred in linear light that hold lights.
_WITH_LIGHTS = 0.25
# Sigma of the blur that leaves nothing of a region but its light.
_BLURRED_AWAY = 8.0
# What is estimated on a whole photograph differs from what is true: by a factor, and
# by fine texture that passes for noise, in gray levels of full contrast at full and at
# half size.
_NOISE_ERROR, _SPAN_ERROR = 0.2, 0.1
_TEXTURE_ERROR = np.array([0.4, 0.8, 0.2]) / 255


def _sharp_region(
    gray: np.ndarray, margin: int, settings: PatchSettings, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a random region of a photograph; tell where its sharp patches begin.

    Returns the region with `margin` pixels of surroundings on every side, and the
    corners of the sharp patches inside that margin as rows (row, column), which are
    none if the region holds no sharp patch.
    """
    patch_size = settings.patch_size
    scale = draw_scale(rng) if settings.augment else 1.0
    side = max(_REGION, 2 * patch_size) + 2 * margin
    source = min(round(side / scale), *gray.shape)
    scale = min(1.0, side / source)
    top, left = (int(rng.integers(n - source + 1)) for n in gray.shape)
    region = gray[top : top + source, left : left + source]
    if scale < 1:
        region = resize(region, side, side)
    inside = slice(margin, region.shape[0] - margin)
    centered = unchecked(variance_of_laplacian)(
        region[inside, inside], patch_size, smooth=True
    )
    half = patch_size // 2
    last = centered.shape[0] - patch_size
    gate = centered[half : half + last + 1, half : half + last + 1]
    if rng.random() < settings.smooth_share:
        return region, np.argwhere(np.ones(gate.shape, bool))
    return region, np.argwhere(gate >= settings.min_sharpness)


def _blur_region(
    region: np.ndarray, sigma: float, settings: PatchSettings, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Blur a region, perhaps with lights in it; give both, in [0, 1]."""
    psf = settings.draw_psf(rng)
    if settings.draw_light(rng) == "encoded":
        return region, unchecked(blur)(region, sigma, psf)
    light = srgb_to_linear(region)
    if settings.augment and rng.random() < _WITH_LIGHTS:
        light = add_lights(light, sigma, rng)
    # Light above white is blurred like any other, and clipped by the sensor.
    brightest = max(float(light.max()), 1.0)
    blurred = unchecked(blur)(light / brightest, sigma, psf) * brightest
    seen = [linear_to_srgb(np.minimum(each, 1)) for each in (light, blurred)]
    return seen[0], seen[1]


def _conditions(
    camera: Camera, light: np.ndarray, span: float, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Conditions as they would be measured on n photographs by this camera."""
    flat = camera.photograph(light)
    found = measure_conditions(flat / np.float32(255), 1 / 255)
    found[3] = max(found[0], min(1.0, span * camera.contrast))
    errors = np.exp(rng.normal(0, [_NOISE_ERROR] * 3 + [_SPAN_ERROR], (n, 4)))
    conditions = found * errors
    texture = np.abs(rng.normal(0, _TEXTURE_ERROR, (n, 3))) * camera.contrast
    # There is not always texture everywhere.
    conditions[:, :3] += texture * (rng.random((n, 1)) < 0.5)
    return conditions.astype(np.float32)


def cut_blurred(
    gray: np.ndarray,
    settings: PatchSettings,
    n_per_level: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blur regions of a photograph and cut patches where it was sharp.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        The photograph, in [0, 1].
    settings : PatchSettings
        What to do; ``padding`` is ignored.
    n_per_level : int
        Patches asked of each level.
    rng : Generator
        Decides where and how.

    Returns
    -------
    X : ndarray of shape (n, patch_size, patch_size), of the settings' dtype
        Patches, level by level; none if the photograph is too small or not sharp.
    y : ndarray of shape (n,), int64
        Their levels.
    conditions : ndarray of shape (n, 4), float32
        What would be measured on a photograph that a patch comes from: see
        `skdefocus.filters.measure_conditions`.
    """
    patch_size = settings.patch_size
    X = [np.empty((0, patch_size, patch_size), settings.dtype)]
    y = [np.empty(0, np.int64)]
    conditions = [np.empty((0, 4), np.float32)]
    span = float(measure_conditions(gray)[3])
    room = (min(gray.shape) - patch_size) // 2
    for level, sigma in enumerate(settings.ladder):
        margin = min(int(np.ceil(4 * sigma)), room)
        n_missing = n_per_level if room >= 0 else 0
        for _ in range(_TRIES + n_per_level // _PATCHES_PER_REGION):
            if n_missing == 0:
                break
            region, corners = _sharp_region(gray, margin, settings, rng)
            if len(corners) == 0:
                continue
            inside = slice(margin, region.shape[0] - margin)
            region, blurred = _blur_region(region, sigma, settings, rng)
            blurred = blurred[inside, inside]
            count = min(n_missing, _PATCHES_PER_REGION)
            if settings.augment:
                camera = draw_camera(rng, blurred.shape, vignetting=False)
                levels = camera.photograph(blurred)
                light = ndimage.gaussian_filter(region, _BLURRED_AWAY)[inside, inside]
                conditions.append(_conditions(camera, light, span, count, rng))
            else:
                levels = settings.store(blurred)
                conditions.append(clean_conditions(count))
            rows, columns = corners[rng.integers(len(corners), size=count)].T
            windows = sliding_window_view(levels, (patch_size, patch_size))
            X.append(windows[rows, columns])
            y.append(np.full(count, level))
            n_missing -= count
    return np.concatenate(X), np.concatenate(y), np.concatenate(conditions)
