"""Files of every kind, read back: exact, refused with a sentence, or wrong.

python benchmarks/formats.py [--every N] [--thorough]

Writes small files of every container, sample type, kind of channels, layout,
compression, orientation and byte order that can be written here, by itself and with
Pillow, tifffile, OpenImageIO and ImageMagick (where installed), reads them with
`skdefocus.io.read_photograph`, and prints a table in Markdown. What a file must give
is known since it was written from it, or for lossy formats what another decoder gives.
"""

from __future__ import annotations

import argparse
import io
import itertools
import lzma
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

if __package__:
    from .tiff_writer import chunk, write_png, write_tiff
else:
    from tiff_writer import chunk, write_png, write_tiff

from skdefocus.io import Photograph, read_photograph

HEIGHT, WIDTH = 37, 53
# Beside a step of rounding, what lossy decoders may differ by.
ROUNDING, LOSSY = 1 / 255 / 100, 4 / 255

# What may be refused, and how; each is in the guide.
REFUSALS = {
    "negative samples": "holds negative samples",
    "signed, 0 is white": "signed samples where 0 is white",
    "needs the extra tiff": r"pip install 'skdefocus\[tiff\]'",
    "L*a*b* of 16 bits": r"in L\*a\*b\* of",
    "fax of several channels": "is a fax of several channels",
    "24 bits": "of 24 bits, which is not read",
    "unknown to the extra too": r"which is not read \(",
    "YCbCr of a rare compression": "in YCbCr with a compression that is not read",
}


class NotWritableError(Exception):
    """A kind that the writer does not write."""


@dataclass(frozen=True)
class Cell:
    """A file to be written: its kind, and what writes it and tells what it holds."""

    container: str
    writer: str
    samples: str
    channels: str
    layout: str
    compression: str
    orientation: int
    order: str
    ending: str
    write: Callable[[Path], tuple[np.ndarray, np.ndarray | None]]
    tolerance: float = ROUNDING

    def __str__(self) -> str:
        return " ".join(
            map(str, (self.container, self.writer, self.samples, self.channels,
                      self.layout, self.compression, self.orientation, self.order))
        )  # fmt: skip


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels as Pillow does."""
    methods = Image.Transpose
    method = {
        **{2: methods.FLIP_LEFT_RIGHT, 3: methods.ROTATE_180},
        **{4: methods.FLIP_TOP_BOTTOM, 5: methods.TRANSPOSE, 6: methods.ROTATE_270},
        **{7: methods.TRANSVERSE, 8: methods.ROTATE_90},
    }.get(orientation)
    if method is None:
        return array
    places = np.arange(array.shape[0] * array.shape[1], dtype=np.int32)
    turned = Image.fromarray(places.reshape(array.shape[:2])).transpose(method)
    return array.reshape(-1, *array.shape[2:])[np.asarray(turned)]


def shares(array: np.ndarray) -> np.ndarray:
    """Scale samples to 0 to 1."""
    limit = np.iinfo(array.dtype).max if array.dtype.kind == "u" else 1
    return array / np.float64(limit)


def judge(cell: Cell, folder: Path) -> tuple[str, str]:
    """Write a cell's file and read it: what came of it, and what was said."""
    path = folder / f"cell{cell.ending}"
    path.unlink(missing_ok=True)
    try:
        image, alpha = cell.write(path)
    except NotWritableError as error:
        return "not writable", str(error)
    try:
        found = read_photograph(path)
    except ValueError as error:
        text = str(error)
        known = [key for key, form in REFUSALS.items() if re.search(form, text)]
        whole = text.startswith(str(path)) and "\n" not in text
        return ("refused", known[0]) if known and whole else ("wrong", text)
    return compare(found, image, alpha, cell)


