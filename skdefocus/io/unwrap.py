"""From what callers hand over to the pixels of a photograph."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .photograph import Photograph
from .pixels import split_alpha
from .plain import plain_mode
from .read import read_photograph

__all__ = ["unwrap_photograph"]

# Modes of Pillow whose samples are deeper than 8 bits: they stay as they are.
_DEEP_MODES = ("F", "I", "I;16", "I;16B", "I;16L", "I;16N")


def unwrap_photograph(item: Any) -> tuple[Any, str | None]:
    """Give the pixels of a photograph, whatever it comes as.

    Parameters
    ----------
    item : path-like, Photograph, PIL.Image.Image or array-like
        A file to read, what `read_photograph` returned, a picture of Pillow in any
        mode, or pixels, of shape (H, W), (H, W, 3) or (H, W, 4). The fourth channel,
        alpha, is left out. A picture of Pillow is not turned upright.

    Returns
    -------
    image : array-like of shape (H, W) or (H, W, 3)
        Pixels, not checked but where they were read from a file.
    name : str or None
        Name of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a photograph that can be read.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io.unwrap import unwrap_photograph
    >>> image, name = unwrap_photograph(sample_photograph_path())
    >>> image.shape, name
    ((427, 640, 3), 'flower.jpg')
    """
    if isinstance(item, str | os.PathLike):
        return read_photograph(item).image, Path(os.fsdecode(item)).name
    if isinstance(item, Photograph):
        return item.image, None
    if _is_picture(item):
        picture = item if item.mode in _DEEP_MODES else plain_mode(item)[0]
        return split_alpha(_narrow(np.asarray(picture)))[0], None
    shape: tuple[int, ...] = getattr(item, "shape", ())
    if len(shape) == 3 and shape[2] == 4:
        return item[..., :3], None
    return item, None


def _narrow(pixels: np.ndarray) -> np.ndarray:
    """Give 16 bits as such; Pillow may hold them in 32."""
    fits = pixels.dtype == np.int32 and pixels.min() >= 0 and pixels.max() < 2**16
    return pixels.astype(np.uint16) if fits else pixels


def _is_picture(item: Any) -> bool:
    # Nobody holds a picture of Pillow without having imported it.
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(item, pillow.Image)
