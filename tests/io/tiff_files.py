"""TIFF directories put together by hand, and a raw file made of them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["ASCII", "BYTE", "LONG", "RATIONAL", "SHORT", "UNDEFINED", "block", "dng"]

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
_CODES = {SHORT: "H", LONG: "I"}


def pack(kind, value, order="<"):
    """Give the number of values, and their bytes."""
    if isinstance(value, bytes):
        return len(value), value
    values = value if isinstance(value, list | tuple) else [value]
    if kind in (RATIONAL, SRATIONAL):
        numbers = [round(v * 10_000) for v in values]
        code = "iI" if kind == SRATIONAL else "II"
        data = b"".join(struct.pack(order + code, n, 10_000) for n in numbers)
    else:
        data = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
    return len(values), data


def directory(fields, start, order="<", following=0):
    """Make a directory of {tag: (kind, value)} and where each value begins."""
    table, values, places = b"", b"", {}
    end = start + 2 + 12 * len(fields) + 4
    for tag, (kind, value) in sorted(fields.items()):
        count, data = pack(kind, value, order)
        places[tag] = start + 2 + len(table) + 8
        if len(data) > 4:
            places[tag] = end + len(values)
            values += data + bytes(len(data) % 2)
            data = struct.pack(f"{order}I", places[tag])
        table += struct.pack(f"{order}HHI", tag, kind, count) + data.ljust(4, b"\0")
    head = struct.pack(f"{order}H", len(fields))
    return head + table + struct.pack(f"{order}I", following) + values, places


def block(
    main=None, details=None, gps=None, thumbnail=None, *, order="<", note=None
) -> bytes:
    """Make an EXIF block.

    `note` gets the place of a MakerNote and gives it: it may point into itself.
    """
    data = (b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    main, details = dict(main or {}), dict(details or {})
    if note is not None:
        made = note(len(data))
        place = len(data)
        data += made + bytes(len(made) % 2)
        details[37500] = (UNDEFINED, made)
    pointers = {}
    for tag, fields in ((34665, details), (34853, gps)):
        if fields:
            pointers[tag] = len(data)
            packed, places = directory(fields, len(data), order)
            if tag == 34665 and note is not None:
                # Not the copy, but that which points right.
                old = struct.pack(f"{order}I", places[37500])
                packed = packed.replace(old, struct.pack(f"{order}I", place), 1)
            data += packed
    main |= {tag: (LONG, start) for tag, start in pointers.items()}
    start = len(data)
    packed, _ = directory(main, start, order)
    following = start + len(packed) if thumbnail else 0
    packed, _ = directory(main, start, order, following)
    data += packed
    if thumbnail:
        second = {259: (SHORT, 6), 513: (LONG, 0), 514: (LONG, len(thumbnail))}
        packed, _ = directory(second, following, order)
        second[513] = (LONG, following + len(packed))
        packed, _ = directory(second, following, order)
        data += packed + thumbnail
    return data[:4] + struct.pack(f"{order}I", start) + data[8:]


def dng(
    path: Path,
    image: np.ndarray,
    *,
    orientation: int = 1,
    preview: tuple[int, int] | None = None,
    extra: dict | None = None,
) -> None:
    """Write a raw file of a color sensor, white balance neutral.

    Parameters
    ----------
    path : Path
        The file.
    image : ndarray of shape (H, W, 3), uint16
        Light on the sensor, even height and width; one color a pixel is kept.
    orientation : int
        As the camera was held.
    preview : (int, int)
        Width and height of a JPEG preview: the picture as it lies on the sensor.
    extra : dict of int to (int, object)
        Further tags of the first directory.
    """
    height, width = image.shape[:2]
    mosaic = image[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = image[::2, ::2, 0], image[1::2, 1::2, 2]
    sensor = {
        254: (LONG, 0),
        256: (LONG, width),
        257: (LONG, height),
        258: (SHORT, 16),
        259: (SHORT, 1),
        262: (SHORT, 32803),
        273: (LONG, 0),
        277: (SHORT, 1),
        278: (LONG, height),
        279: (LONG, 2 * mosaic.size),
        284: (SHORT, 1),
        33421: (SHORT, [2, 2]),
        33422: (BYTE, bytes([0, 1, 1, 2])),
        50714: (SHORT, 0),
        50717: (LONG, 65535),
    }
    camera = {
        271: (ASCII, b"Maker\0"),
        272: (ASCII, b"Model\0"),
        274: (SHORT, orientation),
        50706: (BYTE, bytes([1, 4, 0, 0])),
        50708: (ASCII, b"Maker Model\0"),
        # sRGB's own primaries: XYZ to camera.
        50721: (
            SRATIONAL,
            [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.204, 1.057],
        ),
        50728: (RATIONAL, [1.0, 1.0, 1.0]),
        50778: (SHORT, 21),
        **(extra or {}),
    }
    shown = b""
    if preview is not None:
        file = io.BytesIO()
        small = Image.fromarray((image >> 8).astype(np.uint8)).resize(preview)
        small.save(file, "JPEG", quality=95)
        shown = file.getvalue()
        main = {
            **camera,
            254: (LONG, 1),
            256: (LONG, preview[0]),
            257: (LONG, preview[1]),
            258: (SHORT, [8, 8, 8]),
            259: (SHORT, 7),
            262: (SHORT, 6),
            273: (LONG, 0),
            277: (SHORT, 3),
            278: (LONG, preview[1]),
            279: (LONG, len(shown)),
            330: (LONG, 0),
        }
    else:
        main = {**sensor, **camera}
    details = {33434: (RATIONAL, 0.004), 34855: (SHORT, 400)}
    main[34665] = (LONG, 0)
    start = 8
    for _ in range(2):  # The second time with places that are known.
        first, _ = directory(main, start)
        exif_at = start + len(first)
        packed, _ = directory(details, exif_at)
        sensor_at = exif_at + len(packed)
        below = b""
        if preview is not None:
            below, _ = directory(sensor, sensor_at)
            main[330] = (LONG, sensor_at)
        shown_at = sensor_at + len(below)
        pixels_at = shown_at + len(shown) + len(shown) % 2
        main[34665] = (LONG, exif_at)
        (main if preview is None else sensor)[273] = (LONG, pixels_at)
        if preview is not None:
            main[273] = (LONG, shown_at)
    data = b"II*\0" + struct.pack("<I", start) + first + packed + below + shown
    data = data.ljust(pixels_at, b"\0") + mosaic.astype("<u2").tobytes()
    path.write_bytes(data)
