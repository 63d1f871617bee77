"""A process in place of `worker_process` whose decoders do what the file tells them.

Tests start it by the name of this module. What an "AVIF" made by `odd_file` says last
is what becomes of it.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from skdefocus.io import Photograph, worker_process
from skdefocus.io.decoders import choose
from skdefocus.io.messages import send
from skdefocus.io.refusal import check_pixels

__all__ = ["odd_file"]

_START = b"\0\0\0\x1cftypavif\0\0\0\0mif1avif "


def odd_file(path: Path, word: str) -> Path:
    """Write a file that looks like an AVIF, and says what is to become of it."""
    path.write_bytes(_START + word.encode())
    return path


def _odd(path: Path, max_pixels: int) -> Photograph:
    word = path.read_bytes().rpartition(b" ")[2].decode()
    if word == "sleep":
        time.sleep(600)
    elif word == "spin":
        sum(range(10**15))  # Python's threads and signals wait for its end.
    elif word == "large":
        check_pixels(1000, 1000, max_pixels)
        time.sleep(2)
    elif word.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, word))
    elif word == "exit":
        os._exit(3)
    elif word == "memory":
        np.empty(2**36, np.uint8)
    elif word == "once":
        seen = path.with_suffix(".seen")
        if not seen.exists():
            seen.touch()
            os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "print":
        os.write(1, b"printed by a library")
        os.write(2, b"printed by a library")
        print("printed")
    elif word == "temporary":
        Path(tempfile.gettempdir(), "left").touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    level = int(word) if word.isdecimal() else 1
    notes = (str(os.getpid()), tempfile.gettempdir())
    return Photograph(np.full((3, 4), level, np.uint8), notes=notes)


def _answer(request, answers, limit):
    word = Path(request["path"]).read_bytes().rpartition(b" ")[2].decode()
    if word == "noise":
        answers.write(bytes(range(256)) * 8)
        time.sleep(600)
    elif word == "cut":
        answers.write(b"\x10\0\0\0\0\0\0\0{")
        os._exit(0)
    elif word == "odd-size":
        send(answers, "photograph", [np.zeros((2000, 2000, 3), np.uint8)])
    elif word == "bare":
        send(answers, "photograph", [np.zeros((3, 4), np.uint8)], bits="many")
    elif word == "odd-kind":
        send(answers, "surprise")
    elif word == "pixels-only":
        while True:
            send(answers, "pixels", n_pixels=10**30)
    else:
        honest(request, answers, limit)


honest = worker_process.answer

if __name__ == "__main__":
    choose._DECODERS["AVIF"] = _odd
    worker_process.answer = _answer
    worker_process.main(int(sys.argv[1]), sys.argv[2])
