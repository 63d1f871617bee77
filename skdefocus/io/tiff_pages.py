"""The directories of a TIFF: which page is the photograph, and how it is laid out."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .openimageio import BYTES_PER_PIXEL
from .refusal import Refusal, check_pixels

__all__ = ["TIFF_STARTS", "Page", "check_page", "choose_page", "read_pages"]

TIFF_STARTS = frozenset({b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"})

# What structs call the types of values; bytes stay together.
_STRUCT = {1: "s", 2: "s", 3: "H", 4: "I", 6: "b", 7: "s", 8: "h", 9: "i", 13: "I"}
_STRUCT |= {16: "Q", 17: "q", 18: "Q"}
# Tags that say how pixels are laid out, and how many values of each make sense.
_TAGS = {
    "subfile_type": (254, 1),
    "old_subfile_type": (255, 1),
    "width": (256, 1),
    "height": (257, 1),
    "bits": (258, 1024),
    "compression": (259, 1),
    "photometric": (262, 1),
    "orientation": (274, 1),
    "n_samples": (277, 1),
    "rows_per_strip": (278, 1),
    "planar": (284, 1),
    "color_map": (320, 3 * 65536),
    "tile_width": (322, 1),
    "tile_height": (323, 1),
    "sub_directories": (330, 64),
    "ink_set": (332, 1),
    "extra_samples": (338, 1024),
    "sample_format": (339, 1024),
    "depth": (32997, 1),
    "icc_profile": (34675, 64 * 2**20),
    "dng_version": (50706, 4),
}
_BY_CODE = {code: (name, most) for name, (code, most) in _TAGS.items()}
_MOST_ENTRIES = 4096
_MOST_PAGES = 4096
# Bits of SubfileType.
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
# A tile may be larger than a small picture, but not without bounds.
_SMALL_TILE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Page:
    """A directory of a TIFF.

    Attributes
    ----------
    index : int
        Its number among the pages of the file.
    offset : int
        Where it lies.
    values : dict of str to sequence of int
        Of the tags of `_TAGS` that it has; bytes where the tag holds bytes.
    places : dict of str to (int, str)
        Where the values of each of these tags lie, and what structs call their type.
    """

    index: int
    offset: int
    values: dict[str, Sequence[int]]
    places: dict[str, tuple[int, str]]

    def get(self, name: str, default: int) -> int:
        """Give the first value of a tag, or a default."""
        values = self.values.get(name, ())
        return values[0] if values else default

    @property
    def n_samples(self) -> int:
        """Samples of a pixel."""
        return self.get("n_samples", 1)

    @property
    def bits(self) -> int:
        """Bits of a sample."""
        return max(self.values.get("bits") or (1,))

    @property
    def is_secondary(self) -> bool:
        """Whether it is a thumbnail or a mask of another page."""
        kind, old = self.get("subfile_type", 0), self.get("old_subfile_type", 0)
        return bool(kind & (_REDUCED | _MASK)) or old == _OLD_REDUCED


def read_pages(path: Path) -> tuple[list[Page], list[Page]]:
    """Read the directories of a TIFF, without its pixels.

    Parameters
    ----------
    path : Path
        A file that begins as a TIFF does.

    Returns
    -------
    pages : list of Page
        In the order of the file.
    sub_pages : list of Page
        Directories below the first page, where some writers put the photograph.

    Raises
    ------
    ValueError
        If there is no whole directory.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(16)
        order = "<" if start[:2] == b"II" else ">"
        is_big = start[2:4] in (b"+\0", b"\0+")
        reader = _Reader(file, size, order, is_big)
        (first,) = struct.unpack(f"{order}Q", start[8:16].ljust(8, b"\0"))
        if not is_big:
            (first,) = struct.unpack(f"{order}I", start[4:8].ljust(4, b"\0"))
        pages = list(reader.chain(first))
        if not pages:
            raise ValueError("it has no directory")
        below = pages[0].values.get("sub_directories", ())
        sub_pages = [page for at in below for page in reader.chain(at, most=1)]
    return pages, sub_pages


