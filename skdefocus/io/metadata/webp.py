"""Metadata of WebP files: chunks, copied whole. Pillow writes them as they are."""

from __future__ import annotations

import struct
from pathlib import Path

from . import exif
from .carried import Metadata

__all__ = ["read"]

_MOST_BYTES, _MOST_CHUNKS = 64 << 20, 10_000


def read(path: Path) -> Metadata:
    """Read what a WebP carries.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WEBP":
            return Metadata()
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                break
            name, size = struct.unpack("<4sI", head)
            if name in (b"EXIF", b"XMP ") and size <= _MOST_BYTES:
                found.setdefault(name, file.read(size))
                file.seek(size % 2, 1)
            else:
                file.seek(size + size % 2, 1)
    block = found.get(b"EXIF", b"").removeprefix(exif.PREFIX)
    return Metadata(exif=block or None, xmp=found.get(b"XMP ") or None)
