"""Which side of a picture is up."""

from __future__ import annotations

from typing import Any

__all__ = ["read_orientation"]

_ORIENTATION = 0x0112


def read_orientation(picture: Any, default: int = 1) -> int:
    """Read the EXIF orientation of a picture.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of which the header was read.
    default : int, default=1
        What it is where nothing is said, or nothing that can be read.

    Returns
    -------
    int
        From 1 to 8, or what else the file says.
    """
    try:
        value = picture.getexif().get(_ORIENTATION, default)
        # Some writers store it as a byte.
        return int(value[0] if isinstance(value, bytes | tuple) else value)
    except Exception:
        # A broken EXIF block must not cost the photograph.
        return default
