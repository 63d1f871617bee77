"""Read HEIC photographs with libheif, which the extra ``heif`` brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..metadata import from_blocks
from ..photograph import GAIN_MAP, Photograph
from ..pixels import split_alpha
from ..refusal import check_pixels

__all__ = ["read"]


def read(path: Path, max_pixels: int) -> Photograph:
    """Read the main picture of a HEIC file.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright: libheif turns it, whatever its EXIF says.
    """
    import pi_heif

    with path.open("rb") as file:
        picture = pi_heif.open_heif(file, convert_hdr_to_8bit=False)
        width, height = picture.size
        check_pixels(width, height, max_pixels)
        # A copy: up to pi-heif 1.4 a view outlives the memory that it shows.
        pixels = np.array(picture)
        depth = int(picture.info.get("bit_depth", 8))
        profile = picture.info.get("icc_profile") or None
        notes = _what_else(picture)
        metadata = from_blocks(picture.info.get("exif"), picture.info.get("xmp"))
    if pixels.dtype == np.uint16 and depth < 16:
        # The upper bits hold the value; repeated below, white is white.
        pixels = pixels | (pixels >> depth)
    image, alpha = split_alpha(pixels)
    bits = 8 if image.dtype == np.uint8 else 16
    return Photograph(image, alpha, "HEIF", profile, bits, metadata, notes)


def _what_else(picture: Any) -> tuple[str, ...]:
    """Tell what else a file holds."""
    notes = []
    if len(picture) > 1:
        notes.append(
            f"it holds {len(picture)} pictures; the main one is read, the others not."
        )
    if any("gainmap" in kind.lower() for kind in picture.info.get("aux", ())):
        notes.append(GAIN_MAP)
    return tuple(notes)
