"""Read HEIC photographs with libheif, which the extra ``heif`` brings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..metadata import from_blocks
from ..photograph import Photograph
from ..pixels import split_alpha

__all__ = ["read"]


def read(path: Path, check_size: Callable[[int, int], None]) -> Photograph:
    """Read the main picture of a HEIC file.

    Parameters
    ----------
    path : Path
        The file.
    check_size : callable
        Gets width and height before memory is taken, and raises if they are too large.

    Returns
    -------
    Photograph
        Upright: libheif turns it, whatever its EXIF says.
    """
    import pi_heif

    with path.open("rb") as file:
        picture = pi_heif.open_heif(file, convert_hdr_to_8bit=False)
        check_size(*picture.size)
        pixels = np.asarray(picture)
        depth = int(picture.info.get("bit_depth", 8))
        profile = picture.info.get("icc_profile")
        metadata = from_blocks(picture.info.get("exif"), picture.info.get("xmp"))
    if pixels.dtype == np.uint16 and depth < 16:
        # The upper bits hold the value; repeated below, white is white.
        pixels = pixels | (pixels >> depth)
    image, alpha = split_alpha(pixels)
    bits = 8 if image.dtype == np.uint8 else 16
    return Photograph(image, alpha, "HEIF", profile or None, bits, metadata)
