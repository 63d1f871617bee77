"""A photograph as a file holds it: pixels, alpha and what must survive an edit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .metadata import Metadata

__all__ = ["GAIN_MAP", "OTHER_FRAMES", "Photograph"]

# What is told of files of several formats.
GAIN_MAP = "its gain map is not applied."
OTHER_FRAMES = "it holds several frames; the first is read, the others not."


@dataclass(frozen=True, eq=False)
class Photograph:
    """Pixels of a photograph with its metadata, upright.

    Attributes
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
        uint8, uint16, or float32 in [0, 1].
    alpha : ndarray of shape (H, W) or None
        Opacity in the image's dtype.
    file_format : {"JPEG", "PNG", "TIFF", "WEBP"} or other
        Pillow's name of the format the file had.
    icc_profile : bytes or None
        Color profile of the pixels.
    bits : {8, 16}
        Bits of a sample in the file; float files count as 16.
    metadata : Metadata
        What else the file carries, its orientation reset, since the pixels are upright.
    notes : tuple of str
        What of the file was not read, in sentences: further pages or frames, a gain
        map, channels beside the colors, bits.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import read_photograph
    >>> photograph = read_photograph(sample_photograph_path())
    >>> photograph.file_format, photograph.bits, photograph.image.dtype
    ('JPEG', 8, dtype('uint8'))
    """

    image: np.ndarray
    alpha: np.ndarray | None = None
    file_format: str = "PNG"
    icc_profile: bytes | None = None
    bits: int = 8
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
