"""The verb ``train`` of the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

__all__ = ["add_train", "run_train"]


def add_train(verbs: Any) -> None:
    """Add the verb.

    Parameters
    ----------
    verbs : subparsers
        Of the command line.
    """
    sub = verbs.add_parser(
        "train",
        help="train a network on sharp photographs; needs the extra 'train'",
        description="Train a network on sharp photographs, blurred by known sigmas.",
    )
    sub.add_argument(
        "photos", metavar="PHOTO", nargs="+", help="photographs or folders"
    )
    sub.add_argument(
        "-o", "--output", metavar="MODEL", required=True, help="model file"
    )
    sub.add_argument(
        "--protocol",
        choices=("photographs", "paper"),
        default="photographs",
        help="photographs are blurred whole, for use (default), or sharp patches each "
        "alone, as in the paper",
    )
    sub.add_argument(
        "--architecture",
        help="blurnet (default), blurnet_small, mobilenet_v2 (default for the paper), "
        "efficientnet_b0, densenet121, nasnet_mobile or shufflenet_v2; or context, for "
        "ContextMapper",
    )
    sub.add_argument(
        "--patches",
        type=int,
        help="patches made (default 512000, for the paper all that are sharp)",
    )
    sub.add_argument(
        "--scenes", type=int, default=2000, help="for context instead (default 2000)"
    )
    sub.add_argument(
        "--epochs", type=int, help="default 6, for context 12, for the paper 10"
    )
    sub.add_argument("--seed", type=int, default=0, help="default 0")
    sub.add_argument(
        "--jobs", type=int, default=2, help="photographs or scenes at once (default 2)"
    )
    sub.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="written after every epoch; an interrupted training goes on from it",
    )
    sub.add_argument(
        "--data", default="", help="what the photographs are, for the card"
    )
    sub.add_argument("--quiet", action="store_true", help="no progress bar")


def run_train(arguments: argparse.Namespace) -> int:
    """Train a network and write it to one file.

    Parameters
    ----------
    arguments : Namespace
        Of the verb.

    Returns
    -------
    int
        0.

    Raises
    ------
    ValueError
        For what cannot be used, in one sentence.
    """
    from ..classifier.architectures import ARCHITECTURES
    from ..classifier.model_file import read_model
    from ..classifier.training import train_context, train_on_photographs
    from ..io import list_photographs

    known = (*ARCHITECTURES, "context")
    if arguments.architecture not in (None, *known):
        raise ValueError(
            f"there is no architecture {arguments.architecture!r}; known: "
            f"{', '.join(known)}."
        )
    if not arguments.output:
        raise ValueError("--output must name a file; got ''.")
    if Path(arguments.output).is_dir():
        raise ValueError(f"{arguments.output} is a folder, not a file to write to.")
    kind = "context" if arguments.architecture == "context" else "patches"
    if os.path.lexists(arguments.output):
        try:
            read_model(arguments.output, kind=kind)
        except ValueError as error:
            raise ValueError(
                f"{arguments.output} is there, and no network of this kind that could "
                f"be replaced: {error}"
            ) from error
    if arguments.architecture == "context" and arguments.protocol == "paper":
        raise ValueError("--protocol paper is for patch networks; got context.")
    photographs = list_photographs(arguments.photos)
    shared = {
        "data": arguments.data,
        "random_state": arguments.seed,
        "n_jobs": arguments.jobs,
        "verbose": 0 if arguments.quiet else 1,
    }
    if arguments.architecture == "context":
        network = train_context(
            photographs,
            n_scenes=arguments.scenes,
            epochs=12 if arguments.epochs is None else arguments.epochs,
            checkpoint=arguments.checkpoint,
            **shared,
        )
        network.save(arguments.output)
        print(arguments.output)
        return 0
    classifier = train_on_photographs(
        photographs,
        protocol=arguments.protocol,
        architecture=arguments.architecture,
        n_patches=arguments.patches,
        epochs=arguments.epochs,
        checkpoint=arguments.checkpoint,
        **shared,
    )
    classifier.save(arguments.output)
    print(arguments.output)
    for name, value in classifier.card_.get("holdout", {}).items():
        print(f"held out: {name.replace('_', ' ')} {value}")
    return 0
