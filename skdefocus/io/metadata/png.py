"""Metadata of PNG files: chunks, copied whole."""

from __future__ import annotations

import binascii
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from . import exif, xmp
from . import resources as photoshop
from .carried import Metadata
from .density import Density
from .inflate import Inflater

__all__ = ["ABOUT_PIXELS", "carry", "may_tell_place", "read", "says_other_colors"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What colors mean, in the order in which chunks of it are written.
_COLOR = (b"cICP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"cLLI")
# What stays when all else is stripped.
ABOUT_PIXELS = frozenset({*_COLOR, b"iCCP", b"pHYs"})
_SRGB_GAMMA = struct.pack(">I", 45_455)
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_OTHER = (b"iCCP", b"pHYs", b"tIME", b"oFFs", b"pCAL", b"sCAL", b"sTER")
# What a library's own file keeps: pixels, their layout and their opacity.
_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# The largest that is kept of one chunk, packed as it is, and of all together.
_MOST_IN_CHUNK, _MOST_BYTES = 32 << 20, 64 << 20
_MOST_CHUNKS, _MOST_KEPT = 500_000, 10_000
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW = b"Raw profile type "
# A meter has so many of TIFF's units: inches and centimeters.
_PER_METER = {2: 1 / 0.0254, 3: 100.0}
_PREFIXES = {
    exif.PREFIX: "exif",
    xmp.PREFIX: "xmp",
    photoshop.PREFIX: "resources",
}
_HEX = re.compile(rb"\s*(\w+)\s+(\d+)\s")


def read(path: Path) -> Metadata:
    """Read what a PNG carries.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    found: dict[str, bytes] = {}
    density = None
    chunks = []
    inflater = Inflater()
    with path.open("rb") as file:
        for name, body in _chunks(file):
            keyword = body.partition(b"\0")[0] if name in _TEXT else b""
            kind, data = "", None
            if name == b"eXIf":
                kind, data = "exif", body.removeprefix(exif.PREFIX)
            elif name == b"iTXt" and keyword == _XMP_KEYWORD:
                kind, data = "xmp", _international_text(body, inflater)
            elif keyword.startswith(_RAW):
                kind, data = _read_profile(name, body, inflater)
            elif name == b"pHYs":
                density = _read_density(body)
            if data:
                # A chunk of its own goes before a profile in text.
                found = {kind: data} | found if name in _TEXT else found | {kind: data}
            if kind in ("", "resources"):
                chunks.append((name, body))
    return Metadata(
        exif=found.get("exif"),
        xmp=found.get("xmp"),
        resources=found.get("resources"),
        density=density,
        chunks=tuple(chunks),
    )


def says_other_colors(chunks: tuple[tuple[bytes, bytes], ...]) -> bool:
    """Whether chunks say that the colors are none of sRGB.

    Parameters
    ----------
    chunks : tuple of (bytes, bytes)
        Names and bodies.

    Returns
    -------
    bool
        False where a profile says it, which every format holds.
    """
    said = dict(chunks)
    if b"iCCP" in said or b"sRGB" in said:
        return False
    return said.get(b"gAMA", _SRGB_GAMMA) != _SRGB_GAMMA or b"cICP" in said


def may_tell_place(name: bytes, body: bytes) -> bool:
    """Whether a chunk of text may tell where the photograph was taken.

    Parameters
    ----------
    name, body : bytes
        The chunk.

    Returns
    -------
    bool
        True for whatever is called GPS, and for profiles in text.
    """
    keyword = body.partition(b"\0")[0].lower()
    return name in _TEXT and (b"gps" in keyword or keyword.startswith(_RAW.lower()))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Give what a PNG tells of itself, before its pixels and behind them."""
    if file.read(8) != _SIGNATURE:
        return
    total = n_kept = 0
    wanted = {*_COLOR, *_TEXT, *_OTHER, b"eXIf"}
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        size, name = struct.unpack(">I4s", head)
        is_large = size > _MOST_IN_CHUNK or total > _MOST_BYTES
        if name not in wanted or is_large or n_kept >= _MOST_KEPT:
            file.seek(size + 4, 1)
            continue
        n_kept += 1
        body, check = file.read(size), file.read(4)
        total += size
        if len(check) == 4 and zlib.crc32(name + body) == struct.unpack(">I", check)[0]:
            yield name, body


def _international_text(body: bytes, inflater: Inflater) -> bytes | None:
    _, _, rest = body.partition(b"\0")
    language = rest[2:].split(b"\0", 2)
    if len(language) < 3:
        return None
    return inflater.zlib(language[2]) if rest[:1] == b"\1" else language[2]


def _read_profile(
    name: bytes, body: bytes, inflater: Inflater
) -> tuple[str, bytes | None]:
    """Read a profile in hexadecimal digits, as ImageMagick and exiftool write it."""
    text: bytes | None = body.partition(b"\0")[2]
    if name == b"zTXt" and text is not None:
        text = inflater.zlib(text[1:])
    match = _HEX.match(text or b"")
    if text is None or match is None:
        return "", None
    try:
        data = binascii.unhexlify(b"".join(text[match.end() :].split()))
    except binascii.Error:
        return "", None
    for prefix, kind in _PREFIXES.items():
        if data.startswith(prefix):
            return kind, data.removeprefix(prefix)
    if data.startswith(b"8BIM"):
        return "resources", data
    if data.startswith(b"\x1c"):
        return "resources", photoshop.pack_resource(photoshop.IPTC, data)
    return ("xmp", data) if b"<x:xmpmeta" in data else ("", None)


def _read_density(body: bytes) -> Density | None:
    if len(body) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", body)
    if not x or not y:
        return None
    return Density(x * 0.0254, y * 0.0254, 2) if unit == 1 else Density(x, y, 1)


def carry(path: Path, metadata: Metadata, profile: bytes | None) -> list[str]:
    """Put metadata into a PNG.

    Parameters
    ----------
    path : Path
        A PNG that a library wrote; replaced. What it says beside its pixels goes.
    metadata : Metadata
        What to put in.
    profile : bytes or None
        Color profile.

    Returns
    -------
    list of str
        What could not be put in, and why.
    """
    made = [chunk for chunk in metadata.chunks if chunk[0] in _COLOR]
    rest = [chunk for chunk in metadata.chunks if chunk[0] not in (*_COLOR, b"iCCP")]
    if profile:
        made = [chunk for chunk in made if chunk[0] != b"sRGB"]
        own = dict(metadata.chunks).get(b"iCCP", b"")
        if _profile(own) != profile:
            own = b"ICC profile\0\0" + zlib.compress(profile)
        made.insert(0, (b"iCCP", own))
    made.sort(key=lambda chunk: chunk[0] != b"cICP")
    density = metadata.density
    if density is not None and density.is_useful and b"pHYs" not in dict(rest):
        made.append((b"pHYs", _pack_density(density)))
    if metadata.exif:
        made.append((b"eXIf", metadata.exif))
    if metadata.xmp:
        made.append((b"iTXt", _XMP_KEYWORD + bytes(5) + metadata.xmp))
    if metadata.resources and not any(_RAW in body[:40] for _, body in rest):
        made.append((b"zTXt", _pack_raw_profile(metadata.resources)))
    _rewrite(path, [*made, *rest])
    return []


def _profile(body: bytes) -> bytes | None:
    """Read the color profile of a chunk, behind its name and its method."""
    return Inflater().zlib(body.partition(b"\0")[2][1:])


def _pack_density(density: Density) -> bytes:
    per_meter = _PER_METER.get(density.unit)
    scale, unit = (1.0, 0) if per_meter is None else (per_meter, 1)
    numbers = [round(value * scale) for value in (density.x, density.y)]
    return struct.pack(">IIB", *(min(2**31 - 1, max(1, n)) for n in numbers), unit)


def _pack_raw_profile(data: bytes) -> bytes:
    digits = binascii.hexlify(data)
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    text = b"\niptc\n%8d\n" % len(data) + b"\n".join(lines) + b"\n"
    return _RAW + b"iptc\0\0" + zlib.compress(text)


def _rewrite(path: Path, made: list[tuple[bytes, bytes]]) -> None:
    data = memoryview(path.read_bytes())
    with path.open("wb") as file:
        file.write(_SIGNATURE)
        position = len(_SIGNATURE)
        while position < len(data):
            size, name = struct.unpack_from(">I4s", data, position)
            end = position + 12 + size
            if name in _PIXELS:
                file.write(data[position:end])
            if name == b"IHDR":
                for own, body in made:
                    file.write(struct.pack(">I", len(body)) + own + body)
                    file.write(struct.pack(">I", zlib.crc32(own + body)))
            position = end
