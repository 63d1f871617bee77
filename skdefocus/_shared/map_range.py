"""What the colors of a map span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .sigma_scale import LARGEST_SIGMA

__all__ = ["DEFAULT_LIMITS", "automatic_limits", "check_limits", "check_map_range"]

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


def _as_range(values: Any) -> tuple[float, float] | None:
    """Take two values of sigma, the second one larger; None if they are not that."""
    try:
        low, high = (float(value) for value in values)
    except (TypeError, ValueError):
        return None
    return (low, high) if 0 <= low < high < np.inf else None


def check_limits(caller: str, parameters: Mapping[str, Any]) -> None:
    """Refuse limits of colors that are not two values of sigma in order.

    Parameters
    ----------
    caller : str
        Name of the function, for the message.
    parameters : mapping of str to object
        With ``limits``.

    Raises
    ------
    ValueError
        If they are no such limits.
    """
    limits = parameters["limits"]
    if _as_range(limits) is None:
        raise ValueError(
            f"The 'limits' parameter of {caller} must be two numbers, at least 0 and "
            f"the second one larger. Got {limits!r} instead."
        )


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
    limits = _as_range(map_range)
    if limits is None:
        raise ValueError(
            f"map_range must be 'auto' or two numbers, at least 0 and the second one "
            f"larger; got {map_range!r}."
        )
    return limits
