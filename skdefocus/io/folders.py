"""Photographs in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
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
        inside = sorted(
            p for p in path.rglob("*") if p.suffix.lower() in FOLDER_ENDINGS
        )
        # Sidecars that some systems leave on cards are hidden and end in .jpg too.
        inside = [p for p in inside if not _is_hidden(p.relative_to(path))]
        # The folder itself, or one above it, may be where results go.
        left_out = None if exclude is None else Path(exclude).resolve()
        if left_out is not None and path.resolve() in left_out.parents:
            inside = [p for p in inside if left_out not in p.resolve().parents]
        if not inside:
            raise ValueError(f"{path} holds no photograph (JPEG, PNG, TIFF, WebP).")
        found.extend(inside)
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
