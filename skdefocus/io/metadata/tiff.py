"""Metadata of TIFF files, and of raw files that are laid out like them.

What a TIFF carries becomes an EXIF block. In a TIFF that is written a block
keeps its place: whatever it points to, MakerNotes above all, stays valid.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from . import exif
from . import resources as photoshop
from .carried import Metadata
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
    IPTC,
    MAKER_NOTE,
    ORIENTATION,
    PHOTOMETRIC,
    PROFILE,
    RESOLUTION_UNIT,
    RESOURCES,
    STRIP_SIZE,
    STRIP_START,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    describes_the_photograph,
)

__all__ = ["carry", "make_block", "read"]

# A MakerNote that lies no farther inside a file keeps its place in the block.
_FARTHEST = 1 << 18
# The largest value that is kept.
_MOST_IN_VALUE = 64 << 20
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_CODES = {_SHORT: "H", _LONG: "I"}
# How the colors of the old file were coded.
_YCBCR, _COLOR_CODING = 6, frozenset({529, 531, 532})
_PREDICTOR, _HORIZONTAL = 317, 2


def read(path: Path, page_at: int | None = None) -> Metadata:
    """Read what a TIFF, or a raw file like it, carries.

    Parameters
    ----------
    path : Path
        The file.
    page_at : int, optional
        Where the directory of the photograph lies, if it is not the first one.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return _read(data, _described_by(data, page_at))


def _described_by(data: Data, page_at: int | None) -> Directory | None:
    """Give what describes a page: its own directory and, behind it, the first one."""
    first = first_directory(data)
    own = None if page_at is None else read_directory(data, page_at)
    if first is None or own is None or own.at == first.at:
        return first
    return replace(own, entries={**first.entries, **own.entries})


def _read(data: mmap.mmap, main: Directory | None) -> Metadata:
    if main is None:
        return Metadata()
    special = {
        tag: bytes(data[entry.start : entry.start + entry.size])
        for tag in (XMP, IPTC, RESOURCES)
        if (entry := main.entries.get(tag)) and entry.size <= _MOST_IN_VALUE
    }
    image_resources = special.get(RESOURCES, b"")
    held = {item.number for item in photoshop.resources(image_resources)}
    if IPTC in special and photoshop.IPTC not in held:
        # LONG by mistake of many writers, in the file's byte order then.
        image_resources += photoshop.pack_resource(
            photoshop.IPTC, _iptc_bytes(special[IPTC], data, main)
        )
    return Metadata(
        exif=make_block(data, main),
        xmp=special.get(XMP),
        resources=image_resources or None,
    )


