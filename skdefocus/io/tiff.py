"""Read TIFF: the photograph's page, in the colors of a screen, with its alpha."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .color import cmyk_to_rgb, lab_to_rgb
from .metadata import read_tiff_metadata
from .openimageio import BYTES_PER_PIXEL, opened, read_native
from .photograph import Photograph
from .pixels import divide_by_alpha, fit_samples, rotate, spread
from .rare import decode_rare
from .refusal import Refusal
from .tiff_pages import Page, check_page, choose_page, read_pages

__all__ = ["read_tiff"]

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_SEPARATED, _YCBCR, _CIELAB, _ICCLAB = 5, 6, 8, 9
# How many channels are colors.
_COLORS = {
    **{_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _PALETTE: 1},
    **{_RGB: 3, _SEPARATED: 4, _YCBCR: 3, _CIELAB: 3, _ICCLAB: 3},
}
_OTHER_COLORS = {4: "transparency mask", 10: "ITULab", 32803: "color filter array"}
_OTHER_COLORS |= {32844: "LogL", 32845: "LogLuv", 34892: "linear raw"}
# Sample formats.
_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
_MULTIPLIED, _OPACITY = 1, 2
_CMYK_INKS = 1
_JPEG_COMPRESSIONS = (6, 7)
_FAX_COMPRESSIONS = (2, 3, 4)
# Beyond 16 bits decoders only agree on these.
_WHOLE_DEPTHS = (32, 64)
# Compressions and depths that OpenImageIO decodes, by its libtiff.
_COMMON_COMPRESSIONS = frozenset(
    {1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32809, 32908, 32909, 32946, 34676, 34677}
)
_COMMON_BITS = {
    _UNSIGNED: frozenset({1, 2, 4, 6, 8, 10, 12, 14, 16, 32}),
    _SIGNED: frozenset({8, 16, 32}),
    _FLOAT: frozenset({16, 32, 64}),
}


@dataclass(frozen=True)
class _Layout:
    """What the channels of a page are."""

    photometric: int
    n_colors: int
    alpha: int | None
    is_multiplied: bool
    n_left_out: int
    sample_format: int


def read_tiff(path: Path, max_pixels: int) -> Photograph:
    """Read a TIFF.

    Parameters
    ----------
    path : Path
        A file that begins as a TIFF does.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        Upright. Samples are the numbers of the file, of any real dtype; unsigned ones
        of up to 16 bits span uint8 or uint16.

    Raises
    ------
    Refusal
        If it is too large or of a kind that is not read.
    ValueError
        If it is damaged.
    """
    pages, sub_pages = read_pages(path)
    page, is_below = choose_page(pages, sub_pages)
    check_page(page, max_pixels)
    layout = _layout(page)
    notes = []
    if not is_below and len(pages) > 1:
        notes.append(
            f"it has {len(pages)} pages; page {page.index + 1} is read, the others not."
        )
    if layout.n_left_out == 1:
        notes.append("a channel beside its colors is left out.")
    elif layout.n_left_out:
        notes.append(f"{layout.n_left_out} channels beside its colors are left out.")
    if is_below:
        # No decoder is asked for what lies below: it is made the first page.
        with _patched(path, {_first_offset(path): page.offset}) as copy:
            image = _decode(copy, page, 0, layout, max_pixels)
    else:
        image = _decode(path, page, page.index, layout, max_pixels)
    colors, alpha = _part(image, page, layout)
    orientation = page.get("orientation", 1)
    if layout.is_multiplied or layout.photometric == _SEPARATED:
        # What follows calculates with shares.
        colors, alpha = _fit_together(colors, alpha)
    if layout.is_multiplied and alpha is not None:
        colors = divide_by_alpha(colors, alpha)
    profile = page.values.get("icc_profile")
    is_printed = layout.photometric in (_SEPARATED, _CIELAB, _ICCLAB)
    if layout.photometric == _SEPARATED and colors.shape[2] == 4:
        colors = cmyk_to_rgb(colors, bytes(profile) if profile else None)
    colors = colors[..., 0] if colors.shape[2] == 1 else colors
    return Photograph(
        rotate(colors, orientation),
        None if alpha is None else rotate(alpha, orientation),
        "TIFF",
        bytes(profile) if profile and not is_printed else None,
        8 if page.bits <= 8 else 16,
        read_tiff_metadata(path, page.offset),
        tuple(notes),
    )


def _layout(page: Page) -> _Layout:
    """Tell what the channels are, or that this kind is not read."""
    photometric = page.get("photometric", -1)
    if "photometric" not in page.values:
        # As other readers guess.
        photometric = _RGB if page.n_samples >= 3 else _BLACK_IS_ZERO
    if photometric not in _COLORS:
        name = _OTHER_COLORS.get(photometric, f"photometric {photometric}")
        raise Refusal(f"is a TIFF of a kind that is not read ({name}).")
    if photometric == _SEPARATED and page.get("ink_set", 1) != _CMYK_INKS:
        raise Refusal("is a TIFF of inks other than CMYK, which is not read.")
    sample_format = page.get("sample_format", _UNSIGNED)
    sample_format = _UNSIGNED if sample_format == _UNDEFINED else sample_format
    if sample_format not in _COMMON_BITS:
        raise Refusal("is a TIFF of complex numbers, which is not read.")
    if page.bits > 16 and page.bits not in _WHOLE_DEPTHS:
        raise Refusal(f"is a TIFF of {page.bits} bits, which is not read.")
    n_colors = _COLORS[photometric]
    if page.n_samples < n_colors:
        raise ValueError(f"it has {page.n_samples} channels where {n_colors} are due")
    if photometric in (_CIELAB, _ICCLAB) and (
        page.bits != 8 or page.get("compression", 1) in _JPEG_COMPRESSIONS
    ):
        raise Refusal(f"is a TIFF in L*a*b* of {page.bits} bits; 8 bits are read.")
    if page.get("compression", 1) in _FAX_COMPRESSIONS and page.n_samples > 1:
        raise Refusal("is a fax of several channels, which is not read.")
    if photometric == _WHITE_IS_ZERO and sample_format == _SIGNED:
        raise Refusal("is a TIFF of signed samples where 0 is white; it is not read.")
    extra = page.values.get("extra_samples", ())
    n_extra = page.n_samples - n_colors
    if not extra and n_extra == 1:
        extra = (_OPACITY,)  # As other readers guess.
    alphas = [i for i, kind in enumerate(extra[:n_extra]) if kind in (1, 2)]
    alpha = n_colors + alphas[0] if alphas else None
    return _Layout(
        photometric,
        n_colors,
        alpha,
        alpha is not None and extra[alphas[0]] == _MULTIPLIED,
        n_extra - (alpha is not None),
        sample_format,
    )


def _decode(
    path: Path, page: Page, index: int, layout: _Layout, max_pixels: int
) -> np.ndarray:
    """Decode all channels of a page, (H, W, C): indices of a palette as they are."""
    compression = page.get("compression", 1)
    is_palette = layout.photometric == _PALETTE
    is_inverted = layout.photometric == _WHITE_IS_ZERO
    is_jpeg = compression in _JPEG_COMPRESSIONS
    if not _is_common(page, layout):
        if layout.photometric == _YCBCR and not is_jpeg:
            raise Refusal("is a TIFF in YCbCr with a compression that is not read.")
        image = decode_rare(path, page, index)
        image = image.astype(np.uint8) if image.dtype == bool else image
        if layout.sample_format == _UNSIGNED and not is_palette:
            image = spread(image, page.bits)
        return _invert(image) if is_inverted else image
    # Of a JPEG OpenImageIO gives CMYK as RGB in any case.
    raw_color = not is_jpeg and layout.photometric in (_SEPARATED, _CIELAB, _ICCLAB)
    patches: dict[tuple[int, str], int] = {}
    if is_palette or is_inverted:
        # Decoders turn a palette into colors of 8 bits, each in its own way, and
        # invert some depths, alpha too.
        patches[page.places["photometric"]] = _BLACK_IS_ZERO
    is_turned = is_jpeg or layout.photometric == _YCBCR
    if is_turned and page.get("orientation", 1) != 1:
        # libtiff turns these itself, but not to all sides.
        patches[page.places["orientation"]] = 1
    with (
        _patched(path, patches) as plain,
        opened(
            plain,
            ".tif",
            max_bytes=BYTES_PER_PIXEL * max_pixels,
            raw_color=raw_color,
            page=index,
        ) as file,
    ):
        image = read_native(file)
    shape = page.get("height", 0), page.get("width", 0)
    n_due = 3 if is_jpeg and layout.photometric == _SEPARATED else layout.n_colors
    if image.shape[:2] != shape or image.shape[2] < n_due:
        raise ValueError(f"its pixels have the shape {image.shape}")
    if is_palette:
        # Indices of fewer bits were spread over 8 or 16.
        image = image >> (8 * image.itemsize - page.bits)
    return _invert(image) if is_inverted else image


def _is_common(page: Page, layout: _Layout) -> bool:
    """Whether OpenImageIO decodes a page rightly; found by benchmarks/formats.py."""
    compression, is_planar = page.get("compression", 1), page.get("planar", 1) == 2
    if compression not in _COMMON_COMPRESSIONS:
        return False
    if page.bits not in _COMMON_BITS[layout.sample_format]:
        return False
    if compression in _JPEG_COMPRESSIONS:
        # It loses alpha, and gives black for more bits.
        return page.bits == 8 and page.n_samples == layout.n_colors
    is_packed = page.bits % 8 != 0 or layout.photometric == _SEPARATED
    if is_planar and page.n_samples > 1 and is_packed:
        return compression == 1
    is_tiled = "tile_width" in page.values
    return page.bits < 64 or not (is_tiled or layout.photometric == _SEPARATED)


def _invert(image: np.ndarray) -> np.ndarray:
    """Invert gray, and no alpha beside it."""
    if image.dtype == np.float16:
        image = image.astype(np.float32)
    white = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1
    inverted = image.copy()
    inverted[..., 0] = np.asarray(white, image.dtype) - image[..., 0]
    return inverted


def _part(
    image: np.ndarray, page: Page, layout: _Layout
) -> tuple[np.ndarray, np.ndarray | None]:
    """Part colors, of 1, 3 or, for inks, 4 channels, from opacity."""
    colors = image[..., : layout.n_colors]
    alpha = None
    if layout.alpha is not None and layout.alpha < image.shape[2]:
        alpha = np.ascontiguousarray(image[..., layout.alpha])
    if layout.photometric == _PALETTE:
        colors = _look_up(colors[..., 0], page)
    elif layout.photometric in (_CIELAB, _ICCLAB):
        colors = lab_to_rgb(colors, is_signed=layout.photometric == _CIELAB)
    return colors, alpha


def _fit_together(
    colors: np.ndarray, alpha: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Fit the numbers of both to one scale."""
    if alpha is None:
        return fit_samples(colors), None
    together = fit_samples(np.dstack([colors, alpha]))
    return together[..., :-1], np.ascontiguousarray(together[..., -1])


