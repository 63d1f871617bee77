"""What it costs to decode a photograph in a process of its own.

python benchmarks/decoders.py [--megapixels M] [--repeats N]

Writes a photograph of noise and colors in each format that can be written here, decodes
it in this process and in the one that `skdefocus.io` keeps for it, in turns, and prints
a table in Markdown: seconds in this process, seconds in the other one, and what a file
costs more, each the median. The pixels of both are compared. The first line is the time
that the other process takes to start.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import OpenImageIO
from PIL import Image

if __package__:
    from .tiff_writer import write_tiff
else:
    from tiff_writer import write_tiff

from skdefocus.io import Photograph
from skdefocus.io.decoders import decode, find_format, missing_extra
from skdefocus.io.worker import decode_photograph

# What makes a TIFF of a color filter array a raw file: the pattern, and DNG's version.
RAW_TAGS = [(33421, 3, [2, 2]), (33422, 1, [0, 1, 1, 2]), (50706, 1, [1, 4, 0, 0])]
COLOR_FILTER_ARRAY = 32803
MOST_PIXELS = 10**9


def photograph(megapixels: float) -> np.ndarray:
    """Colors that change slowly, and noise: uint16, 3:2."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5) // 2 * 2
    width = round(height * 1.5) // 2 * 2
    y, x = np.mgrid[:height, :width] / height
    colors = np.stack([0.2 + 0.3 * x, 0.3 + 0.5 * y, 0.7 - 0.2 * x * y], axis=-1)
    noise = np.random.default_rng(0).normal(0, 0.01, (height, width, 1))
    found: np.ndarray = (65535 * np.clip(colors + noise, 0, 1)).astype(np.uint16)
    return found


def files(folder: Path, deep: np.ndarray) -> Iterator[Path]:
    """Write a file of each format."""
    shallow = (deep >> 8).astype(np.uint8)
    path = folder / "photograph.dng"
    mosaic = deep[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = deep[::2, ::2, 0], deep[1::2, 1::2, 2]
    write_tiff(path, mosaic[..., None], 16, COLOR_FILTER_ARRAY, more=RAW_TAGS)
    yield path
    for ending, options in ((".avif", {"speed": 10}), (".jp2", {})):
        path = folder / f"photograph{ending}"
        Image.fromarray(shallow).save(path, **options)
        yield path
    path = folder / "photograph.psd"
    path.write_bytes(
        b"8BPS"
        + struct.pack(">H6xHIIHH", 1, 3, *deep.shape[:2], 16, 3)
        + struct.pack(">IIIH", 0, 0, 0, 0)
        + deep.transpose(2, 0, 1).astype(">u2").tobytes()
    )
    yield path
    path = folder / "photograph.exr"
    spec = OpenImageIO.ImageSpec(deep.shape[1], deep.shape[0], 3, "half")
    file = OpenImageIO.ImageOutput.create(str(path))
    file.open(str(path), spec)
    file.write_image((deep / np.float32(65535)).astype(np.float32))
    file.close()
    yield path


def seconds(
    read: Callable[[Path, str, int], Photograph], path: Path, name: str
) -> tuple[float, Photograph]:
    """Time a reader."""
    start = time.perf_counter()
    found = read(path, name, MOST_PIXELS)
    return time.perf_counter() - start, found


def main() -> int:
    """Print the table; 1 if pixels differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=24.0)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    is_wrong = False
    with tempfile.TemporaryDirectory() as folder:
        tiny = next(files(Path(folder), photograph(0.01)))
        first, _ = seconds(decode_photograph, tiny, "RAW")
        again, _ = seconds(decode_photograph, tiny, "RAW")
        print(f"the process starts in {first - again:.2f} s\n")
        print("| format | here | apart | more |\n| --- | ---: | ---: | ---: |")
        for path in files(Path(folder), photograph(options.megapixels)):
            if missing_extra(path) is not None:
                continue
            name = find_format(path)
            times = []
            for _ in range(options.repeats):
                here, expected = seconds(decode, path, name)
                apart, found = seconds(decode_photograph, path, name)
                times.append((here, apart, apart - here))
                is_wrong |= not np.array_equal(found.image, expected.image)
            medians = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"| {name} | " + " | ".join(f"{m:.3f} s" for m in medians) + " |")
    if is_wrong:
        print("pixels differ", file=sys.stderr)
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
