"""The value from which a blur map counts as out of focus (sec. 4.3)."""

from __future__ import annotations

import numpy as np

from .._shared.parameters import REAL, StrOptions, checked, unchecked
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.validation import check_map
from ..filters import edge_threshold, otsu_threshold

__all__ = [
    "DEFAULT_THRESHOLD",
    "REFERENCE",
    "defocus_mask",
    "photograph_threshold",
    "sharpest_value",
]

# Chosen on CUHK 0201 to 0400 (benchmarks/RESULTS.md): the threshold in pixels above the
# sigma that this share of the photograph stays below.
DEFAULT_THRESHOLD = 0.5
_SHARPEST_SHARE = 0.05
# What is sharp is not more blurred than this, in pixels: where a small subject is all
# that is in focus, the quantile already lies in the background.
_SHARPEST_SIGMA = 1.25

REFERENCE = [StrOptions({"photograph", "absolute"})]
_CONSTRAINTS = {
    "threshold": [StrOptions({"auto"}), REAL],
    "reference": REFERENCE,
    "unit": [StrOptions({"px", "relative"})],
}


@checked(_CONSTRAINTS)
def photograph_threshold(
    blur_map: np.ndarray,
    threshold: float | str = DEFAULT_THRESHOLD,
    *,
    reference: str = "photograph",
    unit: str = "px",
) -> float:
    """Value from which a photograph's blur map counts as out of focus.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold : float or "auto", default=0.5
        In the unit of the map. "auto" takes the threshold from the map: for sigma, on
        the scale of ``log(sigma + 0.8)``, the value at which its edges lie
        (`skdefocus.filters.edge_threshold`), but at most the mean of Otsu's threshold
        and the default; for a relative score, Otsu's threshold.
    reference : {"photograph", "absolute"}, default="photograph"
        Whether the threshold counts from the photograph's own sharpest parts, the 5 %
        quantile of its map but at most 1.25 px of sigma, or from 0. Lenses, sampling
        and processing leave no photograph quite sharp, and what people call out of
        focus is less sharp than the rest.
    unit : {"px", "relative"}, default="px"
        Unit of the map.

    Returns
    -------
    float
        Pixels at or above it are out of focus.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that is not one.

    References
    ----------
    Galetto and Deng (2022), sec. 4.3; Kittler, Illingworth and Föglein, "Threshold
    selection based on a simple image statistic", Computer Vision, Graphics, and Image
    Processing 30(2), 1985, and Otsu, "A threshold selection method from gray-level
    histograms", IEEE Transactions on Systems, Man, and Cybernetics 9(1), 1979, for
    "auto".

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.segment import photograph_threshold
    >>> blur_map = np.repeat([[0.3, 4.0]], 20, axis=1)
    >>> photograph_threshold(blur_map), photograph_threshold(blur_map, 1.0)
    (0.8, 1.3)
    >>> 0.8 < photograph_threshold(blur_map, "auto") < 4.0
    True
    """
    blur_map = check_map(blur_map, np.shape(blur_map), "blur_map")
    if threshold != "auto":
        return float(threshold) + sharpest_value(blur_map, reference, unit)
    if unit == "relative":
        return otsu_threshold(blur_map)
    sharpest = sharpest_value(blur_map, "photograph", unit)
    default = to_log_sigma(np.float64(sharpest + DEFAULT_THRESHOLD))
    log_sigma = to_log_sigma(blur_map)
    # Where a map is rough within what is out of focus, its edges lie too high.
    limit = (otsu_threshold(log_sigma) + float(default)) / 2
    return float(from_log_sigma(min(edge_threshold(log_sigma), limit)))


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
    return min(quantile, _SHARPEST_SIGMA) if unit == "px" else quantile


@checked(_CONSTRAINTS)
def defocus_mask(
    blur_map: np.ndarray,
    threshold: float | str = DEFAULT_THRESHOLD,
    *,
    reference: str = "photograph",
    unit: str = "px",
) -> np.ndarray:
    """Mask of what is out of focus in a photograph.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, or a relative score; at least 0.
    threshold, reference, unit
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
    >>> defocus_mask(np.array([[0.2, 0.6, 3.0]]))
    array([[False, False,  True]])
    """
    find = unchecked(photograph_threshold)
    value = find(blur_map, threshold, reference=reference, unit=unit)
    return np.asarray(blur_map) >= value
