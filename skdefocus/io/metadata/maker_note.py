"""MakerNotes at another place: what they point to moves with them."""

from __future__ import annotations

import struct

from .tags import TYPE_SIZES

__all__ = ["relocate"]

# Where the directory begins in a MakerNote, behind the maker's name: makers that count
# from the beginning of the file have one of these.
_HEADS = (0, 6, 8, 10, 12)
_MOST_ENTRIES = 512


def relocate(note: bytes, old: int, new: int, order: str) -> bytes:
    """Fit a MakerNote to another place in its file.

    Parameters
    ----------
    note : bytes
        The MakerNote.
    old, new : int
        Where it was and where it will be.
    order : {"<", ">"}
        Byte order of the file, and of most notes.

    Returns
    -------
    bytes
        The note, where its directory pointed into it from the beginning of the file
        pointing into it again. One that counts from its own beginning, as those of
        Nikon, Fujifilm and Apple do, stays as it is, and so does one that is not
        understood.
    """
    for head in _HEADS:
        moved = _move(note, head, old, new, order)
        if moved is not None:
            return moved
    return note


def _move(note: bytes, head: int, old: int, new: int, order: str) -> bytes | None:
    if len(note) < head + 2:
        return None
    (count,) = struct.unpack_from(f"{order}H", note, head)
    if not 1 <= count <= _MOST_ENTRIES or head + 2 + 12 * count > len(note):
        return None
    changed = bytearray(note)
    n_moved = 0
    for at in range(head + 2, head + 2 + 12 * count, 12):
        _, kind, n, start = struct.unpack_from(f"{order}HHII", note, at)
        if kind not in TYPE_SIZES:
            return None
        size = TYPE_SIZES[kind] * n
        if size <= 4:
            continue
        if old <= start and start + size <= old + len(note):
            struct.pack_into(f"{order}I", changed, at + 8, start - old + new)
            n_moved += 1
        elif start + size <= len(note):
            return None  # It counts from its own beginning.
    return bytes(changed) if n_moved else None
