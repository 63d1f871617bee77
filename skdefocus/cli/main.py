"""The command line: its verbs, and what its exit codes mean."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .app import add_app, run_app
from .photographs import add_photograph_verbs, run_photographs
from .streams import closable_streams
from .train import add_train, run_train

__all__ = ["main"]

_DESCRIPTION = """\
Map how blurred every pixel of a photograph is, and use the map: sharpen what is a
little blurred, or blur the background further."""
_RUNS = {"train": run_train, "app": run_app}


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skdefocus", description=_DESCRIPTION)
    parser.add_argument("--version", action="store_true", help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    add_photograph_verbs(verbs)
    add_train(verbs)
    add_app(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 if all that was asked is done, 1 if at least one photograph failed, 2 if
        nothing was begun, and 130 after Ctrl-C.

    Examples
    --------
    >>> from skdefocus.cli.main import main
    >>> main(["--version"])
    skdefocus 0.1.0
    0
    """
    with closable_streams():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
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
        return _RUNS.get(parsed.verb, run_photographs)(parsed)
    except (ValueError, OSError, ImportError) as error:
        print(f"skdefocus: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("skdefocus: stopped", file=sys.stderr)
        return 130
