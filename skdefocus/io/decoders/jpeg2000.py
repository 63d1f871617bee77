"""Read JPEG 2000: with Pillow what has 8 bits, with OpenImageIO what has more."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ..limits import no_pillow_limit
from ..metadata import read_metadata
from ..openimageio import BYTES_PER_PIXEL, can_read, opened, read_native
from ..photograph import Photograph
from ..pixels import split_alpha
from ..refusal import Refusal, check_pixels

__all__ = ["read"]

_HEAD = 1 << 16
# The marker of the size of the picture, behind that of its beginning.
_START = b"\xff\x4f\xff\x51"
_CHANNELS_AT = 40


def read(path: Path, max_pixels: int) -> Photograph:
    """Read a JPEG 2000 picture.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Of uint8, or of uint16 if it has more than 8 bits.
    """
    from PIL import Image

    _check_boxes(path)
    metadata = read_metadata(path, "JPEG2000")
    with no_pillow_limit():
        picture = Image.open(path, formats=["JPEG2000"])
    with picture:
        check_pixels(*picture.size, max_pixels)
        profile = picture.info.get("icc_profile") or None
        is_deep = _most_bits(path) > 8
        if not is_deep:
            is_plain = picture.mode in ("L", "LA", "RGB", "RGBA")
            plain = picture if is_plain else picture.convert("RGB")
            image, alpha = split_alpha(np.asarray(plain))
            return Photograph(image, alpha, "JPEG2000", profile, 8, metadata)
    if not can_read("jpeg2000"):
        raise Refusal(
            "has more than 8 bits; to read it, install an OpenImageIO that has "
            "OpenJPEG, as that of PyPI has."
        )
    with opened(path, ".jp2", max_bytes=BYTES_PER_PIXEL * max_pixels) as file:
        image, alpha = split_alpha(read_native(file))
    return Photograph(image, alpha, "JPEG2000", profile, 16, metadata)


def _check_boxes(path: Path) -> None:
    """Refuse a box that is not there as a whole: Pillow takes its memory first."""
    with path.open("rb") as file:
        end, at = file.seek(0, 2), 0
        file.seek(0)
        if file.read(4) == _START:
            return  # It has no boxes.
        while at < end:
            file.seek(at)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            if size == 0:
                return  # To the end of the file.
            if size < 8 or at + size > end:
                raise ValueError("a box reaches beyond the end of the file")
            at += size


def _most_bits(path: Path) -> int:
    """Read the depth of the deepest channel."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    at = head.find(_START)
    if at < 0 or len(head) < at + _CHANNELS_AT + 2:
        return 8
    (n_channels,) = struct.unpack_from(">H", head, at + _CHANNELS_AT)
    depths = head[at + _CHANNELS_AT + 2 :: 3][:n_channels]
    return max((depth & 0x7F) + 1 for depth in depths) if depths else 8
