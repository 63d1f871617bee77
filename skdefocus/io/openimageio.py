"""OpenImageIO, with our limits, for the one format that a file has."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .._shared.stderr import captured_stderr
from .refusal import Refusal

__all__ = ["BYTES_PER_PIXEL", "can_read", "opened", "read_native"]

# Bytes of a pixel that is read for max_pixels: four channels of four bytes.
BYTES_PER_PIXEL = 16
_MEBIBYTE = 2**20
# How the library says that a limit is exceeded.
_TOO_LARGE = re.compile(r"exceeds the \d+ MB limit")


def can_read(name: str) -> bool:
    """Whether the installed OpenImageIO reads a format.

    Parameters
    ----------
    name : str
        As OpenImageIO calls it.

    Returns
    -------
    bool
        True if it does.
    """
    import OpenImageIO

    listed = OpenImageIO.get_string_attribute("format_list")
    return name in listed.split(",")


@contextmanager
def _plain_path(path: Path, ending: str, data: bytes | None) -> Iterator[Path]:
    """Give a path that is text and has this ending, by which a reader is chosen."""
    if data is not None:
        with TemporaryDirectory(prefix="skdefocus-") as folder:
            copy = Path(folder) / f"photograph{ending}"
            copy.write_bytes(data)
            yield copy
        return
    try:
        os.fspath(path).encode()
        is_plain = path.suffix.lower() == ending
    except UnicodeEncodeError:
        is_plain = False
    if is_plain:
        yield path
        return
    with TemporaryDirectory(prefix="skdefocus-") as folder:
        link = Path(folder) / f"photograph{ending}"
        try:
            link.symlink_to(path.absolute())
        except OSError:  # Not every system lets everyone make links.
            shutil.copyfile(path, link)
        yield link


@contextmanager
def opened(
    path: Path,
    ending: str,
    *,
    max_bytes: int,
    raw_color: bool = False,
    page: int = 0,
    data: bytes | None = None,
) -> Iterator[Any]:
    """Open a picture, alpha left as the file has it.

    Parameters
    ----------
    path : Path
        The file.
    ending : str
        Of the format that it has, ".tif" for example; no other one is tried.
    max_bytes : int
        The most memory that its pixels may take.
    raw_color : bool, default=False
        Leave colors of print as they are.
    page : int, default=0
        Which picture of the file.
    data : bytes, optional
        What to read in place of what the file holds.

    Yields
    ------
    OpenImageIO.ImageInput
        Open.

    Raises
    ------
    Refusal
        If it would take more memory.
    ValueError
        If it cannot be read, with what the library said, on standard error too.
    """
    import OpenImageIO

    OpenImageIO.attribute("limits:imagesize_MB", max_bytes // _MEBIBYTE + 1)
    OpenImageIO.attribute("try_all_readers", 0)
    hints = OpenImageIO.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    hints.attribute("oiio:RawColor", int(raw_color))
    with _plain_path(path, ending, data) as plain, captured_stderr() as printed:
        problem = ""
        file = OpenImageIO.ImageInput.open(str(plain), hints)
        try:
            if file is None:
                problem = OpenImageIO.geterror()
            elif page and not file.seek_subimage(page, 0):
                problem = file.geterror() or "a page is missing"
            else:
                yield file
        finally:
            if file is not None:
                file.close()
    if problem and _TOO_LARGE.search(problem):
        why = problem.splitlines()[0].rstrip(".")
        raise Refusal(
            f"takes more memory than is accepted: {why} ('max_pixels', --max-pixels)."
        )
    if problem:
        raise ValueError((problem.splitlines() or printed or ["it cannot be read"])[0])


def read_native(file: Any) -> Any:
    """Read all pixels in the type that the file has.

    Parameters
    ----------
    file : OpenImageIO.ImageInput
        Open.

    Returns
    -------
    ndarray of shape (H, W, C)
        Samples; those of fewer than 8 or 16 bits span 8 or 16.

    Raises
    ------
    ValueError
        If a part cannot be read.
    """
    import OpenImageIO

    pixels = file.read_image(file.spec().format)
    # Versions before 3.1.16 give the rows that they could not read as black.
    if pixels is None or file.has_error:
        raise ValueError(file.geterror() or OpenImageIO.geterror())
    return pixels
