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
    pack_directory,
    read_directory,
)
from .tags import (
    BYTE,
    EXIF,
    GPS,
    IPTC,
    LONG,
    PROFILE,
    RATIONAL,
    RESOLUTION_UNIT,
    RESOURCES,
    SHORT,
    STRIP_SIZE,
    STRIP_START,
    UNDEFINED,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    describes_the_photograph,
)
from .tiff_block import make_block

__all__ = ["carry", "read"]

# The largest value that is kept.
_MOST_IN_VALUE = 64 << 20
_CODES = {SHORT: "H", LONG: "I"}
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
    is_swapped = main.entries[IPTC].kind == LONG and not value.startswith(b"\x1c")
    if is_swapped and value[3:4] == b"\x1c":
        words = struct.unpack(f"<{len(value) // 4}I", value[: len(value) // 4 * 4])
        value = struct.pack(f">{len(words)}I", *words)
    return value


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
    return Field(LONG, len(moved), struct.pack(f"{order}{len(moved)}I", *moved))


def _short(value: int, order: str) -> Field:
    return Field(SHORT, 1, struct.pack(f"{order}H", value))


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
            fields[tag] = Field(RATIONAL, 1, packed)
        fields[RESOLUTION_UNIT] = _short(density.unit, order)
    if metadata.xmp:
        fields[XMP] = Field(BYTE, len(metadata.xmp), metadata.xmp)
    # IPTC has a tag of its own: in both places it would be there twice.
    kept, iptc = photoshop.part(metadata.resources or b"", photoshop.IPTC)
    if kept:
        fields[RESOURCES] = Field(BYTE, len(kept), kept)
    if iptc:
        fields[IPTC] = Field(UNDEFINED, len(iptc), iptc)
    if profile:
        fields[PROFILE] = Field(UNDEFINED, len(profile), profile)
    else:
        fields.pop(PROFILE, None)
