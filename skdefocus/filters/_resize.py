"""Resampling of float images, by Pillow."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from .._shared.threads import run_in_parts
from .._shared.validation import to_float_image

__all__ = ["check_shape", "enlarge_rows", "resize"]

# Rows that are resampled at a time.
_STRIP = 256


def resize(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resample an image: area means where it shrinks, bilinear where it grows.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        A photograph, or a map of float values of any range.
    shape : tuple of int
        Height and width wanted, each at least 1.

    Returns
    -------
    ndarray of shape ``shape`` or ``(*shape, 3)``, float32
        Resampled values, never outside the range of the image's.

    Raises
    ------
    ValueError
        If the image is neither a photograph nor a float map, or the shape is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import resize
    >>> resize(np.array([[0.0, 1.0], [0.0, 1.0]]), (1, 1))
    array([[0.5]], dtype=float32)
    """
    from PIL import Image

    array = np.asarray(image)
    if array.dtype.kind != "f" or array.ndim != 2:
        array = to_float_image(array)
    check_shape(shape)
    if array.shape[:2] == tuple(shape):
        return array.astype(np.float32)
    if array.ndim == 3:
        return np.stack([resize(array[..., c], shape) for c in range(3)], axis=-1)
    down, across = (
        Image.Resampling.BOX if wanted < given else Image.Resampling.BILINEAR
        for wanted, given in zip(shape, array.shape, strict=True)
    )
    picture = Image.fromarray(np.ascontiguousarray(array, dtype=np.float32))
    # One direction after the other: of both Pillow chooses the order by the size, and
    # with it the last digits.
    picture = picture.resize((shape[1], array.shape[0]), across)
    result = np.empty(shape, np.float32)
    rows_each = array.shape[0] / shape[0]

    def resample(first: int, last: int) -> None:
        # In strips, of which Pillow makes copies.
        for start in range(first, last, _STRIP):
            stop = min(start + _STRIP, last)
            box = (0, start * rows_each, shape[1], stop * rows_each)
            strip = picture.resize((shape[1], stop - start), down, box)
            result[start:stop] = np.asarray(strip)

    run_in_parts(resample, shape[0], _STRIP)
    return result


def check_shape(shape: tuple[int, ...]) -> None:
    """Refuse what is no height and width of an image.

    Parameters
    ----------
    shape : tuple of int
        Height and width, each at least 1.

    Raises
    ------
    ValueError
        For another number of entries, or for one that is no integer or below 1.
    """
    if len(shape) != 2 or not all(isinstance(n, Integral) and n > 0 for n in shape):
        raise ValueError(f"'shape' must be two positive integers; got {shape!r}.")


def enlarge_rows(plane: np.ndarray, shape: tuple[int, ...], rows: slice) -> np.ndarray:
    """Enlarge a map, bilinearly, and give some rows of the result.

    Parameters
    ----------
    plane : ndarray of shape (h, w), float32
        The map.
    shape : tuple of int
        Height and width of the whole result, no smaller than those of the map.
    rows : slice
        First and last of the rows that are wanted.

    Returns
    -------
    ndarray of shape (rows.stop - rows.start, shape[1]), float32
        The same values, whichever other rows are wanted.
    """
    from PIL import Image

    step = plane.shape[0] / shape[0]
    # Pillow interpolates between the rows that it is given.
    top = max(0, int(rows.start * step) - 2)
    bottom = min(len(plane), int(np.ceil(rows.stop * step)) + 2)
    part = Image.fromarray(np.ascontiguousarray(plane[top:bottom]))
    part = part.resize((shape[1], bottom - top), Image.Resampling.BILINEAR)
    box = (0, rows.start * step - top, shape[1], rows.stop * step - top)
    size = (shape[1], rows.stop - rows.start)
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR, box))
