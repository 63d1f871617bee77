"""Metadata of JPEG files: segments, copied whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from . import exif, resources, xmp
from .carried import Metadata
from .density import Density

__all__ = ["carry", "is_plain", "read", "read_stream"]

_APP0, _APP1, _APP2, _APP12 = 0xE0, 0xE1, 0xE2, 0xEC
_APP13, _APP14, _COMMENT = 0xED, 0xEE, 0xFE
_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JFIF = b"JFIF\0"
_PROFILE = b"ICC_PROFILE\0"
# JFXX holds thumbnails, MPF points to pictures behind the first, and Adobe's says how
# the pixels of the old file were coded.
_LEFT = ((_APP0, b"JFXX\0"), (_APP0, b"AVI1"), (_APP2, b"MPF\0"), (_APP14, b"Adobe"))
# All segments together; cameras write some hundred kilobytes, and depth maps megabytes.
_MOST_BYTES, _MOST_SEGMENTS = 64 << 20, 20_000
_MOST_IN_SEGMENT = 65533
# JFIF's unit of density, as TIFF has it: a ratio, per inch, per centimeter.
_UNITS = {0: 1, 1: 2, 2: 3}


def read(path: Path) -> Metadata:
    """Read what a JPEG carries.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    with path.open("rb") as file:
        return read_stream(file)


def read_stream(file: BinaryIO) -> Metadata:
    """Read what a JPEG carries.

    Parameters
    ----------
    file : file-like
        At its beginning.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    found: dict[str, bytes] = {}
    parts: dict[int, bytes] = {}
    order: list[str] = []
    image_resources: list[bytes] = []
    density, others = None, []
    for marker, body in _segments(file):
        if marker == _APP0 and body.startswith(_JFIF):
            density = _read_density(body)
            # Without the thumbnail that may follow.
            others.append((marker, body[:12].ljust(14, b"\0")))
        elif marker == _APP1 and body.startswith(exif.PREFIX[:4]):
            found.setdefault("exif", body[len(exif.PREFIX) :])
            order.append("exif")
        elif marker == _APP1 and body.startswith(xmp.PREFIX):
            found.setdefault("xmp", body[len(xmp.PREFIX) :])
            order.append("xmp")
        elif marker == _APP1 and body.startswith(xmp.EXTENDED_PREFIX):
            _take_part(parts, body, xmp.extended_name(found.get("xmp", b"")))
        elif marker == _APP13 and body.startswith(resources.PREFIX):
            image_resources.append(body[len(resources.PREFIX) :])
            order.append("resources")
        elif marker == _COMMENT or 0xE0 <= marker <= 0xEF:
            own = marker == _APP2 and body.startswith(_PROFILE)
            if not own and not _is_left(marker, body):
                others.append((marker, body))
    return Metadata(
        exif=found.get("exif"),
        xmp=found.get("xmp"),
        xmp_extended=b"".join(parts[at] for at in sorted(parts)) or None,
        resources=b"".join(image_resources) or None,
        density=density,
        segments=tuple(others),
        order=tuple(dict.fromkeys(order)),
    )


def is_plain(marker: int, body: bytes) -> bool:
    """Whether everybody knows what a segment tells.

    Parameters
    ----------
    marker : int
        The segment's.
    body : bytes
        What it holds.

    Returns
    -------
    bool
        True for JFIF, comments, and how well Photoshop saved the file.
    """
    return marker in (_APP0, _COMMENT) or (marker, body[:5]) == (_APP12, b"Ducky")


def _is_left(marker: int, body: bytes) -> bool:
    return any(marker == m and body.startswith(start) for m, start in _LEFT)


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give the segments before the first scan."""
    if file.read(2) != b"\xff\xd8":
        return
    total = 0
    for _ in range(_MOST_SEGMENTS):
        if total > _MOST_BYTES:
            return
        if file.read(1) != b"\xff":
            return
        code = file.read(1)
        while code == b"\xff":  # Fill bytes.
            code = file.read(1)
        if not code or code[0] in (_SCAN, _END):
            return
        if code[0] in _ALONE:
            continue
        head = file.read(2)
        if len(head) < 2:
            return
        (size,) = struct.unpack(">H", head)
        body = file.read(size - 2) if size >= 2 else b""
        if len(body) != size - 2:
            return
        total += size
        yield code[0], body


