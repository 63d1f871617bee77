"""Decoders in a process of their own, with a clock and a limit of memory.

A decoder that never ends, or that crashes, costs one photograph and not the program.
One process works for the calling one, file after file; it is started when it is first
needed, started again if it was stopped, and ends with the program
(docs/decisions/decoders_apart.rst).
"""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from .decoder_process import NONSENSE, Answer, EndedError, Process, TooLongError
from .messages import GarbledError, unpack_photograph
from .photograph import Photograph
from .refusal import Refusal

__all__ = ["decode_page", "decode_photograph", "decode_preview"]

_MOST_COLORS = 3


def decode_photograph(path: Path, name: str, max_pixels: int) -> Photograph:
    """Read a photograph with the decoder of a format.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The format, from `decoders.find_format`.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph
        As the decoder gives it.

    Raises
    ------
    Refusal
        If the decoder refuses it, crashes, or takes too long.
    ValueError
        If it is damaged.
    """
    answer = _ask(
        {"task": "decode", "format": name, "max_pixels": max_pixels},
        path,
        max_pixels,
        _MOST_COLORS * max_pixels,
    )
    return _photograph(answer)


def decode_preview(path: Path, max_pixels: int) -> Photograph | None:
    """Read the picture that a camera put into a raw file.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Larger photographs are refused from their header.

    Returns
    -------
    Photograph or None
        As `decoders.read_preview` gives it.

    Raises
    ------
    Refusal
        If the decoder refuses it, crashes, or takes too long.
    ValueError
        If it is damaged.
    """
    answer = _ask(
        {"task": "preview", "max_pixels": max_pixels},
        path,
        max_pixels,
        _MOST_COLORS * max_pixels,
    )
    return None if answer[0]["kind"] == "nothing" else _photograph(answer)


def decode_page(
    path: Path, index: int, n_pixels: int, n_samples: int, bytes_per_sample: int
) -> np.ndarray:
    """Decode a page of a TIFF with tifffile and imagecodecs.

    Parameters
    ----------
    path : Path
        The file.
    index : int
        The number of the page.
    n_pixels : int
        What its directory says, and has been accepted.
    n_samples : int
        Samples of a pixel.
    bytes_per_sample : int
        What each takes.

    Returns
    -------
    ndarray
        Samples as they are stored, of any shape.

    Raises
    ------
    Refusal
        If the decoder crashes or takes too long.
    ValueError
        If it is damaged.
    """
    n_values = n_pixels * n_samples
    message, arrays = _ask(
        {"task": "page", "index": index, "n_values": n_values},
        path,
        n_pixels,
        n_values,
        n_pixels=n_pixels,
        n_bytes=n_values * bytes_per_sample,
    )
    if message["kind"] != "page" or len(arrays) != 1:
        raise _nonsense()
    return arrays[0]


def _photograph(answer: Answer) -> Photograph:
    message, arrays = answer
    try:
        if message["kind"] != "photograph":
            raise GarbledError(message["kind"])
        return unpack_photograph(message, arrays)
    except GarbledError as error:
        raise _nonsense() from error


def _nonsense() -> Refusal:
    return Refusal(NONSENSE)


def _ask(
    request: dict[str, Any],
    path: Path,
    max_pixels: int,
    most_values: int,
    *,
    n_pixels: int = 0,
    n_bytes: int = 0,
) -> Answer:
    """Have a request answered; what the decoder raised is raised here."""
    # Names such as /dev/stdin mean another file in another process.
    real = os.path.realpath(path)
    request = {
        **request,
        "path": real,
        "n_pixels": n_pixels,
        "n_bytes": n_bytes + path.stat().st_size,
    }
    message, arrays = _host.ask(request, max_pixels, most_values)
    text = str(message.get("text")).replace(real, str(path))
    if message["kind"] == "refusal":
        raise Refusal(text)
    if message["kind"] == "error":
        raise ValueError(text)
    return message, arrays


class _Host:
    """The process that works for this one, if there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._is_closed = False

    def ask(self, request: dict[str, Any], max_pixels: int, most_values: int) -> Answer:
        """Have a request answered; those of other threads wait."""
        with self._lock:
            while True:
                try:
                    process = self._running()
                    # Of an earlier file it may have kept harm, or memory.
                    is_first = not process.has_answered
                    answer = process.ask(request, max_pixels, most_values)
                except TooLongError as error:
                    raise Refusal(str(error)) from error
                except EndedError as error:
                    if self._process is None or is_first:
                        raise Refusal(str(error)) from error
                    continue
                if answer[0]["kind"] != "memory":
                    return answer
                self.end()
                if is_first:
                    raise Refusal(
                        "is not read: decoding it takes more memory than its pixels "
                        "should, or than there is."
                    )

    def _running(self) -> Process:
        if self._process is not None and self._process.has_ended:
            self.end()
        if self._process is None:
            if self._is_closed:
                raise EndedError("is not read: the program is at its end.")
            self._process = Process()
        return self._process

    def end(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process, and start no other one."""
        self._is_closed = True
        self.end()

    def forget(self) -> None:
        """Let go of the process, which is another one's after a fork."""
        if self._process is not None:
            self._process.forget()


_host = _Host()


@atexit.register
def _close() -> None:
    _host.close()


def _after_fork() -> None:
    global _host
    old, _host = _host, _Host()
    old.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