def compare(
    found: Photograph, image: np.ndarray, alpha: np.ndarray | None, cell: Cell
) -> tuple[str, str]:
    """Compare what was read with what was written."""
    pairs = [(found.image, image)]
    if (found.alpha is None) != (alpha is None):
        if found.alpha is None or shares(found.alpha).min() < 1:
            return "wrong", "alpha is there or not"
    elif alpha is not None:
        pairs.append((found.alpha, alpha))
    for got, expected in pairs:
        expected = upright(expected, cell.orientation)
        if got.ndim == 2 and expected.ndim == 3:
            expected = (
                expected[..., 0] if np.ptp(expected, axis=2).max() == 0 else expected
            )
        if got.ndim == 3 and expected.ndim == 2:
            expected = expected[..., np.newaxis].repeat(3, axis=2)
        if got.shape != expected.shape:
            return "wrong", f"shape {got.shape}, not {expected.shape}"
        # A step of the samples that it is read with.
        step = 1 / np.iinfo(got.dtype).max if got.dtype.kind == "u" else 1e-6
        error = np.abs(shares(got) - expected).max()
        if error > max(cell.tolerance, step * 1.001):
            return "wrong", f"off by {error:.4g}"
    return "exact", ""


def codecs() -> dict[str, tuple[int, Callable[[bytes], bytes]]]:
    """Compressions of bytes, by name: their number, and what compresses."""
    found: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
        "none": (1, bytes),
        "deflate": (8, zlib.compress),
        "old deflate": (32946, zlib.compress),
        "LZMA": (34925, lzma.compress),
    }
    try:
        import imagecodecs
    except ImportError:
        return found
    return found | {
        "LZW": (5, imagecodecs.lzw_encode),
        "Zstandard": (50000, imagecodecs.zstd_encode),
    }


UNSIGNED = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 24, 32)
SAMPLES = (
    *(f"uint{bits}" for bits in UNSIGNED),
    *("int8", "int16", "int32", "negative int16", "float16", "float32", "float64"),
)
# Name: photometric, colors, further channels.
CHANNELS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "white is 0": (0, 1, ()),
    "white is 0, alpha": (0, 1, (2,)),
    "gray": (1, 1, ()),
    "gray, alpha": (1, 1, (2,)),
    "gray, multiplied": (1, 1, (1,)),
    "palette": (3, 1, ()),
    "RGB": (2, 3, ()),
    "RGB, alpha": (2, 3, (2,)),
    "RGB, multiplied": (2, 3, (1,)),
    "RGB, other": (2, 3, (0,)),
    "RGB, alpha, other": (2, 3, (2, 0)),
    "CMYK": (5, 4, ()),
    "CMYK, alpha": (5, 4, (2,)),
}


def draw(samples: str, channels: str, seed: int) -> tuple[np.ndarray, int, Any]:
    """Draw samples as a file stores them, and tell their bits and palette."""
    rng = np.random.default_rng(seed)
    _, n_colors, extra = CHANNELS[channels]
    shape = (HEIGHT, WIDTH, n_colors + len(extra))
    bits = int(re.sub(r"\D", "", samples))
    if samples.startswith("uint"):
        dtype = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
        stored = rng.integers(0, 2**bits, shape, np.uint64).astype(dtype)
    elif samples.startswith("float"):
        stored = rng.random(shape).astype(samples)
    else:
        low = -(2 ** (bits - 1)) if samples.startswith("neg") else 0
        stored = rng.integers(low, 2 ** min(bits - 1, 15), shape).astype(f"int{bits}")
    if "multiplied" in channels:
        colors = stored[..., :-1] * (stored[..., -1:] / np.float64(top(stored, bits)))
        stored[..., :-1] = np.rint(colors) if stored.dtype.kind != "f" else colors
    palette = rng.integers(0, 65536, 3 << bits) if channels == "palette" else None
    return stored, bits, palette


def top(stored: np.ndarray, bits: int) -> float:
    """Tell which sample is 1."""
    kind = stored.dtype.kind
    if kind == "f":
        return 1.0
    # Signed samples that fit 16 bits stay the same numbers.
    return float(2**bits - 1 if kind == "u" else 255 if bits == 8 else 65535)


