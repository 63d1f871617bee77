"""What a photograph carries beside its pixels: read it, and pass it on."""

from .boxes import from_blocks
from .carried import Metadata
from .density import Density
from .directory import byte_order
from .passing_on import (
    fit,
    held_by,
    pass_on,
    read_jpeg_metadata,
    read_metadata,
    read_tiff_metadata,
    strip,
)

__all__ = [
    "Density",
    "Metadata",
    "byte_order",
    "fit",
    "from_blocks",
    "held_by",
    "pass_on",
    "read_jpeg_metadata",
    "read_metadata",
    "read_tiff_metadata",
    "strip",
]
