"""Any number of photographs through any pipeline, from files to files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .._shared.map_range import check_map_range
from .._shared.parameters import (
    N_JOBS,
    POSITIVE_INTEGER,
    UNIT_INTERVAL,
    StrOptions,
    checked,
)
from ..io import DEFAULT_MAX_PIXELS
from ..io.decoders import missing_extra
from ..io.formats import STRIPS
from ..sample import UNKNOWN
from .jobs import Job, check_inputs, list_jobs
from .keys import product_keys
from .output_folder import open_run
from .pipeline import check_steps
from .pixel_limit import default_max_pixels
from .pool import ClusterPool, active_pool, run_jobs
from .products import Form, check_names
from .report import Report, read_rows
from .subject import check_subject
from .work import Task

__all__ = ["BatchSummary", "process"]

_CONSTRAINTS = {
    "n_jobs": N_JOBS,
    "write_maps": ["boolean"],
    "write_confidence": ["boolean"],
    "overview": ["boolean"],
    "unknown_below": [UNIT_INTERVAL],
    "report": ["boolean"],
    "credit": [str],
    "map_data": [StrOptions({"tif", "npy"})],
    "map_range": [None, StrOptions({"auto"}), "array-like"],
    "picture_format": [StrOptions({"jpg", "png", "tif", "webp"}), None],
    "strip": [StrOptions(set(STRIPS)), None],
    "prefer": [StrOptions({"jpeg", "raw"})],
    "raw_previews": ["boolean"],
    "max_pixels": [POSITIVE_INTEGER, None],
    "resume": ["boolean"],
    "progress": ["boolean"],
}


@dataclass(frozen=True)
class BatchSummary:
    """What became of a batch.

    Attributes
    ----------
    csv, jsonl : Path or None
        The report, as a table and in JSON lines, the sharpest photograph first; None
        if there is none.
    n_done : int
        Photographs worked on in this run.
    n_kept : int
        Photographs whose work an earlier run had finished.
    n_failed : int
        Photographs that failed; the report says why.
    skipped : tuple of Path
        Pictures in the folders that are results of earlier runs.
    need_extras : tuple of (Path, str)
        Files in the folders that cannot be read without an extra, and its name.
    links : tuple of Path
        Links to folders in the folders; they are not followed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skdefocus.batch import process
    >>> from skdefocus.io import write_photograph
    >>> from skdefocus.mapping.peers import LaplacianVarianceMapper
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_photograph(f"{folder}/gray.png", np.full((40, 60), 0.5))
    ...     mapper = LaplacianVarianceMapper()
    ...     summary = process(f"{folder}/gray.png", mapper, f"{folder}/out")
    ...     [row["unit"] for row in summary.rows()]
    ['relative']
    >>> summary.n_done, summary.n_failed
    (1, 0)
    """

    csv: Path | None
    jsonl: Path | None
    n_done: int
    n_kept: int
    n_failed: int
    skipped: tuple[Path, ...] = ()
    need_extras: tuple[tuple[Path, str], ...] = ()
    links: tuple[Path, ...] = ()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the report, one row at a time.

        Yields
        ------
        dict of str to object
            One for each photograph, the sharpest first.

        Raises
        ------
        ValueError
            If there is no report.
        """
        if self.jsonl is None:
            raise ValueError("this run wrote no report; process it with report=True.")
        return read_rows(self.jsonl)


