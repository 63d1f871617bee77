"""Mutations of small files of each format through the reader, within limits.

``python -m tests.io.fuzzing FOLDER SECONDS`` runs in a process of its own, whose memory
and time are limited, and prints what went wrong, one line each.
"""

from __future__ import annotations

import io
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.tiff_writer import chunk, write_png, write_tiff
from skdefocus.io import read_photograph
from skdefocus.io.decoders import missing_extra
from tests.io.pictures import smooth, write_any

__all__ = ["SEEDS", "main", "mutate", "small_files"]

# Mutations of each file; the time is limited besides.
SEEDS = 150
MAX_PIXELS = 10**6
MEMORY_BYTES = 3 * 2**30
SECONDS_A_FILE = 10
_LONG = [0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1]


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _written(folder: Path, write: Callable[[Path], None]) -> bytes:
    path = folder / "source"
    write(path)
    return path.read_bytes()


def small_files(folder: Path) -> dict[str, bytes]:
    """Small files of each format, by name."""
    rng = np.random.default_rng(0)
    deep = rng.integers(0, 65536, (12, 17, 4)).astype(np.uint16)
    shallow = (deep >> 8).astype(np.uint8)
    rgb = Image.fromarray(shallow[..., :3])
    exif = Image.Exif()
    exif[274] = 6
    palette = rng.integers(0, 65536, 768).tolist()
    packed = chunk(b"zTXt", b"note\0\0" + b"not packed")
    return {
        "jpg": _saved(rgb, "JPEG", exif=exif),
        "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
        "cmyk.jpg": _saved(rgb.convert("CMYK"), "JPEG"),
        "png": _saved(Image.fromarray(shallow), "PNG", exif=exif),
        "palette.png": _saved(rgb.quantize(9), "PNG", transparency=0),
        "deep.png": _written(
            folder, lambda p: write_png(p, deep, 16, 6, chunks=packed)
        ),
        "gif": _saved(rgb.quantize(9), "GIF"),
        "bmp": _saved(rgb, "BMP"),
        "webp": _saved(Image.fromarray(shallow), "WEBP", lossless=True, exif=exif),
        "ppm": _saved(rgb, "PPM"),
        "deep.ppm": b"P6\n17 12\n65535\n" + deep[..., :3].astype(">u2").tobytes(),
        "pfm": b"PF\n17 12\n-1.0\n" + (deep[..., :3] / 65535).astype("<f4").tobytes(),
        "lzw.tif": _saved(rgb, "TIFF", compression="tiff_lzw", exif=exif),
        "jpeg.tif": _saved(rgb, "TIFF", compression="jpeg"),
        "fax.tif": _saved(rgb.convert("1"), "TIFF", compression="group4"),
        "deep.tif": _written(folder, lambda p: write_tiff(p, deep, 16, 2, extra=(1,))),
        "float.tif": _written(
            folder, lambda p: write_tiff(p, deep.astype("f4") / 65535, 32, 5, order=">")
        ),
        "tiles.tif": _written(
            folder,
            lambda p: write_tiff(p, shallow, 8, 2, tile=16, planar=2, extra=(2,)),
        ),
        "palette.tif": _written(
            folder,
            lambda p: write_tiff(p, shallow[..., :1], 8, 3, more=[(320, 3, palette)]),
        ),
        **_files_of_decoders(folder),
    }


def _files_of_decoders(folder: Path) -> dict[str, bytes]:
    """Files of the formats that have decoders of their own, where they are there."""
    files = {}
    for ending in ("avif", "dng", "exr", "heic", "jp2", "jxl"):
        path = folder / f"x.{ending}"
        image = smooth(24, 32)
        if ending == "exr":
            image = image.astype(np.float32) / 255
        with suppress(pytest.skip.Exception):
            if missing_extra(path) is None:
                files[path.name] = write_any(path, image).read_bytes()
    return files


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change some bytes, or cut a file off, or repeat a part of it."""
    changed = bytearray(data)
    kind = rng.integers(5)
    # Headers, where bytes mean most, are hit as often as all the rest.
    reach = len(data) if rng.integers(2) else min(len(data), 120)
    if kind == 0:
        del changed[int(rng.integers(1, len(data))) :]
    elif kind == 1:
        begin, end = sorted(int(at) for at in rng.integers(0, len(data), 2))
        changed[end:end] = changed[begin:end]
    elif kind == 2:
        order = ("little", "big")[int(rng.integers(2))]
        at, size = int(rng.integers(reach)), int(rng.choice([2, 4]))
        number = _LONG[int(rng.integers(len(_LONG)))] % 256**size
        changed[at : at + size] = number.to_bytes(size, order)
    else:
        for at in rng.integers(0, reach, int(rng.integers(1, 6))):
            changed[at] = int(rng.integers(256))
    return bytes(changed)


def problem(path: Path) -> str:
    """What is wrong with how a file is read; empty if nothing is."""
    start = time.monotonic()
    try:
        found = read_photograph(path, max_pixels=MAX_PIXELS)
    except ValueError as error:
        text = str(error)
        if "\n" in text or path.name not in text or "takes more memory to" in text:
            return f"no sentence: {text!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    else:
        image = found.image
        if image.dtype not in (np.uint8, np.uint16, np.float32):
            return f"dtype {image.dtype}"
        if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
            return f"shape {image.shape}"
        if found.alpha is not None and found.alpha.shape != image.shape[:2]:
            return f"alpha {found.alpha.shape}"
        if image.dtype == np.float32 and not (0 <= image.min() <= image.max() <= 1):
            return "outside 0 to 1"
    seconds = time.monotonic() - start
    return f"{seconds:.1f} s" if seconds > SECONDS_A_FILE else ""


def problems(folder: Path, seconds: float) -> Iterator[str]:
    """Read mutations in turns, until all seeds or the seconds are used up."""
    end = time.monotonic() + seconds
    sources = small_files(folder)
    for name, data in sources.items():
        path = folder / name
        path.write_bytes(data)
        read_photograph(path, max_pixels=MAX_PIXELS)
    for seed in range(SEEDS):
        for number, (name, data) in enumerate(sources.items()):
            if time.monotonic() > end:
                return
            path = folder / f"mutated.{name}"
            path.write_bytes(mutate(data, np.random.default_rng([seed, number])))
            signal.alarm(2 * SECONDS_A_FILE)
            found = problem(path)
            signal.alarm(0)
            if found:
                yield f"{name}, seed {seed}: {found}"


def main(folder: str, seconds: str) -> int:
    """Print problems; 0 if there are none."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    found = list(problems(Path(folder), float(seconds)))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
