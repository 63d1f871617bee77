"""Read raw files of cameras with LibRaw, which the extra ``raw`` brings."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..._shared.stderr import captured_stderr
from ..limits import check_jpeg, no_pillow_limit
from ..metadata import Metadata, read_jpeg_metadata, read_metadata
from ..orientation import read_orientation
from ..photograph import Photograph
from ..pixels import rotate, split_alpha
from ..refusal import check_pixels

__all__ = ["read", "read_preview"]

# How LibRaw calls a turn, and how EXIF does.
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
# sRGB's curve: its power and the slope of its straight part.
_SRGB_CURVE = (2.4, 12.92)
# Where a color profile says when it was made.
_PROFILE_DATE, _SOME_DATE = (24, 36), (2000, 1, 1, 0, 0, 0)


def read(path: Path, max_pixels: int) -> Photograph:
    """Develop a raw file: white balance and orientation of the camera, sRGB, 16 bits.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright, of uint16.
    """
    import rawpy
    from PIL import ImageCms

    with captured_stderr(), path.open("rb") as file, rawpy.imread(file) as raw:
        check_pixels(raw.sizes.width, raw.sizes.height, max_pixels)
        image = raw.postprocess(use_camera_wb=True, output_bps=16, gamma=_SRGB_CURVE)
        metadata = _metadata(path, raw)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Little CMS dates a profile by the clock; results are the same at every time.
    start, end = _PROFILE_DATE
    profile = profile[:start] + struct.pack(">6H", *_SOME_DATE) + profile[end:]
    return Photograph(_plain(image), None, "RAW", profile, 16, metadata)


def read_preview(path: Path, max_pixels: int, least: float = 0.5) -> Photograph | None:
    """Read the picture that a camera put into a raw file.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        As in `read`.
    least : float, default=0.5
        The share of the photograph's pixels that it must have.

    Returns
    -------
    Photograph or None
        Upright, of uint8; None if there is none of that size that can be read.
    """
    import rawpy

    with captured_stderr(), path.open("rb") as file, rawpy.imread(file) as raw:
        check_pixels(raw.sizes.width, raw.sizes.height, max_pixels)
        wanted = least * raw.sizes.width * raw.sizes.height
        turn = _TURNS.get(raw.sizes.flip, 1)
        try:
            found = _read_thumbnail(raw, turn, wanted, max_pixels)
        except Exception:
            # It may be in any format, or damaged; the photograph itself is there.
            return None
        if found is None:
            return None
        return replace(found, metadata=_metadata(path, raw))


def _read_thumbnail(
    raw: Any, turn: int, wanted: float, max_pixels: int
) -> Photograph | None:
    import rawpy
    from PIL import Image

    thumbnail = raw.extract_thumb()
    if thumbnail.format != rawpy.ThumbFormat.JPEG:
        pixels = thumbnail.data
        if pixels.shape[0] * pixels.shape[1] < wanted:
            return None
        return Photograph(_plain(rotate(pixels, turn)), None, "RAW")
    check_jpeg(thumbnail.data)
    with no_pillow_limit():
        picture = Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"])
    with picture:
        width, height = picture.size
        check_pixels(width, height, max_pixels)
        if width * height < wanted:
            return None
        orientation = read_orientation(picture, turn)
        profile = picture.info.get("icc_profile")
        pixels = np.asarray(picture.convert("RGB"))
    return Photograph(rotate(pixels, orientation), None, "RAW", profile)


def _plain(pixels: np.ndarray) -> np.ndarray:
    """Drop the channel of a gray sensor."""
    return split_alpha(np.array(pixels))[0]


def _metadata(path: Path, raw: Any) -> Metadata:
    """Read what the file says, or else what its preview says."""
    found = read_metadata(path, "TIFF")
    if found.exif:
        return found
    with suppress(Exception):
        thumbnail = raw.extract_thumb()
        found = read_jpeg_metadata(io.BytesIO(thumbnail.data))
    return found
