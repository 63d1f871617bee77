"""Photographs in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .decoders import missing_extra
from .formats import FOLDER_ENDINGS, RAW_ENDINGS, format_of_ending

__all__ = ["Found", "Search", "list_photographs", "search_folder"]

# What cameras write beside a raw file, the one that is measured first.
_DEVELOPED = ("JPEG", "HEIF")
# As many links are named where there is nothing else in a folder.
_MOST_LINKS = 5


@dataclass(frozen=True)
class Found:
    """A photograph in a folder.

    Attributes
    ----------
    path : Path
        The file that is read.
    others : tuple of Path
        Files of the same photograph: a raw file and the JPEG beside it are one.
    """

    path: Path
    others: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Search:
    """What is in a folder.

    Attributes
    ----------
    photographs : list of Found
        What can be read, sorted.
    skipped : list of (Path, str)
        What needs an extra that is not installed, and its name.
    links : list of Path
        Links to folders, which are not followed.
    """

    photographs: list[Found]
    skipped: list[tuple[Path, str]]
    links: list[Path] = field(default_factory=list)


def list_photographs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    exclude: str | os.PathLike[str] | None = None,
    prefer: str = "jpeg",
) -> list[Path]:
    """List photographs: files as they are given, folders by what lies in them.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files, kept whatever their ending, and folders, searched at every depth, but
        for what is hidden and links to folders, for JPEG, PNG, TIFF, WebP, AVIF, JPEG
        2000 and JPEG XL, and with the extras ``raw`` and ``heif`` for raw files and
        HEIC.
    exclude : path-like, optional
        A folder that is not searched, where results go for example.
    prefer : {"jpeg", "raw"}, default="jpeg"
        Which file is listed when a raw file and a JPEG share a name: they are one
        photograph.

    Returns
    -------
    list of Path
        In the order given; sorted within a folder.

    Raises
    ------
    ValueError
        If a folder holds no photograph that can be read.
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
    listed: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            left_out = () if exclude is None else (exclude,)
            found = search_folder(path, exclude=left_out, prefer=prefer)
            listed += [each.path for each in found.photographs]
        else:
            listed.append(path)
    return listed


def search_folder(
    folder: Path,
    *,
    exclude: Iterable[str | os.PathLike[str]] = (),
    prefer: str = "jpeg",
) -> Search:
    """Search a folder for photographs.

    Parameters
    ----------
    folder : Path
        The folder.
    exclude : iterable of path-like, default=()
        Folders that are not searched, and files that are no photographs.
    prefer : {"jpeg", "raw"}, default="jpeg"
        Which file is read when a raw file and a JPEG share a name.

    Returns
    -------
    Search
        What is in it.

    Raises
    ------
    ValueError
        If it holds no photograph that can be read.
    OSError
        If it, or a folder in it, cannot be read.
    """
    links: list[Path] = []
    inside = sorted(_files_below(folder, links))
    # The folder itself, or one above it, may be where results go. Unlike
    # Path.resolve, this bears loops of links.
    for left_out in map(Path, map(os.path.realpath, exclude)):
        if Path(os.path.realpath(folder)) not in left_out.parents:
            continue
        inside = [path for path in inside if not _lies_in(path, left_out)]
        links = [
            path
            for path in links
            if not (_lies_in(path, left_out) or _lies_in(path.parent, left_out))
        ]
    photographs, skipped = [], []
    for found in _join(inside, prefer):
        extra = missing_extra(found.path)
        if extra is None:
            photographs.append(found)
        else:
            skipped.append((found.path, extra))
    if not photographs:
        needed = sorted({extra for _, extra in skipped})
        why = (
            f"{folder} holds no photograph (JPEG, PNG, TIFF, WebP and others)"
            if not needed
            else f"{folder} holds no photograph that can be read without the extra "
            f"{' or '.join(map(repr, needed))}: pip install "
            f"'skdefocus[{','.join(needed)}]'"
        )
        raise ValueError(f"{why}{_describe_links(sorted(links))}.")
    return Search(photographs, skipped, sorted(links))


def _describe_links(links: list[Path]) -> str:
    if not links:
        return ""
    named = ", ".join(map(str, links[:_MOST_LINKS]))
    n_more = len(links) - _MOST_LINKS
    more = f" and {n_more} more" if n_more > 0 else ""
    return f"; links to folders are not followed: {named}{more}"


def _lies_in(path: Path, folder: Path) -> bool:
    found = Path(os.path.realpath(path))
    return folder == found or folder in found.parents


def _join(paths: list[Path], prefer: str) -> list[Found]:
    """Make one photograph of a raw file and what the camera wrote beside it."""
    raws: dict[tuple[Path, str], list[Path]] = {}
    developed: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        known = format_of_ending(path.suffix)
        if path.suffix.lower() in RAW_ENDINGS:
            raws.setdefault(_stem(path), []).append(path)
        elif known is not None and known.name in _DEVELOPED:
            developed.setdefault(_stem(path), []).append(path)
    joined = {}
    for stem in raws.keys() & developed.keys():
        # A JPEG goes before a HEIC, and that goes beside it as a photograph of its own.
        shown = min(developed[stem], key=_rank)
        files = [*raws[stem], shown] if prefer == "raw" else [shown, *raws[stem]]
        # What cannot be read gives way to what can.
        files.sort(key=lambda path: missing_extra(path) is not None)
        joined[files[0]] = Found(files[0], tuple(files[1:]))
    taken = {path for found in joined.values() for path in found.others}
    return [joined.get(path, Found(path)) for path in paths if path not in taken]


def _stem(path: Path) -> tuple[Path, str]:
    # Cameras and cards differ in capitals.
    return path.parent, path.stem.casefold()


def _rank(path: Path) -> int:
    known = format_of_ending(path.suffix)
    return _DEVELOPED.index(known.name) if known is not None else len(_DEVELOPED)


def _files_below(folder: Path, links: list[Path]) -> Iterator[Path]:
    """Give the photographs in a folder; links to folders are listed, not followed.

    Sidecars that some systems leave on cards are hidden, and end in .jpg too.
    """

    def refuse(error: OSError) -> None:
        raise OSError(
            f"the folder {error.filename} cannot be read: {error.strerror}."
        ) from error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = (Path(place, name) for name in folders)
        links += [path for path in below if path.is_symlink()]
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in FOLDER_ENDINGS:
                yield path
