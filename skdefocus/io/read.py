"""Read photographs safely."""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .decoders import find_decoder, read_preview
from .formats import PILLOW_FORMATS
from .metadata import read_metadata
from .photograph import Photograph
from .pixels import divide_by_alpha, rotate, split_alpha

__all__ = ["DEFAULT_MAX_PIXELS", "read_image", "read_photograph"]

DEFAULT_MAX_PIXELS = 200_000_000

_TIFF_STARTS = frozenset({b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"})
_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
_MIN_IS_WHITE, _SEPARATED = 0, 5
_Read = TypeVar("_Read", Photograph, Photograph | None)
# Pillow's limit on pixels is a global; only headers are read while it is lifted.
_PILLOW_LIMIT = threading.Lock()


def read_photograph(
    path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Photograph:
    """Read a photograph with its alpha, color profile and metadata.

    Parameters
    ----------
    path : path-like
        JPEG, PNG, TIFF, WebP, AVIF, JPEG 2000, BMP, GIF, PPM, PSD or OpenEXR, and with
        the extras ``raw``, ``heif`` and ``jxl`` a camera's raw file, HEIC or JPEG XL:
        8 or 16 bit, gray, RGB, RGBA, palette or CMYK. Of several frames the first is
        read.
    max_pixels : int, default=200_000_000
        Larger photographs are refused from their header, before memory is taken.

    Returns
    -------
    Photograph
        Upright: the EXIF orientation is applied and reset. CMYK becomes sRGB.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, truncated, too large, not a photograph that can be read, or
        needs an extra that is not installed.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_photograph
    >>> read_photograph(sample_photograph_path()).image.shape
    (427, 640, 3)
    """
    path = Path(path)
    _refuse_early(path)
    decode = find_decoder(path)
    if decode is not None:
        check = partial(_check_pixels, path, max_pixels=max_pixels)
        return _read_whole(path, lambda: decode(path, check))
    header = _open(path)
    if header is None:
        return _read_whole(path, lambda: _read_deep(path, max_pixels))
    with header:
        width, height = header.size
        _check_pixels(path, width, height, max_pixels)
        if not _is_deep(header):
            return _read_whole(path, lambda: _read_shallow(path, header))
        return _read_whole(path, lambda: _read_deep(path, max_pixels, header))


def _with_metadata(path: Path, photograph: Photograph) -> Photograph:
    metadata = read_metadata(path, photograph.file_format)
    return replace(photograph, metadata=metadata)


def read_raw_preview(
    path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Photograph | None:
    """Read the picture that a camera put into its raw file, if it is large.

    Parameters
    ----------
    path : path-like
        A raw file.
    max_pixels : int, default=200_000_000
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph or None
        Upright, of uint8; None if there is none with at least half of the photograph's
        pixels.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no raw file, cannot be read or is too large, or if the extra ``raw`` is
        not installed.
    """
    path = Path(path)
    _refuse_early(path)
    find_decoder(path)
    check = partial(_check_pixels, path, max_pixels=max_pixels)
    return _read_whole(path, lambda: read_preview(path, check))


def read_image(
    path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> np.ndarray:
    """Read the pixels of a photograph.

    Parameters
    ----------
    path : path-like
        As for `read_photograph`.
    max_pixels : int, default=200_000_000
        Larger photographs are refused from their header.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), uint8, uint16 or float32
        Upright pixels, without alpha.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, truncated, too large, or not a photograph that can be read.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_image
    >>> read_image(sample_photograph_path()).dtype
    dtype('uint8')
    """
    return read_photograph(path, max_pixels=max_pixels).image


def _read_whole(path: Path, read: Callable[[], _Read]) -> _Read:
    """Read pixels; whatever a decoder raises becomes one sentence."""
    try:
        return read()
    except _TooLarge:
        raise
    except Exception as error:
        # Decoders raise nearly anything on a damaged file.
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{path} is damaged or truncated: {lines[0].rstrip('.')}."
        ) from error


class _TooLarge(ValueError):
    """More pixels than accepted."""


def _check_pixels(path: Path, width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise _TooLarge(
            f"{path} has {width} x {height} pixels; at most {max_pixels} are accepted "
            f"('max_pixels')."
        )


def _refuse_early(path: Path) -> None:
    """Reject what is no file with anything in it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a photograph.")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty.")


@contextmanager
def _no_pillow_limit() -> Iterator[None]:
    """Lift Pillow's limit on pixels, which is lower than ours."""
    from PIL import Image

    with _PILLOW_LIMIT, warnings.catch_warnings():
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _open(path: Path) -> Any:
    """Open with Pillow, which reads the header only; None leaves it to OpenImageIO."""
    from PIL import Image

    try:
        with _no_pillow_limit():
            return Image.open(path, formats=PILLOW_FORMATS)
    except Exception as error:
        with path.open("rb") as file:
            if file.read(4) in _TIFF_STARTS:
                return None  # A TIFF of a kind that only OpenImageIO knows.
        raise ValueError(
            f"{path} is not an image that can be read (JPEG, PNG, TIFF, WebP)."
        ) from error


def _is_deep(header: Any) -> bool:
    """Whether samples have more than 8 bits, which Pillow would reduce silently."""
    if header.format == "PNG":
        header.fp.seek(24)
        depth: bytes = header.fp.read(1)
        return depth == b"\x10"
    if header.format == "TIFF":
        bits = header.tag_v2.get(_BITS_PER_SAMPLE, (8,))
        most: int = max(bits if isinstance(bits, tuple) else (bits,))
        return most > 8
    mode: str = header.mode
    return mode.startswith(("I", "F"))


def _orientation(header: Any) -> int:
    """EXIF orientation; 1 where it cannot be read."""
    try:
        return int(header.getexif().get(_ORIENTATION, 1))
    except Exception:
        # A broken EXIF block must not cost the photograph.
        return 1


def _to_srgb(picture: Any) -> Any:
    """CMYK to sRGB, by its color profile where it has one that works."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if profile:
        try:
            return ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            pass
    return picture.convert("RGB")


def _read_shallow(path: Path, header: Any) -> Photograph:
    """Read 8-bit pixels with Pillow."""
    if header.format == "TIFF":
        with _no_pillow_limit():  # Of TIFFs alone it is asked again while loading.
            header.load()
    else:
        header.load()
    # Of a TIFF Pillow has turned the pixels by now, and dropped the orientation.
    orientation = _orientation(header)
    picture, profile = header, header.info.get("icc_profile")
    mode = picture.mode
    if mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        picture, profile = _to_srgb(picture), None
    elif mode in ("P", "PA", "RGBX") or "transparency" in picture.info:
        opaque = mode != "PA" and "transparency" not in picture.info
        clear = "LA" if mode == "L" else "RGBA"
        picture = picture.convert("RGB" if opaque else clear)
    elif mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if mode in ("La", "RGBa") else "L")
    image, alpha = split_alpha(rotate(np.asarray(picture), orientation))
    found = Photograph(image, alpha, header.format or "", profile)
    return _with_metadata(path, found)


def _open_deep(path: Path) -> Any:
    """Open with OpenImageIO, alpha left as the file has it."""
    import OpenImageIO

    hints = OpenImageIO.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    file = OpenImageIO.ImageInput.open(str(path), hints)
    if file is None:
        raise ValueError(OpenImageIO.geterror())
    return file


def _read_deep(path: Path, max_pixels: int, header: Any = None) -> Photograph:
    """Read with OpenImageIO, which keeps 16-bit and float pixels as they are."""
    import OpenImageIO

    orientation = 1 if header is None else _orientation(header)
    file_format = "TIFF" if header is None else header.format
    profile = None if header is None else header.info.get("icc_profile")
    if file_format == "PNG":
        # Checks every chunk without decoding; libpng itself would print its error.
        with _open(path) as untouched:
            untouched.verify()
    file = _open_deep(path)
    try:
        spec = file.spec()
        _check_pixels(path, spec.width, spec.height, max_pixels)
        if header is None:
            orientation = spec.getattribute("Orientation") or 1
            profile = spec.getattribute("ICCProfile")
            profile = None if profile is None else bytes(bytearray(profile))
        if spec.nchannels > 4:
            raise ValueError(f"it has {spec.nchannels} channels; at most 4 are read")
        kinds = {"uint8": "uint8", "half": "float", "float": "float", "double": "float"}
        pixels = file.read_image(kinds.get(str(spec.format), "uint16"))
        # Versions before 3.1.16 give the rows that they could not read as black.
        if pixels is None or file.has_error:
            raise ValueError(file.geterror() or OpenImageIO.geterror())
    finally:
        file.close()
    photometric = spec.getattribute("tiff:PhotometricInterpretation")
    if photometric == _MIN_IS_WHITE and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    if photometric == _SEPARATED:
        profile = None  # OpenImageIO turned CMYK into RGB.
    image, alpha = split_alpha(rotate(pixels, orientation))
    is_multiplied = spec.alpha_channel >= 0 and (
        not spec.getattribute("oiio:UnassociatedAlpha")
    )
    if alpha is not None and file_format == "TIFF" and is_multiplied:
        image = divide_by_alpha(image, alpha)
    bits = 8 if image.dtype == np.uint8 else 16
    found = Photograph(image, alpha, file_format, profile, bits)
    return _with_metadata(path, found)
