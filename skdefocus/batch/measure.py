"""Figures that tell a sharp photograph from a blurred one, from its map."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._shared.parameters import UNIT_INTERVAL, checked, unchecked
from .._shared.validation import check_map
from ..mapping import Motion, find_motion
from ..sample import UNKNOWN, DefocusSample, unknown_pixels
from ..segment import defocus_mask, judge_focus

__all__ = ["MEASURES", "measure_map", "sharpest_region", "unknown_note"]

_PERCENTILES = (5, 25, 50, 75, 95)
# Keys of what `measure_map` gives, in order.
MEASURES = (
    "unit",
    "sigma_mean",
    *(f"sigma_p{percent:02}" for percent in _PERCENTILES),
    "in_focus",
    "share_unknown",
    "answer",
    "certainty",
    "sharpest_sigma",
    "sharpest_left",
    "sharpest_top",
    "sharpest_width",
    "sharpest_height",
    "share_motion",
    "motion_direction",
    "motion_length",
)

# The region is a square of this share of the shorter side, but at least one patch.
_REGION_SHARE = 1 / 8
_SMALLEST_REGION = 32
# Regions begin at every fourth of their side.
_QUARTERS = 4
# Probability from which a pixel counts as blurred by motion.
_LIKELY = 0.5
# A photograph with a larger share of unknown pixels cannot be judged.
_NEARLY_ALL = 0.95


@checked(unknown_below=[UNIT_INTERVAL])
def measure_map(
    sample: DefocusSample,
    subject: np.ndarray | None = None,
    out_of_focus: np.ndarray | None = None,
    *,
    unknown_below: float = UNKNOWN,
) -> dict[str, Any]:
    """Measure how sharp a photograph is, or its subject.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map.
    subject : ndarray of shape (H, W), bool, optional
        Pixels that count; by default all.
    out_of_focus : ndarray of shape (H, W), bool, optional
        What is out of focus; by default `skdefocus.segment.defocus_mask` of the map.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown
        (`skdefocus.sample.unknown_pixels`).

    Returns
    -------
    dict of str to object
        ``unit``, "px" or "relative"; ``sigma_mean`` and percentiles, ``sigma_p05`` to
        ``sigma_p95``, in that unit; ``in_focus``, the share of pixels in focus, unknown
        ones by the guess; ``share_unknown``, the share of unknown pixels; of the whole
        photograph the ``answer``, "mixed", "all sharp" or "nothing sharp", and the
        ``certainty`` of its automatic mask, in [0, 1]
        (`skdefocus.segment.judge_focus`); the box of
        the sharpest region, ``sharpest_left``, ``_top``, ``_width`` and ``_height``, in
        pixels, and its mean ``sharpest_sigma`` (`sharpest_region`); ``share_motion``,
        the share of pixels that are blurred by motion more likely than not, and, if
        there are any in the photograph, ``motion_direction``, in degrees from
        horizontal, counterclockwise, and ``motion_length``, in pixels, which are None
        otherwise (`skdefocus.mapping.find_motion`).

    Raises
    ------
    ValueError
        If the subject has another shape, or no pixel, or ``unknown_below`` is outside
        its range.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.batch import measure_map
    >>> blur_map = np.full((64, 96), 4.0, np.float32)
    >>> blur_map[:, :48] = 0.5
    >>> measures = measure_map(DefocusSample(np.zeros((64, 96)), blur_map))
    >>> measures["sigma_mean"], measures["in_focus"], measures["sharpest_left"]
    (2.25, 0.5, 0)
    """
    blur_map = sample.require_map()
    if subject is not None:
        subject = _check_subject(subject, blur_map.shape)
    if out_of_focus is None:
        out_of_focus = defocus_mask(blur_map, unit=sample.unit)
    values = blur_map if subject is None else blur_map[subject]
    blurred = out_of_focus if subject is None else out_of_focus[subject]
    percentiles = np.percentile(values, _PERCENTILES)
    unknown = unchecked(unknown_pixels)(sample, unknown_below)
    unknown = unknown if subject is None else unknown[subject]
    box, sharpest = unchecked(sharpest_region)(
        blur_map, sample.probability, subject, unknown_below=unknown_below
    )
    figures = [float(values.mean(dtype=np.float64)), *percentiles]
    figures += [1 - float(blurred.mean(dtype=np.float64)), float(unknown.mean())]
    rounded = [round(float(figure), 4) for figure in figures]
    judged = judge_focus(sample)
    found = [sample.unit, *rounded, *judged, round(float(sharpest), 4), *box]
    found += _motion_figures(find_motion(sample.image), subject)
    return dict(zip(MEASURES, found, strict=True))


def _check_subject(subject: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    subject = np.asarray(subject, bool)
    if subject.shape != shape:
        raise ValueError(
            f"subject must have the photograph's shape {shape}; got shape "
            f"{subject.shape}."
        )
    if not subject.any():
        raise ValueError("the subject has no pixel in the photograph.")
    return subject


def _motion_figures(motion: Motion, subject: np.ndarray | None) -> list[float | None]:
    moved = motion.score > _LIKELY
    share = float((moved if subject is None else moved[subject]).mean())
    if not moved.any() or motion.direction is None or motion.length is None:
        return [round(share, 4), None, None]
    return [round(share, 4), round(motion.direction, 1), round(motion.length, 1)]


@checked(unknown_below=[UNIT_INTERVAL])
def unknown_note(sample: DefocusSample, unknown_below: float = UNKNOWN) -> str | None:
    """Say so, if nearly nothing of a photograph can be judged.

    Parameters
    ----------
    sample : DefocusSample
        With its blur map.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown.

    Returns
    -------
    str or None
        One sentence where more than 95 % of the pixels are unknown.

    Raises
    ------
    ValueError
        If ``unknown_below`` is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import DefocusSample
    >>> from skdefocus.batch import unknown_note
    >>> fog = DefocusSample(
    ...     np.zeros((9, 9)), np.ones((9, 9)), confidence=np.full((9, 9), 0.1)
    ... )
    >>> unknown_note(fog)
    'nearly nothing can be judged: 100 % of the map are a guess (unknown).'
    >>> unknown_note(fog, unknown_below=0.05) is None
    True
    """
    share = float(unchecked(unknown_pixels)(sample, unknown_below).mean())
    if share <= _NEARLY_ALL:
        return None
    return (
        f"nearly nothing can be judged: {share * 100:.0f} % of the map are a guess "
        f"(unknown)."
    )


@checked(unknown_below=[UNIT_INTERVAL])
def sharpest_region(
    blur_map: np.ndarray,
    confidence: np.ndarray | None = None,
    subject: np.ndarray | None = None,
    *,
    unknown_below: float = UNKNOWN,
) -> tuple[tuple[int, int, int, int], float]:
    """Find the square region of the lowest mean.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    confidence : array-like of shape (H, W), optional
        In [0, 1]. Pixels below ``unknown_below`` do not count, unless all are.
    subject : ndarray of shape (H, W), bool, optional
        Pixels that count; by default all.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], that a pixel must have to count.

    Returns
    -------
    box : tuple of int
        Left, top, width and height, in pixels. The side is an eighth of the
        photograph's shorter side, at least 32 and at most what the subject spans.
    mean : float
        Mean of the pixels in it that count, which are at least half as many as in the
        region that has most of them.

    Raises
    ------
    ValueError
        If the map is not one, confidence or subject do not fit it, the subject has no
        pixel, or ``unknown_below`` is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.batch import sharpest_region
    >>> blur_map = np.full((64, 96), 4.0)
    >>> blur_map[16:48, 40:72] = 0.5
    >>> sharpest_region(blur_map)
    ((40, 16, 32, 32), 0.5)
    """
    blur_map = check_map(blur_map, np.shape(blur_map), "blur_map")
    counts = np.ones(blur_map.shape, bool)
    if subject is not None:
        counts = _check_subject(subject, blur_map.shape)
    if confidence is not None:
        confidence = check_map(confidence, blur_map.shape, "confidence", upper=1.0)
        known = counts & (confidence >= unknown_below)
        counts = known if known.any() else counts
    rows, columns = (np.flatnonzero(counts.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    counts = counts[top : top + height, left : left + width]
    values = blur_map[top : top + height, left : left + width]
    side = max(_SMALLEST_REGION, round(min(blur_map.shape) * _REGION_SHARE))
    side = min(side, height, width)
    stride = max(1, side // _QUARTERS)
    starts_y = np.arange(0, height - side + 1, stride)
    starts_x = np.arange(0, width - side + 1, stride)
    n_known, totals = _sums(values, counts, starts_y, starts_x, side)
    means = np.full(n_known.shape, np.inf)
    enough = n_known >= max(1, n_known.max() / 2)
    np.divide(totals, n_known, out=means, where=enough)
    y, x = np.unravel_index(means.argmin(), means.shape)
    box = (left + int(starts_x[x]), top + int(starts_y[y]), side, side)
    return box, float(means[y, x])


def _sums(
    values: np.ndarray,
    counts: np.ndarray,
    starts_y: np.ndarray,
    starts_x: np.ndarray,
    side: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Count and sum what counts in squares that begin at given rows and columns.

    Rows first, strip by strip, so that what is held is a fraction of the map.
    """
    across = np.empty((2, len(values), len(starts_x)))
    for column, start in enumerate(starts_x):
        strip = counts[:, start : start + side]
        across[0, :, column] = strip.sum(axis=1)
        masked = np.where(strip, values[:, start : start + side], 0)
        across[1, :, column] = masked.sum(axis=1, dtype=np.float64)
    squares = [across[:, start : start + side].sum(axis=1) for start in starts_y]
    n_known, totals = np.stack(squares, axis=1)
    return n_known, totals
