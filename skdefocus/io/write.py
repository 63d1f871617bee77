"""Write photographs and maps whole or not at all."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .._shared.files import temporary_beside
from .._shared.validation import check_image, check_map, to_float_image
from .formats import WRITE_FORMATS
from .photograph import Photograph

__all__ = [
    "SIGMA_STEPS",
    "focus_picture",
    "write_map",
    "write_mask",
    "write_photograph",
]

# Steps of a 16-bit map per pixel of sigma: 0 to 255.996 px.
SIGMA_STEPS = 256

_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"quality": 95},
}


def write_photograph(
    path: str | os.PathLike[str], image: np.ndarray, like: Photograph | None = None
) -> None:
    """Write a photograph with the metadata and bit depth of another.

    Parameters
    ----------
    path : path-like
        Target; its ending chooses the format: .jpg, .png, .tif or .webp. It is written
        beside and moved into place.
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    like : Photograph, optional
        Where alpha, color profile, EXIF and, for a float image, the bit depth come
        from. Without it a float image is written with 8 bits.

    Raises
    ------
    ValueError
        If the ending is not one of these, the image is not one, or it is 16-bit and
        the format holds 8 bits.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus.io import read_image, write_photograph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "gray.png"
    ...     write_photograph(path, np.full((4, 6), 0.5))
    ...     int(read_image(path)[0, 0])
    128
    """
    path = Path(os.fsdecode(path))
    file_format = WRITE_FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise ValueError(
            f"{path} has an ending that is not one of {', '.join(WRITE_FORMATS)}."
        )
    like = Photograph(np.empty(0)) if like is None else like
    pixels = np.asarray(image)
    holds_16_bits = file_format in ("PNG", "TIFF")
    if pixels.dtype.kind == "f":
        deep = holds_16_bits and like.bits == 16
        pixels = _quantize(to_float_image(pixels), np.uint16 if deep else np.uint8)
    elif pixels.dtype == np.uint16 and not holds_16_bits:
        raise ValueError(f"{path}: {file_format} holds 8 bits, but the image has 16.")
    else:
        check_image(pixels)
    if like.alpha is not None and file_format != "JPEG":
        alpha = to_float_image(like.alpha, "alpha")
        pixels = np.dstack([pixels, _quantize(alpha, pixels.dtype)])
    with temporary_beside(path) as temporary:
        if pixels.dtype == np.uint16 or file_format == "TIFF":
            # Pillow writes no 16-bit color, and no EXIF directory into a TIFF.
            _write_deep(temporary, pixels, like)
        else:
            _write_shallow(temporary, pixels, like, file_format)


def _quantize(image: np.ndarray, dtype: Any) -> np.ndarray:
    limit = np.float32(np.iinfo(dtype).max)
    return np.rint(image * limit).astype(dtype)


def _write_shallow(
    path: Path, pixels: np.ndarray, like: Photograph, file_format: str
) -> None:
    """Write 8-bit pixels with Pillow."""
    from PIL import Image

    options = dict(_OPTIONS[file_format])
    if like.icc_profile:
        options["icc_profile"] = like.icc_profile
    if like.exif:
        options["exif"] = like.exif
    Image.fromarray(pixels).save(path, file_format, **options)


def _write_deep(path: Path, pixels: np.ndarray, like: Photograph) -> None:
    """Write 8-bit or 16-bit pixels with OpenImageIO."""
    import OpenImageIO

    n_channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    spec = OpenImageIO.ImageSpec(
        pixels.shape[1], pixels.shape[0], n_channels, str(pixels.dtype)
    )
    spec.attribute("compression", "lzw")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    is_png = path.suffix.lower() == ".png"
    if not is_png:
        spec.attribute("Orientation", 1)
        for name, kind, value in like.attributes:
            spec.attribute(name, kind, value)
    if like.icc_profile:
        profile = np.frombuffer(like.icc_profile, np.uint8)
        kind = OpenImageIO.TypeDesc(f"uint8[{len(profile)}]")
        spec.attribute("ICCProfile", kind, profile)
    file = OpenImageIO.ImageOutput.create(str(path))
    if file is None or not file.open(str(path), spec):
        raise OSError(f"{path} cannot be written: {OpenImageIO.geterror()}")
    # A 2-D array would be taken for scan lines of pixels one sample wide.
    done = file.write_image(
        np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], n_channels))
    )
    if not (file.close() and done):
        raise OSError(f"{path} cannot be written: {file.geterror()}")
    if is_png and like.exif:
        _insert_exif(path, like.exif)


def _insert_exif(path: Path, exif: bytes) -> None:
    """Give a PNG an EXIF block as it is, in place of the one OpenImageIO makes up."""
    data = path.read_bytes()
    body = b"eXIf" + exif.removeprefix(b"Exif\0\0")
    length, check = len(body) - 4, zlib.crc32(body)
    own = struct.pack(">I", length) + body + struct.pack(">I", check)
    # Behind the signature and the header chunk, which are of fixed length.
    chunks, position = [data[:33], own], 33
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if data[position + 4 : position + 8] != b"eXIf":
            chunks.append(data[position:end])
        position = end
    path.write_bytes(b"".join(chunks))


def write_described(
    path: str | os.PathLike[str], image: np.ndarray, description: str
) -> None:
    """Write a picture as PNG with a text that says what it shows.

    Parameters
    ----------
    path : path-like
        Target.
    image : ndarray of shape (H, W, 3), uint8, or (H, W), uint8 or uint16
        The picture.
    description : str
        The text, under the key Description.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with temporary_beside(path) as temporary:
        _write_described(temporary, image, description)


