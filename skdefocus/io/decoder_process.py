"""One process of decoders as the one that asks it sees it: its pipes and its clock."""

from __future__ import annotations

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
from typing import Any, BinaryIO, cast

import numpy as np

from .messages import GarbledError, receive
from .worker_limits import most_seconds

__all__ = ["NONSENSE", "Answer", "EndedError", "Process", "TooLongError"]

# What is said of an answer that is none, as the rest of a sentence.
NONSENSE = "is not read: its decoder answers what cannot be understood."

# A message and the arrays that it brings.
Answer = tuple[dict[str, Any], list[np.ndarray]]

_MODULE = "skdefocus.io.worker_process"
# How a process ends that was stopped by its own clock.
_ALARM = -signal.SIGALRM if hasattr(signal, "SIGALRM") else None

# Held while pipes are made: a fork that copied their far ends would keep them open, and
# the end of the process would not be seen.
_STARTING = threading.Lock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_STARTING.acquire,
        after_in_parent=_STARTING.release,
        after_in_child=_STARTING.release,
    )


class EndedError(Exception):
    """A process has ended before it answered; says how, as the rest of a sentence."""


class TooLongError(Exception):
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


class Process:
    """One process that decodes, and the pipes to it and from it.

    Attributes
    ----------
    has_answered : bool
        Whether it has answered a request.

    Raises
    ------
    EndedError
        If it does not start.
    TooLongError
        If it takes too long to start.
    """

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
            raise EndedError(
                f"is not read: the process of its decoder does not start ({error})."
            ) from error
        self._requests = cast(BinaryIO, self._popen.stdin)
        self._answers = cast(BinaryIO, self._popen.stdout)
        self._printed = cast(BinaryIO, self._popen.stderr)
        try:
            self._exchange(None, 0, 0)
        except EndedError as error:
            lines = self._printed.read().decode(errors="replace").strip().splitlines()
            why = lines[-1].rstrip(".") if lines else "it ends at once"
            raise EndedError(
                f"is not read: the process of its decoder does not start ({why})."
            ) from error
        finally:
            self._printed.close()

    def ask(self, request: dict[str, Any], max_pixels: int, most_values: int) -> Answer:
        """Have a request answered.

        Parameters
        ----------
        request : dict of str to object
            As `worker_process.answer` takes it, with "n_pixels" and "n_bytes".
        max_pixels : int
            For no more pixels than these is time given.
        most_values : int
            The most samples of an array of the answer.

        Returns
        -------
        Answer
            Of any kind but "pixels".

        Raises
        ------
        EndedError
            If it ends before, or answers what cannot be understood.
        TooLongError
            If it takes too long. In both cases it has ended.
        """
        answer = self._exchange(request, max_pixels, most_values)
        self.has_answered = True
        return answer

    def _exchange(
        self, request: dict[str, Any] | None, max_pixels: int, most_values: int
    ) -> Answer:
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
                raise TooLongError(
                    f"takes too long to decode: more than {clock.seconds:.0f} s."
                ) from error
            is_garbled = isinstance(error, GarbledError)
            raise EndedError(NONSENSE if is_garbled else _how_it_ended(code)) from error
        except BaseException:  # Ctrl-C, for example: what it does is wanted no more.
            self.kill()
            raise
        finally:
            clock.stop()
        return message, arrays

    @property
    def has_ended(self) -> bool:
        """Whether it works no more."""
        return self._popen.poll() is not None

    def kill(self) -> int:
        """End it now, and leave nothing behind.

        Returns
        -------
        int
            Its exit status.
        """
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
