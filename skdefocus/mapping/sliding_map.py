"""The blur map of one photograph by sliding windows (eq. 6), at one or more scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .._sigma_scale import from_log_sigma, to_log_sigma
from .._validation import (
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    StrOptions,
    check_parameters,
    to_float_image,
    to_grey,
)
from ..filters import resize
from .patch_levels import classify_windows
from .windows import average_windows

__all__ = [
    "MAP_CONSTRAINTS",
    "automatic_scale",
    "check_scale",
    "check_windows",
    "sliding_window_map",
]

# A photograph of this length rarely holds more blur than the ladder has levels for.
_LONG_SIDE = 1600
# The more a patch is blurred, the less it holds to judge by; a disc of sigma 8 is as
# wide as a patch. Between these sigmas (benchmarks/RESULTS.md) the answer passes over
# to a photograph of half the size, while its long side is above the last of these.
_TRUSTED, _DOUBTED = 1.5, 3.0
_SHORTEST_LONG_SIDE = 200
# Blur that enlarging adds, in pixels of the enlarged photograph: what the network reads
# of the sharpest parts of photographs enlarged twice.
_INTERPOLATION = 0.65


MAP_CONSTRAINTS = {
    "patch_size": [POSITIVE_INTEGER],
    "step": [POSITIVE_INTEGER],
    "estimate": [StrOptions({"mode", "mean"})],
    "scale": [StrOptions({"auto"}), POSITIVE_REAL, tuple, list],
}


def check_windows(caller: str, patch_size: int, step: int) -> None:
    """Refuse a step that leaves out pixels.

    Parameters
    ----------
    caller : str
        Name of the function or class, for the message.
    patch_size, step : int
        Side of a patch and distance between patches, in pixels.

    Raises
    ------
    ValueError
        If the step is larger than the patch.
    """
    if step > patch_size:
        raise ValueError(
            f"The 'step' parameter of {caller} must be at most 'patch_size' "
            f"({patch_size}), or pixels are left out. Got {step} instead."
        )


def check_scale(caller: str, scale: Any) -> None:
    """Refuse several scales unless each is a factor.

    Parameters
    ----------
    caller : str
        Name of the function or class, for the message.
    scale : float, "auto", or list of float
        The parameter.

    Raises
    ------
    ValueError
        If a list is empty or holds anything but numbers above 0.
    """
    if isinstance(scale, list | tuple) and not (
        scale
        and all(isinstance(f, Real) and not isinstance(f, bool) for f in scale)
        and all(0 < f < np.inf for f in scale)
    ):
        raise ValueError(
            f"The 'scale' parameter of {caller} must be 'auto', a factor above 0, or "
            f"a list of such factors. Got {scale!r} instead."
        )


def automatic_scale(shape: tuple[int, ...]) -> float:
    """Halve until the long side of a photograph is at most 1600 pixels.

    Parameters
    ----------
    shape : tuple of int
        Height and width first.

    Returns
    -------
    float
        1, 1/2, 1/4, ...

    Examples
    --------
    >>> from skdefocus.mapping import automatic_scale
    >>> automatic_scale((427, 640)), automatic_scale((4000, 6000, 3))
    (1.0, 0.25)
    """
    scale = 1.0
    while max(shape[:2]) * scale > _LONG_SIDE:
        scale /= 2
    return scale


def sliding_window_map(
    image: np.ndarray,
    classifier: Any,
    *,
    patch_size: int = 32,
    step: int = 16,
    estimate: str = "mode",
    scale: float | str | Sequence[float] = 1.0,
    n_threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Blur map of one photograph by classifying overlapping patches (eq. 6).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1], of any size from 1 x 1.
    classifier : classifier
        Fitted on patches of ``patch_size``.
    patch_size : int, default=32
        Side of a patch, in pixels of the scaled photograph.
    step : int, default=16
        Distance between patches, from 1 to ``patch_size``.
    estimate : {"mode", "mean"}, default="mode"
        Sigma of the most probable level (the paper), or the sigma whose
        ``log(sigma + 0.8)``, on which levels lie at nearly equal distances, is the
        expected one. Means over windows are taken on the same scale.
    scale : float, "auto" or list of float, default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. Of several factors the mean is taken, weighted by confidence;
        ``(2, 1, 0.5)`` is the most accurate, at five times the cost. "auto" halves
        until the long side is at most 1600 px, and where a patch then shows more blur
        than it can judge, from 1.5 to 3 px, goes over to what further halves show.
    n_threads : int, optional
        Threads of the network; by default those available to this process.

    Returns
    -------
    blur_map : ndarray of shape (H, W), float32
        Sigma, in pixels of the photograph as given.
    confidence : ndarray of shape (H, W), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import PatchBlurClassifier
    >>> from skdefocus.mapping import sliding_window_map
    >>> noise = np.random.default_rng(0).random((64, 80))
    >>> sigma, confidence = sliding_window_map(noise, PatchBlurClassifier.pretrained())
    >>> sigma.shape, bool(sigma.max() < 1)
    ((64, 80), True)
    """
    check_parameters(
        MAP_CONSTRAINTS,
        {"patch_size": patch_size, "step": step, "estimate": estimate, "scale": scale},
        "sliding_window_map",
    )
    check_windows("sliding_window_map", patch_size, step)
    check_scale("sliding_window_map", scale)
    grey = to_grey(to_float_image(image))

    def measure(factor: float) -> tuple[np.ndarray, np.ndarray]:
        return _measure(grey, factor, classifier, patch_size, step, estimate, n_threads)

    if scale == "auto":
        return _measure_while_trusted(grey.shape, patch_size, measure)
    if np.ndim(scale) == 0:
        return measure(float(scale))
    return _measure_together([float(factor) for factor in scale], measure)


