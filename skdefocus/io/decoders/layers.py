"""Read JPEG XL, Photoshop's files and OpenEXR with OpenImageIO."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...filters import linear_to_srgb
from ..metadata import read_metadata
from ..photograph import Photograph
from ..pixels import split_alpha

__all__ = ["can_read", "open_layers", "read_exr", "read_jxl", "read_psd"]

_KINDS = {"uint8": "uint8", "half": "float", "float": "float", "double": "float"}
# Channels of OpenEXR that make a picture; others are depth, masks and further layers.
_COLORS, _GRAY, _ALPHA = ("R", "G", "B"), ("Y",), "A"


def can_read(name: str) -> bool:
    """Whether the installed OpenImageIO reads a format.

    Parameters
    ----------
    name : str
        As OpenImageIO calls it.

    Returns
    -------
    bool
        True if it does.
    """
    import OpenImageIO

    listed = OpenImageIO.get_string_attribute("format_list")
    return name in listed.split(",")


@contextmanager
def open_layers(path: Path) -> Iterator[Any]:
    """Open a file with OpenImageIO, alpha left as the file has it.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    ImageInput
        The open file.
    """
    import OpenImageIO

    hints = OpenImageIO.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    file = OpenImageIO.ImageInput.open(os.fspath(path), hints)
    if file is None:
        raise ValueError(OpenImageIO.geterror())
    try:
        yield file
    finally:
        file.close()


def _read(
    path: Path, file_format: str, check_size: Callable[[int, int], None]
) -> Photograph:
    with open_layers(path) as file:
        spec = file.spec()
        check_size(spec.width, spec.height)
        if spec.nchannels > 4:
            raise ValueError(f"it has {spec.nchannels} channels; at most 4 are read")
        kind = _KINDS.get(str(spec.format), "uint16")
        pixels = file.read_image(kind)
        if pixels is None or file.has_error:
            raise ValueError(file.geterror())
        held = spec.getattribute("ICCProfile")
        profile = None if held is None else bytes(bytearray(held))
    image, alpha = split_alpha(pixels)
    if image.dtype == np.float32:
        image = np.clip(image, 0, 1)
        alpha = None if alpha is None else np.clip(alpha, 0, 1)
    bits = 8 if image.dtype == np.uint8 else 16
    metadata = read_metadata(path, file_format)
    return Photograph(image, alpha, file_format, profile, bits, metadata)


def read_jxl(path: Path, check_size: Callable[[int, int], None]) -> Photograph:
    """Read a JPEG XL picture.

    Parameters
    ----------
    path : Path
        The file.
    check_size : callable
        Gets width and height before memory is taken, and raises if they are too large.

    Returns
    -------
    Photograph
        Upright: libjxl turns it, whatever its EXIF says.
    """
    return _read(path, "JXL", check_size)


def read_psd(path: Path, check_size: Callable[[int, int], None]) -> Photograph:
    """Read the flattened picture of a file of Photoshop.

    Parameters
    ----------
    path : Path
        The file.
    check_size : callable
        Gets width and height before memory is taken, and raises if they are too large.

    Returns
    -------
    Photograph
        As Photoshop shows it, if it was saved with such a picture.
    """
    return _read(path, "PSD", check_size)


def read_exr(path: Path, check_size: Callable[[int, int], None]) -> Photograph:
    """Read the picture of an OpenEXR file, which holds light, as a screen shows it.

    Parameters
    ----------
    path : Path
        The file.
    check_size : callable
        Gets width and height before memory is taken, and raises if they are too large.

    Returns
    -------
    Photograph
        With sRGB's curve; light above 1 is white.

    Warns
    -----
    UserWarning
        If there is such light.
    """
    with open_layers(path) as file:
        spec = file.spec()
        check_size(spec.width, spec.height)
        # Of the first layer, whose names have no other before them.
        names = list(spec.channelnames)
        wanted = next((n for n in (_COLORS, _GRAY) if set(n) <= set(names)), None)
        if wanted is None:
            raise ValueError(
                f"it has no channels R, G and B, nor Y; it has {', '.join(names)}"
            )
        light = np.dstack([_channel(file, names.index(name)) for name in wanted])
        alpha = None
        if _ALPHA in names:
            alpha = np.clip(_channel(file, names.index(_ALPHA)), 0, 1)
            # OpenEXR multiplies colors by alpha.
            share = alpha[..., np.newaxis]
            np.divide(light, share, where=share > 0, out=light)
    if light.max(initial=0) > 1:
        warnings.warn(
            f"{path} holds light above 1, which is shown as white.", stacklevel=2
        )
    image, _ = split_alpha(np.clip(light, 0, 1))
    return Photograph(linear_to_srgb(image), alpha, "EXR", None, 16)


def _channel(file: Any, number: int) -> np.ndarray:
    values = file.read_image(0, 0, number, number + 1, "float")
    if values is None or file.has_error:
        raise ValueError(file.geterror())
    found: np.ndarray = np.nan_to_num(values[..., 0])
    return found
