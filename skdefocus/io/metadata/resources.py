"""Photoshop's image resources, which hold IPTC among others."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "EXIF",
    "IPTC",
    "PREFIX",
    "PROFILE",
    "RESOLUTION",
    "XMP",
    "Resource",
    "are_clear",
    "pack_resource",
    "part",
    "resources",
    "useful",
]

# What stands before them in JPEG.
PREFIX = b"Photoshop 3.0\0"
_SIGNATURES = frozenset({b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"})
IPTC, RESOLUTION, PROFILE, EXIF, XMP = 0x0404, 0x03ED, 0x040F, 0x0422, 0x0424
# Thumbnails of the old picture, and what stands elsewhere here.
_STALE = frozenset({0x0409, 0x040C, PROFILE, EXIF, 0x0423, XMP})
_FIXED = 12
_MOST = 10_000


@dataclass(frozen=True)
class Resource:
    """One resource.

    Attributes
    ----------
    number : int
        What it is.
    value : bytes
        What it holds.
    packed : bytes
        The whole of it, as it stands in the file.
    """

    number: int
    value: bytes
    packed: bytes


def resources(block: bytes) -> Iterator[Resource]:
    """Read resources until one cannot be understood.

    Parameters
    ----------
    block : bytes
        Resources one behind the other.

    Yields
    ------
    Resource
        Each of them.
    """
    position = 0
    for _ in range(_MOST):
        is_one = block[position : position + 4] in _SIGNATURES
        if not is_one or position + _FIXED > len(block):
            return
        (number,) = struct.unpack_from(">H", block, position + 4)
        start = position + 6 + (block[position + 6] + 2) // 2 * 2
        if start + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, start)
        start += 4
        end = start + size
        if end > len(block):
            return
        value = block[start:end]
        position, begin = end + size % 2, position
        yield Resource(
            number, value, block[begin:position].ljust(position - begin, b"\0")
        )


def are_clear(block: bytes) -> bool:
    """Whether a block can be understood to its end.

    Parameters
    ----------
    block : bytes
        Resources.

    Returns
    -------
    bool
        False if something follows that is no resource, or not all of one.
    """
    return _reach_end(list(resources(block)), block)


def _reach_end(found: list[Resource], block: bytes) -> bool:
    return sum(len(item.packed) for item in found) >= len(block.rstrip(b"\0"))


def pack_resource(number: int, value: bytes) -> bytes:
    """Make a resource without a name.

    Parameters
    ----------
    number : int
        What it is.
    value : bytes
        What it holds.

    Returns
    -------
    bytes
        The resource.
    """
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(value))
    return head + value + bytes(len(value) % 2)


def useful(block: bytes) -> bytes:
    """Leave out what belongs to the old file.

    Parameters
    ----------
    block : bytes
        Resources.

    Returns
    -------
    bytes
        Without thumbnails and without what has a place of its own. A block that cannot
        be understood to its end stays as it is.
    """
    found = list(resources(block))
    if not _reach_end(found, block):
        return block
    return b"".join(item.packed for item in found if item.number not in _STALE)


def part(block: bytes, number: int) -> tuple[bytes, bytes | None]:
    """Take one resource out of a block.

    Parameters
    ----------
    block : bytes
        Resources.
    number : int
        Which one.

    Returns
    -------
    rest : bytes
        The others. A block that cannot be understood to its end stays as it is.
    value : bytes or None
        What the resource holds, if it is there.
    """
    found = list(resources(block))
    value = next((item.value for item in found if item.number == number), None)
    if not _reach_end(found, block):
        return block, value
    return b"".join(item.packed for item in found if item.number != number), value
