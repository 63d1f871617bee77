"""What the filters accept as images and maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._shared.validation import to_float_image

__all__ = ["to_guide", "to_planes", "to_values"]


def to_planes(values: Any, name: str) -> np.ndarray:
    """Convert what a filter is given to floats.

    Parameters
    ----------
    values : array-like of shape (H, W) or (H, W, C)
        Floats of any range, kept in float32 or float64, or a uint8 or uint16 image,
        which becomes float32 in [0, 1].
    name : str
        How messages call it.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, C), float32 or float64
        Not a copy where none is needed.

    Raises
    ------
    ValueError
        For another shape or dtype, for no values, NaN or infinity.
    """
    array = np.asarray(values)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (H, W) or (H, W, C) and not be empty; got shape "
            f"{array.shape}."
        )
    if array.dtype.kind != "f":
        return to_float_image(array, name)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    return array


def to_guide(guide: Any) -> np.ndarray:
    """Convert the guide of a filter to floats.

    Parameters
    ----------
    guide : array-like of shape (H, W) or (H, W, 3)
        As in `to_planes`.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), float32 or float64
        Not a copy where none is needed.

    Raises
    ------
    ValueError
        As `to_planes` does, and for another number of channels.
    """
    planes = to_planes(guide, "guide")
    if planes.ndim == 3 and planes.shape[2] != 3:
        raise ValueError(
            f"guide must have shape (H, W) or (H, W, 3); got shape {planes.shape}."
        )
    return planes


def to_values(values: Any, name: str) -> np.ndarray:
    """Check a plane of numbers of any dtype, and take them as they are.

    Parameters
    ----------
    values : array-like of shape (H, W)
        Real numbers of any range.
    name : str
        How messages call it.

    Returns
    -------
    ndarray of shape (H, W), float64
        The same numbers.

    Raises
    ------
    ValueError
        For another shape or dtype, for no values, NaN or infinity.
    """
    array = np.asarray(values)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (H, W) and not be empty; got shape {array.shape}."
        )
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be real numbers; got dtype {array.dtype}.")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    return array
