"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replace_file", "temporary_beside"]


@contextmanager
def temporary_beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success move it into place.

    Parameters
    ----------
    path : path-like
        The target. Its folder is made if needed.

    Yields
    ------
    Path
        Where to write. It has the target's ending, by which writers choose a format.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem[:80]}-", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes private files; a result is as readable as any new file.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes beside `path` and move them into place.

    Parameters
    ----------
    path : path-like
        The target, replaced if it exists.
    data : bytes
        Its new content.
    """
    with temporary_beside(path) as temporary:
        temporary.write_bytes(data)
