"""What tests ask of processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

__all__ = ["has_gone", "is_there", "number_of", "on_posix"]

on_posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def number_of(photograph):
    """The process that has decoded it, by `odd_worker`."""
    return int(photograph.notes[0])


def is_there(number):
    """Whether a process runs."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{number}/stat")
    # A process that nobody has waited for is still known.
    return not stat.exists() or ") Z" not in stat.read_text()


def has_gone(number, seconds=20):
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while is_there(number):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
