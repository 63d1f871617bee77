"""Checks of masks and of what is compared with them, one photograph after another.

They stand here and not in `_validation`, which needs scikit-learn: metrics import
NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = [
    "check_map",
    "check_mask",
    "check_n_thresholds",
    "check_real",
    "list_masks",
    "map_pairs",
    "mask_pairs",
    "pairs",
]


def check_mask(mask: Any, name: str) -> np.ndarray:
    """Check one mask.

    Parameters
    ----------
    mask : array-like of bool of shape (H, W)
        True where out of focus.
    name : str
        How messages call it.

    Returns
    -------
    ndarray of shape (H, W), bool
        The mask.

    Raises
    ------
    ValueError
        If it is not bool, not two-dimensional, or empty.
    """
    array = _to_array(mask, name)
    if array.dtype != bool:
        raise ValueError(
            f"{name} must be bool, True where out of focus; got dtype {array.dtype}."
        )
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name} must have shape (H, W) and not be empty; got shape {array.shape}."
        )
    return array


def check_map(blur_map: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Check one blur map against the shape of its mask.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Finite; larger is more blurred.
    shape : tuple of int
        Shape of the mask.
    name : str
        How messages call the map.

    Returns
    -------
    ndarray of shape (H, W), of a floating dtype
        The map as it was; integers become float64.

    Raises
    ------
    ValueError
        If it does not hold real numbers, has another shape, or is not finite.
    """
    array = _to_array(blur_map, name)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must be an array of real numbers; got "
            f"{_describe(blur_map, array)}."
        )
    _check_shape(array, shape, name)
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    return array


def check_n_thresholds(n_thresholds: Any, *, accepts_none: bool) -> None:
    """Check a number of thresholds.

    Parameters
    ----------
    n_thresholds : object
        At least 2, since both ends of the range are tried.
    accepts_none : bool
        Whether None will do as well.

    Raises
    ------
    ValueError
        If it is not accepted.
    """
    if n_thresholds is None and accepts_none:
        return
    is_integer = isinstance(n_thresholds, Integral)
    if not is_integer or isinstance(n_thresholds, bool) or n_thresholds < 2:
        raise ValueError(
            f"n_thresholds must be an integer of at least 2"
            f"{' or None' if accepts_none else ''}; got {n_thresholds!r}."
        )


def check_real(value: Any, name: str, *, at_least: float = -np.inf) -> float:
    """Check a number that is a setting.

    Parameters
    ----------
    value : object
        A real number, not NaN; infinity is accepted.
    name : str
        How messages call it.
    at_least : float, default=-inf
        Smallest value accepted.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is not accepted.
    """
    is_real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not is_real or not value >= at_least:
        bound = "" if at_least == -np.inf else f" of at least {at_least:g}"
        raise ValueError(f"{name} must be a number{bound}; got {value!r}.")
    return float(value)


def list_masks(masks: Any, name: str = "masks") -> list[Any]:
    """Split a batch of masks or maps into its items, refusing a bare one.

    Parameters
    ----------
    masks : list of array-like, or ndarray of shape (n, H, W)
        One item for every photograph.
    name : str, default="masks"
        How messages call it.

    Returns
    -------
    list
        The items, not yet checked one by one.

    Raises
    ------
    ValueError
        For a bare mask, which would be read as a list of its rows, what is no list,
        or for no items.
    """
    is_array = isinstance(masks, np.ndarray)
    # An array of objects is a list whose items differ in size.
    if is_array and masks.dtype != object and masks.ndim != 3:
        raise ValueError(
            f"{name} must be a list with one array of shape (H, W) for every "
            f"photograph; got one array of shape {masks.shape}: wrap a single one in "
            f"a list."
        )
    if not is_array and not (
        isinstance(masks, Sequence) and not isinstance(masks, str | bytes)
    ):
        raise ValueError(
            f"{name} must be a list with one array of shape (H, W) for every "
            f"photograph; got {type(masks).__name__}."
        )
    items = list(masks)
    if not items:
        raise ValueError(f"{name} must hold at least one photograph; it is empty.")
    return items


def pairs(masks: Any, others: Any, name: str) -> Iterator[tuple[int, np.ndarray, Any]]:
    """Pair every mask, checked, with its index and what is compared with it.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        The truth.
    others : list
        What is compared with it.
    name : str
        How messages call ``others``.

    Yields
    ------
    tuple of (int, ndarray, object)
        The last one unchecked.

    Raises
    ------
    ValueError
        If the lists differ in length, or a mask is not one.
    """
    masks, others = list_masks(masks), list_masks(others, name)
    if len(masks) != len(others):
        raise ValueError(
            f"{name} must hold one item for every mask; got {len(others)} for "
            f"{len(masks)} masks."
        )
    for index, (mask, other) in enumerate(zip(masks, others, strict=True)):
        yield index, check_mask(mask, f"masks[{index}]"), other


def map_pairs(masks: Any, blur_maps: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Check and pair the mask and the blur map of every photograph.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        The truth.
    blur_maps : list of array-like of shape (H, W)
        One for every mask.

    Yields
    ------
    tuple of (ndarray, ndarray)
        As `check_mask` and `check_map` return them; only one at a time is converted.
    """
    for index, mask, blur_map in pairs(masks, blur_maps, "blur_maps"):
        yield mask, check_map(blur_map, mask.shape, f"blur_maps[{index}]")


def mask_pairs(masks: Any, predicted: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Check and pair the true and the predicted mask of every photograph.

    Parameters
    ----------
    masks : list of array-like of bool of shape (H, W)
        The truth.
    predicted : list of array-like of bool of shape (H, W)
        One for every mask.

    Yields
    ------
    tuple of (ndarray, ndarray)
        Both bool and of one shape.
    """
    for index, mask, other in pairs(masks, predicted, "predicted"):
        answer = check_mask(other, f"predicted[{index}]")
        _check_shape(answer, mask.shape, f"predicted[{index}]")
        yield mask, answer


def _check_shape(array: np.ndarray, shape: tuple[int, ...], name: str) -> None:
    if array.shape != tuple(shape):
        raise ValueError(
            f"{name} must have the shape of its mask, {tuple(shape)}; got shape "
            f"{array.shape}."
        )


def _to_array(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of shape (H, W): {error}") from error


def _describe(values: Any, array: np.ndarray) -> str:
    return type(values).__name__ if array.ndim == 0 else f"dtype {array.dtype}"
