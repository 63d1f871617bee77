"""What several benchmarks share."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

__all__ = ["parse_with_data", "pass_through", "timed"]


def parse_with_data(
    parser: argparse.ArgumentParser, arguments: list[str] | None
) -> argparse.Namespace:
    """Read a command line that also names the folder of CUHK."""
    parser.add_argument("--data", default=os.environ.get("SKDEFOCUS_DATA"))
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error("give --data DIR, or set SKDEFOCUS_DATA")
    return options


def timed(function: Callable, argument: Any) -> tuple[Any, float]:
    """Call a function and take the time."""
    start = time.perf_counter()
    result = function(argument)
    return result, time.perf_counter() - start


def pass_through(step: Any, item: Any) -> tuple[Any, float]:
    """Send one photograph or sample through a step, and take the time."""
    (result,), seconds = timed(step.transform, [item])
    return result, seconds
