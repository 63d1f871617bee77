"""Which decoder reads a file, and which extra it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..formats import AVIF_BRANDS, FORMATS, HEIC_BRANDS, Format, format_of_ending
from ..photograph import Photograph
from ..refusal import Refusal
from . import avif, heif, jpeg2000, layers, raw

__all__ = ["decode", "find_format", "missing_extra"]

# Takes a path and the most pixels that are accepted.
_Decoder = Callable[[Path, int], Photograph]

_DECODERS: dict[str, _Decoder] = {
    "RAW": raw.read,
    "HEIF": heif.read,
    "AVIF": avif.read,
    "JXL": layers.read_jxl,
    "JPEG2000": jpeg2000.read,
    "PSD": layers.read_psd,
    "EXR": layers.read_exr,
}
_BY_NAME = {known.name: known for known in FORMATS}
_STARTS = {
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"8BPS": "PSD",
    b"v/1\x01": "EXR",
}
_PLAIN_STARTS = (
    *(b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
)
# What an extra brings, as Python imports it.
_MODULES = {"raw": "rawpy", "heif": "pi_heif"}
_CALLED = {"raw": "a camera raw file", "heif": "a HEIC photograph"}


@cache
def _is_installed(extra: str) -> bool:
    return find_spec(_MODULES[extra]) is not None


def missing_extra(path: Path) -> str | None:
    """Name the extra that would have to be installed for a file to be read.

    Parameters
    ----------
    path : Path
        The file; only its name is looked at.

    Returns
    -------
    str or None
        None if nothing is missing.
    """
    known = format_of_ending(path.suffix)
    extra = None if known is None else known.extra
    return None if extra is None or _is_installed(extra) else extra


def find_format(path: Path) -> str | None:
    """Find which decoder reads a file, by its beginning; of raw files by the name.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str or None
        The format, for `decode`; None leaves the file to the readers of TIFF and of
        plain formats.

    Raises
    ------
    Refusal
        If it needs an extra that is not installed.
    """
    known = _format(path)
    if known is None or known.name not in _DECODERS:
        return None
    if known.extra is not None and not _is_installed(known.extra):
        raise Refusal(
            f"is {_CALLED[known.extra]}; to read it, install the extra "
            f"{known.extra!r}: pip install 'skdefocus[{known.extra}]'."
        )
    return known.name


def decode(path: Path, name: str, max_pixels: int) -> Photograph:
    """Read a photograph with the decoder of a format, in this process.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The format, from `find_format`.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        As the decoder gives it.
    """
    return _DECODERS[name](path, max_pixels)


def _format(path: Path) -> Format | None:
    by_ending = format_of_ending(path.suffix)
    # Many raw formats are TIFF inside, and would open as their thumbnail.
    if by_ending is not None and by_ending.name == "RAW":
        return by_ending
    with path.open("rb") as file:
        start = file.read(64)
    for signature, name in _STARTS.items():
        if start.startswith(signature):
            return _BY_NAME[name]
    if start[4:8] == b"ftyp":
        size = min(len(start), max(16, int.from_bytes(start[:4], "big")))
        # The first brand, and those that the file is compatible with.
        brands = {start[8:12], *(start[at : at + 4] for at in range(16, size, 4))}
        if brands & AVIF_BRANDS:
            return _BY_NAME["AVIF"]
        if brands & HEIC_BRANDS:
            return _BY_NAME["HEIF"]
    if start.startswith(_PLAIN_STARTS):
        return None  # Phones and programs mix up endings.
    # Damaged, or another kind of what Apple calls so: its own reader says more.
    return by_ending if by_ending is not None and by_ending.extra else None
