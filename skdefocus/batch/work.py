"""The work on one photograph, as a worker does it."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._shared.files import staged
from .._shared.threads import single_threaded
from ..io import read_photograph
from .jobs import Job
from .keys import file_key
from .measure import measure_map
from .results import Results, describe_error, run_pipeline, write_results
from .run_folder import RunFolder
from .subject import find_subject, read_subject, subject_key

__all__ = ["STARTED_BEFORE", "Task", "failed_row", "work"]

# Status of a photograph that was started before and not finished: its worker died.
STARTED_BEFORE = "started before"


@dataclass(frozen=True)
class Task:
    """What is done with every photograph of a run.

    Attributes
    ----------
    folder : RunFolder
        The run's.
    pipeline : estimator or Pipeline
        From images to samples with a blur map, and perhaps on to a picture or a mask.
    pictures : mapping of str to estimator
        What else to make of the sample.
    key : str
        From `pipeline_key`.
    overview : bool
        Whether all is also drawn side by side.
    subject : tuple of int, Path or None
        From `check_subject`.
    map_data : str
        Format of the float map.
    max_pixels : int
        Larger photographs are refused.
    resume : bool
        Whether finished work is recognized.
    """

    folder: RunFolder
    pipeline: Any
    pictures: Mapping[str, Any]
    key: str
    overview: bool
    subject: Any
    map_data: str
    max_pixels: int
    resume: bool


# The task of the run that this process works for, with the networks that it has loaded:
# each job brings a copy, which is dropped.
_tasks: dict[str, Task] = {}


def _keep(task: Task) -> Task:
    kept = _tasks.get(task.folder.run)
    if kept is None:
        _tasks.clear()
        kept = _tasks[task.folder.run] = task
    return kept


def failed_row(job: Job, error: str, seconds: float | None = None) -> dict[str, Any]:
    """Row of a photograph that could not be worked on.

    Parameters
    ----------
    job : Job
        With the photograph.
    error : str
        Why, in one sentence.
    seconds : float, optional
        Time that it took.

    Returns
    -------
    dict of str to object
        A row of the report.
    """
    return {
        "photo": job.name,
        "status": "failed",
        "seconds": seconds,
        "error": error,
        "notes": [],
    }


def work(task: Task, job: Job) -> dict[str, Any]:
    """Work on one photograph, or recognize that it is finished.

    Parameters
    ----------
    task : Task
        What to do.
    job : Job
        With which photograph.

    Returns
    -------
    dict of str to object
        Its row of the report; ``status`` is "done", "kept" (finished by an earlier
        run), "failed", or `STARTED_BEFORE`. A bad photograph does not raise.
    """
    folder = task.folder
    if not folder.is_current():
        return failed_row(
            job,
            f"{job.name}: a worker does not see {folder.out} as this run left it: it "
            f"must be shared by all workers, and by no other run.",
        )
    if not folder.note(job.index, job.attempt):
        return {"status": STARTED_BEFORE}
    try:
        return _work(_keep(task), job)
    finally:
        folder.erase_note(job.index, job.attempt)


def _work(task: Task, job: Job) -> dict[str, Any]:
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught, single_threaded():
        warnings.simplefilter("always")
        try:
            row = _finish(task, job, start, caught)
        except Exception as error:
            # Steps may be anyone's, and decoders raise nearly anything.
            seconds = round(time.perf_counter() - start, 3)
            text = describe_error(error, job.photo)
            row = failed_row(job, _named(text, job), seconds)
    return row


def _finish(
    task: Task, job: Job, start: float, caught: list[warnings.WarningMessage]
) -> dict[str, Any]:
    """Make all results of a photograph, or find that they are there."""
    photo, folder = job.photo, task.folder
    if photo.is_file():
        content = file_key(photo)
        if isinstance(task.subject, Path):
            task = replace(task, subject=find_subject(task.subject, job.target))
        parts = f"{task.key} {content} {subject_key(task.subject)}"
        key = hashlib.sha256(parts.encode()).hexdigest()
        row = folder.finished_row(job.target, key) if task.resume else None
        if row is not None:
            # Of this run, if its worker died after it; the photograph may have moved.
            status = "done" if row["run"] == folder.run else "kept"
            return {**row, "photo": job.name, "status": status}
    original = read_photograph(photo, max_pixels=task.max_pixels)
    subject = read_subject(task.subject, original.image.shape, task.max_pixels)
    sample, pictures = run_pipeline(
        task.pipeline, task.pictures, original.image, str(photo)
    )
    results = Results(original, sample, pictures)
    if task.overview:
        results.draw_overview()
    measures = measure_map(sample, subject, _own_mask(pictures))
    target = folder.out / job.target
    with staged(target.parent, within=folder.work) as stage:
        write_results(stage, target.name, results, map_data=task.map_data)
        if file_key(photo) != content:
            raise ValueError(f"{photo} was changed while it was worked on.")
        # Nothing counts as finished from here until the record is there.
        folder.claim(job.target, stage.targets)
    row = {
        "photo": job.name,
        "status": "done",
        "width": original.image.shape[1],
        "height": original.image.shape[0],
        **measures,
        "seconds": round(time.perf_counter() - start, 3),
        "error": "",
        "notes": [f"{job.name}: {warning.message}" for warning in caught],
        "results": [path.relative_to(folder.out).as_posix() for path in stage.targets],
        "sha256": content,
        "run": folder.run,
    }
    folder.finish(job.target, stage.targets, key, row)
    return row


def _named(text: str, job: Job) -> str:
    """Call a photograph as it was given."""
    return text.replace(str(job.photo), job.name)


def _own_mask(pictures: Mapping[str, Any]) -> Any:
    """Give what is out of focus by the pipeline's own segmenter, if it has one."""
    mask = pictures.get("mask")
    return mask if mask is not None and mask.dtype == bool else None
