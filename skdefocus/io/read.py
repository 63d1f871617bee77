"""Read photographs safely."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .attributes import upright_exif, worth_keeping
from .color import to_srgb
from .formats import (
    AVIF_BRANDS,
    HEIC_BRANDS,
    HEIC_ENDINGS,
    PILLOW_FORMATS,
    RAW_ENDINGS,
)
from .limits import check_gif, check_jpeg, check_webp, lean_png, no_pillow_limit
from .openimageio import opened, read_native
from .photograph import Photograph
from .pixels import fit_samples, rotate, split_alpha
from .refusal import Refusal, check_pixels
from .tiff import read_tiff
from .tiff_pages import TIFF_STARTS

__all__ = ["DEFAULT_MAX_PIXELS", "read_image", "read_photograph", "read_samples"]

DEFAULT_MAX_PIXELS = 200_000_000

_PNG_START = b"\x89PNG\r\n\x1a\n"
# Floats that leave [0, 1] by rounding alone, in float16 at worst.
_ROUNDING = 1e-3
_PNM_HEADER = re.compile(
    rb"P[2356](?:\s+|#[^\n]*\n)+\d+\s+(?:#[^\n]*\n\s*)*\d+\s+"
    rb"(?:#[^\n]*\n\s*)*(\d+)\s"
)


def read_photograph(
    path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Photograph:
    """Read a photograph with its alpha, color profile and EXIF.

    Parameters
    ----------
    path : path-like
        JPEG, PNG, TIFF, WebP, BMP, GIF or PPM: gray, RGB, RGBA, palette or CMYK. The
        guide lists which depths and compressions are read. Of several pages or frames
        the first that is not a thumbnail is read; ``notes`` tells so.
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
        If it is empty, truncated, too large, or not a photograph that can be read; or
        if it holds floats outside [0, 1].

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_photograph
    >>> read_photograph(sample_photograph_path()).image.shape
    (427, 640, 3)
    """
    path = Path(os.fsdecode(path))
    return _read_whole(path, lambda: _within_range(_fit(_read(path, max_pixels))))


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
        Upright pixels, without alpha. Floats are the numbers of the file, which may
        be a map.

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
    path = Path(os.fsdecode(path))
    return _read_whole(path, lambda: _fit(_read(path, max_pixels))).image


def read_samples(path: Path, max_pixels: int) -> np.ndarray:
    """Read a picture as the numbers that its file holds.

    Parameters
    ----------
    path : Path
        As for `read_photograph`.
    max_pixels : int
        Larger pictures are refused from their header.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3) and any real dtype
        Upright numbers, signed and unsigned integers too, without alpha.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read.
    """
    return _read_whole(path, lambda: _read(path, max_pixels)).image


def _read_whole(path: Path, read: Callable[[], Photograph]) -> Photograph:
    """Read pixels; whatever a decoder raises becomes one sentence."""
    _refuse_early(path)
    try:
        return read()
    except Refusal as refusal:
        raise ValueError(f"{path} {refusal}") from refusal
    except MemoryError as error:
        raise ValueError(f"{path} takes more memory to read than there is.") from error
    except Exception as error:
        # Decoders raise nearly anything on a damaged file.
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{path} is damaged or truncated: {lines[0].rstrip('.')}."
        ) from error


def _refuse_early(path: Path) -> None:
    """Reject unsupported files before opening them, and say what to do instead."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a photograph.")
    if not path.exists():
        if path.is_symlink():
            raise FileNotFoundError(f"{path} is a link that leads to no file.")
        raise FileNotFoundError(f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty.")
    ending = path.suffix.lower()
    # Many raw formats are TIFF inside, and would open as their thumbnail.
    if ending in RAW_ENDINGS:
        raise ValueError(
            f"{path} is a camera raw file; develop it to a 16-bit TIFF first, for "
            f"example with darktable or RawTherapee."
        )
    brands = _brands(path)
    if AVIF_BRANDS & brands:
        raise ValueError(
            f"{path} is an AVIF photograph; export it as JPEG, PNG or TIFF first."
        )
    if ending in HEIC_ENDINGS or HEIC_BRANDS & brands:
        raise ValueError(
            f"{path} is a HEIC photograph; export it as JPEG, PNG or TIFF first."
        )


def _brands(path: Path) -> set[bytes]:
    """List the brands of a file of the family of MP4, the main one and the others."""
    with path.open("rb") as file:
        start = file.read(128)
    if start[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(start[:4], "big"), len(start))
    others = {start[at : at + 4] for at in range(16, end - 3, 4)}
    return {start[8:12], *others}


def _fit(raw: Photograph) -> Photograph:
    """Turn the numbers of a file into samples of 8 bits, 16 bits or float32."""
    image, alpha = raw.image, raw.alpha
    if alpha is None:
        return replace(raw, image=fit_samples(image))
    # Together, so that both have one scale.
    together = fit_samples(np.dstack([image, alpha]))
    image = together[..., :-1].reshape(image.shape)
    alpha = together[..., -1]
    return replace(
        raw, image=np.ascontiguousarray(image), alpha=np.ascontiguousarray(alpha)
    )


def _within_range(photograph: Photograph) -> Photograph:
    """Refuse floats outside [0, 1], but for what rounding leaves."""
    if photograph.image.dtype.kind != "f":
        return photograph
    alpha = photograph.alpha
    return replace(
        photograph,
        image=_shares(photograph.image),
        alpha=None if alpha is None else _shares(alpha),
    )


def _shares(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise Refusal("holds NaN or infinity, which is no photograph.")
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise Refusal(
            f"holds numbers from {low:.6g} to {high:.6g}; those of a photograph must "
            f"be from 0 to 1."
        )
    shares: np.ndarray = np.clip(values, 0, 1)
    return shares


def _read(path: Path, max_pixels: int) -> Photograph:
    """Read the numbers of a file by what it begins with, whatever its ending."""
    with path.open("rb") as file:
        start = file.read(512)
    if start[:4] in TIFF_STARTS:
        return read_tiff(path, max_pixels)
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
        return _read_deep(path, path, ".ppm", "PPM", max_pixels, notes)
    with _open(source) as header:
        width, height = header.size
        check_pixels(width, height, max_pixels)
        clear = header.info.get("transparency")
        if start[:8] == _PNG_START and header.mode == "L" and isinstance(clear, int):
            # Pillow scales the pixels of 2 and 4 bits, but not this one.
            header.info["transparency"] = clear * 255 // (2 ** start[24] - 1)
        return _read_shallow(header, notes)


def _is_deep_pnm(start: bytes) -> bool:
    header = _PNM_HEADER.match(start)
    return header is not None and int(header[1]) > 255


def _open(source: Any) -> Any:
    """Open with Pillow, which reads the header only."""
    from PIL import Image

    try:
        with no_pillow_limit():
            return Image.open(source, formats=PILLOW_FORMATS)
    except Exception as error:
        raise Refusal(
            "is not an image that can be read (JPEG, PNG, TIFF, WebP)."
        ) from error


def _read_shallow(header: Any, notes: list[str]) -> Photograph:
    """Read 8-bit pixels with Pillow."""
    notes = [*notes, *_what_else(header)]
    header.load()
    orientation, exif = upright_exif(header)
    picture, profile = header, header.info.get("icc_profile")
    mode = picture.mode
    if mode in ("CMYK", "YCbCr", "HSV"):
        picture, profile = to_srgb(picture, profile), None
    elif mode in ("P", "PA", "RGBX") or "transparency" in picture.info:
        opaque = mode != "PA" and "transparency" not in picture.info
        clear = "LA" if mode == "L" else "RGBA"
        picture = picture.convert("RGB" if opaque else clear)
    elif mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if mode in ("La", "RGBa") else "L")
    image, alpha = split_alpha(rotate(np.asarray(picture), orientation))
    file_format = header.format or ""
    return Photograph(image, alpha, file_format, profile, exif, 8, (), tuple(notes))


def _what_else(header: Any) -> list[str]:
    """Tell what else a file holds."""
    if header.format == "MPO":
        n_pictures = header.n_frames
        return [
            f"it holds {n_pictures} pictures, as for gain maps, depth or stereo; the "
            f"main one is read, the others not."
        ]
    if getattr(header, "is_animated", False):
        return ["it holds several frames; the first is read, the others not."]
    # The mark of Adobe's and Android's gain maps, in XMP.
    xmp = header.info.get("xmp", b"")
    if isinstance(xmp, bytes) and b"hdrgm:" in xmp:
        return ["its gain map is not applied."]
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
    orientation, exif, profile = 1, None, None
    if file_format == "PNG":
        with _open(source) as header:
            width, height = header.size
            check_pixels(width, height, max_pixels)
            notes = [*notes, *_what_else(header)]
            orientation, exif = upright_exif(header)
            profile = header.info.get("icc_profile")
        with _open(source) as untouched:
            untouched.verify()  # Checks every chunk without decoding.
    data = source.getvalue() if isinstance(source, io.BytesIO) else None
    with opened(path, ending, max_bytes=16 * max_pixels, data=data) as file:
        spec = file.spec()
        check_pixels(spec.width, spec.height, max_pixels)
        pixels = read_native(file)
        attributes = worth_keeping(spec)
    image, alpha = split_alpha(rotate(pixels, orientation))
    return Photograph(
        image, alpha, file_format, profile, exif, 16, attributes, tuple(notes)
    )
