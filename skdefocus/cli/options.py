"""Options of the verbs on photographs, and the estimators that they stand for."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from typing import Any

__all__ = [
    "PICTURES",
    "add_batch_options",
    "add_max_pixels",
    "add_shared_options",
    "build_steps",
]

# Pictures beside the map, and the steps that make them.
PICTURES = {"sharpened": "sharpener", "shallow": "renderer", "mask": "segmenter"}


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


def _parse_subject(text: str) -> Any:
    """Take two numbers for a point, four for a box, and anything else for a path."""
    parts = text.split(",")
    if len(parts) in (2, 4) and all(part.strip().isdecimal() for part in parts):
        return tuple(int(part) for part in parts)
    return text


def _parse_range(text: str) -> Any:
    """Take the range of a map's colors."""
    if text == "auto":
        return text
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not 0 <= low < high < float("inf"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither auto nor LOW,HIGH with 0 <= LOW < HIGH"
        )
    return low, high


def add_max_pixels(
    parser: argparse.ArgumentParser,
    default: str = "what memory allows, at most 200 million",
) -> None:
    """Add the limit on the size of photographs.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The verb's.
    default : str, optional
        What the limit is unless one is given, for the help.
    """
    parser.add_argument(
        "--max-pixels",
        type=int,
        help=f"refuse larger photographs (default: {default})",
    )


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all verbs on photographs share.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The verb's.
    """
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="folder")
    parser.add_argument(
        "--step",
        type=int,
        help="pixels between patches, measured alone (default 4)",
    )
    parser.add_argument(
        "--refiner",
        default="global",
        help="global (default), wgif (the paper's), guided, or none (raw map)",
    )
    parser.add_argument(
        "--mapper",
        choices=("combined", "windows", "context"),
        help="patches, and what surrounds them where they do not tell (combined, "
        "default), patches alone (windows, default with --model or --step), or context",
    )
    parser.add_argument(
        "--model",
        default="default",
        help="model file, or a shipped network: default, or fast or paper, for patches "
        "alone",
    )
    parser.add_argument(
        "--patch-model",
        metavar="FILE",
        help="patch network that the context network of --model was trained with "
        "(default: the shipped one)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=-1,
        help="photographs processed in parallel (default: one for each core)",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="STEP__PARAMETER=VALUE",
        action="append",
        type=_parse_setting,
        default=[],
        help="any parameter of any step; may be repeated",
    )
    parser.add_argument(
        "--map-data",
        choices=("tif", "npy"),
        default="tif",
        help="format of the float map (default tif)",
    )
    parser.add_argument(
        "--map-range",
        metavar="auto|LOW,HIGH",
        type=_parse_range,
        help="sigma of the first and last color of _map.png: auto for each map's own "
        "(default 0,19)",
    )
    parser.add_argument(
        "--format",
        dest="picture_format",
        choices=("jpg", "png", "tif", "webp"),
        help="format of pictures (default: that of the photograph, or nearest to it)",
    )
    parser.add_argument(
        "--strip",
        choices=("gps", "all"),
        help="leave out of pictures where the photograph was taken, or all metadata "
        "(default: keep all)",
    )
    parser.add_argument(
        "--prefer",
        choices=("jpeg", "raw"),
        default="jpeg",
        help="which file to read of a raw file and a JPEG of one name in a folder "
        "(default jpeg)",
    )
    add_max_pixels(parser)
    parser.add_argument(
        "--subject",
        type=_parse_subject,
        help="what the photograph is about, for pictures and report: a point X,Y on it "
        "or a box LEFT,TOP,WIDTH,HEIGHT around it, in pixels, or a mask file (white "
        "where the subject is), or a folder of masks named as the photographs",
    )
    parser.add_argument(
        "--again", action="store_true", help="work on finished photographs again"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


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
        choices=(*PICTURES, "confidence", "overview"),
        default=[],
        help="what to write beside the map; may be repeated",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the Dask cluster of this scheduler, tcp://HOST:8786 for example; "
        "its workers must share the folders; needs the extra 'cluster'",
    )


def build_steps(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the estimators and set their parameters; check them before any work.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of a verb on photographs.

    Returns
    -------
    dict of str to estimator
        ``mapper``, ``sharpener``, ``renderer``, ``segmenter`` and perhaps ``refiner``.

    Raises
    ------
    ValueError
        For an unknown refiner, step or parameter, or a value that is not accepted.
    OSError
        If a model file cannot be read.
    """
    from ..enhance import AdaptiveUnsharpMask
    from ..recipes import recommended_steps
    from ..refine import GuidedRefiner, WGIFRefiner
    from ..render import SDoFRenderer
    from ..segment import DefocusSegmenter

    recommended = dict(recommended_steps())
    refiners = {
        "global": recommended["refiner"],
        "wgif": WGIFRefiner(),
        "guided": GuidedRefiner(),
        "none": None,
    }
    if arguments.refiner not in refiners:
        raise ValueError(
            f"there is no refiner {arguments.refiner!r}; known: {', '.join(refiners)}."
        )
    steps = {
        "mapper": _build_mapper(arguments),
        "sharpener": AdaptiveUnsharpMask(),
        "renderer": SDoFRenderer(smoothing="disc"),
        "segmenter": DefocusSegmenter(),
    }
    refiner = refiners[arguments.refiner]
    if refiner is not None:
        steps["refiner"] = refiner
    for name, value in arguments.settings:
        step, parameter = name.split("__", 1)
        if step not in steps:
            raise ValueError(
                f"there is no step {step!r} to set; known: {', '.join(sorted(steps))}."
            )
        known = sorted(steps[step].get_params(deep=False))
        if parameter not in known:
            raise ValueError(
                f"{type(steps[step]).__name__} has no parameter {parameter!r}; known: "
                f"{', '.join(known)}."
            )
        steps[step].set_params(**{parameter: value})
    for step in steps.values():
        step.fit([])
    return steps


