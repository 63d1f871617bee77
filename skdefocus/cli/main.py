"""The command line; every verb calls the public functions and nothing else."""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .app import add_app, run_app
from .batch import add_batch_options, run_batch
from .train import add_train, run_train

__all__ = ["main"]

_DESCRIPTION = """\
Map how blurred every pixel of a photograph is, and use the map: sharpen what is a
little blurred, or blur the background further."""

_VERBS = {
    "all": "blur map, sharpened and shallow-focus photograph, and all side by side",
    "map": "blur map: a picture, a 16-bit PNG and float data in pixels of sigma",
    "sharpen": "photograph sharpened where the map says that it helps",
    "bokeh": "photograph with its background blurred further and its subject sharpened",
    "batch": "maps of folders of photographs, and a report with the sharpest first",
}
_EPILOG = """\
steps whose parameters --set reaches: mapper (SlidingWindowMapper, or ContextMapper
with --mapper context), refiner (GlobalRefiner), sharpener (AdaptiveUnsharpMask),
renderer (SDoFRenderer), segmenter (DefocusSegmenter, of batch); for example
--set refiner__smoothness=10000 --set renderer__smoothing=guided"""
_PRODUCTS = {
    "all": ("map", "sharpened", "shallow", "overview"),
    "map": ("map",),
    "sharpen": ("sharpened",),
    "bokeh": ("shallow",),
}


class _UsageError(ValueError):
    """What was asked for cannot be done; told in one sentence, exit code 2."""