def expect(
    stored: np.ndarray, bits: int, channels: str, palette: Any
) -> tuple[np.ndarray, np.ndarray | None]:
    """Tell what must be read, from 0 to 1: colors, and alpha."""
    photometric, n_colors, extra = CHANNELS[channels]
    values = stored / np.float64(top(stored, bits))
    colors, alpha = values[..., :n_colors], None
    if extra and extra[0] in (1, 2):
        alpha = values[..., n_colors]
    if photometric == 0:
        colors = 1 - colors
    elif photometric == 3:
        colors = ((palette >> 8).reshape(3, -1).T / 255)[stored[..., 0]]
    elif photometric == 5:
        colors = (1 - colors[..., :3]) * (1 - colors[..., 3:])
    if extra[:1] == (1,):
        colors = np.minimum(colors / np.maximum(alpha[..., np.newaxis], 1e-12), 1)
        colors = np.where(alpha[..., np.newaxis] > 0, colors, 0)
    return (colors[..., 0] if colors.shape[2] == 1 else colors), alpha


def own_tiffs(thorough: bool = False) -> Iterator[Cell]:
    """TIFFs of our own writer: every kind of samples, channels and layout."""
    turns = itertools.cycle(itertools.product(range(1, 9), "<>"))
    for samples, channels in itertools.product(SAMPLES, CHANNELS):
        is_index = channels == "palette"
        bits = int(re.sub(r"\D", "", samples))
        if is_index and not (samples.startswith("uint") and bits <= 16):
            continue
        if "multiplied" in channels and (bits < 8 or samples == "int8"):
            continue  # Too few steps to divide by.
        layouts = ["strips", "tiles"]
        if CHANNELS[channels][1] + len(CHANNELS[channels][2]) > 1:
            layouts += ["planes", "planes of tiles"]
        for layout, (name, codec) in itertools.product(layouts, codecs().items()):
            some = [next(turns), next(turns)]
            all_turns = itertools.product(range(1, 9), "<>")
            for orientation, order in all_turns if thorough else some:

                def write(
                    path: Path,
                    samples: str = samples,
                    channels: str = channels,
                    layout: str = layout,
                    codec: Any = codec,
                    orientation: int = orientation,
                    order: str = order,
                ) -> tuple[np.ndarray, np.ndarray | None]:
                    stored, bits, palette = draw(samples, channels, orientation)
                    photometric, _, extra = CHANNELS[channels]
                    more = [] if palette is None else [(320, 3, palette.tolist())]
                    write_tiff(
                        path,
                        stored,
                        bits,
                        photometric,
                        planar=2 if "planes" in layout else 1,
                        compression=codec,
                        orientation=orientation,
                        order=order,
                        extra=extra,
                        tile=16 if "tiles" in layout else None,
                        more=more,
                    )
                    return expect(stored, bits, channels, palette)

                tolerance = ROUNDING
                if "multiplied" in channels:
                    tolerance = _division(samples)
                elif "CMYK" in channels and bits < 8:
                    tolerance = 2 / 255  # Ink and black are rounded.
                yield Cell(
                    *("TIFF", "own", samples, channels, layout, name),
                    *(orientation, order, ".tif", write),
                    tolerance=tolerance,
                )


def _division(samples: str) -> float:
    """Half a step, divided: what rounding before the division leaves."""
    if samples.startswith("float"):
        return 1e-3 if samples == "float16" else 1e-6
    bits = int(samples.removeprefix("uint").removeprefix("negative ").lstrip("int"))
    return 2 / (2 ** min(bits, 16) - 1)


