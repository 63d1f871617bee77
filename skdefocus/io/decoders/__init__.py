"""Decoders of the formats that neither Pillow alone nor a TIFF reader covers.

They are libraries in C that are given files of strangers: `worker` runs them in a
process of their own.
"""

from .choose import decode, find_format, missing_extra
from .raw import read_preview

__all__ = ["decode", "find_format", "missing_extra", "read_preview"]
