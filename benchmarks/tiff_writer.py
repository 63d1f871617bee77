"""Write a TIFF or PNG of any kind, sample by sample, to be read back."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

TYPES = {1: "B", 3: "H", 4: "I", 13: "I"}
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}


def pack(samples: np.ndarray, bits: int, order: str) -> bytes:
    """Rows of samples as bytes; each row begins with a whole byte."""
    kind = samples.dtype.kind
    if kind in "if" or bits in (8, 16, 32, 64):
        return samples.astype(f"{order}{kind}{bits // 8}").tobytes()
    if bits == 24:
        whole = samples.astype(f"{order}u4").view(np.uint8)
        first = slice(0, 3) if order == "<" else slice(1, 4)
        return whole.reshape(*samples.shape, 4)[..., first].tobytes()
    rows = samples.reshape(len(samples), -1, 1)
    spread = (rows >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(spread.reshape(len(samples), -1).astype(np.uint8), 1).tobytes()


def cut(samples: np.ndarray, tile: int | None) -> list[np.ndarray]:
    """Cut into strips of 16 rows, or into tiles filled up at the borders."""
    if tile is None:
        return [samples[top : top + 16] for top in range(0, len(samples), 16)]
    height, width = samples.shape[:2]
    fill = ((0, -height % tile), (0, -width % tile), (0, 0))
    filled = np.pad(samples, fill)
    return [
        filled[top : top + tile, left : left + tile]
        for top in range(0, height, tile)
        for left in range(0, width, tile)
    ]


def write_tiff(
    path: Path,
    samples: np.ndarray,
    bits: int,
    photometric: int,
    *,
    planar: int = 1,
    compression: tuple[int, Callable[[bytes], bytes]] = (1, bytes),
    orientation: int | tuple[int, int] = 1,
    order: str = "<",
    extra: Sequence[int] = (),
    tile: int | None = None,
    more: Sequence[tuple[int, int, Sequence[int]]] = (),
) -> None:
    """Write samples of shape (H, W, C); ``orientation`` may be (type, value)."""
    height, width, n_channels = samples.shape
    parts = [samples]
    if planar == 2:
        parts = [samples[..., c : c + 1] for c in range(n_channels)]
    code, encode = compression
    data = [encode(pack(p, bits, order)) for part in parts for p in cut(part, tile)]
    kind, turned = orientation if isinstance(orientation, tuple) else (3, orientation)
    tags = [
        *((256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * n_channels)),
        *((259, 3, [code]), (262, 3, [photometric]), (274, kind, [turned])),
        *((277, 3, [n_channels]), (284, 3, [planar])),
        (339, 3, [SAMPLE_FORMATS[samples.dtype.kind]] * n_channels),
        *([(338, 3, extra)] if extra else []),
        *more,
    ]
    offsets = [8 + sum(map(len, data[:i])) for i in range(len(data))]
    sizes = [len(part) for part in data]
    if tile is None:
        tags += [(278, 4, [16]), (273, 4, offsets), (279, 4, sizes)]
    else:
        tags += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, offsets), (325, 4, sizes)]
    body = b"".join(data)
    body += b"\0" * (len(body) % 2)
    at = 8 + len(body)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    path.write_bytes(start + body + directory(sorted(tags), at, order))


def directory(
    tags: Sequence[tuple[int, int, Sequence[int]]], at: int, order: str
) -> bytes:
    """Pack a directory that lies at an offset, and the values behind it."""
    behind = at + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for code, kind, numbers in tags:
        raw = struct.pack(f"{order}{len(numbers)}{TYPES[kind]}", *numbers)
        entries += struct.pack(f"{order}HHI", code, kind, len(numbers))
        if len(raw) > 4:
            entries += struct.pack(f"{order}I", behind + len(values))
            values += raw
        else:
            entries += raw.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(tags)) + entries + b"\0" * 4 + values


def chunk(name: bytes, body: bytes) -> bytes:
    """Pack a chunk of a PNG."""
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def write_png(
    path: Path,
    samples: np.ndarray,
    bits: int,
    color_type: int,
    *,
    chunks: bytes = b"",
) -> None:
    """Write samples of shape (H, W, C) as a PNG; ``chunks`` stand before the pixels."""
    height, width = samples.shape[:2]
    packed = np.frombuffer(pack(samples, bits, ">"), np.uint8).reshape(height, -1)
    rows = np.insert(packed, 0, 0, axis=1)
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunks
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )
