"""An EXIF block: changed in place, so that what MakerNotes point to stays valid.

A block begins with the header of a TIFF, ``II*`` or ``MM``; whatever it points to is
counted from there. Where a block cannot be understood it is left as it is.
"""

from __future__ import annotations

import io
import struct

import numpy as np

from .density import Density
from .directory import (
    Directory,
    Entry,
    byte_order,
    first_directory,
    number,
    read_directory,
    set_number,
)
from .tags import (
    EXIF,
    GEO,
    GPS,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    INTEROPERABILITY,
    ORIENTATION,
    PIXEL_X,
    PIXEL_Y,
    RATIONAL,
    RESOLUTION_UNIT,
    SHORT,
    STRIP_SIZE,
    STRIP_START,
    THUMBNAIL_SIZE,
    THUMBNAIL_START,
    X_RESOLUTION,
    Y_RESOLUTION,
)

__all__ = [
    "PREFIX",
    "density",
    "renew",
    "reset_orientation",
    "without_gps",
    "without_thumbnail",
]

# What stands before the block in JPEG, and sometimes elsewhere.
PREFIX = b"Exif\0\0"
# The longer side of a thumbnail, as EXIF has it.
_THUMBNAIL_SIDE = 160
_QUALITIES = (85, 70, 50, 30)


def reset_orientation(block: bytes) -> bytes:
    """Say that the pixels are upright.

    Parameters
    ----------
    block : bytes
        EXIF.

    Returns
    -------
    bytes
        The block with every orientation of 1.
    """
    order = byte_order(block)
    if order is None:
        return block
    changed = bytearray(block)
    upright = struct.pack(f"{order}HHIHH", ORIENTATION, SHORT, 1, 1, 0)
    for directory in _pictures(block):
        # Every one, of whatever type: readers differ in which of two they take.
        for at in range(directory.at + 2, directory.next_at, 12):
            if struct.unpack_from(f"{order}H", block, at)[0] == ORIENTATION:
                changed[at : at + 12] = upright
    return bytes(changed)


def density(block: bytes) -> Density | None:
    """Read how many pixels go to an inch or a centimeter.

    Parameters
    ----------
    block : bytes
        EXIF.

    Returns
    -------
    Density or None
        None if it does not say.
    """
    main = first_directory(block)
    if main is None:
        return None
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        entry = main.entries.get(tag)
        if entry is None or (entry.kind, entry.count) != (RATIONAL, 1):
            return None
        above, below = struct.unpack_from(f"{byte_order(block)}II", block, entry.start)
        if not above or not below:
            return None
        values.append(above / below)
    unit = number(block, main.entries.get(RESOLUTION_UNIT))
    return Density(values[0], values[1], unit if unit in (1, 3) else 2)


def renew(block: bytes, pixels: np.ndarray) -> bytes:
    """Fit a block to the pixels that it will stand beside.

    Parameters
    ----------
    block : bytes
        EXIF.
    pixels : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
        The picture.

    Returns
    -------
    bytes
        The block with the picture's width and height, where it says them, and with a
        thumbnail of it in place of the old one; without one if it does not fit there.
    """
    main = first_directory(block)
    if main is None:
        return block
    height, width = pixels.shape[:2]
    changed = bytearray(block)
    set_number(changed, main.entries.get(IMAGE_WIDTH), width)
    set_number(changed, main.entries.get(IMAGE_HEIGHT), height)
    details = _below(block, main, EXIF)
    if details is not None:
        set_number(changed, details.entries.get(PIXEL_X), width)
        set_number(changed, details.entries.get(PIXEL_Y), height)
    place = _thumbnail(block, main)
    if place is not None:
        directory, start, size = place
        made = _make_thumbnail(pixels, size)
        if made is not None:
            changed[start : start + size] = made.ljust(size, b"\0")
            set_number(changed, directory.entries[THUMBNAIL_SIZE], len(made))
            shape = _thumbnail_shape(pixels)
            set_number(changed, directory.entries.get(IMAGE_WIDTH), shape[0])
            set_number(changed, directory.entries.get(IMAGE_HEIGHT), shape[1])
            return bytes(changed)
    return without_thumbnail(bytes(changed))


def without_thumbnail(block: bytes) -> bytes:
    """Remove the thumbnail; everything else stays where it is.

    Parameters
    ----------
    block : bytes
        EXIF.

    Returns
    -------
    bytes
        The block with one directory of a picture, and without what lay behind the last
        thing that it points to, if that was the thumbnail.
    """
    main = first_directory(block)
    if main is None or _following(block, main) is None:
        return block
    changed = bytearray(block)
    changed[main.next_at : main.next_at + 4] = bytes(4)
    for start, size in _thumbnail_pixels(block, main):
        changed[start : start + size] = bytes(size)
        is_last = start + size >= len(block.rstrip(b"\0"))
        if is_last and _end_of_values(block, main) <= start:
            return bytes(changed[:start])
    return bytes(changed)


