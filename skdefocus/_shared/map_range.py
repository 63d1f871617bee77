"""What the colors of a map span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .sigma_scale import LARGEST_SIGMA

__all__ = ["DEFAULT_LIMITS", "automatic_limits", "check_map_range"]

# Sigma of the first and of the last color.
DEFAULT_LIMITS = (0.0, LARGEST_SIGMA)
# Percentiles between which a map's own range lies, and its least length in pixels.
_NEARLY_ALL = (1, 99)
_LEAST_SPAN = 0.1


def automatic_limits(blur_map: np.ndarray) -> tuple[float, float]:
    """Find the range of a map's own that its colors may span.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels.

    Returns
    -------
    low, high : float
        Between which nearly all of it lies; at least a tenth apart.
    """
    low, high = (float(value) for value in np.percentile(blur_map, _NEARLY_ALL))
    return round(low, 2), round(max(high, low + _LEAST_SPAN), 2)


def check_map_range(
    map_range: Sequence[float] | str | None,
) -> tuple[float, float] | str | None:
    """Check the range that the colors of maps shall span.

    Parameters
    ----------
    map_range : sequence of 2 float, "auto" or None
        Two values of sigma, a map's own range, or the default.

    Returns
    -------
    tuple of float, "auto" or None
        The same.

    Raises
    ------
    ValueError
        If it is no such range.
    """
    if map_range is None or (isinstance(map_range, str) and map_range == "auto"):
        return map_range
    try:
        low, high = (float(value) for value in map_range)
        is_range = 0 <= low < high < np.inf
    except (TypeError, ValueError):
        is_range = False
    if not is_range:
        raise ValueError(
            f"map_range must be 'auto' or two numbers, at least 0 and the second one "
            f"larger; got {map_range!r}."
        )
    return low, high
