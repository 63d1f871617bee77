"""The blur map of one photograph by sliding windows (eq. 6), at one or more scales."""

from __future__ import annotations

from typing import Any

import numpy as np

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


MAP_CONSTRAINTS = {
    "patch_size": [POSITIVE_INTEGER],
    "step": [POSITIVE_INTEGER],
    "estimate": [StrOptions({"mode", "mean"})],
    "scale": [StrOptions({"auto"}), POSITIVE_REAL],
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
    scale: float | str = 1.0,
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
        Sigma of the most probable level (the paper), or the expected sigma.
    scale : float or "auto", default=1.0
        Factor by which the photograph is resampled before it is measured; sigma is
        multiplied back. "auto" halves until the long side is at most 1600 px, and
        where a patch then shows more blur than it can judge, from 1.5 to 3 px, goes
        over to what further halves show.
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
    grey = to_grey(to_float_image(image))
    scales = [scale]
    if scale == "auto":
        scales = [automatic_scale(grey.shape)]
        while (
            max(grey.shape) * scales[-1] / 2 > _SHORTEST_LONG_SIDE
            and min(grey.shape) * scales[-1] / 2 >= patch_size
        ):
            scales.append(scales[-1] / 2)
    blur_map, confidence = None, None
    for factor in reversed(scales):
        shape = tuple(max(1, round(length * factor)) for length in grey.shape)
        windows = classify_windows(
            resize(grey, shape),
            classifier,
            patch_size=patch_size,
            step=step,
            estimate=estimate,
            n_threads=n_threads,
        )
        fine, fine_confidence = (
            average_windows(values, shape, patch_size, step) for values in windows
        )
        if blur_map is None:
            blur_map, confidence = fine, fine_confidence
            continue
        doubt = np.clip((fine - _TRUSTED) / (_DOUBTED - _TRUSTED), 0, 1)
        blur_map = fine + doubt * (2 * resize(blur_map, shape) - fine)
        confidence = resize(confidence, shape)
        confidence = fine_confidence + doubt * (confidence - fine_confidence)
    unit = np.float32(1 / scales[0])
    return resize(blur_map, grey.shape) * unit, resize(confidence, grey.shape)
