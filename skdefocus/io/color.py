"""Colors of print and of measurement, turned into those of a screen."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .._shared.validation import to_float_image

__all__ = ["cmyk_to_rgb", "in_srgb", "lab_to_rgb", "suits", "to_srgb"]

_HEADER = 128


def to_srgb(picture: Any, profile: bytes | None) -> Any:
    """Turn a picture of Pillow into sRGB, by its color profile if that works.

    Parameters
    ----------
    picture : PIL.Image.Image
        CMYK, YCbCr, HSV, RGB or gray.
    profile : bytes or None
        Its ICC profile.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    from PIL import ImageCms

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


def suits(profile: bytes, *, is_gray: bool) -> bool:
    """Tell whether a color profile can be that of pixels.

    Parameters
    ----------
    profile : bytes
        An ICC profile.
    is_gray : bool
        Whether the pixels are gray, or of three colors.

    Returns
    -------
    bool
        True for one of their kind.
    """
    if len(profile) < _HEADER:
        return False
    # Programs give gray pictures the profiles of colors, and mean their gray axis.
    return profile[16:20] in ((b"GRAY", b"RGB ") if is_gray else (b"RGB ",))


def in_srgb(image: np.ndarray, profile: bytes | None) -> np.ndarray:
    """Show a photograph in sRGB, where no color profile can stand beside it.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    profile : bytes or None
        ICC profile of its colors.

    Returns
    -------
    ndarray
        The image as it is without a profile, or else (H, W, 3) of uint8.
    """
    if not profile:
        return image
    from PIL import Image

    if image.dtype != np.uint8:
        image = np.rint(to_float_image(image) * np.float32(255)).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(to_srgb(picture, profile))


def cmyk_to_rgb(inks: np.ndarray, profile: bytes | None) -> np.ndarray:
    """Turn inks into sRGB.

    Parameters
    ----------
    inks : ndarray of shape (H, W, 4), uint8, uint16 or float32
        Cyan, magenta, yellow and black.
    profile : bytes or None
        ICC profile, used for 8 bits.

    Returns
    -------
    ndarray of shape (H, W, 3) and the same dtype
        Colors.
    """
    if inks.dtype == np.uint8:
        from PIL import Image

        size = inks.shape[1], inks.shape[0]
        picture = Image.frombytes("CMYK", size, np.ascontiguousarray(inks))
        return np.asarray(to_srgb(picture, profile))
    limit = np.iinfo(inks.dtype).max if inks.dtype.kind == "u" else 1
    with np.errstate(all="ignore"):  # What is not finite is refused afterwards.
        paper = 1 - inks / np.float64(limit)
        colors = paper[..., :3] * paper[..., 3:] * limit
        return (np.rint(colors) if limit > 1 else colors).astype(inks.dtype)


def lab_to_rgb(lab: np.ndarray, *, is_signed: bool) -> np.ndarray:
    """Turn CIE L*a*b* into sRGB.

    Parameters
    ----------
    lab : ndarray of shape (H, W, 3), uint8
        Lightness, a and b.
    is_signed : bool
        Whether a and b are in two's complement, as in CIELab, or from 128, as in
        ICCLab.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Colors.
    """
    from PIL import Image, ImageCms

    if not is_signed:
        lab = lab ^ np.array([0, 128, 128], np.uint8)
    size = lab.shape[1], lab.shape[0]
    # These bytes are taken as those of a TIFF.
    picture = Image.frombytes("LAB", size, np.ascontiguousarray(lab))
    turned = ImageCms.profileToProfile(
        picture,
        ImageCms.createProfile("LAB"),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    return np.asarray(turned)
