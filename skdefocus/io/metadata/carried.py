"""What a photograph carries beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import exif, xmp
from .density import Density

__all__ = ["Metadata"]


@dataclass(frozen=True)
class Metadata:
    """What a photograph carries, in pieces that are copied whole.

    Attributes
    ----------
    exif : bytes or None
        EXIF block: a small TIFF, its orientation 1.
    xmp : bytes or None
        XMP packet, its orientation 1.
    xmp_extended : bytes or None
        Second part of a packet that is too long for one segment of a JPEG.
    resources : bytes or None
        Photoshop's image resources, IPTC among them.
    density : Density or None
        Where the container says it.
    segments : tuple of (int, bytes)
        Segments of a JPEG that are none of these, with their markers; only JPEGs
        hold them.
    order : tuple of str
        Which of "exif", "xmp" and "resources" came first in a JPEG: of a property that
        is in several, readers take one by its place.
    chunks : tuple of (bytes, bytes)
        Chunks of a PNG on color, density and text, with their names; only PNGs hold
        them.
    notes : tuple of str
        What was not read, in sentences.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    xmp_extended: bytes | None = None
    resources: bytes | None = None
    density: Density | None = None
    segments: tuple[tuple[int, bytes], ...] = ()
    order: tuple[str, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    notes: tuple[str, ...] = ()

    def upright(self) -> Metadata:
        """Say that the pixels are upright, wherever it is said."""
        return replace(
            self,
            exif=self.exif and exif.reset_orientation(self.exif),
            xmp=self.xmp and xmp.reset_orientation(self.xmp),
        )
