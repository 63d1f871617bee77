"""The verbs on photographs: ``all``, ``map``, ``sharpen``, ``bokeh`` and ``batch``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from .options import PICTURES, add_batch_options, add_shared_options, build_steps

__all__ = ["add_photograph_verbs", "run_photographs"]

_VERBS = {
    "all": "blur map, sharpened and shallow-focus photograph, and all side by side",
    "map": "blur map: a picture, a 16-bit PNG and float data in pixels of sigma",
    "sharpen": "photograph sharpened where the map says that it helps",
    "bokeh": "photograph with its background blurred further and its subject sharpened",
    "batch": "maps of folders of photographs, and a report with the sharpest first",
}
# What each verb writes: whether the map, which pictures, and whether an overview.
_PRODUCTS: dict[str, tuple[bool, tuple[str, ...], bool]] = {
    "all": (True, ("sharpened", "shallow"), True),
    "map": (True, (), False),
    "sharpen": (False, ("sharpened",), False),
    "bokeh": (False, ("shallow",), False),
}
_EPILOG = """\
steps whose parameters --set reaches: mapper (CombinedMapper; SlidingWindowMapper
with --mapper windows, ContextMapper with --mapper context), refiner
(GlobalRefiner), sharpener (AdaptiveUnsharpMask), renderer (SDoFRenderer), segmenter
(DefocusSegmenter, of batch); for example --set refiner__smoothness=3000
--set renderer__smoothing=guided. For every verb
--set segmenter__unknown_below=0.25 is the confidence below which a pixel is unknown:
hatched in pictures of the map, counted in the report

