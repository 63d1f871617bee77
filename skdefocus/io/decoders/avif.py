"""Read AVIF photographs with Pillow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..limits import no_pillow_limit
from ..metadata import from_blocks
from ..orientation import read_orientation
from ..photograph import OTHER_FRAMES, Photograph
from ..pixels import rotate, split_alpha
from ..refusal import check_pixels

__all__ = ["read", "read_depth"]

# The box that says how the picture is coded, and where it says it: behind the version
# and the level.
_BOX, _DEPTH = b"av1C", 6
_HIGH, _TWELVE = 0x40, 0x20
_HEAD = 1 << 16


def read(path: Path, max_pixels: int) -> Photograph:
    """Read the main picture of an AVIF file.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright, of uint8. Of more bits Pillow reads 8, and the notes say so.
    """
    from PIL import Image

    notes = []
    with no_pillow_limit():
        picture = Image.open(path, formats=["AVIF"])
    with picture:
        check_pixels(*picture.size, max_pixels)
        orientation = read_orientation(picture)
        pixels = np.asarray(picture)
        info = dict(picture.info)
        if getattr(picture, "is_animated", False):
            notes.append(OTHER_FRAMES)
    depth = read_depth(path)
    if depth > 8:
        notes.append(f"it has {depth} bits, of which 8 are read.")
    image, alpha = split_alpha(rotate(pixels, orientation))
    metadata = from_blocks(info.get("exif"), info.get("xmp"))
    profile = info.get("icc_profile") or None
    return Photograph(image, alpha, "AVIF", profile, 8, metadata, tuple(notes))


def read_depth(path: Path) -> int:
    """Read how many bits a sample has.

    Parameters
    ----------
    path : Path
        An AVIF file.

    Returns
    -------
    {8, 10, 12}
        8 if the file does not say.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    at = head.find(_BOX)
    if at < 0 or at + _DEPTH >= len(head):
        return 8
    flags = head[at + _DEPTH]
    return (12 if flags & _TWELVE else 10) if flags & _HIGH else 8
