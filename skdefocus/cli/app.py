"""The verb ``app`` of the command line: the tuning page."""

from __future__ import annotations

import argparse
from typing import Any

from .options import add_max_pixels

__all__ = ["add_app", "run_app"]


def add_app(verbs: Any) -> None:
    """Add the verb.

    Parameters
    ----------
    verbs : subparsers
        Of the command line.
    """
    sub = verbs.add_parser(
        "app",
        help="tune a photograph by eye, in a page on this machine; needs the extra "
        "'app'",
        description="Serve a page on 127.0.0.1 where parameters are moved by eye.",
    )
    sub.add_argument("photo", metavar="PHOTO", nargs="?", help="to begin with")
    sub.add_argument("--port", type=int, default=0, help="default: any free one")
    sub.add_argument(
        "--no-browser", action="store_true", help="print the page's address only"
    )
    add_max_pixels(sub, default="200 million")


def run_app(arguments: argparse.Namespace) -> int:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of the verb.

    Returns
    -------
    int
        0.
    """
    from ..app import serve

    limit = arguments.max_pixels
    serve(
        arguments.photo,
        port=arguments.port,
        open_browser=not arguments.no_browser,
        **({} if limit is None else {"max_pixels": limit}),
    )
    return 0
