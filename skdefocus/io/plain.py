"""Read the formats in use everywhere but TIFF: JPEG, PNG, WebP, GIF and others."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from .color import to_srgb
from .formats import PILLOW_FORMATS
from .limits import check_gif, check_jpeg, check_webp, lean_png, no_pillow_limit
from .metadata import read_metadata
from .openimageio import BYTES_PER_PIXEL, opened, read_native
from .orientation import read_orientation
from .photograph import GAIN_MAP, OTHER_FRAMES, Photograph
from .pixels import rotate, split_alpha
from .refusal import Refusal, check_pixels

__all__ = ["read_plain"]

# What tells one format from another, and where the header of a PNM ends at the latest,
# which may hold comments.
_HEAD, _PNM_HEAD = 512, 2**16
# Modes of Pillow that hold more than 8 bits.
_DEEP_MODES = ("I", "F")
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNM_HEADER = re.compile(
    rb"P[2356](?:\s+|#[^\n]*\n)+\d+\s+(?:#[^\n]*\n\s*)*\d+\s+"
    rb"(?:#[^\n]*\n\s*)*(\d+)\s"
)


def read_plain(path: Path, max_pixels: int) -> Photograph:
    """Read a photograph by what its file begins with, whatever its ending.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright. Samples are the numbers of the file.

    Raises
    ------
    Refusal
        If it is too large or of a kind that is not read.
    Exception
        Whatever the decoder raises if it is damaged.
    """
    with path.open("rb") as file:
        start = file.read(_HEAD)
        if start[:1] == b"P":
            start += file.read(_PNM_HEAD - _HEAD)
    if start[:2] == b"\xff\xd8":
        check_jpeg(path)
    elif start[:4] == b"GIF8":
        check_gif(path, max_pixels)
    elif start[:4] == b"RIFF":
        check_webp(path, max_pixels)
    notes: list[str] = []
    source: Any = path
    if start[:8] == _PNG_START:
        data, notes = lean_png(path)
        source = path if data is None else io.BytesIO(data)
        if start[24:25] == b"\x10":
            return _read_deep(path, source, ".png", "PNG", max_pixels, notes)
    elif start[:2] in (b"PF", b"Pf") or _is_deep_pnm(start):
        source = _without_comments(path, start, BYTES_PER_PIXEL * max_pixels)
        return _read_deep(path, source, ".ppm", "PPM", max_pixels, notes)
    with _open(source) as header:
        width, height = header.size
        check_pixels(width, height, max_pixels)
        clear = header.info.get("transparency")
        if start[:8] == _PNG_START and header.mode == "L" and isinstance(clear, int):
            # Pillow scales the pixels of 2 and 4 bits, but not this one.
            header.info["transparency"] = clear * 255 // (2 ** start[24] - 1)
        return _read_shallow(path, header, notes)


def _is_deep_pnm(start: bytes) -> bool:
    header = _PNM_HEADER.match(start)
    return header is not None and int(header[1]) > 255


def _without_comments(path: Path, start: bytes, max_bytes: int) -> Any:
    """Leave long comments out of a PNM, which its reader does not bear."""
    header = _PNM_HEADER.match(start)
    if header is None or header.end() <= _HEAD:
        return path
    plain = re.sub(rb"#[^\n]*\n", b"\n", header[0])
    with path.open("rb") as file:
        file.seek(header.end())
        return io.BytesIO(plain + file.read(max_bytes))


def _open(source: Any) -> Any:
    """Open with Pillow, which reads the header only."""
    from PIL import Image

    try:
        with no_pillow_limit():
            return Image.open(source, formats=PILLOW_FORMATS)
    except Exception as error:
        raise Refusal(
            "is not an image that can be read (JPEG, PNG, TIFF, WebP and others)."
        ) from error


def _read_shallow(path: Path, header: Any, notes: list[str]) -> Photograph:
    """Read 8-bit pixels with Pillow."""
    notes = [*notes, *_what_else(header)]
    if header.mode.startswith(_DEEP_MODES):
        raise Refusal("holds more than 8 bits in a way that is not read.")
    header.load()
    orientation = read_orientation(header)
    picture, profile = plain_mode(header)
    image, alpha = split_alpha(rotate(np.asarray(picture), orientation))
    file_format = header.format or ""
    metadata = read_metadata(path, file_format)
    return Photograph(image, alpha, file_format, profile, 8, metadata, tuple(notes))


def plain_mode(picture: Any) -> tuple[Any, bytes | None]:
    """Turn a picture of Pillow into gray or RGB of 8 bits, each perhaps with alpha.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode.

    Returns
    -------
    picture : PIL.Image.Image
        Of mode "L", "LA", "RGB" or "RGBA".
    profile : bytes or None
        ICC profile of its colors.
    """
    profile, mode = picture.info.get("icc_profile"), picture.mode
    if mode in ("CMYK", "YCbCr", "HSV"):
        return to_srgb(picture, profile), None
    if mode in ("P", "PA", "RGBX") or "transparency" in picture.info:
        opaque = mode != "PA" and "transparency" not in picture.info
        clear = "LA" if mode == "L" else "RGBA"
        picture = picture.convert("RGB" if opaque else clear)
    elif mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if mode in ("La", "RGBa") else "L")
    return picture, profile


def _what_else(header: Any) -> list[str]:
    """Tell what else a file holds."""
    if header.format == "MPO":
        n_pictures = header.n_frames
        return [
            f"it holds {n_pictures} pictures, as for gain maps, depth or stereo; the "
            f"main one is read, the others not."
        ]
    if getattr(header, "is_animated", False):
        return [OTHER_FRAMES]
    # The mark of Adobe's and Android's gain maps, in XMP.
    xmp = header.info.get("xmp", b"")
    if isinstance(xmp, bytes) and b"hdrgm:" in xmp:
        return [GAIN_MAP]
    return []


def _read_deep(
    path: Path,
    source: Any,
    ending: str,
    file_format: str,
    max_pixels: int,
    notes: list[str],
) -> Photograph:
    """Read with OpenImageIO, which keeps 16-bit and float pixels as they are."""
    orientation, profile = 1, None
    if file_format == "PNG":
        with _open(source) as header:
            width, height = header.size
            check_pixels(width, height, max_pixels)
            notes = [*notes, *_what_else(header)]
            orientation = read_orientation(header)
            profile = header.info.get("icc_profile")
        with _open(source) as untouched:
            untouched.verify()  # Checks every chunk without decoding.
    data = source.getvalue() if isinstance(source, io.BytesIO) else None
    with opened(
        path, ending, max_bytes=BYTES_PER_PIXEL * max_pixels, data=data
    ) as file:
        spec = file.spec()
        check_pixels(spec.width, spec.height, max_pixels)
        pixels = read_native(file)
    image, alpha = split_alpha(rotate(pixels, orientation))
    metadata = read_metadata(path, file_format)
    return Photograph(image, alpha, file_format, profile, 16, metadata, tuple(notes))