def _take_part(parts: dict[int, bytes], body: bytes, name: bytes | None) -> None:
    """Take a part of a long XMP packet, if it is that which the packet names."""
    start = len(xmp.EXTENDED_PREFIX)
    rest = body[start + 32 :]
    if len(rest) >= 8 and name == body[start : start + 32]:
        (offset,) = struct.unpack_from(">I", rest, 4)
        parts.setdefault(offset, rest[8:])


def _read_density(body: bytes) -> Density | None:
    if len(body) < 12:
        return None
    unit, x, y = struct.unpack_from(">BHH", body, 7)
    return Density(x, y, _UNITS[unit]) if unit in _UNITS and x and y else None


def carry(path: Path, metadata: Metadata, profile: bytes | None) -> list[str]:
    """Put metadata into a JPEG.

    Parameters
    ----------
    path : Path
        A JPEG that a library wrote; replaced.
    metadata : Metadata
        What to put in.
    profile : bytes or None
        Color profile.

    Returns
    -------
    list of str
        What could not be put in, and why.
    """
    dropped: list[str] = []
    made: list[tuple[int, bytes]] = []
    block = metadata.exif
    most = _MOST_IN_SEGMENT - len(exif.PREFIX)
    if block and len(block) > most:
        block = exif.without_thumbnail(block)
    if block and len(block) > most:
        dropped.append(f"EXIF of {len(block)} bytes, more than JPEG holds")
        block = None
    own = [(marker, body) for marker, body in metadata.segments if marker == _APP0]
    others = [segment for segment in metadata.segments if segment not in own]
    if own:
        made += own
    elif not block or (metadata.density and exif.density(block) is None):
        made.append((_APP0, _pack_density(metadata.density)))
    step = _MOST_IN_SEGMENT - len(resources.PREFIX)
    rest = metadata.resources or b""
    pieces = [rest[at : at + step] for at in range(0, len(rest), step)]
    kinds = {
        "exif": [(_APP1, exif.PREFIX + block)] if block else [],
        "xmp": _pack_xmp(metadata),
        "resources": [(_APP13, resources.PREFIX + piece) for piece in pieces],
    }
    for kind in dict.fromkeys((*metadata.order, *kinds)):
        made += kinds[kind]
    if profile:
        step = _MOST_IN_SEGMENT - len(_PROFILE) - 2
        pieces = [profile[at : at + step] for at in range(0, len(profile), step)]
        if len(pieces) > 255:
            dropped.append(f"a color profile of {len(profile)} bytes")
        else:
            made += [
                (_APP2, _PROFILE + bytes([number, len(pieces)]) + piece)
                for number, piece in enumerate(pieces, 1)
            ]
    made += others
    with path.open("rb") as file:
        coded = file.read()
    head = b"".join(
        b"\xff" + struct.pack(">BH", marker, len(body) + 2) + body
        for marker, body in made
    )
    path.write_bytes(b"\xff\xd8" + head + coded[_end_of_own(coded) :])
    return dropped


def _end_of_own(coded: bytes) -> int:
    """Where a library's own segments of metadata end."""
    position = 2
    while coded[position + 1] in (*range(0xE0, 0xF0), _COMMENT):
        position += 2 + struct.unpack_from(">H", coded, position + 2)[0]
    return position


def _pack_density(density: Density | None) -> bytes:
    unit, x, y = 0, 1.0, 1.0
    if density is not None:
        unit = {known: own for own, known in _UNITS.items()}[density.unit]
        x, y = density.x, density.y
    numbers = [min(65535, max(1, round(value))) for value in (x, y)]
    return _JFIF + struct.pack(">BBBHHBB", 1, 1, unit, *numbers, 0, 0)


def _pack_xmp(metadata: Metadata) -> list[tuple[int, bytes]]:
    packet, extended = metadata.xmp, metadata.xmp_extended
    if not packet:
        return []
    if len(packet) > _MOST_IN_SEGMENT - len(xmp.PREFIX):
        packet, extended = xmp.split(packet)
    made = [(_APP1, xmp.PREFIX + packet)]
    name = xmp.extended_name(packet)
    if extended and name:
        step = _MOST_IN_SEGMENT - len(xmp.EXTENDED_PREFIX) - 40
        for at in range(0, len(extended), step):
            head = name + struct.pack(">II", len(extended), at)
            body = xmp.EXTENDED_PREFIX + head + extended[at : at + step]
            made.append((_APP1, body))
    return made
