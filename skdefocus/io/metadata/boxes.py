"""Metadata of JPEG XL and JPEG 2000: boxes, copied whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from . import exif
from .carried import Metadata
from .directory import byte_order
from .inflate import Inflater

__all__ = ["from_blocks", "read"]

_MOST_BYTES = 32 << 20
# How JPEG 2000 marks them: XMP's own mark, and "JpgTiffExif->JP2".
_XMP_MARK = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_MARK = b"JpgTiffExif->JP2"
_MOST_BOXES = 10_000
_COMPRESSED = (
    "its compressed metadata is left out, which needs the extra 'jxl': pip install "
    "'skdefocus[jxl]'."
)


def from_blocks(block: bytes | None, packet: bytes | None) -> Metadata:
    """Put together what a library has read.

    Parameters
    ----------
    block : bytes or None
        EXIF, with what stands before it in JPEG or without.
    packet : bytes or None
        XMP.

    Returns
    -------
    Metadata
        With orientations of 1.
    """
    block = (block or b"").removeprefix(exif.PREFIX)
    return Metadata(exif=block or None, xmp=packet or None).upright()


def read(path: Path) -> Metadata:
    """Read what a JPEG XL or JPEG 2000 file carries.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels. What is compressed cannot
        be read without the extra ``jxl``, and the notes say so.
    """
    found: dict[str, bytes] = {}
    notes: set[str] = set()
    inflater = Inflater()
    with path.open("rb") as file:
        for name, body in _boxes(file):
            if name == b"brob":
                name, packed = body[:4], body[4:]
                try:
                    body = inflater.brotli(packed) or b""
                except ImportError:
                    notes.add(_COMPRESSED)
                    continue
            if name == b"Exif" and len(body) > 4:
                (skipped,) = struct.unpack_from(">I", body)
                # Some programs forget to say how much to skip.
                start = 0 if byte_order(body) else 4 + skipped
                found.setdefault("exif", body[start:])
            elif name == b"xml " and b"<x:xmpmeta" in body:
                found.setdefault("xmp", body)
            elif name == b"uuid" and body.startswith(_XMP_MARK):
                found.setdefault("xmp", body[len(_XMP_MARK) :])
            elif name == b"uuid" and body.startswith(_EXIF_MARK):
                found.setdefault("exif", body[len(_EXIF_MARK) :])
    metadata = from_blocks(found.get("exif"), found.get("xmp"))
    return replace(metadata, notes=tuple(notes))


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Give the boxes that may hold metadata."""
    total = 0
    for _ in range(_MOST_BOXES):
        head = file.read(8)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head)
        size -= 8
        if size == 1 - 8:
            size = int.from_bytes(file.read(8), "big") - 16
        elif size == -8:
            return  # To the end of the file: the picture itself.
        if size < 0 or size > 1 << 62:
            return
        if name in (b"Exif", b"xml ", b"uuid", b"brob") and size <= _MOST_BYTES:
            total += size
            if total > 2 * _MOST_BYTES:
                return
            body = file.read(size)
            if len(body) == size:
                yield name, body
        else:
            file.seek(size, 1)
