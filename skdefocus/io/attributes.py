"""What of a file's metadata describes the photograph, not the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .limits import no_pillow_limit

__all__ = ["upright_exif", "worth_keeping"]

_ORIENTATION = 0x0112


def upright_exif(source: Any) -> tuple[int, bytes | None]:
    """Read the orientation, and the EXIF block with orientation reset.

    Parameters
    ----------
    source : PIL.Image.Image or Path
        A picture of which the header was read, or a TIFF.

    Returns
    -------
    orientation : int
        From 1 to 8.
    exif : bytes or None
        The block.
    """
    from PIL import Image

    try:
        if isinstance(source, Path):
            with no_pillow_limit(), Image.open(source, formats=("TIFF",)) as header:
                return upright_exif(header)
        exif = source.getexif()
        value = exif.get(_ORIENTATION, 1)
        # Some writers store it as a byte.
        orientation = value[0] if isinstance(value, bytes | tuple) else int(value)
        if not exif:
            return 1, None
        if source.format == "TIFF":
            # The tags that lay out the pixels belong to the old file.
            own = {_ORIENTATION, *range(254, 270), *range(273, 280), *range(282, 289)}
            own |= {*range(317, 348), 530, 531, 532, 700, 33723, 34377, 34675}
            for tag in own & set(exif):
                del exif[tag]
        exif[_ORIENTATION] = 1
        return orientation, exif.tobytes()
    except Exception:
        # A broken EXIF block must not cost the photograph.
        return 1, None


def worth_keeping(spec: Any) -> tuple[tuple[str, Any, Any], ...]:
    """List attributes that describe the photograph, not the file.

    Parameters
    ----------
    spec : OpenImageIO.ImageSpec
        Of a file.

    Returns
    -------
    tuple of (str, object, object)
        Name, type and value.
    """
    names = {"Make", "Model", "Artist", "Copyright", "ImageDescription", "DateTime"}
    names |= {"ExposureTime", "FNumber", "Software"}
    names |= {"XResolution", "YResolution", "ResolutionUnit"}
    return tuple(
        (item.name, item.type, item.value)
        for item in spec.extra_attribs
        if item.name in names or item.name.startswith(("Exif:", "GPS:", "IPTC:"))
    )
