"""Pixels as files hold them: turned, with alpha beside or multiplied into colors."""

from __future__ import annotations

import numpy as np

__all__ = ["divide_by_alpha", "rotate", "split_alpha"]


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
    colors = np.minimum(image / np.maximum(share, 1 / 65535), limit)
    return (np.rint(colors) if limit > 1 else colors).astype(image.dtype)