def tifffile_tiffs() -> Iterator[Cell]:
    """TIFFs of tifffile: compressions of pictures, predictors, BigTIFF."""
    names = ("none", "deflate", "lzw", "packbits", "lzma", "zstd", "lerc", "png")
    names += ("jpeg", "webp", "jpeg2000", "jpegxl", "jpegxr")
    kinds = itertools.product(
        names, ("uint8", "uint16", "float32"), ("gray", "RGB", "RGB, alpha"),
        ("strips", "tiles", "planes"), (False, True), "<>",
    )  # fmt: skip
    for compression, samples, channels, layout, predictor, order in kinds:

        def write(
            path: Path,
            compression: str = compression,
            samples: str = samples,
            channels: str = channels,
            layout: str = layout,
            predictor: bool = predictor,
            order: str = order,
        ) -> tuple[np.ndarray, np.ndarray | None]:
            try:
                import tifffile
            except ImportError as error:
                raise NotWritableError("tifffile is not installed") from error
            stored, bits, _ = draw(samples, channels, 0)
            if compression in ("jpeg", "webp", "jpeg2000", "jpegxl", "jpegxr"):
                stored = smooth(stored)
            if compression == "jpeg" and samples == "uint16":
                stored, bits = stored >> 4, 12
            n_channels = stored.shape[2]
            pixels = stored if n_channels > 1 else stored[..., 0]
            options: dict[str, Any] = {}
            if layout == "planes":
                if n_channels == 1:
                    raise NotWritableError("one plane")
                pixels = np.moveaxis(pixels, -1, 0)
                options["planarconfig"] = "separate"
            if layout == "tiles":
                options["tile"] = (16, 16)
            if compression != "none":
                options["compression"] = compression
            if predictor:
                if compression not in ("deflate", "lzw", "zstd", "lzma"):
                    raise NotWritableError("no predictor")
                options["predictor"] = True
            try:
                tifffile.imwrite(
                    path,
                    pixels,
                    photometric="minisblack" if channels == "gray" else "rgb",
                    extrasamples=["unassalpha"] if n_channels == 4 else None,
                    byteorder=order,
                    bigtiff=order == ">",
                    metadata=None,
                    **options,
                )
                again = tifffile.imread(path)
            except Exception as error:
                raise NotWritableError(str(error)) from error
            if layout == "planes":
                again = np.moveaxis(again, 0, -1)
            return expect(again.reshape(stored.shape), bits, channels, None)

        lossy = compression in ("jpeg", "webp", "jpeg2000", "jpegxl", "jpegxr")
        yield Cell(
            *("BigTIFF" if order == ">" else "TIFF", "tifffile", samples, channels),
            *(layout, compression + ", predictor" * predictor, 1, order, ".tif"),
            write,
            tolerance=LOSSY if lossy else ROUNDING,
        )


def smooth(stored: np.ndarray) -> np.ndarray:
    """Make the same kind of samples, slowly changing, for lossy compressions."""
    y, x = np.mgrid[: stored.shape[0], : stored.shape[1]]
    ramps = [x / 80 + 0.1, y / 60 + 0.1, (x + y) / 120, 0.3 + x / 90][: stored.shape[2]]
    limit = np.iinfo(stored.dtype).max if stored.dtype.kind == "u" else 1
    return (np.stack(ramps, axis=-1) * limit).astype(stored.dtype)


def own_pngs() -> Iterator[Cell]:
    """PNGs of every color type and depth, with and without a transparent color."""
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    names = {0: "gray", 2: "RGB", 3: "palette", 4: "gray, alpha", 6: "RGB, alpha"}
    kinds = [(color, bits) for color in depths for bits in depths[color]]
    turns = itertools.product(kinds, (False, True), range(1, 9))
    for (color_type, bits), clear, orientation in turns:
        if clear and color_type in (4, 6):
            continue

        def write(
            path: Path,
            color_type: int = color_type,
            bits: int = bits,
            clear: bool = clear,
            orientation: int = orientation,
        ) -> tuple[np.ndarray, np.ndarray | None]:
            rng = np.random.default_rng(bits)
            n_channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
            shape = (HEIGHT, WIDTH, n_channels)
            stored = rng.integers(0, 2**bits, shape).astype(np.uint16)
            palette = rng.integers(0, 256, (2**bits, 3)).astype(np.uint8)
            exif = Image.Exif()
            exif[274] = orientation
            chunks = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
            values = stored / (2**bits - 1)
            colors, alpha = values[..., : n_channels - (color_type in (4, 6))], None
            if color_type == 3:
                chunks += chunk(b"PLTE", palette.tobytes())
                colors = palette[stored[..., 0]] / 255
            elif color_type in (4, 6):
                alpha = values[..., -1]
            if clear and color_type == 3:
                chunks += chunk(b"tRNS", b"\x40")
                alpha = np.where(stored[..., 0] == 0, 64 / 255, 1)
            elif clear:
                chunks += chunk(b"tRNS", stored[0, 0].astype(">u2").tobytes())
                alpha = (stored != stored[0, 0]).any(axis=2).astype(float)
            write_png(path, stored, bits, color_type, chunks=chunks)
            return (colors[..., 0] if colors.shape[2] == 1 else colors), alpha

        yield Cell(
            *("PNG", "own", f"uint{bits}", names[color_type]),
            *("transparent color" if clear else "plain", "deflate", orientation),
            *(">", ".png", write),
        )