exit codes: 0 all is done, 1 a photograph failed, 2 nothing was begun, 130 Ctrl-C.
The same command goes on where it was stopped."""
# Photographs, and results that were skipped, that are named when all is done.
_SHOWN = 5


def add_photograph_verbs(verbs: Any) -> None:
    """Add the verbs.

    Parameters
    ----------
    verbs : subparsers
        Of the command line.
    """
    for verb, text in _VERBS.items():
        sub = verbs.add_parser(
            verb,
            help=text,
            description=f"Write the {text}.",
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument(
            "photos",
            metavar="PHOTO",
            nargs="*" if verb == "all" else "+",
            help="photographs, or folders of them"
            + ("; a sample photograph if none is given" if verb == "all" else ""),
        )
        add_shared_options(sub)
        if verb == "batch":
            add_batch_options(sub)


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


class _Reporter:
    """Tells what becomes of the photographs, and remembers that work has begun."""

    def __init__(self, output: Path, *, lists_files: bool) -> None:
        self._output = output
        self._lists_files = lists_files
        self.has_begun = False

    def __call__(self, row: Mapping[str, Any]) -> None:
        from tqdm import tqdm

        self.has_begun = True
        for text in (*row["notes"], row["error"]):
            if text:
                tqdm.write(f"skdefocus: {text}", file=sys.stderr)
        if self._lists_files:
            for name in row.get("results", ()):
                tqdm.write(str(self._output / name), file=sys.stdout)


def _unused(
    arguments: argparse.Namespace, pictures: Sequence[str], *, write_maps: bool
) -> list[str]:
    """List options that were given and change nothing of what is made."""
    steps = {"mapper", "refiner", *(PICTURES[name] for name in pictures)}
    unused = [
        f"--set {name}"
        for name, _ in arguments.settings
        # What is unknown is hatched in maps, too.
        if name.split("__")[0] not in steps and name != "segmenter__unknown_below"
    ]
    if not set(pictures) - {"mask"}:
        unused += ["--format"] if arguments.picture_format is not None else []
        unused += ["--strip"] if arguments.strip is not None else []
    if not write_maps:
        unused += ["--map-data"] if arguments.map_data != "tif" else []
        unused += ["--map-range"] if arguments.map_range is not None else []
    if arguments.verb == "map" and arguments.subject is not None:
        unused.append("--subject")
    return unused


def run_photographs(arguments: argparse.Namespace) -> int:
    """Run a verb on photographs.

    Parameters
    ----------
    arguments : argparse.Namespace
        What was given.

    Returns
    -------
    int
        0 when all photographs were done, 1 when some failed, 130 (as shells have it)
        when it was interrupted from the keyboard.

    Raises
    ------
    ValueError, OSError, ImportError
        If nothing can be begun.
    """
    from ..batch import process
    from ..datasets import FLOWER_CREDIT, sample_photograph_path

    is_batch = arguments.verb == "batch"
    photos: Sequence[Any] = arguments.photos or [sample_photograph_path()]
    if arguments.jobs == 0:
        raise ValueError("--jobs must be at least 1, or -1 for all cores; got 0.")
    steps = build_steps(arguments)
    write_maps, pictures, overview = _wanted(arguments)
    unused = _unused(arguments, pictures, write_maps=write_maps)
    if unused:
        print(
            f"skdefocus: {arguments.verb} makes nothing that {', '.join(unused)} would "
            f"change",
            file=sys.stderr,
        )
    reporter = _Reporter(Path(arguments.output), lists_files=not is_batch)
    credit = "" if arguments.photos else FLOWER_CREDIT
    start = time.monotonic()
    try:
        with _workers(arguments.scheduler if is_batch else None):
            summary = process(
                photos,
                _pipeline(steps),
                arguments.output,
                n_jobs=arguments.jobs,
                pictures={name: steps[PICTURES[name]] for name in pictures},
                write_maps=write_maps,
                write_confidence=is_batch and "confidence" in arguments.pictures,
                overview=overview,
                unknown_below=steps["segmenter"].unknown_below,
                subject=arguments.subject,
                map_data=arguments.map_data,
                map_range=arguments.map_range,
                picture_format=arguments.picture_format,
                strip=arguments.strip,
                prefer=arguments.prefer,
                # Pictures are made of the photograph itself.
                raw_previews=is_batch and not pictures and arguments.prefer != "raw",
                max_pixels=arguments.max_pixels,
                resume=not arguments.again,
                report=is_batch,
                credit=credit,
                progress=not arguments.quiet,
                on_row=reporter,
            )
    except KeyboardInterrupt:
        print("skdefocus: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        if not reporter.has_begun:
            raise
        print(f"skdefocus: {error}", file=sys.stderr)
        return 1
    _print_skipped(summary.skipped, "as results of an earlier run")
    _print_skipped(summary.links, "as links to folders, which are not followed")
    for extra in sorted({extra for _, extra in summary.need_extras}):
        paths = [path for path, needed in summary.need_extras if needed == extra]
        install = f"pip install 'skdefocus[{extra}]'"
        _print_skipped(paths, f"for want of the extra {extra!r} ({install})")
    if is_batch:
        _print_summary(summary, time.monotonic() - start)
    elif summary.n_kept:
        print(
            f"skdefocus: {summary.n_kept} of {_count(summary)} photographs were "
            f"finished by an earlier run; --again works on them again",
            file=sys.stderr,
        )
    if credit:
        print(credit)
    return 1 if summary.n_failed else 0


def _wanted(arguments: argparse.Namespace) -> tuple[bool, list[str], bool]:
    """Tell what to write: whether maps, which pictures, and whether an overview."""
    if arguments.verb != "batch":
        write_maps, pictures, overview = _PRODUCTS[arguments.verb]
        return write_maps, list(pictures), overview
    asked = arguments.pictures
    return True, [name for name in PICTURES if name in asked], "overview" in asked


def _pipeline(steps: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([(k, steps[k]) for k in ("mapper", "refiner") if k in steps])


def _count(summary: Any) -> int:
    return int(summary.n_done + summary.n_kept + summary.n_failed)


def _print_skipped(skipped: Sequence[Path], why: str) -> None:
    if not skipped:
        return
    names = ", ".join(map(str, skipped[:_SHOWN]))
    names += f", and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
    print(f"skdefocus: skipped {why}: {names}", file=sys.stderr)


def _print_summary(summary: Any, seconds: float) -> None:
    counts = [f"{summary.n_done} done"]
    if summary.n_kept:
        counts.append(f"{summary.n_kept} kept from an earlier run")
    if summary.n_failed:
        counts.append(f"{summary.n_failed} failed")
    print(f"{_count(summary)} photographs in {seconds:.1f} s: {', '.join(counts)}")
    good = summary.n_done + summary.n_kept
    if good:
        print(f"  {'sharpest':>8}  {'in focus':>8}  photograph")
    with closing(summary.rows()) as rows:
        for row in islice(rows, min(_SHOWN, good)):
            sharpest = f"{row['sharpest_sigma']:.2f}"
            sharpest += " px" if row["unit"] == "px" else ""
            print(f"  {sharpest:>8}  {row['in_focus']:>8.0%}  {row['photo']}")
    if good > _SHOWN:
        print(f"  ... and {good - _SHOWN} more")
    print(f"report: {summary.csv}, {summary.jsonl.name}")
