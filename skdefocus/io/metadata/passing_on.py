"""Metadata from one file to another, whatever their formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from . import boxes, exif, jpeg, png, psd, resources, tiff, webp, xmp
from .carried import Metadata

__all__ = [
    "fit",
    "held_by",
    "pass_on",
    "read_jpeg_metadata",
    "read_metadata",
    "read_tiff_metadata",
    "strip",
]

_READERS: dict[str, Callable[[Path], Metadata]] = {
    "JPEG": jpeg.read,
    "MPO": jpeg.read,
    "PNG": png.read,
    "TIFF": tiff.read,
    "WEBP": webp.read,
    "JXL": boxes.read,
    "JPEG2000": boxes.read,
    "PSD": psd.read,
}
_WRITERS: dict[str, Callable[[Path, Metadata, bytes | None], list[str]]] = {
    "JPEG": jpeg.carry,
    "PNG": png.carry,
}

# Where a PNG has a chunk of its own, which is not to be made up.
_WITH_DENSITY_IN_EXIF = frozenset({"JPEG", "MPO", "TIFF"})
_WITHOUT_GPS = {
    "exif": exif.without_gps,
    "xmp": xmp.without_gps,
    "xmp_extended": xmp.without_gps,
}


def read_metadata(path: str | os.PathLike[str], file_format: str) -> Metadata:
    """Read what a photograph carries.

    Parameters
    ----------
    path : path-like
        The file.
    file_format : str
        Its format as Pillow calls it.

    Returns
    -------
    Metadata
        With orientations of 1; empty for formats that are not known, and where nothing
        can be understood.
    """
    reader = _READERS.get(file_format)
    return Metadata() if reader is None else _read(Path(path), reader, file_format)


def read_tiff_metadata(path: Path, page_at: int) -> Metadata:
    """Read what a TIFF says of one of its pages.

    Parameters
    ----------
    path : Path
        The file.
    page_at : int
        Where the directory of the page lies. What it does not say is taken from the
        first one, where writers that put a thumbnail first describe the photograph.

    Returns
    -------
    Metadata
        With orientations of 1; empty where nothing can be understood.
    """
    return _read(path, partial(tiff.read, page_at=page_at), "TIFF")


def _read(path: Path, reader: Callable[[Path], Metadata], file_format: str) -> Metadata:
    try:
        found = reader(path).upright()
        if file_format in _WITH_DENSITY_IN_EXIF and found.density is None:
            found = replace(found, density=exif.density(found.exif or b""))
        return found
    except Exception:
        # Metadata, hostile or damaged, must not cost the photograph.
        return Metadata()


def read_jpeg_metadata(file: BinaryIO) -> Metadata:
    """Read what a JPEG inside another file carries.

    Parameters
    ----------
    file : file-like
        At the beginning of the JPEG.

    Returns
    -------
    Metadata
        With orientations of 1; empty where nothing can be understood.
    """
    try:
        return jpeg.read_stream(file).upright()
    except Exception:
        return Metadata()


def held_by(metadata: Metadata, file_format: str) -> tuple[Metadata, list[str]]:
    """Leave out what a format does not hold.

    Parameters
    ----------
    metadata : Metadata
        All.
    file_format : {"JPEG", "PNG", "TIFF", "WEBP"}
        What the picture is written as.

    Returns
    -------
    metadata : Metadata
        The rest.
    dropped : list of str
        What is left out and would change how the picture looks, or cannot be found
        elsewhere in it.
    """
    dropped = []
    if file_format == "WEBP" and metadata.resources:
        dropped.append("IPTC, which WebP does not hold")
        metadata = replace(metadata, resources=None)
    if file_format != "PNG":
        if png.says_other_colors(metadata.chunks):
            dropped.append(f"color chunks, which {file_format} does not hold")
        metadata = replace(metadata, chunks=())
    if file_format != "JPEG":
        metadata = replace(metadata, segments=())
    return metadata, dropped


def strip(metadata: Metadata, what: str | None) -> tuple[Metadata, list[str]]:
    """Leave out what is not to be passed on.

    Parameters
    ----------
    metadata : Metadata
        All.
    what : {"gps", "all"} or None
        Where the photograph was taken, or everything but what its colors mean and how
        large a pixel is.

    Returns
    -------
    metadata : Metadata
        The rest.
    dropped : list of str
        What is left out because nobody can say whether it tells the place.
    """
    if what is None:
        return metadata, []
    if what == "all":
        kept = [item for item in metadata.chunks if item[0] in png.ABOUT_PIXELS]
        density = metadata.density or exif.density(metadata.exif or b"")
        return Metadata(density=density, chunks=tuple(kept)), []
    clean: dict[str, bytes | None] = {}
    dropped = []
    for field, clear in _WITHOUT_GPS.items():
        held = getattr(metadata, field)
        clean[field] = (clear(held) if held else None) or None
        if held and not clean[field]:
            dropped.append(f"its {field.partition('_')[0].upper()}, which is not clear")
    block = metadata.resources
    if block and not resources.are_clear(block):
        block = None
        dropped.append("its Photoshop resources, which are not clear")
    segments = tuple(item for item in metadata.segments if jpeg.is_plain(*item))
    if len(segments) < len(metadata.segments):
        dropped.append("segments of its maker, which may tell the place")
    chunks = tuple(item for item in metadata.chunks if not png.may_tell_place(*item))
    rest = replace(
        metadata,
        exif=clean["exif"],
        xmp=clean["xmp"],
        xmp_extended=clean["xmp_extended"],
        resources=block,
        segments=segments,
        chunks=chunks,
    )
    return rest, dropped


def fit(metadata: Metadata, pixels: np.ndarray, file_format: str) -> Metadata:
    """Fit metadata to the pixels and the format that they will stand beside.

    Parameters
    ----------
    metadata : Metadata
        Of the photograph.
    pixels : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
        The picture.
    file_format : {"JPEG", "PNG", "TIFF", "WEBP"}
        What it is written as.

    Returns
    -------
    Metadata
        With the picture's size and thumbnail, and its XMP in one piece but for JPEG.
    """
    height, width = pixels.shape[:2]
    packet, extended = metadata.xmp, metadata.xmp_extended
    if packet and extended and file_format != "JPEG":
        merged = xmp.merge_extended(packet, extended)
        packet, extended = merged or packet, None if merged else extended
    return replace(
        metadata,
        exif=exif.renew(metadata.exif, pixels) if metadata.exif else None,
        xmp=xmp.fit(packet, width, height) if packet else None,
        xmp_extended=extended,
        resources=resources.useful(metadata.resources) if metadata.resources else None,
    )


def pass_on(
    path: Path,
    file_format: str,
    metadata: Metadata,
    profile: bytes | None,
    *,
    is_swapped: bool = False,
) -> list[str]:
    """Put metadata into a picture that is written already.

    Parameters
    ----------
    path : Path
        The picture; replaced.
    file_format : {"JPEG", "PNG", "TIFF"}
        Its format.
    metadata : Metadata
        From `fit`.
    profile : bytes or None
        Color profile.
    is_swapped : bool, default=False
        As in `tiff.carry`.

    Returns
    -------
    list of str
        What could not be put in, and why.
    """

    def write(what: Metadata) -> list[str]:
        if file_format == "TIFF":
            return tiff.carry(path, what, profile, is_swapped=is_swapped)
        return _WRITERS[file_format](path, what, profile)

    try:
        return write(metadata)
    except Exception as error:
        # Metadata, hostile or damaged, must not cost the picture.
        write(Metadata())
        return [f"its metadata, which cannot be understood ({error})"]
