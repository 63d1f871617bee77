"""The value from which a blur map counts as out of focus (sec. 4.3)."""

from __future__ import annotations

import numpy as np

from .._shared.parameters import REAL, StrOptions, checked, unchecked
from .._shared.validation import check_map
from ..filters import otsu_threshold
from ._division import likely_thresholds
from ._grid import REFERENCE_DIAGONAL, diagonal_of, make_grid

__all__ = [
    "DEFAULT_SHARE",
    "REFERENCE",
    "THRESHOLD_UNIT",
    "defocus_mask",
    "in_unit_of_map",
    "photograph_threshold",
    "sharpest_value",
]

# Chosen on CUHK 0201 to 0400 (benchmarks/RESULTS.md): half a pixel on photographs of
# 770 px of diagonal, above the sigma that 5 % of the photograph stay below.
DEFAULT_SHARE = 0.5 / REFERENCE_DIAGONAL
_SHARPEST_SHARE = 0.05
# What is sharp is not more blurred than this, as a share of the diagonal: where a small
# subject is all that is in focus, the quantile already lies in the background.
_SHARPEST_LIMIT = 1.25 / REFERENCE_DIAGONAL

REFERENCE = [StrOptions({"photograph", "absolute"})]
THRESHOLD_UNIT = [StrOptions({"px", "diagonal"})]
_CONSTRAINTS = {
    "threshold": [StrOptions({"auto"}), REAL, None],
    "threshold_unit": THRESHOLD_UNIT,
    "reference": REFERENCE,
    "unit": [StrOptions({"px", "relative"})],
}


@checked(_CONSTRAINTS)
def photograph_threshold(
    blur_map: np.ndarray,
    threshold: float | str | None = None,
    *,
    threshold_unit: str = "px",
    reference: str = "photograph",
    unit: str = "px",
    confidence: np.ndarray | None = None,
) -> float:
    """Value from which a photograph's blur map counts as out of focus.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold : float, "auto" or None, default=None
        In ``threshold_unit``. None is a share of the photograph's diagonal that was
        calibrated, half a pixel of sigma on 770 px, and at least a quarter; "auto"
        takes the level at which the map falls apart best: sigma on a logarithmic scale
        as a share of the diagonal, by Otsu's criterion, weighted by confidence and by
        its distance from what is usual. For a relative score both are Otsu's threshold.
    threshold_unit : {"px", "diagonal"}, default="px"
        Unit of a threshold that is a number: pixels of sigma, or the unit of a relative
        map; or shares of the photograph's diagonal, which hold at every size.
    reference : {"photograph", "absolute"}, default="photograph"
        Whether the threshold counts from the photograph's own sharpest parts, the 5 %
        quantile of its map but at most 0.16 % of the diagonal, or from 0. Lenses,
        sampling and processing leave no photograph quite sharp, and what people call
        out of focus is less sharp than the rest.
    unit : {"px", "relative"}, default="px"
        Unit of the map.
    confidence : array-like of shape (H, W), optional
        In [0, 1], of the map; only "auto" looks at it.

    Returns
    -------
    float
        Pixels at or above it are out of focus.

    Raises
    ------
    ValueError
        For parameters outside their range, a map that is not one, or a share of the
        diagonal for a relative score.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3; Otsu, "A threshold selection method from
    gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9(1),
    1979, for "auto".

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.segment import photograph_threshold
    >>> blur_map = np.repeat([[0.3, 4.0]], 20, axis=1)
    >>> photograph_threshold(blur_map, 1.0)
    1.3
    >>> round(photograph_threshold(blur_map, 0.01, threshold_unit="diagonal"), 2)
    0.7
    >>> 0.3 < photograph_threshold(blur_map, "auto") < 4.0
    True
    """
    blur_map = check_map(blur_map, np.shape(blur_map), "blur_map")
    if unit == "relative" and threshold in (None, "auto"):
        return otsu_threshold(blur_map)
    if isinstance(threshold, str):
        if confidence is not None:
            confidence = check_map(confidence, blur_map.shape, "confidence", upper=1.0)
        grid = make_grid(blur_map, None, confidence, unit)
        levels, scores = likely_thresholds(grid)
        return float(grid.to_value(levels[scores.argmax()]))
    above = in_unit_of_map(threshold, threshold_unit, unit, blur_map.shape)
    return above + sharpest_value(blur_map, reference, unit)


def in_unit_of_map(
    threshold: float | None, threshold_unit: str, unit: str, shape: tuple[int, ...]
) -> float:
    """Take a threshold to the unit of a map.

    Parameters
    ----------
    threshold : float or None
        None is the calibrated share of the diagonal.
    threshold_unit, unit : str
        As in `photograph_threshold`.
    shape : tuple of int
        Of the photograph.

    Returns
    -------
    float
        In the unit of the map.

    Raises
    ------
    ValueError
        For a share of the diagonal and a relative score.
    """
    if threshold is not None and threshold_unit == "px":
        return float(threshold)
    if unit == "relative":
        raise ValueError(
            "threshold_unit='diagonal' needs a map in pixels; a relative score has no "
            "length: give its threshold in threshold_unit='px', as a score."
        )
    if threshold is None:
        return DEFAULT_SHARE * diagonal_of(shape)
    return float(threshold) * float(np.hypot(shape[0], shape[1]))


def sharpest_value(blur_map: np.ndarray, reference: str, unit: str) -> float:
    """Value that thresholds count from.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels, or a relative score.
    reference, unit : str
        As in `photograph_threshold`.

    Returns
    -------
    float
        In the unit of the map.
    """
    if reference == "absolute":
        return 0.0
    # Rounded, so that a tenth of a pixel stays a tenth.
    quantile = round(float(np.quantile(blur_map, _SHARPEST_SHARE)), 6)
    limit = _SHARPEST_LIMIT * diagonal_of(blur_map.shape)
    return min(quantile, limit) if unit == "px" else quantile


@checked(_CONSTRAINTS)
def defocus_mask(
    blur_map: np.ndarray,
    threshold: float | str | None = None,
    *,
    threshold_unit: str = "px",
    reference: str = "photograph",
    unit: str = "px",
) -> np.ndarray:
    """Mask of what is out of focus in a photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold, threshold_unit, reference, unit
        As in `photograph_threshold`.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where out of focus.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that is not one.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.segment import defocus_mask
    >>> defocus_mask(np.array([[0.2, 0.6, 3.0]]), 0.5)
    array([[False, False,  True]])
    """
    value = unchecked(photograph_threshold)(
        blur_map,
        threshold,
        threshold_unit=threshold_unit,
        reference=reference,
        unit=unit,
    )
    return np.asarray(blur_map) >= value
