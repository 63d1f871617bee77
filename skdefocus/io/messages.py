"""What a decoder's process and the calling one say to each other.

A message is eight bytes of length, JSON, and the samples of the arrays that it names.
Nothing is unpickled, and what comes back is believed as little as a file: lengths,
shapes and types are checked before memory is taken.
"""

from __future__ import annotations

import json
import math
import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from .metadata import Density, Metadata
from .photograph import Photograph

__all__ = [
    "GarbledError",
    "pack_photograph",
    "receive",
    "send",
    "unpack_photograph",
]

_LENGTH = struct.Struct("<Q")
# Metadata is bounded by those that read it; this is more.
_MOST_JSON, _MOST_ARRAYS, _MOST_AXES = 2**29, 2, 4
# Bytes that are handed over at a time.
_PART = 2**20
_DTYPES = frozenset(
    {"bool", "float16", "float32", "float64"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)


class GarbledError(ValueError):
    """What came is no message."""


def send(
    file: BinaryIO, kind: str, arrays: Sequence[np.ndarray] = (), **fields: Any
) -> None:
    """Write a message.

    Parameters
    ----------
    file : binary file
        Unbuffered, as a pipe.
    kind : str
        What it is.
    arrays : sequence of ndarray
        At most two, of numbers.
    **fields
        What else it says, as JSON has it.

    Raises
    ------
    TypeError
        For an array of anything else; nothing is written.
    """
    layout: list[list[Any]] = []
    parts: list[bytes | memoryview] = []
    for array in arrays:
        if array.dtype.hasobject:
            raise TypeError("a message takes arrays of numbers; got one of objects.")
        # Names of types do not tell the order of bytes.
        plain = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        layout.append([plain.dtype.name, list(plain.shape)])
        parts.append(_bytes_of(plain))
    text = json.dumps({"kind": kind, "arrays": layout, **fields}).encode()
    parts.insert(0, _LENGTH.pack(len(text)) + text)
    for part in parts:
        rest = memoryview(part)
        while rest:
            rest = rest[file.write(rest[:_PART]) or 0 :]


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def receive(
    file: BinaryIO, most_values: int = 0
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read a message.

    Parameters
    ----------
    file : binary file
        Unbuffered, as a pipe.
    most_values : int, default=0
        The most samples of an array.

    Returns
    -------
    message : dict of str to object
        Its "kind" is a str.
    arrays : list of ndarray
        Those that it brings.

    Raises
    ------
    EOFError
        If the file ends.
    GarbledError
        If it is none.
    """
    head = bytearray(_LENGTH.size)
    _read(file, head)
    (length,) = _LENGTH.unpack(head)
    if length > _MOST_JSON:
        raise GarbledError(f"a message of {length} bytes")
    text = bytearray(length)
    _read(file, text)
    try:
        message = json.loads(text)
        layout = [(str(name), tuple(shape)) for name, shape in message["arrays"]]
        if not isinstance(message["kind"], str):
            raise TypeError("kind")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise GarbledError(str(error)) from error
    if len(layout) > _MOST_ARRAYS:
        raise GarbledError(f"{len(layout)} arrays")
    for name, shape in layout:
        if name not in _DTYPES or not _is_shape(shape, most_values):
            raise GarbledError(f"an array of {name} {shape}")
    arrays = []
    for name, shape in layout:
        array = np.empty(shape, name)
        _read(file, _bytes_of(array))
        arrays.append(array)
    return message, arrays


def _is_shape(shape: tuple[Any, ...], most_values: int) -> bool:
    return (
        1 <= len(shape) <= _MOST_AXES
        and all(type(side) is int and side > 0 for side in shape)
        and math.prod(shape) <= most_values
    )


def _read(file: BinaryIO, into: bytearray | memoryview) -> None:
    """Fill all of it."""
    rest = memoryview(into)
    while rest:
        n_read = file.readinto(rest[:_PART])  # type: ignore[attr-defined]
        if not n_read:
            raise EOFError("the other process has ended")
        rest = rest[n_read:]


def pack_photograph(
    photograph: Photograph,
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Take a photograph apart.

    Parameters
    ----------
    photograph : Photograph
        As a decoder gives it.

    Returns
    -------
    fields : dict of str to object
        As JSON has it.
    arrays : list of ndarray
        Its image, and its alpha if there is one.
    """
    held, alpha = photograph.metadata, photograph.alpha
    density = held.density
    fields = {
        "file_format": photograph.file_format,
        "icc_profile": _text(photograph.icc_profile),
        "bits": photograph.bits,
        "notes": list(photograph.notes),
        "exif": _text(held.exif),
        "xmp": _text(held.xmp),
        "xmp_extended": _text(held.xmp_extended),
        "resources": _text(held.resources),
        "density": None if density is None else [density.x, density.y, density.unit],
        "segments": [[marker, _text(body)] for marker, body in held.segments],
        "order": list(held.order),
        "chunks": [[_text(name), _text(body)] for name, body in held.chunks],
        "metadata_notes": list(held.notes),
    }
    return fields, [photograph.image] + ([] if alpha is None else [alpha])


def unpack_photograph(
    fields: dict[str, Any], arrays: Sequence[np.ndarray]
) -> Photograph:
    """Put a photograph together.

    Parameters
    ----------
    fields : dict of str to object
        From `pack_photograph`.
    arrays : sequence of ndarray
        From the same.

    Returns
    -------
    Photograph
        The same.

    Raises
    ------
    GarbledError
        If it is none.
    """
    try:
        image, alpha = arrays[0], arrays[1] if len(arrays) > 1 else None
        if image.shape[2:] not in ((), (3,)) or image.ndim < 2:
            raise ValueError(f"an image of shape {image.shape}")
        if alpha is not None and alpha.shape != image.shape[:2]:
            raise ValueError(f"alpha of shape {alpha.shape}")
        density = fields["density"]
        metadata = Metadata(
            exif=_data(fields["exif"]),
            xmp=_data(fields["xmp"]),
            xmp_extended=_data(fields["xmp_extended"]),
            resources=_data(fields["resources"]),
            density=None if density is None else _density(*density),
            segments=tuple((int(m), _some(body)) for m, body in fields["segments"]),
            order=tuple(str(name) for name in fields["order"]),
            chunks=tuple((_some(n), _some(body)) for n, body in fields["chunks"]),
            notes=tuple(str(note) for note in fields["metadata_notes"]),
        )
        return Photograph(
            image,
            alpha,
            str(fields["file_format"]),
            _data(fields["icc_profile"]),
            int(fields["bits"]),
            metadata,
            tuple(str(note) for note in fields["notes"]),
        )
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise GarbledError(str(error)) from error


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode("ascii")


def _data(text: Any) -> bytes | None:
    return None if text is None else _some(text)


def _some(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{type(text).__name__} in place of text")
    return b64decode(text, validate=True)


def _density(x: Any, y: Any, unit: Any) -> Density:
    if not (isinstance(x, int | float) and isinstance(y, int | float)):
        raise TypeError("a density that is no number")
    return Density(x, y, int(unit))
