"""The process in which decoders work for another one: see `worker`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .._shared.processes import end_with
from .decoders import decode, read_preview
from .messages import pack_photograph, send
from .rare import read_page
from .refusal import Refusal, first_line, told_of_pixels
from .worker_limits import BYTES_PER_PIXEL, most_bytes, most_seconds

__all__ = ["answer", "main"]

# The calling process stops a decoder on time. This process ends itself so much later,
# if the other one is not there any more.
_GRACE = 10.0


def main(parent: int, folder: str) -> None:
    """Answer requests, one JSON a line, until there are no more.

    Parameters
    ----------
    parent : int
        The process that asks.
    folder : str
        Where temporary files may be; it is made while there are any.
    """
    end_with(parent, lambda: shutil.rmtree(folder, ignore_errors=True))
    # What libraries print must not come between requests and answers.
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    _leave_no_core()
    try:
        send(answers, "ready")
        os.dup2(nothing, 2)
        _serve(requests, answers, folder)
    except BrokenPipeError:
        pass  # Nobody is there any more to read it.


@contextmanager
def _temporary(folder: str) -> Iterator[None]:
    """Have temporary files made in a folder of a known name, and remove it."""
    with suppress(OSError):  # Most files are read without any.
        os.mkdir(folder, 0o700)
        tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def _serve(requests: Iterable[bytes], answers: BinaryIO, folder: str) -> None:
    for line in requests:
        request = json.loads(line)
        start = time.monotonic()

        def limit(n_pixels: int, n_bytes: int, start: float = start) -> None:
            seconds = start + most_seconds(n_pixels) + _GRACE - time.monotonic()
            _limit(seconds, most_bytes(n_bytes))

        limit(request["n_pixels"], request["n_bytes"])
        with _temporary(folder):
            answer(request, answers, limit)
        _limit(0, None)


def _leave_no_core() -> None:
    """Leave no file of this process's memory behind if it crashes."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _limit(seconds: float, n_bytes: int | None) -> None:
    """End this process after some seconds, 0 for never; limit its memory."""
    if hasattr(signal, "setitimer"):
        # By the system: a decoder may let nothing of Python's run.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    if n_bytes is None:
        return
    with suppress(ImportError, OSError, ValueError):  # Not on Windows.
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def answer(
    request: dict[str, Any],
    answers: BinaryIO,
    limit: Callable[[int, int], object] = lambda n_pixels, n_bytes: None,
) -> None:
    """Do what is asked, and send what comes of it.

    Parameters
    ----------
    request : dict of str to object
        With the "task", the "path", and what the task needs.
    answers : binary file
        Where the answer goes: of kind "photograph", "page", "nothing", "refusal",
        "error" or "memory", after any of kind "pixels".
    limit : callable, optional
        Takes the pixels and bytes that a header says, when they are known.
    """
    largest = 0

    def tell(n_pixels: int) -> None:
        nonlocal largest
        if n_pixels > largest:  # A preview beside the photograph is smaller.
            largest = n_pixels
            limit(n_pixels, request["n_bytes"] + BYTES_PER_PIXEL * n_pixels)
            send(answers, "pixels", n_pixels=n_pixels)

    try:
        with told_of_pixels(tell):
            kind, arrays, fields = _TASKS[request["task"]](request)
        send(answers, kind, arrays, **fields)
    except Refusal as refusal:
        send(answers, "refusal", text=str(refusal))
    except MemoryError:
        send(answers, "memory")
    except BrokenPipeError:
        raise
    except Exception as error:
        # Decoders raise nearly anything on a damaged file.
        send(answers, "error", text=first_line(error))


def _decode(request: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    path = Path(request["path"])
    found = decode(path, request["format"], request["max_pixels"])
    fields, arrays = pack_photograph(found)
    return "photograph", arrays, fields


def _preview(request: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    found = read_preview(Path(request["path"]), request["max_pixels"])
    if found is None:
        return "nothing", [], {}
    fields, arrays = pack_photograph(found)
    return "photograph", arrays, fields


def _page(request: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    pixels = read_page(Path(request["path"]), request["index"])
    if pixels.size != request["n_values"]:
        raise ValueError(f"its pixels have the shape {pixels.shape}")
    return "page", [pixels], {}


_TASKS = {"decode": _decode, "preview": _preview, "page": _page}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
