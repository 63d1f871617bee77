"""A color profile and an EXIF block, as a camera's file holds them."""

from __future__ import annotations

from PIL import Image, ImageCms

__all__ = ["PROFILE", "make_exif", "swapped_profile"]

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def make_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[271] = "Maker"
    exif[274] = orientation
    exif.get_ifd(0x8769)[36867] = "2020:01:02 03:04:05"
    return exif


def swapped_profile() -> bytes:
    """Make a profile whose red is green and whose green is red."""
    before, red, after_red = PROFILE.partition(b"rXYZ")
    between, green, after = after_red.partition(b"gXYZ")
    return before + green + between + red + after
