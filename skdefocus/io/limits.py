"""Headers that are looked at before a decoder is, so that no file takes the machine."""

from __future__ import annotations

import io
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .refusal import Refusal, check_pixels

__all__ = ["check_gif", "check_jpeg", "check_webp", "lean_png", "no_pillow_limit"]

# Pillow's limit on pixels is a global; only headers are read while it is lifted.
_PILLOW_LIMIT = threading.Lock()

# Each scan of a JPEG goes over the whole picture: cameras and programs write up to 20.
_MOST_SCANS = 100
_JPEG_STARTS_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")

# Text and profiles of a PNG that inflate to more than this are left out.
_MOST_TEXT = 2**20
_MOST_TEXT_IN_ALL = 32 * 2**20
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_NO_PROFILE = "its color profile is left out, which is too large."


@contextmanager
def no_pillow_limit() -> Iterator[None]:
    """Lift Pillow's limit on pixels, which is lower than ours, to read a header."""
    from PIL import Image

    with _PILLOW_LIMIT, warnings.catch_warnings():
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def check_gif(path: Path, max_pixels: int) -> None:
    """Refuse a GIF whose first frame is too large: opening it takes the memory.

    Parameters
    ----------
    path : Path
        A file that begins as a GIF does.
    max_pixels : int
        The most pixels that are accepted.

    Raises
    ------
    Refusal
        If the frame or the picture is larger.
    """
    with path.open("rb") as file:
        start = file.read(13)
        if len(start) < 13:
            return
        width, height, flags = struct.unpack("<HHB", start[6:11])
        check_pixels(max(width, 1), max(height, 1), max_pixels)
        if flags & 0x80:
            file.seek(3 << (flags & 7) + 1, 1)
        while (kind := file.read(1)) == b"!":
            file.seek(1, 1)
            while length := file.read(1):
                if length == b"\0":
                    break
                file.seek(length[0], 1)
        frame = file.read(8)
        if kind == b"," and len(frame) == 8:
            left, top, wide, high = struct.unpack("<HHHH", frame)
            check_pixels(max(left + wide, 1), max(top + high, 1), max_pixels)


def check_webp(path: Path, max_pixels: int) -> None:
    """Refuse a WebP that is too large: opening it takes the memory.

    Parameters
    ----------
    path : Path
        A file that begins as a WebP does.
    max_pixels : int
        The most pixels that are accepted.

    Raises
    ------
    Refusal
        If it is larger.
    """
    with path.open("rb") as file:
        start = file.read(30).ljust(30, b"\0")
    kind = start[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(start[24:27], "little")
        height = 1 + int.from_bytes(start[27:30], "little")
    elif kind == b"VP8L":
        packed = int.from_bytes(start[21:25], "little")
        width, height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", start[26:30]))
    check_pixels(max(width, 1), max(height, 1), max_pixels)


def check_jpeg(source: Path | bytes) -> None:
    """Refuse a JPEG of more than 8 bits, or of so many scans that it takes minutes.

    Parameters
    ----------
    source : Path or bytes
        A file that begins as a JPEG does, or what it holds.

    Raises
    ------
    Refusal
        If it is one of these.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        at, frame = 2, b""
        while True:
            file.seek(at)
            head = file.read(4)
            if len(head) < 4 or head[0] != 0xFF:
                return  # Damaged: for the decoder to say.
            if head[1] == 0xFF or head[1] in _JPEG_ALONE:
                at += 1 if head[1] == 0xFF else 2
                continue
            if head[1] in _JPEG_STARTS_FRAME and not frame:
                frame = head[1:2] + file.read(6)
                _check_precision(frame)
            if head[1] == 0xDA:
                break
            at += 2 + int.from_bytes(head[2:4], "big")
        n_components = file.read(1)
        if frame[:1] in (b"\xc0", b"\xc1") and n_components == frame[6:7]:
            return  # All of it in one scan.
        file.seek(at)
        data = file.read()
    n_scans = _count_scans(data)
    if n_scans > _MOST_SCANS:
        raise Refusal(
            f"is a JPEG of more than {_MOST_SCANS} scans, which takes too long to read."
        )


def _check_precision(frame: bytes) -> None:
    bits, kind = frame[1] if len(frame) > 1 else 8, frame[0]
    if bits != 8:
        raise Refusal(
            f"is a JPEG of {bits} bits, which is not read; convert it to a 16-bit TIFF "
            f"first."
        )
    if kind in (0xC3, 0xC7, 0xCB, 0xCF):
        raise Refusal(
            "is a lossless JPEG of an old kind, which is not read; convert it to a "
            "TIFF first."
        )


def _count_scans(data: bytes) -> int:
    """Count scans, at most one more than are accepted."""
    at, n_scans = 0, 0
    while n_scans <= _MOST_SCANS:
        found = _NEXT_MARKER.search(data, at)
        if found is None or data[found.end() - 1] == 0xD9:
            break
        n_scans += data[found.end() - 1] == 0xDA
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        at = found.end() + max(length, 2)
    return n_scans


def lean_png(path: Path) -> tuple[bytes | None, list[str]]:
    """Give a PNG without the text and profiles that inflate without bounds.

    Parameters
    ----------
    path : Path
        A file that begins as a PNG does.

    Returns
    -------
    data : bytes or None
        The file without these; None if it has none of them.
    notes : list of str
        What cannot be had elsewhere.

    Raises
    ------
    ValueError
        If a chunk is not there as a whole.
    """
    kept: list[tuple[int, int]] = [(0, len(_PNG_START))]
    left_out = set()
    budget = _MOST_TEXT_IN_ALL
    with path.open("rb") as file:
        size_of_file = file.seek(0, 2)
        at = len(_PNG_START)
        while True:
            file.seek(at)
            head = file.read(8)
            if len(head) < 8:
                break
            length, name = int.from_bytes(head[:4], "big"), head[4:]
            end = at + 12 + length
            if end > size_of_file and name != b"IEND":
                # Decoders would take the memory before they see that it is not there.
                raise ValueError("a chunk reaches beyond the end of the file")
            is_long = False
            if name in _PNG_TEXT or name == b"iCCP":
                size = _MOST_TEXT + 1
                if budget > 0:
                    body = file.read(min(length, _MOST_TEXT + 1))
                    size = _unpacked_size(name, body)
                budget -= size
                is_long = size > _MOST_TEXT or budget < 0
            if is_long:
                left_out.add(name)
            else:
                kept.append((at, end))
            at = end
        if not left_out:
            return None, []
        parts = []
        for begin, end in kept:
            file.seek(begin)
            parts.append(file.read(end - begin))
    # Texts are carried as they are, packed.
    return b"".join(parts), [_NO_PROFILE] if b"iCCP" in left_out else []


def _unpacked_size(name: bytes, body: bytes) -> int:
    """Bytes of a text or profile, counted up to somewhat more than are accepted."""
    _, _, rest = body.partition(b"\0")
    if name == b"tEXt" or (name == b"iTXt" and rest[:1] != b"\1"):
        return len(body)
    packed = rest[1:]
    if name == b"iTXt":
        packed = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    try:
        return len(zlib.decompressobj().decompress(packed, _MOST_TEXT + 1))
    except zlib.error:
        return 0  # Damaged text is dropped by the decoder.
