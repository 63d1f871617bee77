"""The EXIF block of what a TIFF, or a raw file like it, says of its photograph."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from .directory import (
    Data,
    Directory,
    Field,
    byte_order,
    fields_of,
    first_directory,
    number,
    pack_directory,
    read_directory,
)
from .maker_note import relocate
from .tags import (
    EXIF,
    GPS,
    INTEROPERABILITY,
    LONG,
    MAKER_NOTE,
    ORIENTATION,
    PHOTOMETRIC,
    describes_the_photograph,
)

__all__ = ["make_block"]

# A MakerNote that lies no farther inside a file keeps its place in the block.
_FARTHEST = 1 << 18
# How the colors of the old file were coded.
_YCBCR, _COLOR_CODING = 6, frozenset({529, 531, 532})


def make_block(data: Data, main: Directory | None = None) -> bytes | None:
    """Make an EXIF block of what a TIFF says of its photograph.

    Parameters
    ----------
    data : bytes
        The file; a map of it will do.
    main : Directory, optional
        What describes the photograph; by default the first directory.

    Returns
    -------
    bytes or None
        None if there is nothing.
    """
    main = first_directory(data) if main is None else main
    order = byte_order(data[:4])
    if main is None or order is None:
        return None
    groups = {0: main}
    for tag, above in ((EXIF, 0), (GPS, 0), (INTEROPERABILITY, EXIF)):
        start = (
            number(data, groups[above].entries.get(tag)) if above in groups else None
        )
        found = None if start is None else read_directory(data, start)
        if found is not None:
            groups[tag] = found
    fields = {
        tag: fields_of(data, group.entries.values()) for tag, group in groups.items()
    }
    photometric = number(data, main.entries.get(PHOTOMETRIC))
    fields[0] = {
        tag: field
        for tag, field in fields[0].items()
        if describes_the_photograph(tag)
        and not (photometric == _YCBCR and tag in _COLOR_CODING)
    }
    if set(fields) == {0} and not set(fields[0]) - {ORIENTATION}:
        return None
    note = groups[EXIF].entries.get(MAKER_NOTE) if EXIF in groups else None
    keep = note.start if note is not None and note.start < _FARTHEST else None
    return _pack_block(fields, order, keep, note.start if note is not None else 0)


def _pack_block(
    fields: dict[int, dict[int, Field]], order: str, keep: int | None, old: int
) -> bytes:
    """Put a block together, with its MakerNote at a place that it must keep."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    note = fields.get(EXIF, {}).get(MAKER_NOTE)
    block = magic + bytes(4)
    if note is not None and keep is not None and keep >= len(block):
        block = block.ljust(keep, b"\0") + note.value
    block += bytes(len(block) % 2)
    pointers: dict[int, int] = {}
    for tag, below in ((INTEROPERABILITY, ()), (EXIF, (INTEROPERABILITY,)), (GPS, ())):
        if tag not in fields:
            continue
        own = {key: value for key, value in fields[tag].items() if key not in below}
        for pointed in below:
            if pointed in pointers:
                own[pointed] = _pointer(pointers[pointed], order)
        pointers[tag] = len(block)
        packed, starts = pack_directory(own, len(block), order)
        block += packed
        if tag == EXIF and note is not None:
            block = _place_note(block, pointers[EXIF], note, keep, starts, order, old)
    main = dict(fields[0])
    for tag in (EXIF, GPS):
        if tag in pointers:
            main[tag] = _pointer(pointers[tag], order)
    packed, _ = pack_directory(main, len(block), order)
    return block[:4] + struct.pack(f"{order}I", len(block)) + block[8:] + packed


def _pointer(start: int, order: str) -> Field:
    return Field(LONG, 1, struct.pack(f"{order}I", start))


def _place_note(
    block: bytes,
    start: int,
    note: Field,
    keep: int | None,
    starts: Mapping[int, int],
    order: str,
    old: int,
) -> bytes:
    """Point to a MakerNote that kept its place, or fit one to its new place."""
    changed = bytearray(block)
    directory = read_directory(block, start)
    if directory is None or len(note.value) <= 4:
        return block
    entry = directory.entries[MAKER_NOTE]
    if keep is None:
        place = starts[MAKER_NOTE]
        moved = relocate(note.value, old, place, order)
        changed[place : place + len(moved)] = moved
    else:
        struct.pack_into(f"{order}I", changed, entry.at + 8, keep)
    return bytes(changed)
