"""The one place where images, maps and masks are checked and converted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = [
    "INTEGER_RANGE",
    "ROUNDING",
    "check_gray",
    "check_image",
    "check_map",
    "check_subject_mask",
    "check_unknown",
    "image_batch",
    "protect_subject",
    "to_colors",
    "to_float_image",
    "to_gray",
]


# Rec. 601 luma, the gray of JPEG and of the paper's toolbox.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# What is 1 of an image of integers.
INTEGER_RANGE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
# Slack for values that leave [0, 1] by rounding alone, in float16 at worst.
ROUNDING = 1e-3
_BATCH_HINT = (
    "wrap one photograph in a list, [photo]; a batch of gray images that really is "
    "3 or 4 wide comes as a list"
)


def _inspect(image: Any, name: str) -> tuple[np.ndarray, bool]:
    """Check an image; tell whether rounding took it a little out of [0, 1]."""
    if isinstance(image, str | bytes | os.PathLike):
        raise ValueError(
            f"{name} must be an array of pixels; got a path, {image!r}: read it with "
            f"skdefocus.io.read_image."
        )
    try:
        array = np.asarray(image)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of pixels: {error}") from error
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ValueError(
            f"{name} must have shape (H, W) or (H, W, 3); got shape {array.shape}."
        )
    if 0 in array.shape:
        raise ValueError(f"{name} must not be empty; got shape {array.shape}.")
    if array.dtype in INTEGER_RANGE:
        return array, False
    if array.dtype.kind != "f":
        raise ValueError(
            f"{name} must be uint8, uint16, or float in [0, 1]; got dtype "
            f"{array.dtype}."
        )
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"{name} must be float in [0, 1]; its values span [{low:.6g}, {high:.6g}]."
        )
    return array, low < 0 or high > 1


def check_image(image: Any, name: str = "image") -> np.ndarray:
    """Check one image without converting it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    name : str, default="image"
        How messages call it, for example "X[3]".

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3)
        The image as an array in this machine's byte order.

    Raises
    ------
    ValueError
        For other shapes, dtypes, values outside [0, 1], NaN or infinity.
    """
    return _inspect(image, name)[0]


def to_float_image(image: Any, name: str = "image") -> np.ndarray:
    """Convert one image to float32 in [0, 1], the package's only conversion.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    name : str, default="image"
        How messages call it, for example "X[3]".

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), float32
        A float32 image comes back as it is, without a copy.

    Raises
    ------
    ValueError
        For what `check_image` refuses.
    """
    array, leaves_range = _inspect(image, name)
    if array.dtype in INTEGER_RANGE:
        limit = np.float32(INTEGER_RANGE[array.dtype])
        shares: np.ndarray = np.divide(array, limit, dtype=np.float32)
        return shares
    converted = array.astype(np.float32, copy=False)
    return np.clip(converted, 0, 1) if leaves_range else converted


def check_gray(gray: Any, name: str = "gray") -> np.ndarray:
    """Check a gray image of floats, whose noise may leave [0, 1].

    Parameters
    ----------
    gray : array-like of shape (H, W), float
        On a scale from 0 to 1.
    name : str, default="gray"
        How messages call it.

    Returns
    -------
    ndarray of shape (H, W), float
        The image as an array.

    Raises
    ------
    ValueError
        For other shapes and dtypes, NaN or infinity.
    """
    array = np.asarray(gray)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (H, W) and not be empty; got shape {array.shape}."
        )
    if array.dtype.kind != "f":
        raise ValueError(f"{name} must be float in [0, 1]; got dtype {array.dtype}.")
    if not np.isfinite([array.min(), array.max()]).all():
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    return array


def to_gray(image: np.ndarray) -> np.ndarray:
    """Luma (Rec. 601) of a float32 image; a gray image comes back as it is.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), float32
        As returned by `to_float_image`.

    Returns
    -------
    ndarray of shape (H, W), float32
        Gray values on the scale of the image.
    """
    if image.ndim == 2:
        return image
    # A matrix product's last digit may hang on the pixel's place, and so on bands.
    gray: np.ndarray = image[..., 0] * _LUMA[0]
    for channel in (1, 2):
        gray += image[..., channel] * _LUMA[channel]
    return gray


def to_colors(image: np.ndarray) -> np.ndarray:
    """Give three channels; a gray image stands for three like it.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        The image.

    Returns
    -------
    ndarray of shape (H, W, 3)
        A color image as it is.
    """
    return image if image.ndim == 3 else np.stack([image] * 3, axis=2)


def image_batch(X: Any, name: str = "X") -> list[Any]:
    """Split a batch into its items, refusing a bare photograph.

    Parameters
    ----------
    X : iterable of array-like, or ndarray of 3 or 4 dimensions
        A list of images, which may differ in size, or of paths, as an array of objects
        or a column of a table, too; or one array of images.
    name : str, default="X"
        How messages call it.

    Returns
    -------
    list
        The items, not yet checked one by one.

    Raises
    ------
    ValueError
        For a bare image, for an array of another dimension, or for no items.
    """
    if isinstance(X, str | bytes) or not isinstance(X, Iterable):
        raise ValueError(
            f"{name} must be a batch of images: a list, or one 3-D or 4-D array; got "
            f"{type(X).__name__}: {_BATCH_HINT}."
        )
    if hasattr(X, "shape") and not isinstance(X, list | tuple):
        array = np.asarray(X)
        # Of photographs of several sizes, or of paths, as tables have them.
        if array.ndim == 1 and array.dtype.kind in "OU" and array.size:
            return list(array)
        if array.ndim not in (3, 4):
            raise ValueError(
                f"{name} must be a batch of images; got one array of shape "
                f"{array.shape}: {_BATCH_HINT}."
            )
        if array.ndim == 3 and array.shape[2] in (3, 4):
            raise ValueError(
                f"{name} must be a batch of images; got one array of shape "
                f"{array.shape}, which is one color photograph or a batch of gray "
                f"images {array.shape[2]} wide: {_BATCH_HINT}."
            )
    items = list(X)
    if not items:
        raise ValueError(f"{name} must hold at least one image; it is empty.")
    return items


def check_plane(values: Any, name: str) -> np.ndarray:
    """Check a map that belongs to no image.

    Parameters
    ----------
    values : array-like of shape (H, W)
        Map of non-negative finite numbers.
    name : str
        How messages call it.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        As `check_map` gives it.

    Raises
    ------
    ValueError
        For another number of dimensions, for no pixels, or for values that are negative
        or not finite.
    """
    shape = np.shape(values)
    if len(shape) != 2:
        raise ValueError(f"{name} must have shape (H, W); got shape {shape}.")
    return check_map(values, shape, name)


def check_sigma(values: Any, name: str) -> np.ndarray:
    """Check sigmas of any shape.

    Parameters
    ----------
    values : array-like
        Non-negative finite numbers.
    name : str
        How messages call them.

    Returns
    -------
    ndarray of the same shape, float32 or float64
        As `check_map` gives it.

    Raises
    ------
    ValueError
        For values that are negative or not finite.
    """
    flat = np.ravel(values)
    if flat.size == 0:
        return np.zeros(np.shape(values), np.float32)
    return check_map(flat, flat.shape, name).reshape(np.shape(values))


def check_map(
    values: Any, shape: tuple[int, ...], name: str, *, upper: float | None = None
) -> np.ndarray:
    """Check a map that belongs to an image.

    Parameters
    ----------
    values : array-like of shape (H, W)
        Map of non-negative finite numbers.
    shape : tuple of int
        Shape of the image; its first two entries are required of the map.
    name : str
        How messages call it.
    upper : float, optional
        Largest value. What leaves the range by rounding alone is brought back.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        float32 and float64 stay, everything else becomes float32.

    Raises
    ------
    ValueError
        For another shape, for values that are negative, too large, or not finite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}.")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    if array.shape != tuple(shape[:2]):
        raise ValueError(
            f"{name} must have the photograph's shape {tuple(shape[:2])}; got shape "
            f"{array.shape}."
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; got shape {array.shape}.")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    slack = 0.0 if upper is None else ROUNDING * upper
    if low < -slack or (upper is not None and high > upper + slack):
        accepted = "non-negative" if upper is None else f"in [0, {upper:g}]"
        raise ValueError(
            f"{name} must be {accepted}; its values span [{low:.6g}, {high:.6g}]."
        )
    if upper is not None and (low < 0 or high > upper):
        array = np.clip(array, 0, upper)
    return array


def protect_subject(blur_map: np.ndarray, subject_mask: Any) -> np.ndarray:
    """Set a blur map to 0, in focus, inside a subject.

    Parameters
    ----------
    blur_map : ndarray of shape (H, W)
        Sigma in pixels.
    subject_mask : array-like of shape (H, W) or None
        True, 1.0, or 255 as uint8, inside the subject; values between at soft borders.

    Returns
    -------
    ndarray of shape (H, W)
        The map itself, if there is no subject.

    Raises
    ------
    ValueError
        If the mask does not fit the map.
    """
    if subject_mask is None:
        return blur_map
    mask = check_subject_mask(subject_mask, blur_map.shape)
    protected: np.ndarray = blur_map * (1 - mask).astype(blur_map.dtype)
    return protected


def check_subject_mask(subject_mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Check the mask of a subject.

    Parameters
    ----------
    subject_mask : array-like of shape (H, W)
        True, 1.0, or 255 as uint8, inside the subject; values between at soft borders.
        Of uint8 that holds 0 and 1 alone, 1.
    shape : tuple of int
        Shape of the photograph; its first two entries are required of the mask.

    Returns
    -------
    ndarray of shape (H, W), float32 or float64
        In [0, 1], 1 inside the subject.

    Raises
    ------
    ValueError
        If it does not fit the photograph, or is no mask.
    """
    mask = np.asarray(subject_mask)
    if mask.dtype == bool:
        mask = mask.astype(np.float32)
    elif mask.dtype == np.uint8:
        # Many programs write 1, not 255; a subject of a 255th would be none.
        largest = 1 if mask.size and mask.max() == 1 else 255
        mask = mask / np.float32(largest)
    return check_map(mask, shape, "subject_mask", upper=1.0)


def check_unknown(unknown: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Check a mask of what is unknown of a map.

    Parameters
    ----------
    unknown : array-like of shape (H, W), bool
        True where the map is a guess.
    shape : tuple of int
        Height and width of the map.

    Returns
    -------
    ndarray of shape (H, W), bool
        The mask.

    Raises
    ------
    ValueError
        If it is of another type or shape.
    """
    mask = np.asarray(unknown)
    if mask.shape != shape or mask.dtype != bool:
        raise ValueError(
            f"unknown must be a mask of bool of shape {shape}; got dtype {mask.dtype} "
            f"and shape {mask.shape}."
        )
    return mask