def _iptc_bytes(value: bytes, data: mmap.mmap, main: Directory) -> bytes:
    is_swapped = main.entries[IPTC].kind == _LONG and not value.startswith(b"\x1c")
    if is_swapped and value[3:4] == b"\x1c":
        words = struct.unpack(f"<{len(value) // 4}I", value[: len(value) // 4 * 4])
        value = struct.pack(f">{len(words)}I", *words)
    return value


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
    return Field(_LONG, 1, struct.pack(f"{order}I", start))


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


def carry(
    path: Path,
    metadata: Metadata,
    profile: bytes | None,
    *,
    is_swapped: bool = False,
) -> list[str]:
    """Put metadata into a TIFF.

    Parameters
    ----------
    path : Path
        A TIFF in strips that a library wrote; replaced. Of what it says only the layout
        of its pixels is kept.
    metadata : Metadata
        What to put in.
    profile : bytes or None
        Color profile.
    is_swapped : bool, default=False
        Whether its samples of 16 bits are in the byte order of the EXIF block, not in
        that of its header, and are differences to what stands left of them.

    Returns
    -------
    list of str
        What could not be put in, and why.
    """
    dropped = []
    block = metadata.exif or b""
    described = first_directory(block)
    if described is None:
        dropped += ["an EXIF block that cannot be understood"] if block else []
        block = b""
    else:
        block = exif.without_thumbnail(block)
    written = path.with_name(f"{path.stem}.pixels{path.suffix}")
    path.replace(written)
    try:
        with (
            written.open("rb") as source,
            mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data,
            path.open("wb") as target,
        ):
            fields, order = _compose(data, block, described)
            if is_swapped:
                fields[_PREDICTOR] = _short(_HORIZONTAL, order)
            _add_special(fields, metadata, profile, order)
            target.write(bytes(8) + block[8:])
            fields[STRIP_START] = _copy_strips(data, target, fields, order)
            start = target.tell() + target.tell() % 2
            packed, _ = pack_directory(fields, start, order)
            target.seek(start)
            target.write(packed)
            target.seek(0)
            magic = b"II*\0" if order == "<" else b"MM\0*"
            target.write(magic + struct.pack(f"{order}I", start))
    except Exception:
        written.replace(path)
        raise
    finally:
        written.unlink(missing_ok=True)
    return dropped


def _copy_strips(
    data: mmap.mmap, target: BinaryIO, fields: Mapping[int, Field], order: str
) -> Field:
    """Copy coded pixels, and tell where they are now."""
    starts, sizes = (
        struct.unpack(f"{order}{field.count}{_CODES[field.kind]}", field.value)
        for field in (fields[STRIP_START], fields[STRIP_SIZE])
    )
    moved = []
    for start, size in zip(starts, sizes, strict=True):
        target.write(bytes(target.tell() % 2))
        moved.append(target.tell())
        target.write(data[start : start + size])
    return Field(_LONG, len(moved), struct.pack(f"{order}{len(moved)}I", *moved))


def _short(value: int, order: str) -> Field:
    return Field(_SHORT, 1, struct.pack(f"{order}H", value))


def _compose(
    data: mmap.mmap, block: bytes, described: Directory | None
) -> tuple[dict[int, Field], str]:
    """Put the layout of pixels and what describes them into one directory."""
    layout = first_directory(data)
    own, order = byte_order(data[:4]), byte_order(block[:4])
    if layout is None or own is None:
        raise OSError("a TIFF without pixels was written")
    order = order or own
    fields = {
        tag: _turn(field, own, order)
        for tag, field in fields_of(
            data,
            layout.entries.values(),
        ).items()
        if not describes_the_photograph(tag) and tag not in (EXIF, GPS, XMP, IPTC)
    }
    if described is not None:
        for tag, field in fields_of(block, described.entries.values()).items():
            if describes_the_photograph(tag) or tag in (EXIF, GPS):
                fields.setdefault(tag, field)
    return fields, order


def _turn(field: Field, own: str, order: str) -> Field:
    """Turn the bytes of whole numbers into another byte order."""
    code = _CODES.get(field.kind)
    if own == order or code is None:
        return field
    numbers = struct.unpack(f"{own}{field.count}{code}", field.value)
    value = struct.pack(f"{order}{field.count}{code}", *numbers)
    return Field(field.kind, field.count, value)


def _add_special(
    fields: dict[int, Field], metadata: Metadata, profile: bytes | None, order: str
) -> None:
    """Add what has tags of its own in a TIFF."""
    density = metadata.density
    if density is not None and density.is_useful and X_RESOLUTION not in fields:
        for tag, value in ((X_RESOLUTION, density.x), (Y_RESOLUTION, density.y)):
            share = Fraction(value).limit_denominator(10_000)
            packed = struct.pack(f"{order}II", share.numerator, share.denominator)
            fields[tag] = Field(_RATIONAL, 1, packed)
        fields[RESOLUTION_UNIT] = _short(density.unit, order)
    if metadata.xmp:
        fields[XMP] = Field(_BYTE, len(metadata.xmp), metadata.xmp)
    # IPTC has a tag of its own: in both places it would be there twice.
    kept, iptc = photoshop.part(metadata.resources or b"", photoshop.IPTC)
    if kept:
        fields[RESOURCES] = Field(_BYTE, len(kept), kept)
    if iptc:
        fields[IPTC] = Field(_UNDEFINED, len(iptc), iptc)
    if profile:
        fields[PROFILE] = Field(_UNDEFINED, len(profile), profile)
    else:
        fields.pop(PROFILE, None)
