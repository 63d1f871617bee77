"""What a photograph carries beside its pixels: read it, and pass it on."""

from .carried import Metadata
from .density import Density
from .directory import byte_order
from .passing_on import fit, pass_on, read_metadata, strip

__all__ = [
    "Density",
    "Metadata",
    "byte_order",
    "fit",
    "pass_on",
    "read_metadata",
    "strip",
]
