"""Read AVIF photographs with Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..metadata import from_blocks
from ..photograph import Photograph
from ..pixels import rotate, split_alpha

__all__ = ["read", "read_depth"]

_ORIENTATION = 274
# The box that says how the picture is coded, and where it says it: behind the version
# and the level.
_BOX, _DEPTH = b"av1C", 6
_HIGH, _TWELVE = 0x40, 0x20
_HEAD = 1 << 16


def read(path: Path, check_size: Callable[[int, int], None]) -> Photograph:
    """Read the main picture of an AVIF file.

    Parameters
    ----------
    path : Path
        The file.
    check_size : callable
        Gets width and height before memory is taken, and raises if they are too large.

    Returns
    -------
    Photograph
        Upright, of uint8.

    Warns
    -----
    UserWarning
        If the file has more than 8 bits, of which Pillow reads 8.
    """
    from PIL import Image

    with Image.open(path, formats=["AVIF"]) as picture:
        check_size(*picture.size)
        orientation = int(picture.getexif().get(_ORIENTATION, 1))
        pixels = np.asarray(picture)
        info = dict(picture.info)
    depth = read_depth(path)
    if depth > 8:
        warnings.warn(f"{path} has {depth} bits, of which 8 are read.", stacklevel=2)
    image, alpha = split_alpha(rotate(pixels, orientation))
    metadata = from_blocks(info.get("exif"), info.get("xmp"))
    return Photograph(
        image, alpha, "AVIF", info.get("icc_profile") or None, 8, metadata
    )


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
