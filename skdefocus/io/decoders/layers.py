"""Read JPEG XL, Photoshop's files and OpenEXR with OpenImageIO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..._shared.light import linear_to_srgb
from ..metadata import read_metadata
from ..openimageio import BYTES_PER_PIXEL, can_read, opened, read_native
from ..photograph import Photograph
from ..refusal import Refusal, check_pixels

__all__ = ["read_exr", "read_jxl", "read_psd"]

# Channels of OpenEXR that make a picture; others are depth, masks and further layers.
_COLORS, _GRAY, _ALPHA = ("R", "G", "B"), ("Y",), "A"
_TOO_BRIGHT = "it holds light above 1, which is shown as white."


def _read(path: Path, ending: str, file_format: str, max_pixels: int) -> Photograph:
    notes = []
    with opened(path, ending, max_bytes=BYTES_PER_PIXEL * max_pixels) as file:
        spec = file.spec()
        check_pixels(spec.width, spec.height, max_pixels)
        pixels = read_native(file)
        held = spec.getattribute("ICCProfile")
        profile = None if held is None else bytes(bytearray(held))
    n_colors = 3 if spec.nchannels >= 3 else 1
    image = np.ascontiguousarray(
        pixels[..., :n_colors] if n_colors > 1 else pixels[..., 0]
    )
    alpha = None
    if spec.alpha_channel >= n_colors:
        alpha = np.ascontiguousarray(pixels[..., spec.alpha_channel])
    notes += _left_out(spec.nchannels - n_colors - (alpha is not None))
    if image.dtype.kind == "f":
        image, is_too_bright = _within(image)
        alpha = None if alpha is None else _within(alpha)[0]
        notes += [_TOO_BRIGHT] * is_too_bright
    bits = 8 if image.dtype == np.uint8 else 16
    metadata = read_metadata(path, file_format)
    return Photograph(image, alpha, file_format, profile, bits, metadata, tuple(notes))


def _left_out(n_channels: int) -> list[str]:
    if n_channels == 0:
        return []
    if n_channels == 1:
        return ["a channel beside its colors is left out."]
    return [f"{n_channels} channels beside its colors are left out."]


def _within(light: np.ndarray) -> tuple[np.ndarray, bool]:
    """Bring light into [0, 1], and tell whether there was more."""
    is_too_bright = bool(light.max(initial=0) > 1)
    return np.clip(light, 0, 1).astype(np.float32), is_too_bright


def read_jxl(path: Path, max_pixels: int) -> Photograph:
    """Read a JPEG XL picture.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright: libjxl turns it, whatever its EXIF says.

    Raises
    ------
    Refusal
        If the installed OpenImageIO does not read JPEG XL.
    """
    if not can_read("jpegxl"):
        raise Refusal(
            "is JPEG XL; to read it, install an OpenImageIO that has libjxl, as that "
            "of PyPI has."
        )
    return _read(path, ".jxl", "JXL", max_pixels)


def read_psd(path: Path, max_pixels: int) -> Photograph:
    """Read the flattened picture of a file of Photoshop.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        As Photoshop shows it, if it was saved with such a picture.
    """
    return _read(path, ".psd", "PSD", max_pixels)


def read_exr(path: Path, max_pixels: int) -> Photograph:
    """Read the picture of an OpenEXR file, which holds light, as a screen shows it.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        With sRGB's curve. Light above 1 is white, and the notes say so.
    """
    with opened(path, ".exr", max_bytes=BYTES_PER_PIXEL * max_pixels) as file:
        spec = file.spec()
        check_pixels(spec.width, spec.height, max_pixels)
        # Of the first layer, whose names have no other before them.
        names = list(spec.channelnames)
        wanted = next((n for n in (_COLORS, _GRAY) if set(n) <= set(names)), None)
        if wanted is None:
            raise Refusal(
                f"has no channels R, G and B, nor Y; it has {', '.join(names)}."
            )
        light = np.dstack([_channel(file, names.index(name)) for name in wanted])
        alpha = None
        if _ALPHA in names:
            alpha = np.clip(_channel(file, names.index(_ALPHA)), 0, 1)
            # OpenEXR multiplies colors by alpha.
            share = alpha[..., np.newaxis]
            np.divide(light, share, where=share > 0, out=light)
    notes = _left_out(len(names) - len(wanted) - (alpha is not None))
    light, is_too_bright = _within(light)
    notes += [_TOO_BRIGHT] * is_too_bright
    image = linear_to_srgb(light[..., 0] if len(wanted) == 1 else light)
    return Photograph(image, alpha, "EXR", None, 16, notes=tuple(notes))


def _channel(file: Any, number: int) -> np.ndarray:
    values = file.read_image(0, 0, number, number + 1, "float")
    if values is None or file.has_error:
        raise ValueError(file.geterror())
    found: np.ndarray = np.nan_to_num(values[..., 0])
    return found
