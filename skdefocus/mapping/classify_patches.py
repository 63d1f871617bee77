"""Probabilities of every window of a photograph: dense or patch by patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._shared.gray_rows import GrayRows
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .class_sigmas import sigma_of_classes
from .windows import count_windows, pad_to_grid, window_deviation

__all__ = [
    "classify_bands",
    "classify_windows",
    "spread_confidence",
    "texture_confidence",
]

# Photographs are worked on in bands of about this many pixels.
_BAND_PIXELS = 2**21
# Patches handed over at a time: 16 MB.
_CHUNK = 4096

# Variance of log(sigma + 0.8) at which confidence is one half: that of probabilities
# spread evenly over two neighboring levels and a little more.
_HALF_VARIANCE = 0.018
# Standard deviation of the gray levels, on [0, 1], from which texture is decisive.
_FULL_TEXTURE = 20 / 255
_LEAST_TEXTURE = 0.02


def classify_windows(
    gray: np.ndarray,
    classifier: Any,
    *,
    sigmas: Sequence[float] | None = None,
    patch_size: int = 32,
    step: int = 16,
    estimate: str = "mode",
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sigma and confidence of every window of a gray image.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        Gray image in [0, 1], of any size from 1 x 1.
    classifier : classifier
        Fitted on patches of ``patch_size``. One with ``predict_proba_image`` is run
        over whole bands; any other is given patches as rows of ``patch_size ** 2``
        float32 values in [0, 1], in chunks.
    sigmas : sequence of float, optional
        Sigma of each class, in pixels, in the order of ``classes_``. Needed for a
        classifier without ``sigmas_``, which scikit-learn's do not have.
    patch_size, step : int, default=32 and 16
        Side of a window and distance between windows, in pixels.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level, or the sigma whose ``log(sigma + 0.8)`` is the
        expected one.
    n_threads : int, optional
        Threads of the network; by default those available to this process.

    Returns
    -------
    sigma : ndarray of shape (n_down, n_across), float32
        Sigma of the window that begins at row ``i * step``, column ``j * step``, in
        pixels.
    confidence : ndarray of shape (n_down, n_across), float32
        In [0, 1]: one for texture with one clear level, lower where probabilities
        spread, where there is little texture, and where the top level saturates.

    Raises
    ------
    ValueError
        If ``sigmas`` is missing, not needed, or not one for each class.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from skdefocus.mapping import classify_windows
    >>> classifier = DummyClassifier().fit(np.zeros((1, 1024)), ["blurred"])
    >>> gray = np.zeros((32, 64), np.float32)
    >>> classify_windows(gray, classifier, sigmas=[2.5])[0]
    array([[2.5, 2.5, 2.5]], dtype=float32)
    """
    bands = classify_bands(
        gray,
        classifier,
        sigmas=sigma_of_classes(classifier, sigmas),
        patch_size=patch_size,
        step=step,
        estimate=estimate,
        n_threads=n_threads,
    )
    sigma, confidence = map(np.concatenate, zip(*bands, strict=True))
    return sigma, confidence


