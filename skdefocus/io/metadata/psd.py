"""Metadata of Photoshop's files: image resources, copied whole."""

from __future__ import annotations

import struct
from pathlib import Path

from . import resources as photoshop
from .carried import Metadata
from .density import Density

__all__ = ["read"]

_HEADER = 26
_MOST_BYTES = 64 << 20


def read(path: Path) -> Metadata:
    """Read what a file of Photoshop carries.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Metadata
        Without color profile, which comes with the pixels.
    """
    with path.open("rb") as file:
        file.seek(_HEADER)
        (size,) = struct.unpack(">I", file.read(4))
        file.seek(size, 1)
        (size,) = struct.unpack(">I", file.read(4))
        block = file.read(min(size, _MOST_BYTES))
    found: dict[int, bytes] = {}
    for item in photoshop.resources(block):
        found.setdefault(item.number, item.value)
    iptc = found.get(photoshop.IPTC)
    return Metadata(
        exif=found.get(photoshop.EXIF),
        xmp=found.get(photoshop.XMP),
        # The others are about layers, guides and the like of that file.
        resources=photoshop.pack_resource(photoshop.IPTC, iptc) if iptc else None,
        density=_density(found.get(photoshop.RESOLUTION, b"")),
    )


def _density(value: bytes) -> Density | None:
    if len(value) < 16:
        return None
    x, _, _, y, _, _ = struct.unpack_from(">IHHIHH", value)
    # Pixels per inch, whatever unit is shown, in 65536ths.
    return Density(x / 65536, y / 65536, 2) if x and y else None
