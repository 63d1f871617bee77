"""Tags of TIFF and EXIF directories by number, and which of them lay out pixels."""

from __future__ import annotations

__all__ = [
    "BYTE",
    "EXIF",
    "GEO",
    "GPS",
    "IMAGE_HEIGHT",
    "IMAGE_WIDTH",
    "INTEROPERABILITY",
    "IPTC",
    "LONG",
    "MAKER_NOTE",
    "ORIENTATION",
    "PHOTOMETRIC",
    "PIXEL_X",
    "PIXEL_Y",
    "PROFILE",
    "RATIONAL",
    "RESOLUTION_UNIT",
    "RESOURCES",
    "SHORT",
    "STRIP_SIZE",
    "STRIP_START",
    "THUMBNAIL_SIZE",
    "THUMBNAIL_START",
    "TYPE_SIZES",
    "UNDEFINED",
    "XMP",
    "X_RESOLUTION",
    "Y_RESOLUTION",
    "describes_the_photograph",
]

# Types of values.
BYTE, SHORT, LONG, RATIONAL, UNDEFINED = 1, 3, 4, 5, 7
# Bytes of one value, by type; 129 is EXIF 3.0's UTF-8.
TYPE_SIZES = {
    **{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8},
    **{13: 4, 129: 1},
}

IMAGE_WIDTH, IMAGE_HEIGHT = 256, 257
PHOTOMETRIC = 262
STRIP_START, STRIP_SIZE = 273, 279
ORIENTATION = 274
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
THUMBNAIL_START, THUMBNAIL_SIZE = 513, 514
XMP, IPTC, RESOURCES, PROFILE = 700, 33723, 34377, 34675
EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
MAKER_NOTE = 37500
PIXEL_X, PIXEL_Y = 40962, 40963
# Where on Earth the pixels of a GeoTIFF lie.
GEO = frozenset({33550, 33920, 33922, 34264, 34735, 34736, 34737})

# Belong to the pixels of one file, or point to further pictures in it.
_LAYOUT = frozenset(
    {
        *range(254, 267),
        *(273, 277, 278, 279, 280, 281, 284, *range(288, 294), 297, 301, 317),
        *range(320, 326),
        *(330, 332, 333, 334, 336, 338, 339, 340, 341, 342, *range(343, 348)),
        *range(512, 522),
        530,
        # Raw sensors, and a TIFF's own place for what is kept elsewhere here.
        *(XMP, IPTC, RESOURCES, PROFILE, 33421, 33422, 37398, 37399),
        37724,  # Photoshop's layers
    }
)
# Digital negatives: how to develop them, and pictures inside.
_DIGITAL_NEGATIVE = range(50706, 53000)
# Of a raw file of Panasonic the first tags are about its sensor.
_FIRST = 254


def describes_the_photograph(tag: int) -> bool:
    """Whether a tag says something of the photograph, not of the layout of a file.

    Parameters
    ----------
    tag : int
        Of the first directory.

    Returns
    -------
    bool
        False also for what points to other directories.
    """
    return (
        tag >= _FIRST
        and tag not in _LAYOUT
        and tag not in (EXIF, GPS)
        and tag not in _DIGITAL_NEGATIVE
    )