def _measure(
    grey: np.ndarray,
    factor: float,
    classifier: Any,
    patch_size: int,
    step: int,
    estimate: str,
    n_threads: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a photograph resampled by a factor; sigma is in its own pixels."""
    shape = tuple(max(1, round(length * factor)) for length in grey.shape)
    sigma, confidence = classify_windows(
        resize(grey, shape),
        classifier,
        patch_size=patch_size,
        step=step,
        estimate=estimate,
        n_threads=n_threads,
    )
    if estimate == "mean":
        log_sigma = average_windows(to_log_sigma(sigma), shape, patch_size, step)
        sigma = from_log_sigma(log_sigma)
    else:
        sigma = average_windows(sigma, shape, patch_size, step)
    if factor > 1:
        sigma = np.sqrt(np.maximum(sigma**2 - np.float32(_INTERPOLATION**2), 0))
    confidence = average_windows(confidence, shape, patch_size, step)
    sigma = resize(sigma, grey.shape) * np.float32(1 / factor)
    return sigma, resize(confidence, grey.shape)


def _measure_while_trusted(
    shape: tuple[int, ...],
    patch_size: int,
    measure: Callable[[float], tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Pass over from half to half where a patch shows more blur than it can judge."""
    factors = [automatic_scale(shape)]
    while (
        max(shape) * factors[-1] / 2 > _SHORTEST_LONG_SIDE
        and min(shape) * factors[-1] / 2 >= patch_size
    ):
        factors.append(factors[-1] / 2)
    blur_map, confidence = measure(factors[-1])
    for factor in reversed(factors[:-1]):
        fine, fine_confidence = measure(factor)
        doubt = (fine * np.float32(factor) - _TRUSTED) / (_DOUBTED - _TRUSTED)
        doubt = np.clip(doubt, 0, 1)
        blur_map = fine + doubt * (blur_map - fine)
        confidence = fine_confidence + doubt * (confidence - fine_confidence)
    return blur_map, confidence


def _measure_together(
    factors: Sequence[float],
    measure: Callable[[float], tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean of several measurements, each as far as it is to be trusted."""
    weighted, total = 0, 0
    for factor in factors:
        sigma, confidence = measure(factor)
        # Where no measurement is to be trusted, each counts the same.
        weight = np.maximum(confidence, np.float32(1e-6))
        weighted = weighted + weight * to_log_sigma(sigma)
        total = total + weight
    confidence = np.clip(total / np.float32(len(factors)), 0, 1)
    return from_log_sigma(weighted / total), confidence