class _Reader:
    """Reads directories within the bounds of the file."""

    def __init__(self, file: BinaryIO, size: int, order: str, is_big: bool) -> None:
        self._file, self._size, self._order = file, size, order
        self._is_big = is_big
        self._entry = struct.Struct(f"{order}HHQ" if is_big else f"{order}HHI")
        self._word = "Q" if is_big else "I"

    def chain(self, offset: int, most: int = _MOST_PAGES) -> Iterator[Page]:
        """Follow directories, each of which says where the next one is."""
        seen: set[int] = set()
        while offset and offset not in seen and len(seen) < most:
            seen.add(offset)
            try:
                page, offset = self._read(offset, len(seen) - 1)
            except (struct.error, EOFError):
                return  # Further pages may be cut off: the first counts.
            yield page

    def _take(self, offset: int, form: str) -> tuple[Any, ...]:
        whole = struct.Struct(self._order + form)
        if offset + whole.size > self._size:
            raise EOFError
        self._file.seek(offset)
        return whole.unpack(self._file.read(whole.size))

    def _read(self, offset: int, index: int) -> tuple[Page, int]:
        word = self._word
        (n_entries,) = self._take(offset, "Q" if self._is_big else "H")
        if n_entries > _MOST_ENTRIES:
            raise EOFError
        at = offset + (8 if self._is_big else 2)
        entry_size = self._entry.size + (8 if self._is_big else 4)
        values: dict[str, Sequence[int]] = {}
        places: dict[str, tuple[int, str]] = {}
        for _ in range(n_entries):
            code, kind, count = self._take(at, self._entry.format[1:])
            name, most = _BY_CODE.get(code, ("", 0))
            form = _STRUCT.get(kind)
            if name and name not in values and form and 0 < count <= most:
                place = at + self._entry.size
                n_bytes = struct.calcsize(f"={form}") * count
                if n_bytes > entry_size - self._entry.size:
                    (place,) = self._take(place, word)
                try:
                    taken = self._take(place, f"{count}{form}")
                    values[name] = taken[0] if form == "s" else taken
                    places[name] = place, "B" if form == "s" else form
                except EOFError:
                    pass  # Without it, as if the tag were not there.
            at += entry_size
        try:
            (following,) = self._take(at, word)
        except EOFError:
            following = 0
        return Page(index, offset, values, places), following


def choose_page(pages: list[Page], sub_pages: list[Page]) -> tuple[Page, bool]:
    """Choose the photograph among the pages.

    Parameters
    ----------
    pages, sub_pages : list of Page
        From `read_pages`.

    Returns
    -------
    page : Page
        The first that is not a thumbnail or a mask; the first if all are.
    is_below : bool
        Whether it is one of the directories below the first page.
    """
    full = [page for page in pages if not page.is_secondary]
    if full:
        return full[0], False
    below = [page for page in sub_pages if not page.is_secondary]
    return (below[0], True) if below else (pages[0], False)


def check_page(page: Page, max_pixels: int) -> None:
    """Check the bounds of a page before memory is taken for it.

    Parameters
    ----------
    page : Page
        The page.
    max_pixels : int
        The most pixels that are accepted.

    Raises
    ------
    Refusal
        If the picture, a tile or a strip is too large, or its kind is not read.
    """
    width, height = page.get("width", 0), page.get("height", 0)
    check_pixels(width, height, max_pixels)
    if page.get("depth", 1) > 1:
        raise Refusal("is a volume of several layers, not a photograph.")
    if "dng_version" in page.values:
        raise Refusal(
            "is a camera raw file (DNG); give it the ending .dng, so that it is read "
            "as one."
        )
    n_bytes = page.n_samples * -(-page.bits // 8)
    if not 1 <= page.n_samples <= 1024 or page.bits > 64:
        raise Refusal(
            f"has {page.n_samples} channels of {page.bits} bits, which are not read."
        )
    allowed = max_pixels * BYTES_PER_PIXEL
    if width * height * n_bytes > allowed:
        raise Refusal(
            f"has {width} x {height} pixels of {n_bytes} bytes; at most {allowed} "
            f"bytes are accepted ('max_pixels', --max-pixels)."
        )
    tile_width, tile_height = page.get("tile_width", 0), page.get("tile_height", 0)
    tile = tile_width * tile_height * n_bytes
    if tile > max(_SMALL_TILE_BYTES, 4 * width * height * n_bytes):
        raise Refusal(
            f"has tiles of {tile_width} x {tile_height} pixels for a picture of "
            f"{width} x {height}; that is not read."
        )
    bits = page.values.get("bits", (1,))
    if len(set(bits)) > 1:
        raise Refusal(
            f"has channels of different depths, {bits[:4]} bits; that is not read."
        )
