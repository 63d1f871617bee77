"""Read photographs safely."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from .._shared.validation import ROUNDING
from .decoders import find_format
from .photograph import Photograph
from .pixels import fit_samples
from .plain import read_plain
from .refusal import Refusal, first_line
from .tiff import read_tiff
from .tiff_pages import TIFF_STARTS
from .worker import decode_photograph, decode_preview

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "read_image",
    "read_photograph",
    "read_raw_preview",
    "read_samples",
]

DEFAULT_MAX_PIXELS = 200_000_000

_Read = TypeVar("_Read", Photograph, Photograph | None)


def read_photograph(
    path: str | os.PathLike[str], *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Photograph:
    """Read a photograph with its alpha, color profile and EXIF.

    Parameters
    ----------
    path : path-like
        JPEG, PNG, TIFF, WebP, AVIF, JPEG XL, JPEG 2000, BMP, GIF, PNM, PSD or OpenEXR,
        and with the extras ``raw`` and ``heif`` a camera's raw file or HEIC: gray, RGB,
        RGBA, palette or CMYK. The guide lists which depths and compressions are read.
        Of several pages or frames the first that is not a thumbnail is read; ``notes``
        tells so.
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
        If it is empty, truncated, too large, or not a photograph that can be read; if
        it holds floats outside [0, 1]; or if it needs an extra that is not installed.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_photograph
    >>> read_photograph(sample_photograph_path()).image.shape
    (427, 640, 3)
    """
    path = Path(os.fsdecode(path))
    return _read_whole(path, lambda: _within_range(_fit(_read(path, max_pixels))))


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
    path = Path(os.fsdecode(path))

    def read() -> Photograph | None:
        find_format(path)  # Tells if there is no decoder.
        return decode_preview(path, max_pixels)

    return _read_whole(path, read)


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


def _read_whole(path: Path, read: Callable[[], _Read]) -> _Read:
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
        raise ValueError(
            f"{path} is damaged or truncated: {first_line(error)}."
        ) from error


def _refuse_early(path: Path) -> None:
    """Reject what is no file with anything in it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a photograph.")
    if not path.exists():
        if path.is_symlink():
            raise FileNotFoundError(f"{path} is a link that leads to no file.")
        raise FileNotFoundError(f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty.")


def _read(path: Path, max_pixels: int) -> Photograph:
    """Read the numbers of a file by what it begins with, whatever its ending."""
    name = find_format(path)
    if name is not None:
        found = decode_photograph(path, name, max_pixels)
    else:
        with path.open("rb") as file:
            is_tiff = file.read(4) in TIFF_STARTS
        found = (read_tiff if is_tiff else read_plain)(path, max_pixels)
    # What of the metadata was not read is told with the rest.
    return replace(found, notes=(*found.notes, *found.metadata.notes))


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
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise Refusal(
            f"holds numbers from {low:.6g} to {high:.6g}; those of a photograph must "
            f"be from 0 to 1."
        )
    shares: np.ndarray = np.clip(values, 0, 1)
    return shares
