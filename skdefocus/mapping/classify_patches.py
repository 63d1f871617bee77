"""Probabilities of every window of a photograph: dense or patch by patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._shared.gray_rows import GrayRows
from .._shared.parameters import StrOptions, checked, unchecked
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import to_float_image
from ..classifier.reliability import disagreement
from ..filters import measure_conditions
from .class_sigmas import check_patch_size, sigma_of_classes
from .confidence import final_confidence, judge_trust
from .windows import (
    GRID_CONSTRAINTS,
    check_step,
    count_windows,
    pad_to_grid,
    window_texture,
)

__all__ = [
    "ESTIMATE",
    "classify_bands",
    "classify_windows",
    "estimate_sigma",
    "probabilities_of",
]

# Photographs are worked on in bands of about this many pixels.
_BAND_PIXELS = 2**21
# Patches handed over at a time: 16 MB.
_CHUNK = 4096

ESTIMATE = [StrOptions({"mode", "mean"})]


@checked(GRID_CONSTRAINTS, check_step, estimate=ESTIMATE)
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
    gray : array-like of shape (H, W)
        Gray image, uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    classifier : classifier
        Fitted on patches of ``patch_size``. One with ``predict_proba_image`` is run
        over whole bands; any other is given patches as rows of ``patch_size ** 2``
        float32 values in [0, 1], in chunks.
    sigmas : sequence of float, optional
        Sigma of each class, in pixels, in the order of ``classes_``. Needed for a
        classifier without ``sigmas_``, which scikit-learn's do not have.
    patch_size, step : int, default=32 and 16
        Side of a window and distance between windows, in pixels; the step is at most
        the side.
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
        In [0, 1]. Of a network of ours the probability that sigma is right within 25 %
        or 0.25 px; of another classifier a weight: one for texture with one clear
        level, lower where probabilities spread, where there is little texture, and
        where the top level saturates.

    Raises
    ------
    ValueError
        For parameters outside their range, an image that is not a gray one, a
        ``patch_size`` that the classifier has not learned from, or ``sigmas`` that is
        missing, not needed, or not one for each class.

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
    gray = to_float_image(gray, "gray")
    if gray.ndim != 2:
        raise ValueError(f"gray must have shape (H, W); got shape {gray.shape}.")
    class_sigmas = sigma_of_classes(classifier, sigmas)
    check_patch_size(classifier, patch_size, "classify_windows")
    conditions = unchecked(measure_conditions)(gray)
    bands = classify_bands(
        gray,
        classifier,
        sigmas=class_sigmas,
        patch_size=patch_size,
        step=step,
        estimate=estimate,
        n_threads=n_threads,
        conditions=conditions,
    )
    sigma, trust, detail = map(np.concatenate, zip(*bands, strict=True))
    return sigma, final_confidence(
        trust,
        detail,
        conditions,
        classifier,
        lambda: disagreement(to_log_sigma(sigma), patch_size, step),
    )


def classify_bands(
    gray: np.ndarray | GrayRows,
    classifier: Any,
    *,
    sigmas: np.ndarray | None = None,
    patch_size: int,
    step: int,
    estimate: str,
    n_threads: int | None,
    conditions: np.ndarray | None = None,
    band_pixels: int = _BAND_PIXELS,
    chunk: int = _CHUNK,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Classify the windows of a photograph, some rows of them at a time.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32, or GrayRows
        Gray in [0, 1].
    classifier, patch_size, step, estimate, n_threads
        As in `classify_windows`.
    sigmas : ndarray of shape (n_classes,), float32, optional
        From `sigma_of_classes`, which by default is asked here.
    conditions : ndarray of shape (4,), float32, optional
        From `measure_conditions`, for a network that takes them; by default those of a
        clean photograph.
    band_pixels : int, default=2**21
        About as many pixels are classified in one call.
    chunk : int, default=4096
        Most patches that are handed over at a time.

    Yields
    ------
    sigma, trust, detail : ndarray of shape (n, n_across), float32
        Of the next rows of windows: sigma in pixels, and what `final_confidence` makes
        confidence of.
    """
    if sigmas is None:
        sigmas = sigma_of_classes(classifier)
    count = unchecked(count_windows)
    n_down, n_across = (count(n, patch_size, step) for n in gray.shape)
    band = max(1, (band_pixels // gray.shape[1] - patch_size) // step + 1)
    for first in range(0, n_down, band):
        shape = min(n_down - first, band), n_across
        top, height = first * step, (shape[0] - 1) * step + patch_size
        pixels = pad_to_grid(gray, patch_size, step, (top, top + height))
        texture, detail = window_texture(pixels, shape, patch_size, step)
        sigma, trust = np.empty((2, *shape), dtype=np.float32)
        for rows, columns, probabilities in _probabilities(
            pixels, classifier, shape, patch_size, step, n_threads, conditions, chunk
        ):
            block = np.ix_(rows, columns)
            sigma[block] = estimate_sigma(probabilities, sigmas, estimate)
            trust[block] = judge_trust(
                probabilities, sigmas, sigma[block], texture[block], classifier
            )
        yield sigma, trust, detail


def estimate_sigma(
    probabilities: np.ndarray, sigmas: np.ndarray, estimate: str
) -> np.ndarray:
    """Sigma of windows, from the probabilities of their classes.

    Parameters
    ----------
    probabilities : ndarray of shape (..., n_classes), float32
        Of each class.
    sigmas : ndarray of shape (n_classes,), float32
        Sigma of each class, in pixels.
    estimate : {"mode", "mean"}
        As in `classify_windows`.

    Returns
    -------
    ndarray of shape (...), float32
        In pixels.
    """
    sigma: np.ndarray
    if estimate == "mode":
        sigma = sigmas[probabilities.argmax(axis=-1)]
    else:
        mean = from_log_sigma(probabilities @ to_log_sigma(sigmas))
        # A rounded sum of probabilities must not leave the ladder.
        sigma = np.clip(mean, sigmas.min(), sigmas.max())
    return sigma


def _probabilities(
    pixels: np.ndarray,
    classifier: Any,
    shape: tuple[int, int],
    patch_size: int,
    step: int,
    n_threads: int | None,
    conditions: np.ndarray | None,
    chunk: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows and columns of windows with their probabilities, block by block."""
    if hasattr(classifier, "predict_proba_image"):
        return _dense_probabilities(
            pixels, classifier, shape, step, n_threads, conditions
        )
    return _patch_probabilities(
        pixels, classifier, shape, patch_size, step, conditions, chunk
    )


def _takes_conditions(classifier: Any) -> bool:
    taken: bool = getattr(classifier, "takes_conditions_", False)
    return taken


def _dense_probabilities(
    pixels: np.ndarray,
    classifier: Any,
    shape: tuple[int, int],
    step: int,
    n_threads: int | None,
    conditions: np.ndarray | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Run the network over the band once for every offset of windows to its stride."""
    stride = classifier.dense_stride_
    told = {"conditions": conditions} if _takes_conditions(classifier) else {}
    origins = [np.arange(n) * step for n in shape]
    for top in np.unique(origins[0] % stride):
        rows = np.flatnonzero(origins[0] % stride == top)
        for left in np.unique(origins[1] % stride):
            columns = np.flatnonzero(origins[1] % stride == left)
            dense = classifier.predict_proba_image(
                pixels[top:, left:], n_threads, **told
            )
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
    conditions: np.ndarray | None,
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
            probabilities = probabilities_of(classifier, patches, conditions)
            yield (rows, columns, probabilities.reshape(len(rows), len(columns), -1))


def probabilities_of(
    classifier: Any, patches: np.ndarray, conditions: np.ndarray | None
) -> np.ndarray:
    """Ask any classifier about patches.

    Parameters
    ----------
    classifier : classifier
        Fitted.
    patches : ndarray of shape (n, n_pixels), float32
        Patches, in [0, 1].
    conditions : ndarray of shape (4,), float32, or None
        Those of the photograph, for a network that takes them.

    Returns
    -------
    ndarray of shape (n, n_classes), float32
        Of a classifier without probabilities, 1 for the class that it predicts.
    """
    if _takes_conditions(classifier) and conditions is not None:
        told = np.tile(conditions, (len(patches), 1))
        probabilities = classifier.predict_proba(patches, told)
    elif hasattr(classifier, "predict_proba"):
        probabilities = np.asarray(classifier.predict_proba(patches))
    else:
        decided = classifier.predict(patches)[:, np.newaxis]
        probabilities = decided == classifier.classes_
    shares: np.ndarray = probabilities.astype(np.float32)
    return shares