def own_pnms() -> Iterator[Cell]:
    """PNM of every kind and depth."""
    for magic, most in itertools.product(
        ("P2", "P3", "P5", "P6", "P1", "P4", "Pf", "PF"), (1, 7, 200, 255, 1023, 65535)
    ):
        if magic in ("P1", "P4", "Pf", "PF") and most != 255:
            continue

        def write(
            path: Path, magic: str = magic, most: int = most
        ) -> tuple[np.ndarray, np.ndarray | None]:
            rng = np.random.default_rng(most)
            n_channels = 3 if magic in ("P3", "P6", "PF") else 1
            shape = (HEIGHT, WIDTH, n_channels)
            size = f"{magic}\n# made up\n{WIDTH} {HEIGHT}\n".encode()
            if magic in ("Pf", "PF"):
                values = rng.random(shape).astype("<f4")
                start = size.replace(b"# made up\n", b"") + b"-1.0\n"
                path.write_bytes(start + values[::-1].tobytes())
            elif magic in ("P1", "P4"):
                bits = rng.integers(0, 2, shape).astype(np.uint8)
                text = " ".join(map(str, bits.ravel())).encode() + b"\n"
                packed = np.packbits(bits[..., 0], axis=1).tobytes()
                path.write_bytes(size + (text if magic == "P1" else packed))
                values = 1.0 - bits
            else:
                stored = rng.integers(0, most + 1, shape)
                raw = stored.astype(">u2" if most > 255 else "u1").tobytes()
                text = " ".join(map(str, stored.ravel())).encode() + b"\n"
                body = text if magic in ("P2", "P3") else raw
                path.write_bytes(size + f"{most}\n".encode() + body)
                values = stored / most
            return (values[..., 0] if n_channels == 1 else values), None

        yield Cell(
            *("PNM", "own", f"up to {most}", magic, "plain", "none", 1, ">", ".ppm"),
            write,
        )


def pillow_files() -> Iterator[Cell]:
    """List what Pillow writes; lossy formats are compared with OpenImageIO."""
    plain: dict[str, Any] = {}
    tiffs = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "group3", "group4")
    tiffs += ("tiff_ccitt", "jpeg", "lzma", "zstd", "webp")
    forms: list[tuple[str, str, dict[str, Any], bool]] = [
        *(("TIFF", ".tif", {"compression": c}, c in ("jpeg", "webp")) for c in tiffs),
        ("PNG", ".png", plain, False),
        ("GIF", ".gif", plain, False),
        ("BMP", ".bmp", plain, False),
        ("PPM", ".ppm", plain, False),
        ("WEBP", ".webp", {"lossless": True, "exact": True}, False),
        ("WEBP", ".webp", {"quality": 90}, True),
        ("JPEG", ".jpg", {"quality": 95, "subsampling": 0}, True),
        ("JPEG", ".jpg", {"quality": 95, "progressive": True, "subsampling": 0}, True),
    ]
    modes = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F")
    for (kind, ending, options, lossy), mode in itertools.product(forms, modes):
        turned = range(1, 9) if kind in ("TIFF", "PNG", "WEBP", "JPEG") else (1,)
        for orientation in turned:

            def write(
                path: Path,
                kind: str = kind,
                options: dict[str, Any] = options,
                lossy: bool = lossy,
                mode: str = mode,
                orientation: int = orientation,
            ) -> tuple[np.ndarray, np.ndarray | None]:
                picture = _picture(mode, lossy)
                exif = Image.Exif()
                exif[274] = orientation
                given = {} if orientation == 1 else {"exif": exif}
                try:
                    picture.save(path, kind, **options, **given)
                except Exception as error:
                    raise NotWritableError(str(error)) from error
                return _pixels_of(picture, path, lossy)

            told = ", ".join(map(str, options.values())) or "default"
            yield Cell(
                *(kind, "Pillow", mode, mode, "plain", told, orientation, "", ending),
                write,
                tolerance=LOSSY if lossy or mode in ("YCbCr", "LAB") else ROUNDING,
            )


