"""The blur map of one photograph by sliding windows (eq. 6), at one or more scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._grey_rows import GreyRows
from .._sigma_scale import from_log_sigma, to_log_sigma
from .._validation import POSITIVE_INTEGER, StrOptions, check_parameters
from .patch_levels import classify_bands
from .scales import SCALE, check_scale, measure_at, resample_all
from .windows import WindowMean

__all__ = ["MAP_CONSTRAINTS", "check_windows", "sliding_window_map"]

MAP_CONSTRAINTS = {
    "patch_size": [POSITIVE_INTEGER],
    "step": [POSITIVE_INTEGER],
    "estimate": [StrOptions({"mode", "mean"})],
    "scale": SCALE,
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
    grey = GreyRows(image)
    resampled = resample_all(grey.whole, scale, grey.shape, patch_size)

    def measure(factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        photograph = resampled.get(factor, grey)
        sigma, confidence = _measure(
            photograph, classifier, patch_size, step, estimate, n_threads
        )
        return sigma, confidence, sigma

    return measure_at(scale, grey.shape, patch_size, measure)


def _measure(
    grey: np.ndarray | GreyRows,
    classifier: Any,
    patch_size: int,
    step: int,
    estimate: str,
    n_threads: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a photograph at the size that it has."""
    sigma = WindowMean(grey.shape, patch_size, step)
    confidence = WindowMean(grey.shape, patch_size, step)
    for of_sigma, of_confidence in classify_bands(
        grey,
        classifier,
        patch_size=patch_size,
        step=step,
        estimate=estimate,
        n_threads=n_threads,
    ):
        sigma.add(to_log_sigma(of_sigma) if estimate == "mean" else of_sigma)
        confidence.add(of_confidence)
    if estimate == "mean":
        from_log_sigma(sigma.means, out=sigma.means)
    return sigma.means, confidence.means
