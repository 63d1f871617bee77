"""From paths to jobs: which photographs, and where their results go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..io.folders import Found, search_folder
from .products import RESULT_SUFFIXES
from .run_folder import recorded_files

__all__ = ["Job", "check_inputs", "is_result", "list_jobs"]


@dataclass(frozen=True)
class Job:
    """One photograph to be worked on.

    Attributes
    ----------
    index : int
        Its number in the run.
    photo : Path
        Absolute: workers may have another working directory.
    name : str
        What the report calls it: the path as it was given.
    target : str
        What names of its results begin with, with the folders above, below the output.
    attempt : int
        1, or more when it is tried again.
    problem : str
        Why it cannot be worked on at all; empty if it can.
    others : tuple of str
        Files of the same photograph, as the report calls them: the raw file of a JPEG.
    """

    index: int
    photo: Path
    name: str
    target: str
    attempt: int = 1
    problem: str = ""
    others: tuple[str, ...] = ()


def is_result(photo: Path, stems: set[Path]) -> bool:
    """Whether a picture is the result of another one beside it.

    Parameters
    ----------
    photo : Path
        The picture.
    stems : set of Path
        All pictures beside it, without their endings.

    Returns
    -------
    bool
        True for ``bee_map.png`` beside ``bee.jpg``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skdefocus.batch import is_result
    >>> is_result(Path("bee_map.png"), {Path("bee"), Path("bee_map")})
    True
    >>> is_result(Path("road_map.png"), {Path("road_map")})
    False
    """
    for suffix in RESULT_SUFFIXES:
        stem = photo.stem.removesuffix(suffix)
        if stem != photo.stem and photo.with_name(stem) in stems:
            return True
    return False


def _find(
    paths: Iterable[str | os.PathLike[str]],
    out: Path,
    skipped: list[Path],
    need_extras: list[tuple[Path, str]],
    links: list[Path],
    prefer: str,
    masks: Path | None,
) -> Iterator[tuple[Found, Path]]:
    """Give photographs, each with the folder of its results below the output."""
    for path in map(Path, paths):
        if not path.is_dir():
            yield Found(path), Path()
            continue
        if os.path.realpath(path) == os.path.realpath(out):
            raise ValueError(
                f"{path} is both the folder of photographs and that of the results; "
                f"give another output folder."
            )
        exclude = (out,) if masks is None else (out, masks)
        search = search_folder(path, exclude=exclude, prefer=prefer)
        need_extras += search.skipped
        links += search.links
        stems = {
            file.with_suffix("")
            for found in search.photographs
            for file in (found.path, *found.others)
        }
        stems |= {file.with_suffix("") for file, _ in search.skipped}
        # The output folder of an earlier run may be one of these, and holds results;
        # where it is what was asked for, they are the photographs.
        below = {
            above
            for found in search.photographs
            for above in found.path.parents
            if path in above.parents
        }
        results = set().union(*map(recorded_files, below))
        for found in search.photographs:
            if is_result(found.path, stems) or found.path in results:
                skipped.append(found.path)
            else:
                yield found, found.path.parent.relative_to(path)


def check_inputs(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse a list of paths before any work, if one of them is not there.

    Parameters
    ----------
    paths : iterable of path-like
        Photographs, and folders of them.

    Raises
    ------
    FileNotFoundError
        Naming the first that does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(f"{os.fspath(path)} does not exist.")


def list_jobs(
    paths: Iterable[str | os.PathLike[str]],
    out: Path,
    skipped: list[Path] | None = None,
    need_extras: list[tuple[Path, str]] | None = None,
    links: list[Path] | None = None,
    *,
    prefer: str = "jpeg",
    masks: Path | None = None,
) -> Iterator[Job]:
    """List photographs with the names of their results, one at a time.

    Parameters
    ----------
    paths : iterable of path-like
        Photographs, and folders of them; what lies in a folder keeps its place below
        the output. Results of an earlier run are not taken for photographs.
    out : Path
        The output folder.
    skipped : list of Path, optional
        Gets the results of earlier runs that lie in the folders.
    need_extras : list of (Path, str), optional
        Gets what lies in the folders and cannot be read without an extra, and its name.
    links : list of Path, optional
        Gets the links to folders in the folders, which are not followed.
    prefer : {"jpeg", "raw"}, default="jpeg"
        Which file is read of a raw file and a JPEG of one name in a folder.
    masks : Path, optional
        A mask, or a folder of them, that lies in the folders and is no photograph.

    Yields
    ------
    Job
        Each photograph once. Of two photographs whose results would have the same
        name the second takes its ending into it, ``A_tif`` for ``A.tif``; where that
        is taken too, it has a problem.

    Raises
    ------
    ValueError
        If a folder holds no photograph, or is the output folder.
    """
    skipped = [] if skipped is None else skipped
    need_extras = [] if need_extras is None else need_extras
    links = [] if links is None else links
    # Hashes, so that a million photographs take no more than some tens of megabytes.
    seen: set[int] = set()
    taken: set[int] = set()
    for found, below in _find(paths, out, skipped, need_extras, links, prefer, masks):
        photo = found.path
        own = hash(os.path.realpath(photo))
        if own in seen:
            continue
        seen.add(own)
        target = (below / photo.stem).as_posix()
        # Some file systems do not tell A from a.
        if hash(target.casefold()) in taken:
            target += f"_{photo.suffix[1:].lower()}"
        problem = ""
        if hash(target.casefold()) in taken:
            problem = (
                f"{photo}: its results would have the name of another photograph's, "
                f"{target}; give them different output folders."
            )
        taken.add(hash(target.casefold()))
        yield Job(
            len(seen) - 1,
            photo.absolute(),
            str(photo),
            target,
            problem=problem,
            others=tuple(map(str, found.others)),
        )
