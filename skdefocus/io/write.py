"""Write photographs and maps whole or not at all."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .._shared.files import temporary_beside
from .._shared.validation import check_image, check_plane, to_float_image
from .color import suits
from .formats import STRIPS, WRITE_FORMATS
from .metadata import Metadata, byte_order, fit, held_by, pass_on
from .metadata import strip as strip_metadata
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

# Pixels a side that a format holds: libjpeg's limit, and WebP's own.
_LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
# Gray and alpha.
_WITH_ALPHA = 2
_NO_PREDICTOR = 1


def write_photograph(
    path: str | os.PathLike[str],
    image: np.ndarray,
    like: Photograph | None = None,
    *,
    strip: str | None = None,
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
        Where alpha, color profile, metadata and, for a float image, the bit depth come
        from. Without it a float image is written with 8 bits. JPEG holds no alpha: it
        is left out.
    strip : {"gps", "all"}, optional
        Leave out where the photograph was taken, or all metadata. By default all of it
        is kept, and the place too.

    Raises
    ------
    ValueError
        If the ending is not one of these, the image is not one, it is 16-bit and the
        format holds 8 bits, or ``like`` is no `Photograph`.
    OSError
        If the file cannot be written.

    Warns
    -----
    UserWarning
        If metadata or the color profile of ``like`` cannot be kept; it names what is
        left out. Leaving out alpha gives no warning.

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
    if strip not in (None, *STRIPS):
        raise ValueError(f"strip must be one of {', '.join(STRIPS)}; got {strip!r}.")
    like = Photograph(np.empty(0)) if like is None else like
    if not isinstance(like, Photograph):
        raise ValueError(
            f"like must be a Photograph, as read_photograph returns; got "
            f"{type(like).__name__}."
        )
    pixels = np.asarray(image)
    # Raw frames of some cameras are in the other order of bytes.
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
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
        if alpha.shape != pixels.shape[:2]:
            raise ValueError(
                f"{path}: like has an alpha of shape {alpha.shape}, but the image has "
                f"shape {pixels.shape}."
            )
        pixels = np.dstack([pixels, _quantize(alpha, pixels.dtype)])
    longest = _LONGEST_SIDE.get(file_format)
    if longest is not None and max(pixels.shape[:2]) > longest:
        raise ValueError(
            f"{path}: {file_format} holds at most {longest} pixels a side; the image "
            f"has {pixels.shape[1]} x {pixels.shape[0]}."
        )
    metadata, dropped = held_by(like.metadata, file_format)
    metadata, unclear = strip_metadata(metadata, strip)
    dropped += unclear
    metadata = fit(metadata, pixels, file_format)
    profile = like.icc_profile
    is_gray = pixels.ndim == 2 or pixels.shape[2] == _WITH_ALPHA
    if profile and not suits(profile, is_gray=is_gray):
        profile = None
        dropped.append("its color profile, which is not for such pixels")
    with temporary_beside(path) as temporary:
        if file_format == "WEBP":
            _write_webp(temporary, pixels, metadata, profile)
        else:
            is_swapped = _write_pixels(temporary, pixels, metadata, file_format)
            dropped += pass_on(
                temporary, file_format, metadata, profile, is_swapped=is_swapped
            )
    if dropped:
        warnings.warn(f"{path.name} is without {'; '.join(dropped)}.", stacklevel=2)


def _quantize(image: np.ndarray, dtype: Any) -> np.ndarray:
    limit = np.float32(np.iinfo(dtype).max)
    return np.rint(image * limit).astype(dtype)


def _write_pixels(
    path: Path, pixels: np.ndarray, metadata: Metadata, file_format: str
) -> bool:
    """Write pixels alone; tell whether their bytes are swapped."""
    if pixels.dtype != np.uint16 and file_format != "TIFF":
        from PIL import Image

        Image.fromarray(pixels).save(path, file_format, **_OPTIONS[file_format])
        return False
    # Pillow writes no 16-bit color.
    is_swapped = (
        file_format == "TIFF"
        and pixels.dtype == np.uint16
        and byte_order(metadata.exif or b"") == ">"
    )
    _write_deep(path, pixels, is_swapped=is_swapped)
    return is_swapped


def _write_webp(
    path: Path, pixels: np.ndarray, metadata: Metadata, profile: bytes | None
) -> None:
    from PIL import Image

    options = {"exif": metadata.exif, "xmp": metadata.xmp, "icc_profile": profile}
    given = {name: value for name, value in options.items() if value}
    Image.fromarray(pixels).save(path, "WEBP", **_OPTIONS["WEBP"], **given)


def _write_deep(path: Path, pixels: np.ndarray, *, is_swapped: bool) -> None:
    """Write 8-bit or 16-bit pixels with OpenImageIO."""
    import OpenImageIO

    n_channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    height, width = pixels.shape[:2]
    # A 2-D array would be taken for scan lines of pixels one sample wide.
    pixels = pixels.reshape(height, width, n_channels)
    spec = OpenImageIO.ImageSpec(width, height, n_channels, str(pixels.dtype))
    if n_channels == _WITH_ALPHA:
        # Two channels alone would be taken for colors.
        spec.channelnames, spec.alpha_channel = ("Y", "A"), 1
    spec.attribute("compression", "lzw")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    if is_swapped:
        # OpenImageIO writes TIFFs in one byte order alone: it gets the bytes of the
        # other, and the differences of which it would make a muddle.
        spec.attribute("tiff:predictor", _NO_PREDICTOR)
        pixels = np.diff(pixels, axis=1, prepend=np.uint16(0)).byteswap()
    file = OpenImageIO.ImageOutput.create(os.fspath(path))
    if file is None or not file.open(os.fspath(path), spec):
        raise OSError(f"{path} cannot be written: {OpenImageIO.geterror()}")
    done = file.write_image(np.ascontiguousarray(pixels))
    if not (file.close() and done):
        raise OSError(f"{path} cannot be written: {file.geterror()}")


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
    blur_map = check_plane(blur_map, "blur_map").astype(np.float32)
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
