"""Measuring a photograph at one size or several, and bringing sigma back to its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .._shared.parameters import POSITIVE_REAL, StrOptions
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.threads import run_in_parts
from ..filters import resize
from ..filters._resize import enlarge_rows

__all__ = [
    "BLURRED",
    "SCALE",
    "SEEN",
    "check_scale",
    "measure_at",
    "passed_over",
    "resample_all",
]

# Photographs up to this length are measured all over. A larger one is, too, but at its
# full size only where half the size reads as sharp.
_LONG_SIDE = 1600
# The more a patch is blurred, the less it holds to judge by; a disc of sigma 8 is as
# wide as a patch. Between these sigmas (benchmarks/RESULTS.md) the answer passes over
# to a photograph of half the size.
_TRUSTED, _DOUBTED = 1.5, 3.0
# While the long side of that is above the first of these, and wholly from the second
# on: what is unknown would jump where one size more comes to be measured.
_SHORTEST_LONG_SIDE, _LONG_ENOUGH = 200, 250
# Confidence in a half up to which it does not count, and from which it counts fully.
# Where nothing is to be seen at any size, sigma would double from half to half.
_UNSEEN, SEEN = 0.07, 0.12
# The same by what a half shows, in its pixels: what it finds blurred is not sharp.
_SHARP, BLURRED = 1.0, 1.5
# Blur that enlarging adds, in pixels of the enlarged photograph: what the network reads
# of the sharpest parts of photographs enlarged twice.
_INTERPOLATION = 0.65

# Rows that are passed over at a time.
_STRIP = 256

SCALE = [StrOptions({"auto"}), POSITIVE_REAL, tuple, list]

# From a factor to sigma and confidence, and to those of windows alone, at its size.
_Measure = Callable[[float], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
# From a factor, and sigma and confidence at half of its size in the pixels of that, to
# sigma and confidence at its size, which are those of the half where that is blurred.
_MeasureSharp = Callable[[float, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def check_scale(caller: str, parameters: Mapping[str, Any]) -> None:
    """Refuse several scales unless each is a factor.

    Parameters
    ----------
    caller : str
        Name of the function or class, for the message.
    parameters : mapping of str to object
        All parameters, of which it reads "scale".

    Raises
    ------
    ValueError
        If a list is empty or holds anything but numbers above 0.
    """
    scale = parameters["scale"]
    if isinstance(scale, list | tuple) and not (
        scale
        and all(isinstance(f, Real) and not isinstance(f, bool) for f in scale)
        and all(0 < f < np.inf for f in scale)
    ):
        raise ValueError(
            f"The 'scale' parameter of {caller} must be 'auto', a factor above 0, or "
            f"a list of such factors. Got {scale!r} instead."
        )


def _factors(
    scale: float | str | Sequence[float], shape: tuple[int, ...], patch_size: int
) -> list[float]:
    """List the factors of a scale, the largest first for "auto"."""
    if scale != "auto":
        return [float(factor) for factor in np.atleast_1d(scale)]
    factors = [1.0]
    while (
        max(shape) * factors[-1] / 2 > _SHORTEST_LONG_SIDE
        and min(shape) * factors[-1] / 2 >= patch_size
    ):
        factors.append(factors[-1] / 2)
    return factors


def _scaled(shape: tuple[int, ...], factor: float) -> tuple[int, int]:
    height, width = (max(1, round(length * factor)) for length in shape[:2])
    return height, width


def resample_all(
    photograph: Callable[[], np.ndarray],
    scale: float | str | Sequence[float],
    shape: tuple[int, ...],
    patch_size: int,
) -> dict[float, np.ndarray]:
    """Resample a photograph by all factors of a scale, to one pixel at least.

    Parameters
    ----------
    photograph : callable
        Gives the photograph, of shape (H, W) or (H, W, 3), as float32 in [0, 1]. It is
        called once, if any factor asks for it, and its result is not kept.
    scale, shape, patch_size
        As in `measure_at`.

    Returns
    -------
    dict of float to ndarray, float32
        The resampled photograph for each factor that changes it.
    """
    shapes = {f: _scaled(shape, f) for f in _factors(scale, shape, patch_size)}
    others = {f: size for f, size in shapes.items() if size != tuple(shape[:2])}
    if not others:
        return {}
    image = photograph()
    resampled = {}
    for factor, size in others.items():
        resampled[factor] = resize(image, size)
        if scale == "auto":
            # A half of a half is a quarter, for a quarter of the work.
            image = resampled[factor]
    return resampled


def is_measured_whole(
    scale: float | str | Sequence[float], shape: tuple[int, ...], factor: float
) -> bool:
    """Tell whether a photograph is measured all over at one size.

    Parameters
    ----------
    scale, shape
        As in `measure_at`.
    factor : float
        One of the scale's.

    Returns
    -------
    bool
        False of "auto" above 1600 px, where only what half the size shows sharp is
        measured anew.
    """
    return scale != "auto" or max(shape) * factor <= _LONG_SIDE


def _own_pixels(
    sigma: np.ndarray, confidence: np.ndarray, factor: float, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Bring maps of a resampled photograph to the photograph's own pixels, and a size.

    Without the blur that enlarging adds.
    """
    if factor > 1:
        sigma = np.sqrt(np.maximum(sigma**2 - np.float32(_INTERPOLATION**2), 0))
    if factor != 1:
        sigma = sigma * np.float32(1 / factor)
    return _resized(sigma, shape), _resized(confidence, shape)


