"""Decoders in a process of their own, with a clock and a limit of memory.

A decoder that never ends, or that crashes, costs one photograph and not the program.
One process works for the calling one, file after file; it is started when it is first
needed, started again if it was stopped, and ends with the program
(docs/decisions/decoders_apart.rst).
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from .messages import GarbledError, receive, unpack_photograph
from .photograph import Photograph
from .refusal import Refusal
from .worker_limits import most_seconds

__all__ = ["decode_page", "decode_photograph", "decode_preview"]

_MODULE = "skdefocus.io.worker_process"
_MOST_COLORS = 3
# How a process ends that was stopped by its own clock.
_ALARM = -signal.SIGALRM if hasattr(signal, "SIGALRM") else None

# Held while pipes are made: a fork that copied their far ends would keep them open, and
# the end of the process would not be seen.
_STARTING = threading.Lock()

_Answer = tuple[dict[str, Any], list[np.ndarray]]


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


def _photograph(answer: _Answer) -> Photograph:
    message, arrays = answer
    try:
        if message["kind"] != "photograph":
            raise GarbledError(message["kind"])
        return unpack_photograph(message, arrays)
    except GarbledError as error:
        raise _nonsense() from error


def _nonsense() -> Refusal:
    return Refusal("is not read: its decoder answers what cannot be understood.")


def _ask(
    request: dict[str, Any],
    path: Path,
    max_pixels: int,
    most_values: int,
    *,
    n_pixels: int = 0,
    n_bytes: int = 0,
) -> _Answer:
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


class _EndedError(Exception):
    """A process has ended before it answered; says how, as the rest of a sentence."""


class _TooLongError(Exception):
    """The clock has stopped a process; says the same way after how long."""


class _Clock:
    """Kills a process when its time is up."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self.seconds = 0.0
        self.has_struck = False

    def set(self, seconds: float) -> None:
        """Let it strike so many seconds after it was made, no earlier than before."""
        if seconds <= self.seconds:
            return
        self.stop()
        self.seconds = seconds
        left = self._start + seconds - time.monotonic()
        self._timer = threading.Timer(max(left, 0), self._strike)
        self._timer.daemon = True
        self._timer.start()

    def _strike(self) -> None:
        with self._lock:
            if threading.current_thread() is self._timer:
                self.has_struck = True
                self._process.kill()

    def stop(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None


class _Process:
    """One process, and the pipes to it and from it."""

    def __init__(self) -> None:
        self.has_answered = False
        # Made by the process while it decodes. Should it die, it is removed here.
        self._folder = os.path.join(
            tempfile.gettempdir(), f"skdefocus-{secrets.token_hex(8)}"
        )
        # Not the folder one is in: files of strangers lie there, which must not be
        # imported.
        command = [sys.executable or "", "-P", "-m", _MODULE]
        command += [str(os.getpid()), self._folder]
        place = os.pathsep.join(filter(None, sys.path))
        try:
            with _STARTING:
                self._popen = subprocess.Popen(
                    command,
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": place},
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            raise _EndedError(
                f"is not read: the process of its decoder does not start ({error})."
            ) from error
        self._requests = cast(BinaryIO, self._popen.stdin)
        self._answers = cast(BinaryIO, self._popen.stdout)
        self._printed = cast(BinaryIO, self._popen.stderr)
        try:
            self._exchange(None, 0, 0)
        except _EndedError as error:
            lines = self._printed.read().decode(errors="replace").strip().splitlines()
            why = lines[-1].rstrip(".") if lines else "it ends at once"
            raise _EndedError(
                f"is not read: the process of its decoder does not start ({why})."
            ) from error
        finally:
            self._printed.close()

    def ask(
        self, request: dict[str, Any], max_pixels: int, most_values: int
    ) -> _Answer:
        """Have a request answered."""
        answer = self._exchange(request, max_pixels, most_values)
        self.has_answered = True
        return answer

    def _exchange(
        self, request: dict[str, Any] | None, max_pixels: int, most_values: int
    ) -> _Answer:
        clock = _Clock(self._popen)
        n_pixels = 0 if request is None else request["n_pixels"]
        clock.set(most_seconds(n_pixels))
        try:
            if request is not None:
                self._requests.write(json.dumps(request).encode() + b"\n")
            while True:
                message, arrays = receive(self._answers, most_values)
                if message["kind"] != "pixels":
                    break
                told = message.get("n_pixels")
                if isinstance(told, int):
                    clock.set(most_seconds(min(told, max_pixels)))
        except (EOFError, OSError, GarbledError) as error:
            code = self.kill()
            clock.stop()
            if clock.has_struck or code == _ALARM:
                raise _TooLongError(
                    f"takes too long to decode: more than {clock.seconds:.0f} s."
                ) from error
            is_garbled = isinstance(error, GarbledError)
            raise _EndedError(
                str(_nonsense()) if is_garbled else _how_it_ended(code)
            ) from error
        except BaseException:  # Ctrl-C, for example: what it does is wanted no more.
            self.kill()
            raise
        finally:
            clock.stop()
        return message, arrays

    @property
    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    def kill(self) -> int:
        """End it now; give its exit status, and leave nothing behind."""
        if self._popen.poll() is None:
            self._popen.kill()
        code = self._popen.wait()
        self._requests.close()
        self._answers.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        return code

    def forget(self) -> None:
        """Let go of a process that is another one's, after a fork."""
        for pipe in (self._requests, self._answers):
            with suppress(OSError):
                pipe.close()
        # It is not waited for: it is no child of this process.
        self._popen.returncode = 0


def _how_it_ended(code: int) -> str:
    name = str(-code)
    with suppress(ValueError):
        name = signal.Signals(-code).name
    if name == "SIGKILL":
        return (
            "is not read: its decoder was killed (SIGKILL); it may need more memory "
            "than there is."
        )
    if code < 0:
        return f"is damaged or not supported: it crashes its decoder ({name})."
    return f"is damaged or not supported: its decoder ends (exit status {code})."


class _Host:
    """The process that works for this one, if there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._is_closed = False

    def ask(
        self, request: dict[str, Any], max_pixels: int, most_values: int
    ) -> _Answer:
        """Have a request answered; those of other threads wait."""
        with self._lock:
            while True:
                try:
                    process = self._running()
                    # Of an earlier file it may have kept harm, or memory.
                    is_first = not process.has_answered
                    answer = process.ask(request, max_pixels, most_values)
                except _TooLongError as error:
                    raise Refusal(str(error)) from error
                except _EndedError as error:
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

    def _running(self) -> _Process:
        if self._process is not None and self._process.has_ended:
            self.end()
        if self._process is None:
            if self._is_closed:
                raise _EndedError("is not read: the program is at its end.")
            self._process = _Process()
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
    _STARTING.release()
    old, _host = _host, _Host()
    old.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_STARTING.acquire,
        after_in_parent=_STARTING.release,
        after_in_child=_after_fork,
    )
