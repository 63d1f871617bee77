"""Directories of TIFF and EXIF: read from bytes, changed in place, and made anew.

Nothing here trusts what it reads: a directory that does not fit is None, and an entry
whose value lies outside is left out.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .tags import LONG, SHORT, TYPE_SIZES

__all__ = [
    "Data",
    "Directory",
    "Entry",
    "Field",
    "byte_order",
    "fields_of",
    "first_directory",
    "number",
    "pack_directory",
    "read_directory",
    "set_number",
]

# A block, or a map of a file that is not read as a whole.
Data = bytes | mmap.mmap

# What the second half of a header's first word is: TIFF, and raw files of Olympus and
# Panasonic, which are laid out like it.
_MAGIC = {b"*\0", b"\0*", b"RO", b"OR", b"RS", b"U\0"}
_BIG_MAGIC = {b"+\0", b"\0+"}
# No camera writes more entries; hostile files repeat them without end.
_MOST_ENTRIES = 4096
_MOST_IN_VALUES = 64 << 20
_ENTRY_SIZE = 12


@dataclass(frozen=True)
class Entry:
    """One entry, where it lies.

    Attributes
    ----------
    tag, kind, count : int
        Tag, type and number of values.
    at : int
        Where the entry begins.
    start, size : int
        Where its value begins, in the entry itself if it fits, and its bytes.
    """

    tag: int
    kind: int
    count: int
    at: int
    start: int
    size: int


@dataclass(frozen=True)
class Directory:
    """Entries of a directory that can be read.

    Attributes
    ----------
    at : int
        Where it begins.
    next_at : int
        Where the pointer to the next directory lies.
    entries : dict of int to Entry
        By tag, the first of each, in the order in which they stand.
    """

    at: int
    next_at: int
    entries: dict[int, Entry]


@dataclass(frozen=True)
class Field:
    """What an entry holds, wherever it lies.

    Attributes
    ----------
    kind, count : int
        Type and number of values.
    value : bytes
        In the byte order of its block.
    """

    kind: int
    count: int
    value: bytes


def byte_order(data: Data) -> str | None:
    """Tell the byte order of a block by its header.

    Parameters
    ----------
    data : bytes
        The block, or what it begins with.

    Returns
    -------
    {"<", ">"} or None
        As `struct` writes it; None if it is no block.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    return order if data[2:4] in _MAGIC | _BIG_MAGIC else None


def first_directory(data: Data) -> Directory | None:
    """Read the first directory of a block.

    Parameters
    ----------
    data : bytes
        The block; a map of a file will do.

    Returns
    -------
    Directory or None
        None if it has none that can be read.
    """
    order = byte_order(data)
    if order is None:
        return None
    try:
        if data[2:4] in _BIG_MAGIC:
            (start,) = struct.unpack_from(f"{order}Q", data, 8)
        else:
            (start,) = struct.unpack_from(f"{order}I", data, 4)
    except struct.error:
        return None
    return read_directory(data, start)


def read_directory(data: Data, start: int) -> Directory | None:
    """Read a directory.

    Parameters
    ----------
    data : bytes
        The block that it lies in; a map of a file will do.
    start : int
        Where it begins.

    Returns
    -------
    Directory or None
        None if it does not lie in the block.
    """
    order = byte_order(data)
    if order is None or start < 8:
        return None
    big = data[2:4] in _BIG_MAGIC
    head, item, word = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    inline = struct.calcsize(f"={word}")
    step = struct.calcsize(f"={item}") + inline
    try:
        (count,) = struct.unpack_from(order + head, data, start)
    except (struct.error, OverflowError):
        return None
    first = start + struct.calcsize(f"={head}")
    next_at = first + count * step
    if count > _MOST_ENTRIES or next_at > len(data):
        return None
    entries: dict[int, Entry] = {}
    for at in range(first, next_at, step):
        tag, kind, n = struct.unpack_from(order + item, data, at)
        size = TYPE_SIZES.get(kind, 0) * n
        place = at + step - inline
        if size > inline:
            (place,) = struct.unpack_from(order + word, data, place)
        if size and place + size <= len(data):
            entries.setdefault(tag, Entry(tag, kind, n, at, place, size))
    return Directory(start, next_at, entries)


def number(data: Data, entry: Entry | None) -> int | None:
    """Read an entry of one whole number.

    Parameters
    ----------
    data : bytes
        The block.
    entry : Entry or None
        The entry.

    Returns
    -------
    int or None
        None if it is no such entry.
    """
    code = {1: "B", SHORT: "H", LONG: "I", 13: "I"}.get(entry.kind if entry else 0)
    if entry is None or code is None or entry.count != 1:
        return None
    value: int = struct.unpack_from(f"{byte_order(data)}{code}", data, entry.start)[0]
    return value


def set_number(block: bytearray, entry: Entry | None, value: int) -> None:
    """Change an entry of one whole number, in place; another one stays as it is.

    Parameters
    ----------
    block : bytearray
        The block, changed.
    entry : Entry or None
        The entry.
    value : int
        Its new number; one that does not fit is not written.
    """
    if entry is not None:
        code, most = {SHORT: ("H", 1 << 16), LONG: ("I", 1 << 32)}.get(
            entry.kind, ("", 0)
        )
        if entry.count == 1 and value < most:
            order = byte_order(bytes(block[:4]))
            struct.pack_into(f"{order}{code}", block, entry.start, value)


def pack_directory(
    fields: Mapping[int, Field], start: int, order: str, following: int = 0
) -> tuple[bytes, dict[int, int]]:
    """Make a directory with its values behind it.

    Parameters
    ----------
    fields : mapping of int to Field
        By tag.
    start : int
        Where it will begin.
    order : {"<", ">"}
        Byte order, of the values too.
    following : int, default=0
        Where the next directory begins.

    Returns
    -------
    packed : bytes
        The directory, of even length.
    starts : dict of int to int
        Where the value of each tag will begin.
    """
    table: list[bytes] = []
    values: list[bytes] = []
    starts: dict[int, int] = {}
    end = start + 2 + _ENTRY_SIZE * len(fields) + 4
    for tag, field in sorted(fields.items()):
        position = start + 2 + _ENTRY_SIZE * len(table) + 8
        held = field.value.ljust(4, b"\0")
        if len(held) > 4:
            position = end
            held = struct.pack(f"{order}I", position)
            values += [field.value, bytes(len(field.value) % 2)]
            end += len(field.value) + len(field.value) % 2
        starts[tag] = position
        table.append(struct.pack(f"{order}HHI", tag, field.kind, field.count) + held)
    head = struct.pack(f"{order}H", len(table))
    tail = struct.pack(f"{order}I", following)
    return b"".join([head, *table, tail, *values]), starts


def fields_of(data: Data, entries: Iterable[Entry]) -> dict[int, Field]:
    """Take the values out of a block.

    Parameters
    ----------
    data : bytes
        The block; a map of a file will do.
    entries : iterable of Entry
        Of one of its directories.

    Returns
    -------
    dict of int to Field
        By tag. Values that together are larger than the block, since they overlap as no
        camera writes them, are left out.
    """
    fields = {}
    left = min(len(data), _MOST_IN_VALUES)
    for entry in entries:
        if entry.size <= left:
            left -= entry.size
            value = bytes(data[entry.start : entry.start + entry.size])
            fields[entry.tag] = Field(entry.kind, entry.count, value)
    return fields
