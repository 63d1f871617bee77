"""Photographs in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .formats import FOLDER_ENDINGS

__all__ = ["list_photographs"]


def list_photographs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    exclude: str | os.PathLike[str] | None = None,
) -> list[Path]:
    """List photographs: files as they are given, folders by what lies in them.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files, kept whatever their ending, and folders, searched at every depth, but
        for what is hidden, for ``.jpg``, ``.jpeg``, ``.png``, ``.tif``, ``.tiff`` and
        ``.webp``.
    exclude : path-like, optional
        A folder that is not searched, where results go for example.

    Returns
    -------
    list of Path
        In the order given; sorted within a folder.

    Raises
    ------
    ValueError
        If a folder holds no photograph.
    OSError
        If a folder cannot be read.

    Examples
    --------
    >>> from skdefocus.datasets import sample_photograph_path
    >>> from skdefocus.io import list_photographs
    >>> [path.name for path in list_photographs(sample_photograph_path().parent)]
    ['china.jpg', 'flower.jpg']
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(_files_below(path))
        # The folder itself, or one above it, may be where results go. Unlike
        # Path.resolve, this bears loops of links.
        left_out = None if exclude is None else Path(os.path.realpath(exclude))
        if left_out is not None and Path(os.path.realpath(path)) in left_out.parents:
            inside = [
                p for p in inside if left_out not in Path(os.path.realpath(p)).parents
            ]
        if not inside:
            raise ValueError(f"{path} holds no photograph (JPEG, PNG, TIFF, WebP).")
        found.extend(inside)
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    """Give the photographs in a folder; links to folders are not followed.

    Sidecars that some systems leave on cards are hidden, and end in .jpg too.
    """

    def refuse(error: OSError) -> None:
        raise OSError(
            f"the folder {error.filename} cannot be read: {error.strerror}."
        ) from error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in FOLDER_ENDINGS:
                yield path