def classify_bands(
    gray: np.ndarray | GrayRows,
    classifier: Any,
    *,
    sigmas: np.ndarray | None = None,
    patch_size: int,
    step: int,
    estimate: str,
    n_threads: int | None,
    band_pixels: int = _BAND_PIXELS,
    chunk: int = _CHUNK,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Classify the windows of a photograph, some rows of them at a time.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32, or GrayRows
        Gray in [0, 1].
    classifier, patch_size, step, estimate, n_threads
        As in `classify_windows`.
    sigmas : ndarray of shape (n_classes,), float32, optional
        From `sigma_of_classes`, which by default is asked here.
    band_pixels : int, default=2**21
        About as many pixels are classified in one call.
    chunk : int, default=4096
        Most patches that are handed over at a time.

    Yields
    ------
    sigma, confidence : ndarray of shape (n, n_across), float32
        Of the next rows of windows.
    """
    if sigmas is None:
        sigmas = sigma_of_classes(classifier)
    n_down, n_across = (count_windows(n, patch_size, step) for n in gray.shape)
    band = max(1, (band_pixels // gray.shape[1] - patch_size) // step + 1)
    for first in range(0, n_down, band):
        shape = min(n_down - first, band), n_across
        top, height = first * step, (shape[0] - 1) * step + patch_size
        pixels = pad_to_grid(gray, patch_size, step, (top, top + height))
        texture = window_deviation(pixels, shape, patch_size, step)
        sigma, confidence = np.empty((2, *shape), dtype=np.float32)
        for rows, columns, probabilities in _probabilities(
            pixels, classifier, shape, patch_size, step, n_threads, chunk
        ):
            block = np.ix_(rows, columns)
            sigma[block] = _estimate(probabilities, sigmas, estimate)
            confidence[block] = _confidence(probabilities, sigmas, texture[block])
        yield sigma, confidence


def _estimate(
    probabilities: np.ndarray, sigmas: np.ndarray, estimate: str
) -> np.ndarray:
    sigma: np.ndarray
    if estimate == "mode":
        sigma = sigmas[probabilities.argmax(axis=-1)]
    else:
        mean = from_log_sigma(probabilities @ to_log_sigma(sigmas))
        # A rounded sum of probabilities must not leave the ladder.
        sigma = np.clip(mean, sigmas.min(), sigmas.max())
    return sigma


def _confidence(
    probabilities: np.ndarray, sigmas: np.ndarray, texture: np.ndarray
) -> np.ndarray:
    decided = spread_confidence(probabilities, to_log_sigma(sigmas))
    # Beyond the ladder the top level only says "at least this much". It is not the last
    # class where classes are names: "blurred" comes before "sharp".
    within = 1 - probabilities[..., sigmas.argmax()] / 2
    confidence: np.ndarray = np.clip(
        decided * texture_confidence(texture) * within, 0, 1
    )
    return confidence


def spread_confidence(probabilities: np.ndarray, log_sigmas: np.ndarray) -> np.ndarray:
    """How far probabilities agree on one level.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_levels)
        Of each level.
    log_sigmas : ndarray of shape (n_levels,)
        ``log(sigma + 0.8)`` of each level.

    Returns
    -------
    ndarray of shape (...)
        1 for one clear level, one half where they spread over two neighbors and a
        little more.
    """
    mean = probabilities @ log_sigmas
    variance = np.maximum(probabilities @ log_sigmas**2 - mean**2, 0)
    agreement: np.ndarray = 1 / (1 + variance / np.float32(_HALF_VARIANCE))
    return agreement


def texture_confidence(deviation: np.ndarray) -> np.ndarray:
    """How far contrast lets blur be judged.

    Parameters
    ----------
    deviation : ndarray
        Standard deviation of gray levels, in [0, 1], within windows.

    Returns
    -------
    ndarray of the same shape
        From 0.02 for flat windows to 1 from a deviation of 20 of 255 levels.
    """
    return np.clip(deviation / np.float32(_FULL_TEXTURE), _LEAST_TEXTURE, 1)


def _probabilities(
    pixels: np.ndarray,
    classifier: Any,
    shape: tuple[int, int],
    patch_size: int,
    step: int,
    n_threads: int | None,
    chunk: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows and columns of windows with their probabilities, block by block."""
    if hasattr(classifier, "predict_proba_image"):
        return _dense_probabilities(pixels, classifier, shape, step, n_threads)
    return _patch_probabilities(pixels, classifier, shape, patch_size, step, chunk)


def _dense_probabilities(
    pixels: np.ndarray,
    classifier: Any,
    shape: tuple[int, int],
    step: int,
    n_threads: int | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Run the network over the band once for every offset of windows to its stride."""
    stride = classifier.dense_stride_
    origins = [np.arange(n) * step for n in shape]
    for top in np.unique(origins[0] % stride):
        rows = np.flatnonzero(origins[0] % stride == top)
        for left in np.unique(origins[1] % stride):
            columns = np.flatnonzero(origins[1] % stride == left)
            dense = classifier.predict_proba_image(pixels[top:, left:], n_threads)
            yield (
                rows,
                columns,
                dense[
                    np.ix_(
                        (origins[0][rows] - top) // stride,
                        (origins[1][columns] - left) // stride,
                    )
                ],
            )


def _patch_probabilities(
    pixels: np.ndarray,
    classifier: Any,
    shape: tuple[int, int],
    patch_size: int,
    step: int,
    chunk: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cut patches a few rows of windows at a time and have them classified."""
    windows = sliding_window_view(pixels, (patch_size, patch_size))[::step, ::step]
    n_across = min(shape[1], chunk)
    n_down = max(1, chunk // n_across)
    for top in range(0, shape[0], n_down):
        for left in range(0, shape[1], n_across):
            block = windows[top : top + n_down, left : left + n_across]
            rows = top + np.arange(block.shape[0])
            columns = left + np.arange(block.shape[1])
            patches = block.reshape(-1, patch_size**2)
            if hasattr(classifier, "predict_proba"):
                probabilities = np.asarray(classifier.predict_proba(patches))
            else:
                decided = classifier.predict(patches)[:, np.newaxis]
                probabilities = decided == classifier.classes_
            yield (
                rows,
                columns,
                probabilities.astype(np.float32).reshape(len(rows), len(columns), -1),
            )