def _parse_setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or "__" not in name:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form step__parameter=value"
        )
    value = {"true": "True", "false": "False", "none": "None"}.get(
        value.strip().lower(), value.strip()
    )
    try:
        return name.strip(), ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name.strip(), value


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skdefocus", description=_DESCRIPTION)
    parser.add_argument("--version", action="store_true", help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
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
        sub.add_argument("-o", "--output", metavar="OUT", required=True, help="folder")
        sub.add_argument(
            "--step", type=int, default=4, help="pixels between patches (default 4)"
        )
        sub.add_argument(
            "--refiner",
            default="global",
            help="global (default), wgif (the paper's), guided, or none (raw map)",
        )
        sub.add_argument(
            "--mapper",
            choices=("windows", "context"),
            default="windows",
            help="patches alone (windows, default), or also what surrounds them",
        )
        sub.add_argument(
            "--model",
            default="default",
            help="model file, or a shipped network: default or fast",
        )
        sub.add_argument(
            "--jobs", type=int, default=1, help="photographs at a time (default 1)"
        )
        sub.add_argument(
            "--set",
            dest="settings",
            metavar="STEP__PARAMETER=VALUE",
            action="append",
            type=_parse_setting,
            default=[],
            help="any parameter of any step; may be repeated",
        )
        sub.add_argument(
            "--map-data",
            choices=("tif", "npy"),
            default="tif",
            help="format of the float map (default tif)",
        )
        sub.add_argument(
            "--max-pixels",
            type=int,
            default=200_000_000,
            help="refuse larger photographs (default 200 million)",
        )
        sub.add_argument("--quiet", action="store_true", help="no progress bar")
        if verb == "batch":
            add_batch_options(sub)
    add_train(verbs)
    add_app(verbs)
    return parser


def _build_steps(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the estimators and set their parameters; check them before any work."""
    from ..classifier import ContextNetwork, PatchBlurClassifier
    from ..classifier.pretrained import CONTEXT_PRETRAINED, PRETRAINED
    from ..enhance import AdaptiveUnsharpMask
    from ..mapping import ContextMapper, SlidingWindowMapper
    from ..refine import GlobalRefiner, GuidedRefiner, WGIFRefiner
    from ..render import SDoFRenderer
    from ..segment import DefocusSegmenter

    refiners = {
        "global": GlobalRefiner,
        "wgif": WGIFRefiner,
        "guided": GuidedRefiner,
        "none": None,
    }
    if arguments.refiner not in refiners:
        raise _UsageError(
            f"there is no refiner {arguments.refiner!r}; known: {', '.join(refiners)}."
        )
    model: Any = arguments.model
    shipped = CONTEXT_PRETRAINED if arguments.mapper == "context" else PRETRAINED
    if model not in shipped:
        kinds: dict[str, Any] = {
            "windows": PatchBlurClassifier,
            "context": ContextNetwork,
        }
        model = kinds[arguments.mapper].load(model)
    if arguments.mapper == "context":
        mapper = ContextMapper(model, scale="auto")
    else:
        mapper = SlidingWindowMapper(
            model, step=arguments.step, estimate="mean", scale="auto"
        )
    steps: dict[str, Any] = {
        "mapper": mapper,
        "sharpener": AdaptiveUnsharpMask(),
        "renderer": SDoFRenderer(smoothing="disc"),
        "segmenter": DefocusSegmenter(),
    }
    refiner = refiners[arguments.refiner]
    if refiner is not None:
        steps["refiner"] = refiner()
    for name, value in arguments.settings:
        step, parameter = name.split("__", 1)
        if step not in steps:
            raise _UsageError(
                f"there is no step {step!r} to set; known: {', '.join(sorted(steps))}."
            )
        known = sorted(steps[step].get_params(deep=False))
        if parameter not in known:
            raise _UsageError(
                f"{type(steps[step]).__name__} has no parameter {parameter!r}; known: "
                f"{', '.join(known)}."
            )
        steps[step].set_params(**{parameter: value})
    for step in steps.values():
        step.fit([])
    return steps


def _plan(given: Sequence[str], output: Path) -> list[tuple[Path, Path, str]]:
    """List photographs with the folders and the names of their results.

    What lies in folders keeps its place below the output, and results of an earlier
    run are not taken for photographs. Refuses to overwrite a photograph.
    """
    from ..batch import RESULT_SUFFIXES, is_result
    from ..io import list_photographs

    plan: dict[Path, tuple[Path, Path]] = {}
    for path in map(Path, given):
        found = list_photographs([path], exclude=output)
        stems = {photo.with_suffix("") for photo in found}
        for photo in found:
            below = photo.parent.relative_to(path) if photo != path else Path()
            if photo == path or not is_result(photo, stems):
                plan.setdefault(photo.resolve(), (photo, output / below))
    targets = Counter(folder / photo.stem for photo, folder in plan.values())
    inputs = {photo.with_suffix("") for photo in plan}
    complete = []
    for photo, folder in plan.values():
        # A.jpg beside A.tif: their results are told apart by the ending.
        alone = targets[folder / photo.stem] == 1
        name = photo.stem if alone else f"{photo.stem}_{photo.suffix[1:].lower()}"
        complete.append((photo, folder, name))
        for suffix in RESULT_SUFFIXES:
            if (folder.resolve() / (name + suffix)) in inputs:
                raise _UsageError(
                    f"the result of {photo} would overwrite a photograph, "
                    f"{name}{suffix}; give another output folder."
                )
    names = Counter(folder / name for _, folder, name in complete)
    for photo, folder, name in complete:
        if names[folder / name] > 1:
            raise _UsageError(
                f"{photo} and another photograph would be written to the same files, "
                f"{folder / name}; give them different output folders."
            )
    return complete


def _run_photos(arguments: argparse.Namespace) -> int:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from ..batch import process_photograph
    from ..datasets import FLOWER_CREDIT, sample_photograph_path

    credit = "" if arguments.photos else FLOWER_CREDIT
    output = Path(arguments.output)
    if output.exists() and not output.is_dir():
        raise _UsageError(f"{output} is a file, not a folder to write to.")
    if arguments.jobs < 1:
        raise _UsageError(f"--jobs must be at least 1; got {arguments.jobs}.")
    plan = _plan(arguments.photos or [str(sample_photograph_path())], output)
    steps = _build_steps(arguments)
    outcomes = Parallel(n_jobs=arguments.jobs, return_as="generator")(
        delayed(process_photograph)(
            photo,
            folder,
            steps,
            _PRODUCTS[arguments.verb],
            map_data=arguments.map_data,
            max_pixels=arguments.max_pixels,
            credit=credit,
            name=name,
        )
        for photo, folder, name in plan
    )
    n_failed = 0
    bar = tqdm(
        outcomes,
        total=len(plan),
        unit="photo",
        disable=arguments.quiet,
        file=sys.stderr,
        desc=arguments.verb,
    )
    for outcome in bar:
        n_failed += bool(outcome.problem)
        for text in (*outcome.notes, outcome.problem):
            if text:
                bar.write(f"skdefocus: {text}", file=sys.stderr)
        for path in outcome.written:
            bar.write(str(path), file=sys.stdout)
    if credit:
        print(credit)
    return 2 if n_failed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 when all was done, 2 when something given could not be used. The verb
        ``batch`` gives 1 when some photographs failed and the others were done.

    Examples
    --------
    >>> from skdefocus.cli.main import main
    >>> main(["--version"])
    skdefocus 0.1.0
    0
    """
    parser = _build_parser()
    parsed = parser.parse_args(arguments)
    if parsed.version:
        from .. import __version__

        print(f"skdefocus {__version__}")
        return 0
    if parsed.verb is None:
        parser.print_help()
        return 2
    try:
        if parsed.verb == "batch":
            return run_batch(parsed, _build_steps(parsed))
        others = {"train": run_train, "app": run_app}
        return others.get(parsed.verb, _run_photos)(parsed)
    except (ValueError, OSError, ImportError) as error:
        print(f"skdefocus: {error}", file=sys.stderr)
        return 2
