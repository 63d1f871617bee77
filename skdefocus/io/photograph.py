"""A photograph as a file holds it: pixels, alpha and what must survive an edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Photograph"]


@dataclass(frozen=True, eq=False)
class Photograph:
    """Pixels of a photograph with its metadata, upright.

    Attributes
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float32 in [0, 1].
    alpha : ndarray of shape (H, W) or None
        Opacity in the image's dtype.
    file_format : {"JPEG", "PNG", "TIFF", "WEBP"} or other
        Pillow's name of the format the file had.
    icc_profile : bytes or None
        Color profile of the pixels.
    exif : bytes or None
        EXIF block, its orientation reset, since the pixels are upright.
    bits : {8, 16}
        Bits of a sample in the file; float files count as 16.
    attributes : tuple of (str, object, object)
        Metadata of a TIFF or 16-bit file as OpenImageIO names it: name, type, value.
    notes : tuple of str
        What of the file was not read, in sentences: further pages or frames, a gain
        map, channels beside the colors.
    """

    image: np.ndarray
    alpha: np.ndarray | None = None
    file_format: str = "PNG"
    icc_profile: bytes | None = None
    exif: bytes | None = None
    bits: int = 8
    attributes: tuple[tuple[str, Any, Any], ...] = ()
    notes: tuple[str, ...] = ()
