"""Measuring a large photograph at full size, where half of it is sharp or unclear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._shared.gray_rows import GrayRows
from .._shared.parameters import unchecked
from ..classifier.reliability import patch_texture
from .classify_patches import estimate_sigma, probabilities_of
from .confidence import judge_trust
from .map_means import MapMeans
from .scales import BLURRED, SEEN
from .windows import count_windows, pad_to_grid

__all__ = ["measure_sharp_windows"]

# Least distance between windows. Parts of a large photograph are large, too.
_LEAST_STEP = 16
# Rows of windows that are cut at a time.
_ROWS = 16


def measure_sharp_windows(
    gray: np.ndarray | GrayRows,
    half_sigma: np.ndarray,
    half_confidence: np.ndarray,
    classifier: Any,
    sigmas: np.ndarray,
    *,
    patch_size: int,
    step: int,
    estimate: str,
    conditions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Classify the windows in whose middle half of a photograph is sharp or unclear.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32, or GrayRows
        Gray in [0, 1].
    half_sigma, half_confidence : ndarray of shape (h, w), float32
        Maps of the photograph at half the size, in its pixels.
    classifier : classifier
        Fitted on patches of ``patch_size``.
    sigmas : ndarray of shape (n_classes,), float32
        Sigma of each class, in pixels.
    patch_size, step : int
        Side of a window and distance between windows, which is at least 16 here, or
        half the side of smaller windows.
    estimate : {"mode", "mean"}
        As in `classify_windows`.
    conditions : ndarray of shape (4,), float32
        From `measure_conditions`.

    Returns
    -------
    sigma, confidence : ndarray of shape (H, W), float32
        Means over the windows that cover each pixel; a window that was not classified
        has those of the half, sigma in pixels of this size.
    """
    step = max(step, min(_LEAST_STEP, patch_size // 2))
    count = unchecked(count_windows)
    shape = [count(length, patch_size, step) for length in gray.shape]
    rows, columns = (
        np.minimum((np.arange(n) * step + patch_size // 2) * half // full, half - 1)
        for n, half, full in zip(shape, half_sigma.shape, gray.shape, strict=True)
    )
    middles = np.ix_(rows, columns)
    coarse, sure = half_sigma[middles], half_confidence[middles]
    wanted = (coarse < BLURRED) | (sure < SEEN)
    means = MapMeans(gray.shape, patch_size, step, estimate)
    for first in range(0, shape[0], _ROWS):
        band = slice(first, min(first + _ROWS, shape[0]))
        detail = np.ones_like(coarse[band])
        of_band = 2 * coarse[band], sure[band].copy(), detail
        chosen = wanted[band]
        if chosen.any():
            top, bottom = first * step, (band.stop - 1) * step + patch_size
            pixels = pad_to_grid(gray, patch_size, step, (top, bottom))
            windows = sliding_window_view(pixels, (patch_size, patch_size))
            patches = windows[::step, ::step][: len(chosen), : shape[1]][chosen]
            patches = patches.reshape(-1, patch_size**2)
            found = probabilities_of(classifier, patches, conditions)
            sigma = estimate_sigma(found, sigmas, estimate)
            texture, of_patches = patch_texture(patches)
            trust = judge_trust(found, sigmas, sigma, texture, classifier)
            measured = sigma, trust, of_patches
            for values, new in zip(of_band, measured, strict=True):
                values[chosen] = new
        means.add(*of_band)
    return means.finish(conditions, classifier)