def without_gps(block: bytes) -> bytes:
    """Remove where the photograph was taken.

    Parameters
    ----------
    block : bytes
        EXIF.

    Returns
    -------
    bytes
        The block without its GPS directory, whose bytes are zero now, and without the
        tags of GeoTIFF. Empty if it cannot be understood: nobody could say what it
        tells.
    """
    main = first_directory(block)
    if main is None:
        return b""
    changed = bytearray(block)
    inside = _below(block, main, GPS)
    if inside is not None:
        if sum(entry.size for entry in inside.entries.values()) > len(block):
            return b""  # They overlap, as no camera writes them.
        for entry in inside.entries.values():
            _clear(changed, entry)
        changed[inside.at : inside.next_at + 4] = bytes(inside.next_at + 4 - inside.at)
    elif GPS in main.entries:
        # It points to what is no directory.
        return b""
    for tag in GEO & set(main.entries):
        _clear(changed, main.entries[tag])
    remove_entries(changed, main, {GPS, *GEO})
    return bytes(changed)


def _clear(block: bytearray, entry: Entry) -> None:
    if entry.start >= 8:
        block[entry.start : entry.start + entry.size] = bytes(entry.size)


def remove_entries(
    block: bytearray, directory: Directory, tags: set[int] | frozenset[int]
) -> None:
    """Remove entries of a directory, and close the gaps.

    Parameters
    ----------
    block : bytearray
        The block, changed.
    directory : Directory
        In it.
    tags : set of int
        What goes.
    """
    order = byte_order(bytes(block[:4]))
    first, pointer = directory.at + 2, directory.next_at
    rows = [bytes(block[at : at + 12]) for at in range(first, pointer, 12)]
    kept = [row for row in rows if struct.unpack_from(f"{order}H", row)[0] not in tags]
    following = bytes(block[pointer : pointer + 4])
    packed = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + following
    end = pointer + 4
    block[directory.at : end] = packed.ljust(end - directory.at, b"\0")


def _pictures(block: bytes) -> list[Directory]:
    """Give the directory of the photograph, and that of its thumbnail."""
    main = first_directory(block)
    if main is None:
        return []
    second = _following(block, main)
    return [main] if second is None else [main, second]


def _following(block: bytes, directory: Directory) -> Directory | None:
    order = byte_order(block)
    try:
        (start,) = struct.unpack_from(f"{order}I", block, directory.next_at)
    except struct.error:
        return None
    return read_directory(block, start) if start != directory.at else None


def _below(block: bytes, directory: Directory, tag: int) -> Directory | None:
    start = number(block, directory.entries.get(tag))
    return None if start is None else read_directory(block, start)


def _thumbnail(block: bytes, main: Directory) -> tuple[Directory, int, int] | None:
    """Give the directory, the beginning and the size of a JPEG thumbnail."""
    directory = _following(block, main)
    if directory is None:
        return None
    start = number(block, directory.entries.get(THUMBNAIL_START))
    size = number(block, directory.entries.get(THUMBNAIL_SIZE))
    if start is None or not size or start + size > len(block):
        return None
    # A picture begins with its marker: nothing else is written over.
    return (directory, start, size) if block[start : start + 2] == b"\xff\xd8" else None


def _thumbnail_pixels(block: bytes, main: Directory) -> list[tuple[int, int]]:
    """Beginning and size of a thumbnail's pixels, of a JPEG's or plain ones."""
    place = _thumbnail(block, main)
    if place is not None:
        return [place[1:]]
    directory = _following(block, main)
    if directory is None:
        return []
    start = number(block, directory.entries.get(STRIP_START))
    size = number(block, directory.entries.get(STRIP_SIZE))
    inside = start is not None and size and start >= 8 and start + size <= len(block)
    return [(start or 0, size or 0)] if inside else []


def _end_of_values(block: bytes, main: Directory) -> int:
    """Where the last value ends that the photograph's directories point to."""
    details = _below(block, main, EXIF)
    more = (
        [] if details is None else [details, _below(block, details, INTEROPERABILITY)]
    )
    ends = [8]
    for directory in (main, _below(block, main, GPS), *more):
        if directory is not None:
            ends.append(directory.next_at + 4)
            ends += [entry.start + entry.size for entry in directory.entries.values()]
    return max(ends)


def _thumbnail_shape(pixels: np.ndarray) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    share = min(1.0, _THUMBNAIL_SIDE / max(height, width))
    return max(1, round(width * share)), max(1, round(height * share))


def _make_thumbnail(pixels: np.ndarray, most: int) -> bytes | None:
    """Make a thumbnail of at most so many bytes; None if a coarse one is larger."""
    from PIL import Image

    colors = pixels if pixels.ndim == 2 else pixels[..., :3]
    shape = _thumbnail_shape(pixels)
    # Every so many pixels will do to begin with: some four of them are averaged.
    step = max(1, min(colors.shape[:2]) // (4 * _THUMBNAIL_SIDE))
    colors = np.ascontiguousarray(colors[::step, ::step])
    if colors.dtype == np.uint16:
        colors = (colors >> 8).astype(np.uint8)
    small = Image.fromarray(colors).resize(shape, Image.Resampling.BOX)
    for quality in _QUALITIES:
        file = io.BytesIO()
        small.save(file, "JPEG", quality=quality)
        if file.tell() <= most:
            return file.getvalue()
    return None
