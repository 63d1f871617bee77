"""What C libraries print on standard error, kept for our own sentence."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["captured_stderr"]

# Standard error is one for the process.
_ONE_AT_A_TIME = threading.RLock()
# How the lines of image libraries begin; anything else is somebody else's.
_OF_A_LIBRARY = re.compile(
    r"^(libpng|TIFF|_TIFF|JPEG|LZW|OpenJPEG|unknown file: |\S*: |\[ERROR\])"
)


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Keep lines that image libraries print on standard error meanwhile.

    Yields
    ------
    list of str
        Filled at the end with the lines. Lines of anybody else, of another thread for
        example, are printed after all.
    """
    lines: list[str] = []
    with _ONE_AT_A_TIME:
        try:
            sys.stderr.flush()
            before = os.dup(2)
        except (AttributeError, OSError, ValueError):
            yield lines  # There is no standard error.
            return
        with tempfile.TemporaryFile() as kept:
            os.dup2(kept.fileno(), 2)
            try:
                yield lines
            finally:
                os.dup2(before, 2)
                os.close(before)
                kept.seek(0)
                for line in kept.read().decode(errors="replace").splitlines():
                    if _OF_A_LIBRARY.match(line):
                        lines.append(line.strip())
                    elif line:
                        os.write(2, f"{line}\n".encode())
