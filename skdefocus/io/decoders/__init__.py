"""Decoders of the formats that neither Pillow alone nor a TIFF reader covers."""

from .choose import find_decoder, missing_extra
from .raw import read_preview

__all__ = ["find_decoder", "missing_extra", "read_preview"]