def _write_described(path: Path, image: np.ndarray, description: str) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    note = PngInfo()
    note.add_text("Description", description)
    Image.fromarray(image).save(path, "PNG", pnginfo=note)


def write_map(path: str | os.PathLike[str], blur_map: np.ndarray) -> None:
    """Write a blur map as data.

    Parameters
    ----------
    path : path-like
        Target; its ending chooses the format. ``.npy`` and ``.tif`` hold float32
        pixels of sigma; ``.png`` holds 16 bits, sigma times 256, so that one step is
        1/256 px and the largest sigma 255.996 px.
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.

    Raises
    ------
    ValueError
        If the ending is not one of these, or the map is not one.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus.io import read_image, write_map
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "map.png"
    ...     write_map(path, np.full((4, 6), 1.5))
    ...     float(read_image(path)[0, 0] / 256)
    1.5
    """
    from PIL import Image

    path = Path(os.fsdecode(path))
    blur_map = np.asarray(blur_map)
    blur_map = check_map(blur_map, blur_map.shape, "blur_map").astype(np.float32)
    if blur_map.ndim != 2:
        raise ValueError(f"blur_map must have shape (H, W); got {blur_map.shape}.")
    ending = path.suffix.lower()
    with temporary_beside(path) as temporary:
        if ending == ".npy":
            np.save(temporary, blur_map, allow_pickle=False)
        elif ending in (".tif", ".tiff"):
            Image.fromarray(blur_map).save(temporary, "TIFF", compression="tiff_lzw")
        elif ending == ".png":
            steps = np.minimum(np.rint(blur_map * SIGMA_STEPS), 65535)
            told = f"sigma of defocus in px times {SIGMA_STEPS}"
            _write_described(temporary, steps.astype(np.uint16), told)
        else:
            raise ValueError(
                f"{path} has an ending that is not one of .npy, .tif, .tiff, .png."
            )


def focus_picture(out_of_focus: np.ndarray) -> np.ndarray:
    """Turn a mask as it is in memory into a mask as it is in files.

    Parameters
    ----------
    out_of_focus : ndarray of shape (H, W), bool
        True where out of focus, as `DefocusSegmenter` predicts it.

    Returns
    -------
    ndarray of shape (H, W), uint8
        White, 255, where in focus, and 0 elsewhere, as editors and photogrammetry
        expect.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.io.write import focus_picture
    >>> focus_picture(np.array([[True, False]])).tolist()
    [[0, 255]]
    """
    return np.where(out_of_focus, 0, 255).astype(np.uint8)


def write_mask(path: str | os.PathLike[str], out_of_focus: np.ndarray) -> None:
    """Write a mask, white where in focus.

    Parameters
    ----------
    path : path-like
        Target; ``.png`` or ``.tif``: other formats would change the mask.
    out_of_focus : array-like of shape (H, W), bool
        True where out of focus, as `DefocusSegmenter` predicts it.

    Raises
    ------
    ValueError
        If it is no mask of bool, or the ending is not one of these.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from skdefocus.io import read_image, write_mask
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "bird_focus_mask.png"
    ...     write_mask(path, np.array([[True, False]]))
    ...     read_image(path).tolist()
    [[0, 255]]
    """
    path = Path(os.fsdecode(path))
    mask = np.asarray(out_of_focus)
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(
            f"out_of_focus must be a mask of bool of shape (H, W); got dtype "
            f"{mask.dtype} and shape {mask.shape}."
        )
    if WRITE_FORMATS.get(path.suffix.lower()) not in ("PNG", "TIFF"):
        raise ValueError(f"{path} has an ending that is not one of .png, .tif, .tiff.")
    write_photograph(path, focus_picture(mask))
