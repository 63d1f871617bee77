"""The work on one photograph, as a worker or the calling process does it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._shared.files import staged
from .._shared.parameters import unchecked
from .._shared.threads import single_threaded
from ..io import SIGMA_STEPS, Photograph, read_photograph
from ..io.formats import RAW_ENDINGS
from ..io.read import read_raw_preview
from .jobs import Job
from .keys import file_key, photograph_keys
from .measure import measure_map, unknown_note
from .pipeline import Results, describe_error, run_pipeline
from .products import Form, expected_files, write_products
from .run_folder import RunFolder
from .subject import find_subject, read_subject

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
    keys : mapping of str to str
        Key of every product that is wanted, from `product_keys`.
    subject : tuple of int, Path or None
        From `check_subject`.
    form : Form
        How results are written.
    max_pixels : int
        Larger photographs are refused.
    resume : bool
        Whether finished work is recognized.
    raw_previews : bool
        Whether the preview in a raw file is measured in place of the raw file.
    """

    folder: RunFolder
    pipeline: Any
    pictures: Mapping[str, Any]
    keys: Mapping[str, str]
    subject: Any
    form: Form
    max_pixels: int
    resume: bool
    raw_previews: bool = False


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
        "others": list(job.others),
        "seconds": seconds,
        "error": error,
        "notes": [],
    }


def work(task: Task, job: Job, *, all_threads: bool = False) -> dict[str, Any]:
    """Work on one photograph, or recognize that it is finished.

    Parameters
    ----------
    task : Task
        What to do.
    job : Job
        With which photograph.
    all_threads : bool, default=False
        Use all threads that this process may use, not one.

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
        with nullcontext() if all_threads else single_threaded():
            return _work(_keep(task), job)
    finally:
        folder.erase_note(job.index, job.attempt)


def _work(task: Task, job: Job) -> dict[str, Any]:
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
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
    """Make the products of a photograph that are not there yet."""
    photo, folder = job.photo, task.folder
    # A photograph that cannot be opened fails when it is read, with a better sentence.
    content = file_key(photo) if photo.is_file() else ""
    # A raw file and what the camera wrote beside it are one photograph.
    others = [photo.with_name(Path(other).name) for other in job.others]
    if content:
        folder.check_source(job.target, photo, content, others)
    if content and isinstance(task.subject, Path):
        found = find_subject(task.subject, job.target, photo)
        task = replace(task, subject=found)
    from_preview = task.raw_previews and photo.suffix.lower() in RAW_ENDINGS
    read_from = f"{content} preview" if from_preview else content
    keys = photograph_keys(task.keys, read_from, task.subject)
    kept = folder.finished(job.target, keys) if task.resume and content else {}
    missing = [product for product in keys if product not in kept]
    if not missing:
        record = folder.read_record(job.target)
        # Of this run, if its worker died after it; the photograph may have moved.
        status = "done" if record["row"]["run"] == folder.run else "kept"
        return _row(job, record["row"], kept, keys, status=status)
    if content:
        _check_results(task, job, missing)
    original, source = _read(photo, task.max_pixels, from_preview=from_preview)
    said = read_subject(task.subject, original.image.shape, task.max_pixels)
    # Of the pictures only what is missing, and what missing products are made of.
    wanted = {
        name: step
        for name, step in task.pictures.items()
        if name in missing
        or "overview" in missing
        or (name == "mask" and "figures" in missing)
    }
    results = run_pipeline(task.pipeline, wanted, original, str(photo), said)
    target = folder.out / job.target
    with staged(target.parent, within=folder.work) as stage:
        made = write_products(stage, target.name, missing, results, task.form)
        figures = {}
        if "figures" in missing:
            figures = unchecked(measure_map)(
                results.sample,
                results.subject,
                _own_mask(results),
                unknown_below=task.form.unknown_below,
            )
        if file_key(photo) != content:
            raise ValueError(f"{photo} was changed while it was worked on.")
        # Nothing of these counts as finished from here until the record is there.
        folder.claim(job.target, made, stage.waiting, photo, content, others)
    notes = [*original.notes, *(str(warning.message) for warning in caught)]
    unjudged = unchecked(unknown_note)(results.sample, task.form.unknown_below)
    if unjudged is not None:
        notes.append(unjudged)
    has_map16 = "map" in keys and results.sample.unit == "px"
    general = {
        "source": source,
        "width": original.image.shape[1],
        "height": original.image.shape[0],
        "seconds": round(time.perf_counter() - start, 3),
        **({"map16_steps_per_px": SIGMA_STEPS} if has_map16 else {}),
        "notes": [f"{job.name}: {text}" for text in notes],
        "sha256": content,
        "run": folder.run,
    }
    finished = folder.finish(job.target, made, keys, general, figures)
    return _row(job, general, finished, keys, status="done")


def _check_results(task: Task, job: Job, products: Iterable[str]) -> None:
    """Refuse to replace what skdefocus did not write, before the work and not after."""
    before = task.folder.read_record(job.target).get("products", {})
    files = {product: about["files"] for product, about in before.items()}
    expected = expected_files(job.target, products, files, job.photo, task.form)
    task.folder.check_files(job.target, expected)


def _read(
    photo: Path, max_pixels: int, *, from_preview: bool
) -> tuple[Photograph, str]:
    """Read a photograph, or the preview in a raw file; tell which it was."""
    found = read_raw_preview(photo, max_pixels=max_pixels) if from_preview else None
    if found is not None:
        return found, "preview in the raw file"
    found = read_photograph(photo, max_pixels=max_pixels)
    return found, "raw file" if found.file_format == "RAW" else found.file_format


def _row(
    job: Job,
    general: Mapping[str, Any],
    finished: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, str],
    *,
    status: str,
) -> dict[str, Any]:
    """Put a row of the report together."""
    return {
        **general,
        "photo": job.name,
        "status": status,
        "others": list(job.others),
        "error": "",
        **finished.get("figures", {}).get("figures", {}),
        "results": [name for product in keys for name in finished[product]["files"]],
    }


def _named(text: str, job: Job) -> str:
    """Call a photograph as it was given."""
    return text.replace(str(job.photo), job.name)


def _own_mask(results: Results) -> Any:
    """Give what is out of focus by a segmenter that was asked for, if there is one."""
    mask = results.own.get("mask", results.pictures.get("mask"))
    return mask if mask is not None and mask.dtype == bool else None
