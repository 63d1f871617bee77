"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["Stage", "replace_file", "staged", "temporary_beside"]


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
    path = Path(os.fsdecode(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f".{path.stem[:80]}-{secrets.token_hex(8)}{path.suffix}"
    temporary = path.with_name(name)
    # Made here, exclusively, and with the permissions of any new file.
    temporary.open("xb").close()
    try:
        with _plain_name(temporary) as plain:
            yield plain
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _plain_name(path: Path) -> Iterator[Path]:
    """Give a name of a file that is text in UTF-8, as many libraries need it."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        # Only where links are to be had are there other names.
        with TemporaryDirectory(prefix="skdefocus-") as folder:
            suffix = path.suffix.encode(errors="replace").decode()
            link = Path(folder) / f"file{suffix}"
            link.symlink_to(path.absolute())
            yield link
        return
    yield path


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


class Stage:
    """A folder where results wait until all of them are there.

    Parameters
    ----------
    folder : Path
        Where results will go.
    waiting : Path
        Where they wait.

    Attributes
    ----------
    targets : list of Path
        Where each result goes, in order.
    """

    def __init__(self, folder: Path, waiting: Path) -> None:
        self.folder = folder
        self.waiting = waiting
        self.targets: list[Path] = []

    def __call__(self, name: str) -> Path:
        """Give the path at which to write the result of that name."""
        target = self.folder / name
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder, not a file to write to.")
        if target in self.targets:
            raise ValueError(f"two results would have the name {name}.")
        self.targets.append(target)
        return self.waiting / name


@contextmanager
def staged(
    folder: str | os.PathLike[str], *, within: str | os.PathLike[str] | None = None
) -> Iterator[Stage]:
    """Let several results be written; on success move all of them into place.

    Parameters
    ----------
    folder : path-like
        Where results go; made if needed.
    within : path-like, optional
        An existing folder of the same file system, where they wait; by default
        `folder`.

    Yields
    ------
    Stage
        Gives the path at which to write each result.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder if within is None else within
    with TemporaryDirectory(prefix=".skdefocus-", dir=place) as waiting:
        stage = Stage(folder, Path(waiting))
        yield stage
        for target in stage.targets:
            (stage.waiting / target.name).replace(target)