def _build_mapper(arguments: argparse.Namespace) -> Any:
    from ..classifier import ContextNetwork, PatchBlurClassifier
    from ..classifier.context_features import CELL
    from ..classifier.model_file import OtherKind
    from ..classifier.pretrained import CONTEXT_PRETRAINED, PRETRAINED
    from ..mapping import ContextMapper
    from ..recipes import recommended_steps

    model: Any = arguments.model
    # A network that is given is one of patches, unless it is said to be another.
    of_patches = model != "default" or arguments.step is not None
    given = "windows" if of_patches else "combined"
    name = given if arguments.mapper is None else arguments.mapper
    if arguments.patch_model is not None and (name == "windows" or model == "default"):
        raise ValueError(
            "--patch-model goes with the --model of a context network and --mapper "
            "combined or context."
        )
    shipped = PRETRAINED if name == "windows" else CONTEXT_PRETRAINED
    if model in PRETRAINED and model not in shipped:
        raise ValueError(
            f"--model {model} is a network for patches alone: leave out --mapper, or "
            f"give --mapper windows; got --mapper {name}."
        )
    if model not in shipped and not Path(model).is_file():
        raise ValueError(
            f"--model must be a model file, or one of the shipped networks "
            f"{', '.join(PRETRAINED)} (fast and paper are for patches alone); got "
            f"{model!r}, which is no file."
        )
    if name == "windows":
        if model not in PRETRAINED:
            try:
                model = PatchBlurClassifier.load(model)
            except OtherKind as error:
                raise ValueError(
                    f"--model {model} is a context network: give --mapper combined or "
                    f"--mapper context."
                ) from error
        mapper = dict(recommended_steps(model))["mapper"]
        if arguments.step is not None:
            mapper.set_params(step=arguments.step)
        return mapper
    if arguments.step is not None:
        raise ValueError(
            f"--step is for --mapper windows; {name} measures every "
            f"{CELL} pixels. Got --step {arguments.step}."
        )
    if model not in CONTEXT_PRETRAINED:
        patches = None
        if arguments.patch_model is not None:
            patches = PatchBlurClassifier.load(arguments.patch_model)
        model = ContextNetwork.load(model, patches)
    mapper = dict(recommended_steps())["mapper"].set_params(network=model)
    if name == "context":
        return ContextMapper(**mapper.get_params(deep=False))
    return mapper
