"""How many threads the libraries underneath may use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import joblib

__all__ = [
    "ONE_THREAD",
    "available_threads",
    "limited_threads",
    "run_in_parts",
    "single_threaded",
]

# Environment of a process in which every library shall use one thread.
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}

_LOCK = threading.Lock()
# Those inside `single_threaded`, and the limits that they set, in order.
_inside = 0
_limits: list[Any] = []
# What an item of a batch may use, which is worked on beside others.
_limit: ContextVar[int | None] = ContextVar("limit", default=None)


def available_threads() -> int:
    """Threads that a network or filter may use.

    Returns
    -------
    int
        1 inside `single_threaded`, the limit inside `limited_threads`, otherwise the
        cores that this process may use, or OMP_NUM_THREADS, by which joblib tells its
        workers, where that is fewer.
    """
    if _inside:
        return 1
    limit = _limit.get()
    if limit is not None:
        return limit
    told = os.environ.get("OMP_NUM_THREADS", "")
    count = _cores()
    return min(count, int(told)) if told.isdecimal() and int(told) > 0 else count


@lru_cache(maxsize=1)
def _cores() -> int:
    """Cores that this process may use; files of the system are read for it."""
    count: int = joblib.cpu_count()
    return count


@contextmanager
def limited_threads(n_threads: int | None) -> Iterator[None]:
    """Limit what this thread of Python asks for by `available_threads`.

    Parameters
    ----------
    n_threads : int or None
        At least 1; None leaves it as it is.
    """
    token = _limit.set(_limit.get() if n_threads is None else n_threads)
    try:
        yield
    finally:
        _limit.reset(token)


def run_in_parts(function: Callable[[int, int], None], length: int, grain: int) -> None:
    """Call a function on parts of a range, in as many threads as are available.

    Parameters
    ----------
    function : callable
        ``function(first, last)``; it should let go of Python's lock. What it divides
        into parts itself, each does alone.
    length : int
        End of the range, which begins at 0.
    grain : int
        Parts begin at multiples of it.
    """
    n_grains = -(-length // grain)
    # To ask how many there are takes longer than many a small part.
    n_parts = min(available_threads(), n_grains) if n_grains > 1 else 1
    bounds = [min(length, n_grains * i // n_parts * grain) for i in range(n_parts + 1)]
    if n_parts == 1:
        function(0, length)
    else:

        def work(first: int, last: int) -> None:
            # A part of a part that waited for a thread of the pool would wait for ever:
            # all of them may be at work on such parts.
            with limited_threads(1):
                function(first, last)

        # One part in this thread, which would otherwise only wait.
        others = [
            _pool(n_parts - 1).submit(work, first, last)
            for first, last in pairwise(bounds[1:])
        ]
        try:
            work(bounds[0], bounds[1])
        finally:
            # The arrays must not change hands while a part is still at work.
            wait(others)
        for other in others:
            other.result()


@lru_cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, thread_name_prefix="skdefocus")


if hasattr(os, "register_at_fork"):
    # The threads of a pool are not those of a forked process.
    os.register_at_fork(after_in_child=_pool.cache_clear)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Hold ONNX Runtime, BLAS, OpenMP and numba to one thread each.

    OpenMP and numba count for each thread of Python. BLAS and ONNX Runtime count for
    the process, until the last of those inside has left: a worker may run several tasks
    in threads of its own, and the first to end must not let the others loose. (Only the
    thread that limited BLAS first can let it loose again; if it is not the last to
    leave, BLAS stays at one thread.)
    """
    global _inside
    from threadpoolctl import threadpool_limits

    with _LOCK:
        _inside += 1
        # Anew each time: it reaches only libraries that are loaded by now.
        _limits.append(threadpool_limits(1, user_api="blas"))
    before = _limit_numba()
    try:
        with threadpool_limits(1, user_api="openmp"):
            yield
    finally:
        if before is not None:
            sys.modules["numba"].set_num_threads(before)
        with _LOCK:
            _inside -= 1
            while _limits and not _inside:
                _limits.pop().restore_original_limits()


def _limit_numba() -> int | None:
    """Give this thread one thread of numba; say how many it had."""
    if os.environ.get("NUMBA_NUM_THREADS") == "1":
        return None
    # Imported here if need be: a later import would start with all cores.
    if "numba" not in sys.modules and find_spec("numba") is None:
        return None
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    return before
