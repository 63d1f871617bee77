"""Open an output folder, for one run at a time."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .._shared.files import replace_file
from .run_folder import HIDDEN, RunFolder

__all__ = ["open_run"]


@contextmanager
def open_run(out: Path) -> Iterator[RunFolder]:
    """Begin a run in an output folder; at its end remove what was only for it.

    Nothing is left of a run that wrote no result, in a folder where none was before.

    Parameters
    ----------
    out : Path
        The output folder, absolute; made if needed.

    Yields
    ------
    RunFolder
        The run's.

    Raises
    ------
    BlockingIOError
        If another run is at work in it.
    OSError
        If it cannot be made or written to.
    """
    hidden = out / HIDDEN
    made = [path for path in (hidden, *hidden.parents) if not os.path.exists(path)]
    with _open_lock(out) as lock:
        _lock(lock, out)
        folder = RunFolder(out, secrets.token_hex(8))
        # A worker that outlives a killed run finds itself replaced and writes nothing.
        replace_file(hidden / "current", folder.run.encode())
        shutil.rmtree(hidden / "runs", ignore_errors=True)
        for half_written in (hidden / "finished").glob("*/.*"):
            half_written.unlink(missing_ok=True)
        (folder.work / "started").mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder.work, ignore_errors=True)
            if hidden in made and not folder.has_records():
                shutil.rmtree(hidden, ignore_errors=True)
                for empty in made[1:]:
                    # Unless there is something in it, such as a report.
                    with suppress(OSError):
                        empty.rmdir()


def _open_lock(out: Path) -> BinaryIO:
    """Make the hidden folder and open the file that is locked."""
    hidden = out / HIDDEN
    try:
        hidden.mkdir(parents=True, exist_ok=True)
        return (hidden / "lock").open("ab")
    except OSError as error:
        why = str(error.strerror or error)
        for place in (hidden, *hidden.parents):
            if os.path.islink(place) and not os.path.exists(place):
                why = f"{place} is a link to what does not exist"
            elif os.path.exists(place) and not os.path.isdir(place):
                why = f"{place} is a file, not a folder"
        raise OSError(f"the output folder {out} cannot be written: {why}.") from error


def _lock(file: Any, out: Path) -> None:
    """Lock a file until it is closed, or its process ends however it ends."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(
            f"another run is writing to {out}; wait for it, or give another folder."
        ) from None
    except OSError:
        # A file system without locks: the name of the current run has to do.
        return