def _resized(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    # Without a copy, which of a large photograph's maps is large too.
    return plane if plane.shape == tuple(shape) else resize(plane, shape)


def measure_at(
    scale: float | str | Sequence[float],
    shape: tuple[int, int],
    patch_size: int,
    measure: _Measure,
    measure_sharp: _MeasureSharp,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a photograph at the scale asked for.

    Parameters
    ----------
    scale : float, "auto" or list of float
        As in `skdefocus.SlidingWindowMapper`.
    shape : tuple of int
        Height and width of the photograph.
    patch_size : int
        Least side that is measured by a scale of "auto", in pixels.
    measure : callable
        From a factor to sigma and confidence, and to the sigma and the confidence of
        single windows, by which "auto" passes over to halves; each at the size and in
        the pixels of the photograph resampled by the factor.
    measure_sharp : callable
        From a factor, and sigma and confidence at half of its size, to sigma and
        confidence at its size, measured anew where the half is sharp: for the factors
        of "auto" that leave a photograph longer than 1600 px.

    Returns
    -------
    sigma, confidence : ndarray of shape ``shape``, float32
        What was measured.
    """
    factors = _factors(scale, shape, patch_size)
    if len(factors) == 1:
        sigma, confidence, *_ = measure(factors[0])
        return _own_pixels(sigma, confidence, factors[0], shape)
    if scale == "auto":
        return _measure_while_trusted(factors, shape, measure, measure_sharp)
    return _measure_together(factors, shape, measure)


def _measure_while_trusted(
    factors: Sequence[float],
    shape: tuple[int, int],
    measure: _Measure,
    measure_sharp: _MeasureSharp,
) -> tuple[np.ndarray, np.ndarray]:
    """Pass over from half to half where a patch shows more blur than it can judge."""
    # Always in the pixels of the size they have, the coarsest first.
    blur_map, confidence, _, known = measure(factors[-1])
    for factor in reversed(factors[:-1]):
        if not is_measured_whole("auto", shape, factor):
            sigma, sure = measure_sharp(factor, blur_map, confidence)
            seen, seen_sure = sigma, sure
        else:
            sigma, sure, seen, seen_sure = measure(factor)
        half = blur_map, confidence, known
        _blend(sigma, sure, seen, seen_sure, half, max(shape) * factor / 2)
        blur_map, confidence, known = sigma, sure, seen_sure
    return blur_map, confidence


def _blend(
    sigma: np.ndarray,
    confidence: np.ndarray,
    seen: np.ndarray,
    seen_confidence: np.ndarray,
    half: tuple[np.ndarray, np.ndarray, np.ndarray],
    half_side: float,
) -> None:
    """Take maps, in place, to those of half the size where much blur shows.

    Those are sigma, confidence, and the confidence of single windows, which may be the
    same array.
    """

    def blend(first: int, last: int) -> None:
        for start in range(first, last, _STRIP):
            rows = slice(start, min(start + _STRIP, last))
            half_sigma, sure, known = (
                enlarge_rows(plane, sigma.shape, rows) for plane in half
            )
            doubt = passed_over(seen[rows], half_sigma, known, half_side)
            sigma[rows] += doubt * (2 * half_sigma - sigma[rows])
            confidence[rows] += doubt * (sure - confidence[rows])
            if seen_confidence is not confidence:
                own = seen_confidence[rows]
                own += doubt * (known - own)

    run_in_parts(blend, len(sigma), _STRIP)


def passed_over(
    seen: np.ndarray,
    half_sigma: np.ndarray,
    half_confidence: np.ndarray,
    half_side: float,
) -> np.ndarray:
    """How far "auto" passes over from what one size shows to what half of it shows.

    Parameters
    ----------
    seen : ndarray of shape (H, W), float32
        Sigma that single windows show, in the pixels of their size.
    half_sigma, half_confidence : ndarray of shape (H, W), float32
        Maps of half the size, enlarged; sigma in the pixels of half the size.
    half_side : float
        Long side of half the size, in its pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1]: not at all, to wholly.
    """
    doubt: np.ndarray = np.maximum(
        _rise(seen, _TRUSTED, _DOUBTED), _rise(half_sigma, _SHARP, BLURRED)
    )
    doubt *= _rise(half_confidence, _UNSEEN, SEEN)
    doubt *= _rise(np.array(half_side, np.float32), _SHORTEST_LONG_SIDE, _LONG_ENOUGH)
    return doubt


def _rise(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to one value, 1 from another on."""
    risen: np.ndarray = np.clip((values - np.float32(low)) / (high - low), 0, 1)
    return risen


def _measure_together(
    factors: Sequence[float], shape: tuple[int, int], measure: _Measure
) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean of several measurements, each as far as it is to be trusted."""
    weighted: Any = 0
    total: Any = 0
    for factor in factors:
        sigma, confidence, *_ = measure(factor)
        sigma, confidence = _own_pixels(sigma, confidence, factor, shape)
        # Where no measurement is to be trusted, each counts the same.
        weight = np.maximum(confidence, np.float32(1e-6))
        weighted = weighted + weight * to_log_sigma(sigma)
        total = total + weight
    confidence = np.clip(total / np.float32(len(factors)), 0, 1)
    return from_log_sigma(weighted / total), confidence
