"""The verb ``batch`` of the command line: folders of photographs and their report."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

__all__ = ["add_batch_options", "run_batch"]

# Photographs shown when all is done; the report has all.
_SHOWN = 5
# Pictures, and the steps that make them; an overview shows them side by side.
_PICTURES = {"sharpened": "sharpener", "shallow": "renderer", "mask": "segmenter"}


def _parse_subject(text: str) -> Any:
    """Take four numbers for a box, and anything else for a path."""
    parts = text.split(",")
    if len(parts) == 4 and all(part.strip().isdecimal() for part in parts):
        return tuple(int(part) for part in parts)
    return text


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only the verb ``batch`` has.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The verb's, with the options that it shares with others.
    """
    parser.add_argument(
        "--picture",
        dest="pictures",
        action="append",
        choices=(*_PICTURES, "overview"),
        default=[],
        help="what to write beside the map; may be repeated",
    )
    parser.add_argument(
        "--subject",
        type=_parse_subject,
        help="what the report is about: LEFT,TOP,WIDTH,HEIGHT in pixels, a mask file "
        "(white where the subject is), or a folder of masks named as the photographs",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the Dask cluster of this scheduler, tcp://HOST:8786 for example; "
        "its workers must share the folders; needs the extra 'cluster'",
    )
    parser.add_argument(
        "--again", action="store_true", help="work on finished photographs again"
    )


@contextmanager
def _workers(scheduler: str | None) -> Iterator[None]:
    """Use the workers of a cluster, if there is one."""
    if scheduler is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            "--scheduler needs the extra 'cluster': pip install 'skdefocus[cluster]'."
        ) from error
    from joblib import parallel_config

    try:
        client = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {scheduler}: {error}.") from error
    with client, parallel_config(backend="dask", client=client):
        yield


def run_batch(arguments: argparse.Namespace, steps: Mapping[str, Any]) -> int:
    """Run the verb ``batch``.

    Parameters
    ----------
    arguments : argparse.Namespace
        What was given.
    steps : mapping of str to estimator
        ``mapper``, ``sharpener``, ``renderer``, ``segmenter`` and perhaps ``refiner``.

    Returns
    -------
    int
        0 when all photographs were done, 1 when some failed, 130 (as shells have it)
        when it was interrupted from the keyboard.
    """
    from sklearn.pipeline import Pipeline
    from tqdm import tqdm

    from ..batch import process

    wanted = [name for name in _PICTURES if name in arguments.pictures]
    start = time.monotonic()

    def tell(row: Mapping[str, Any]) -> None:
        for text in (*row["notes"], row["error"]):
            if text:
                tqdm.write(f"skdefocus: {text}", file=sys.stderr)

    try:
        with _workers(arguments.scheduler):
            summary = process(
                arguments.photos,
                Pipeline([(k, steps[k]) for k in ("mapper", "refiner") if k in steps]),
                arguments.output,
                n_jobs=arguments.jobs,
                pictures={name: steps[_PICTURES[name]] for name in wanted},
                overview="overview" in arguments.pictures,
                subject=arguments.subject,
                map_data=arguments.map_data,
                max_pixels=arguments.max_pixels,
                resume=not arguments.again,
                progress=not arguments.quiet,
                on_row=tell,
            )
    except KeyboardInterrupt:
        print("skdefocus: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    _print_summary(summary, time.monotonic() - start)
    return 1 if summary.n_failed else 0


def _print_summary(summary: Any, seconds: float) -> None:
    counts = [f"{summary.n_done} done"]
    if summary.n_kept:
        counts.append(f"{summary.n_kept} kept from an earlier run")
    if summary.n_failed:
        counts.append(f"{summary.n_failed} failed")
    n_photos = summary.n_done + summary.n_kept + summary.n_failed
    print(f"{n_photos} photographs in {seconds:.1f} s: {', '.join(counts)}")
    good = summary.n_done + summary.n_kept
    if good:
        print(f"  {'sharpest':>8}  {'in focus':>8}  photograph")
    with closing(summary.rows()) as rows:
        for row in islice(rows, min(_SHOWN, good)):
            sharpest = f"{row['sharpest_sigma']:.2f}"
            sharpest += " px" if row["unit"] == "px" else ""
            # A name need not be text.
            photo = row["photo"].encode(errors="replace").decode()
            print(f"  {sharpest:>8}  {row['in_focus']:>8.0%}  {photo}")
    if good > _SHOWN:
        print(f"  ... and {good - _SHOWN} more")
    print(f"report: {summary.csv}, {summary.jsonl.name}")
