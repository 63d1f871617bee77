"""Pixels as files hold them: turned, with alpha beside or multiplied into colors."""

from __future__ import annotations

import numpy as np

from .refusal import Refusal

__all__ = ["divide_by_alpha", "fit_samples", "rotate", "split_alpha", "spread"]


# So small that only black stays black under an alpha of 0.
_LEAST_SHARE = float(np.finfo(np.float64).tiny)


def rotate(array: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an array upright.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C)
        Pixels as the file holds them.
    orientation : int
        EXIF orientation, from 1 to 8.

    Returns
    -------
    ndarray
        Contiguous.
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def split_alpha(array: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Part colors from opacity.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C), C from 1 to 4
        Pixels; with two or four channels the last one is alpha.

    Returns
    -------
    image : ndarray of shape (H, W) or (H, W, 3)
        Colors.
    alpha : ndarray of shape (H, W) or None
        Opacity, where there is one.
    """
    if array.ndim == 3 and array.shape[2] in (2, 4):
        colors, alpha = array[..., :-1], np.ascontiguousarray(array[..., -1])
    else:
        colors, alpha = array, None
    if colors.ndim == 3 and colors.shape[2] == 1:
        colors = colors[..., 0]
    return np.ascontiguousarray(colors), alpha


def divide_by_alpha(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Undo the multiplication of colors by their opacity.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        Multiplied colors.
    alpha : ndarray of shape (H, W)
        Opacity, in the image's dtype.

    Returns
    -------
    ndarray of the image's shape and dtype
        Colors as they were.
    """
    limit = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1
    share = (alpha / limit).reshape(alpha.shape + (1,) * (image.ndim - 2))
    with np.errstate(over="ignore"):
        colors = np.minimum(image / np.maximum(share, _LEAST_SHARE), limit)
    return (np.rint(colors) if limit > 1 else colors).astype(image.dtype)


def spread(samples: np.ndarray, bits: int) -> np.ndarray:
    """Spread integers of some bits over the whole range of a dtype.

    Parameters
    ----------
    samples : ndarray of unsigned integers
        From 0 to 2 ** bits - 1.
    bits : int
        Bits of a sample, from 1 to 64.

    Returns
    -------
    ndarray of the same shape, uint8, uint16, uint32 or uint64
        The smallest of these that holds the bits; 0 stays 0, and the largest becomes
        the largest of the dtype.
    """
    width = next(width for width in (8, 16, 32, 64) if width >= bits)
    dtype = np.dtype(f"u{width // 8}")
    if width == bits:
        return samples.astype(dtype, copy=False)
    step = np.iinfo(dtype).max / (2**bits - 1)
    return np.rint(samples * np.float64(step)).astype(dtype)


def fit_samples(samples: np.ndarray) -> np.ndarray:
    """Turn the numbers of a file into samples of a photograph.

    Parameters
    ----------
    samples : ndarray of any shape and real dtype
        Numbers of a file.

    Returns
    -------
    ndarray of the same shape, uint8, uint16 or float32
        8 and 16 bits as they are. Wider and signed integers stay the same numbers if
        they fit 16 bits, since that is how wider containers are filled; beyond, their
        whole range becomes 0 to 1. Floats are not scaled.

    Raises
    ------
    Refusal
        If there are negative integers.
    """
    kind = samples.dtype.kind
    if kind == "f":
        with np.errstate(over="ignore"):  # It is infinity, and refused as such.
            return samples.astype(np.float32, copy=False)
    if samples.dtype in (np.uint8, np.uint16):
        return samples
    low, high = int(samples.min(initial=0)), int(samples.max(initial=0))
    if low < 0:
        raise Refusal(
            f"holds negative samples, down to {low}; those of a photograph must be 0 "
            f"or more."
        )
    if samples.dtype == np.int8:
        return samples.astype(np.uint8)
    if high <= np.iinfo(np.uint16).max:
        return samples.astype(np.uint16)
    return (samples / np.float64(np.iinfo(samples.dtype).max)).astype(np.float32)