def _picture(mode: str, lossy: bool) -> Image.Image:
    rng = np.random.default_rng(0)
    shape = (HEIGHT, WIDTH, 4)
    noise = rng.integers(0, 256, shape, np.uint8)
    colors = smooth(noise) if lossy or mode in ("YCbCr", "LAB", "CMYK") else noise
    if mode == "F":
        return Image.fromarray(rng.random(shape[:2]).astype(np.float32))
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, shape[:2]).astype(np.uint16))
    if mode == "1":
        return Image.fromarray(noise[..., 0] > 127)
    if mode == "P":
        return Image.fromarray(colors[..., :3]).quantize(200)
    if mode == "LAB":
        from PIL import ImageCms

        made = ImageCms.createProfile
        rgb = Image.fromarray(colors[..., :3])
        return ImageCms.profileToProfile(
            rgb, made("sRGB"), made("LAB"), outputMode="LAB"
        )
    n_channels = len(Image.new(mode, (1, 1)).getbands())
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return (
            Image.fromarray(np.squeeze(colors[..., :n_channels]))
            if mode != "CMYK"
            else (Image.frombytes("CMYK", (WIDTH, HEIGHT), colors.tobytes()))
        )
    return Image.fromarray(colors[..., :3]).convert(mode)


def _pixels_of(
    picture: Image.Image, path: Path, lossy: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    if picture.mode in ("F", "I;16", "I"):
        values = np.asarray(picture)
        with Image.open(path) as again:
            if again.mode not in ("F", "I;16", "I"):
                return np.asarray(again.convert("RGB")) / 255, None
        return values / (1 if picture.mode == "F" else 65535), None
    if lossy or picture.mode in ("LAB", "YCbCr", "CMYK"):
        with Image.open(path) as again:
            # Pillow turns some of them itself.
            picture = again.copy() if again.format != "TIFF" else picture
        if lossy:
            found = _by_openimageio(path, picture)
            if found is not None:
                return found
    if picture.mode == "LAB":
        from PIL import ImageCms

        made = ImageCms.createProfile
        picture = ImageCms.profileToProfile(
            picture, made("LAB"), made("sRGB"), outputMode="RGB"
        )
    with Image.open(path) as again:
        has_alpha = picture.mode in ("LA", "RGBA") and (
            "A" in again.getbands() or "transparency" in again.info
        )
        if again.format == "GIF":
            picture = again.convert("RGBA" if has_alpha else "RGB")
    clear = np.asarray(picture.convert("RGBA")) / 255
    return clear[..., :3], (clear[..., 3] if has_alpha else None)


def _by_openimageio(
    path: Path, picture: Image.Image
) -> tuple[np.ndarray, np.ndarray | None] | None:
    import OpenImageIO

    if path.suffix == ".tif":
        return _by_tifffile(path)

    hints = OpenImageIO.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    file = OpenImageIO.ImageInput.open(str(path), hints)
    values = None if file is None else file.read_image("float")
    if values is None:
        OpenImageIO.geterror()
        return None
    values = values.astype(np.float64)
    n_channels = values.shape[2]
    alpha = values[..., -1] if n_channels in (2, 4) else None
    colors = values[..., :-1] if alpha is not None else values
    return (colors[..., 0] if colors.shape[2] == 1 else colors), alpha


def _by_tifffile(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        import tifffile
    except ImportError as error:
        raise NotWritableError("tifffile is not installed") from error
    try:
        values = tifffile.imread(path) / 255
    except Exception as error:
        raise NotWritableError("no other decoder reads it") from error
    if values.ndim == 2:
        return values, None
    with Image.open(path) as picture:
        if picture.mode == "CMYK":
            return (1 - values[..., :3]) * (1 - values[..., 3:]), None
    alpha = values[..., -1] if values.shape[2] in (2, 4) else None
    colors = values if alpha is None else values[..., :-1]
    return (colors[..., 0] if colors.shape[2] == 1 else colors), alpha


def openimageio_files() -> Iterator[Cell]:
    """List what OpenImageIO writes."""
    import OpenImageIO

    kinds = itertools.product(
        (".tif", ".png"),
        ("uint8", "uint16", "half", "float", "double", "int8", "int16", "uint", "int"),
        (1, 2, 3, 4), ("none", "lzw", "zip", "packbits", "ccittrle"),
        ("contig", "separate"), (0, 16),
    )  # fmt: skip
    for ending, samples, n_channels, compression, planar, tile in kinds:
        if ending == ".png" and (compression, planar, tile) != ("zip", "contig", 0):
            continue

        def write(
            path: Path,
            samples: str = samples,
            n_channels: int = n_channels,
            compression: str = compression,
            planar: str = planar,
            tile: int = tile,
        ) -> tuple[np.ndarray, np.ndarray | None]:
            name = {"half": "float16", "float": "float32", "double": "float64"}
            name |= {"uint": "uint32", "int": "int32"}
            stored, bits, _ = draw(name.get(samples, samples), "CMYK", 0)
            stored = np.ascontiguousarray(stored[..., :n_channels])
            spec = OpenImageIO.ImageSpec(WIDTH, HEIGHT, n_channels, samples)
            spec.attribute("compression", compression)
            spec.attribute("planarconfig", planar)
            spec.attribute("oiio:UnassociatedAlpha", 1)
            if tile:
                spec.tile_width = spec.tile_height = tile
            file = OpenImageIO.ImageOutput.create(str(path))
            done = file.open(str(path), spec)
            if done:
                done = file.write_image(stored)
                file.close()
            if not done:
                OpenImageIO.geterror()
                raise NotWritableError(file.geterror())
            if samples == "double" and tile:
                raise NotWritableError("it reads these wrongly itself")
            read = OpenImageIO.ImageInput.open(str(path), spec)
            if str(read.spec().format) != samples:
                raise NotWritableError("it writes another type")
            read.close()
            values = stored / np.float64(top(stored, bits))
            alpha = values[..., -1] if n_channels in (2, 4) else None
            colors = values[..., : n_channels - (alpha is not None)]
            return (colors[..., 0] if colors.shape[2] == 1 else colors), alpha

        yield Cell(
            *("TIFF" if ending == ".tif" else "PNG", "OpenImageIO", samples),
            *(f"{n_channels} channels", f"{planar}, tiles {tile}", compression, 1, ""),
            *(ending, write),
        )


def imagemagick_files() -> Iterator[Cell]:
    """List what ImageMagick writes, compared with what it reads."""
    types = ("Bilevel", "Grayscale", "GrayscaleAlpha", "Palette", "PaletteAlpha")
    types += ("TrueColor", "TrueColorAlpha", "ColorSeparation")
    tiff = itertools.product(
        (".tif",), types, (1, 2, 4, 8, 16, 32),
        ("none", "lzw", "zip", "jpeg", "group4"),
        ("none", "plane"),
    )  # fmt: skip
    png = itertools.product(
        (".png", ".bmp", ".ppm", ".gif", ".webp"), types, (1, 2, 4, 8, 16), ("none",),
        ("none", "line"),
    )  # fmt: skip
    for ending, kind, depth, compression, interlace in [*tiff, *png]:

        def write(
            path: Path,
            ending: str = ending,
            kind: str = kind,
            depth: int = depth,
            compression: str = compression,
            interlace: str = interlace,
        ) -> tuple[np.ndarray, np.ndarray | None]:
            program = _imagemagick()
            if program is None:
                raise NotWritableError("ImageMagick is not installed")
            if ending == ".webp" and "Separation" in kind:
                raise NotWritableError("no inks")
            wrongly = depth == 1 or compression == "jpeg"
            if ending == ".tif" and "Alpha" in kind and wrongly:
                raise NotWritableError("it reads these wrongly itself")
            data = io.BytesIO()
            source = smooth(np.zeros((HEIGHT, WIDTH, 4), np.uint8))
            n_channels = 4 if "Alpha" in kind else 3
            Image.fromarray(source[..., :n_channels]).save(data, "PNG")
            order = ("-endian", "MSB" if depth in (4, 16) else "LSB")
            words = [program, "png:-", "-type", kind, *order, "-compress", compression]
            words += ["-interlace", interlace, "-depth", str(depth)]
            words += ["-define", "webp:lossless=true", str(path)]
            made = subprocess.run(words, input=data.getvalue(), capture_output=True)
            if made.returncode or not path.exists():
                raise NotWritableError(made.stderr.decode(errors="replace"))
            words = [program, str(path), "-colorspace", "sRGB", "-depth", "16"]
            words += ["-endian", "LSB", "rgba:-"]
            read = subprocess.run(words, capture_output=True)
            size = HEIGHT * WIDTH * 8
            if read.returncode or len(read.stdout) < size:
                raise NotWritableError("ImageMagick does not read it itself")
            values = np.frombuffer(read.stdout[:size], "<u2") / 65535
            values = values.reshape(HEIGHT, WIDTH, 4)
            alpha = values[..., 3] if values[..., 3].min() < 1 else None
            return values[..., :3], alpha

        lossy = compression == "jpeg" or "Separation" in kind
        yield Cell(
            *(
                {".tif": "TIFF"}.get(ending, ending[1:].upper()),
                "ImageMagick",
                f"{depth} bits",
                kind,
                interlace,
            ),
            *(compression, 1, "", ending, write),
            tolerance=LOSSY if lossy else 1.01 / 255,
        )


def _imagemagick() -> str | None:
    for name in ("magick", "convert-im6.q16", "convert-im6", "/usr/bin/convert"):
        if (found := shutil.which(name)) is not None:
            return found
    return None


def every_cell(*, thorough: bool = False) -> Iterator[Cell]:
    """List all cells; unless ``thorough``, orientations and byte orders take turns."""
    yield from own_tiffs(thorough)
    yield from tifffile_tiffs()
    yield from own_pngs()
    yield from own_pnms()
    yield from pillow_files()
    yield from openimageio_files()
    yield from imagemagick_files()


def table(results: dict[tuple[str, str], Counter[str]]) -> list[str]:
    """Lay out the table in Markdown, by container and writer."""
    names = ("exact", "refused", "not writable", "wrong")
    lines = [
        "| container | writer | " + " | ".join(names) + " |",
        "| --- | --- |" + " ---: |" * len(names),
    ]
    total: Counter[str] = Counter()
    for (container, writer), counts in sorted(results.items()):
        total += counts
        cells = " | ".join(str(counts[name]) for name in names)
        lines.append(f"| {container} | {writer} | {cells} |")
    lines.append("| all | | " + " | ".join(str(total[name]) for name in names) + " |")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and what was refused and why; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="every N-th cell alone")
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="all orientations and byte orders of every kind, not by turns",
    )
    options = parser.parse_args(arguments)
    results: dict[tuple[str, str], Counter[str]] = {}
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        cells = every_cell(thorough=options.thorough)
        for cell in itertools.islice(cells, 0, None, options.every):
            result, text = judge(cell, Path(folder))
            key = cell.container, cell.writer
            results.setdefault(key, Counter())[result] += 1
            if result == "wrong":
                print(f"wrong: {cell}: {text}", file=sys.stderr)
            if result == "refused":
                refused[text] += 1
    print("\n".join(table(results)))
    print()
    for reason, count in refused.most_common():
        print(f"- {count} refused: {reason}.")
    return 1 if any(counts["wrong"] for counts in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