def _look_up(indices: np.ndarray, page: Page) -> np.ndarray:
    """Colors of 8 bits for the indices of a palette."""
    palette: np.ndarray = np.array(page.values.get("color_map", ()), np.uint16)
    if palette.size != 3 << page.bits:
        raise ValueError("its palette is incomplete")
    # Some writers put 8 bits where the format has 16.
    if palette.max() > 255:
        palette = palette >> 8
    colors: np.ndarray = palette.astype(np.uint8).reshape(3, -1).T[indices]
    return colors


def _first_offset(path: Path) -> tuple[int, str]:
    """Where, and as what, a file says at which offset its first page lies."""
    with path.open("rb") as file:
        is_big = b"+" in file.read(4)
    return (8, "Q") if is_big else (4, "I")


@contextmanager
def _patched(path: Path, patches: dict[tuple[int, str], int]) -> Iterator[Path]:
    """Give a copy with other numbers at some places; the file itself without any."""
    if not patches:
        yield path
        return
    with path.open("rb") as file:
        order = "<" if file.read(2) == b"II" else ">"
    with TemporaryDirectory(prefix="skdefocus-") as folder:
        copy = Path(folder) / "photograph.tif"
        shutil.copyfile(path, copy)
        with copy.open("r+b") as file:
            for (place, form), number in patches.items():
                file.seek(place)
                file.write(struct.pack(order + form, number))
        yield copy
