"""Streams that may be closed by whoever reads them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["closable_streams"]

# Of a pipe that nobody reads any more. Elsewhere EINVAL means other things.
_CLOSED = (errno.EPIPE, errno.EINVAL) if os.name == "nt" else (errno.EPIPE,)


class _Closable:
    """A text stream that takes any text, and is silent once nobody reads it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            # A name need not be text, or not in the letters of this stream.
            known = self._stream.encoding
            self._stream.write(text.encode(known, errors="replace").decode(known))
        except OSError as error:
            self._silence(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._silence(error)

    def _silence(self, error: OSError) -> None:
        if error.errno not in _CLOSED:
            raise error
        # What is still buffered goes there too, at the latest as Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):
            os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def closable_streams() -> Iterator[None]:
    """Let work go on when standard output or error is closed, as ``head`` does it.

    Yields
    ------
    None
        Meanwhile what is printed to a closed stream is dropped.
    """
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w") as nowhere:
        # A stream that was closed before Python began is None.
        sys.stdout, sys.stderr = (_Closable(stream or nowhere) for stream in before)
        try:
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                # Python tells of a full disk itself, as it ends.
                with suppress(OSError):
                    stream.flush()
            sys.stdout, sys.stderr = before