@checked(_CONSTRAINTS)
def process(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    pipeline: Any,
    out: str | os.PathLike[str],
    *,
    n_jobs: int | None = None,
    pictures: Mapping[str, Any] | None = None,
    write_maps: bool = True,
    write_confidence: bool = False,
    overview: bool = False,
    unknown_below: float = UNKNOWN,
    subject: Sequence[int] | str | os.PathLike[str] | None = None,
    map_data: str = "tif",
    map_range: tuple[float, float] | str | None = None,
    picture_format: str | None = None,
    strip: str | None = None,
    prefer: str = "jpeg",
    raw_previews: bool = False,
    max_pixels: int | None = None,
    resume: bool = True,
    report: bool = True,
    credit: str = "",
    progress: bool = False,
    on_row: Callable[[dict[str, Any]], None] | None = None,
) -> BatchSummary:
    """Map photographs, make pictures of the maps, and report how sharp they are.

    A photograph that fails is listed with its reason, and the run continues. A run that
    was interrupted goes on where it was: call it again.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Photographs, and folders of them. An iterable is consumed as work goes on.
    pipeline : estimator or Pipeline
        A mapper, or a Pipeline that begins with one, as `SlidingWindowMapper` and
        `GlobalRefiner`. A last step that makes pictures or masks gives ``_picture`` or
        ``_focus_mask``, white where in focus; its masks then decide what is in focus.
    out : path-like
        Folder of the results, made if needed. What lies in folders keeps its place.
        With a cluster it must be shared by all workers.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib), each in a process with
        one thread. One photograph alone is worked on in the calling process, with all
        threads. Within ``joblib.parallel_config(backend="dask")`` the workers of that
        cluster do the work.
    pictures : mapping of str to estimator, optional
        What to make of each map beside: ``{"shallow": SDoFRenderer()}`` gives
        ``_shallow``, and ``{"mask": DefocusSegmenter()}`` gives ``_focus_mask``. Names
        are of lower-case letters and digits.
    write_maps : bool, default=True
        Write the files of the map itself.
    write_confidence : bool, default=False
        Write its confidence, times 255, as ``_confidence.png``.
    overview : bool, default=False
        Also draw photograph, map and pictures side by side.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown: hatched in ``_map.png``
        and the overview, and counted as ``share_unknown`` in the report. A photograph
        with hardly anything else gets a note.
    subject : sequence of 2 or 4 int or path-like, optional
        What the photographs are about: a point (x, y) on the subject or a box (left,
        top, width, height) that holds it, in pixels, of which
        `skdefocus.segment.subject_mask` makes the subject; or the white pixels of a
        mask file of the photograph's size; of a folder of mask files that of the same
        name, at the same place, is taken. Pictures spare the subject, a focus mask is
        the subject that was hinted at, and figures of the report are of it.
    map_data : {"tif", "npy"}, default="tif"
        Format of the float map.
    map_range : (float, float) or "auto", optional
        Sigma in pixels, or score, of the first and the last color of ``_map.png``;
        "auto" is each photograph's own. By default 0 to 19 px for all photographs.
    picture_format : {"jpg", "png", "tif", "webp"}, optional
        Format of pictures. By default that of their photograph, and TIFF for raw files.
        Of other formats that cannot be written, HEIC, AVIF and JPEG XL give JPEG, or
        PNG above 8 bits, and all others PNG.
    strip : {"gps", "all"}, optional
        Leave out of pictures where the photograph was taken, or all metadata. By
        default all of it is kept, and the place too.
    prefer : {"jpeg", "raw"}, default="jpeg"
        Which file is read when a raw file and a JPEG share a name in a folder: they are
        one photograph.
    raw_previews : bool, default=False
        Read the preview in a raw file in place of it, if it has at least half of the
        pixels, as culling programs do. Maps are of its size.
    max_pixels : int, optional
        Larger photographs are refused from their header. By default the limit follows
        from the memory that the work takes, and is at most 200 million.
    resume : bool, default=True
        Leave what is finished, product by product: where content, parameters, networks
        and the version of skdefocus are the same, and the results are there.
    report : bool, default=True
        Measure how sharp each photograph is, and write the report.
    credit : str, default=""
        Stands in the overview, and in a text file beside each photograph's results.
    progress : bool, default=False
        Show a bar with the rate and the time left on standard error.
    on_row : callable, optional
        Called with the row of each photograph as it comes.

    Returns
    -------
    BatchSummary
        Where the report is, and how many photographs were done, kept, or failed.

    Raises
    ------
    ValueError
        For parameters that are not accepted, a folder without photographs, or a report
        in the output folder that no earlier run wrote.
    FileNotFoundError
        If ``paths`` is a list and one of them does not exist; nothing is begun.
    NotFittedError
        If a step is not fitted that must be.
    ImportError
        If ``prefer`` is "raw" and the extra ``raw`` is not installed.
    OSError
        If the output folder cannot be written, or another run is writing to it.

    Notes
    -----
    Files appear whole or not at all, whenever a worker or the run is killed. A
    photograph during which a worker died is tried alone, and set aside only if it
    kills that worker too. Results are equal to the last bit for every ``n_jobs``.
    Memory is that of ``n_jobs`` photographs, and some hundred bytes for each of all.

    The report is ``report.csv`` and ``report.jsonl``. Its rows are sorted by the mean
    sigma of the sharpest region (`skdefocus.batch.measure_map` tells every figure);
    photographs that failed come last. A file of the output folder that an earlier run
    did not write, or that was changed since, is never replaced: the photograph fails,
    and where it is the report, nothing is begun. So does a photograph whose results
    would stand beside those of one of the same name in another folder. One that was
    edited in its place is the same one: its results are replaced. Results in another
    format take the place of the earlier ones.

    Examples
    --------
    >>> import tempfile
    >>> from skdefocus import SlidingWindowMapper
    >>> from skdefocus.batch import process
    >>> from skdefocus.datasets import sample_photograph_path
    >>> with tempfile.TemporaryDirectory() as out:
    ...     summary = process([sample_photograph_path()], SlidingWindowMapper(), out)
    ...     (row,) = summary.rows()
    >>> summary.n_done, row["width"], row["height"]
    (1, 640, 427)
    """
    pictures = {} if pictures is None else dict(pictures)
    check_names(pictures)
    check_steps(pipeline, pictures)
    subject = check_subject(subject)
    if not os.fspath(out):
        raise ValueError(f"the output folder must have a name; got {out!r}.")
    folder = Path(out).absolute()
    if os.path.exists(folder) and not folder.is_dir():
        raise ValueError(f"{out} is a file, not a folder to write to.")
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    if prefer == "raw" and missing_extra(Path("x.dng")) is not None:
        raise ImportError(
            "prefer='raw' needs the extra 'raw': pip install 'skdefocus[raw]'."
        )
    skipped: list[Path] = []
    need_extras: list[tuple[Path, str]] = []
    links: list[Path] = []
    jobs: Iterable[Job] = list_jobs(
        paths,
        folder,
        skipped,
        need_extras,
        links,
        prefer=prefer,
        masks=subject if isinstance(subject, Path) else None,
    )
    total = None
    if isinstance(paths, Sized):
        # Listed beforehand: the bar knows the total, and nothing is half done when a
        # path or folder is wrong.
        check_inputs(paths)
        jobs = list(jobs)
        total = len(jobs)
    pool = active_pool(n_jobs, total)
    form = Form(
        map_data,
        credit,
        check_map_range(map_range),
        picture_format,
        strip,
        unknown_below=unknown_below,
    )
    if max_pixels is None:
        max_pixels = _limit_by_memory(pool, len(pictures) + overview)
    with open_run(folder) as run:
        task = Task(
            run,
            pipeline,
            pictures,
            keys=product_keys(
                pipeline,
                pictures,
                form,
                with_map=write_maps,
                overview=overview,
                figures=report,
                confidence=write_confidence,
            ),
            subject=subject,
            form=form,
            max_pixels=max_pixels,
            resume=resume,
            raw_previews=raw_previews,
        )
        # Before any work: a report of somebody else's is refused.
        table = Report(run) if report else None
        rows = run_jobs(jobs, task, pool)
        counts = Counter(done=0, kept=0, failed=0)
        bar = tqdm(total=total, unit="photo", dynamic_ncols=True, disable=not progress)
        written: tuple[Path | None, Path | None] = (None, None)
        try:
            with bar, closing(rows):
                for row in rows:
                    if table is not None:
                        table.add(row)
                    counts[row["status"]] += 1
                    if on_row is not None:
                        on_row(row)
                    _tell(bar, counts)
        except BaseException:
            # Also of what is done when the run is stopped; why it was is what is told.
            if table is not None:
                with suppress(Exception):
                    table.write()
            raise
        if table is not None:
            written = table.write()
    return BatchSummary(
        *written,
        counts["done"],
        counts["kept"],
        counts["failed"],
        tuple(skipped),
        tuple(need_extras),
        tuple(links),
    )


def _limit_by_memory(pool: Any, n_pictures: int) -> int:
    if isinstance(pool, ClusterPool):
        return DEFAULT_MAX_PIXELS  # The memory of its workers is not known here.
    return default_max_pixels(n_pictures, getattr(pool, "n_workers", 1))


def _tell(bar: Any, counts: Mapping[str, int]) -> None:
    told = [f"{counts[key]} {key}" for key in ("kept", "failed") if counts[key]]
    bar.set_postfix_str(", ".join(told), refresh=False)
    bar.update()
