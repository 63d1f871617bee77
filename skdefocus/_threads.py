"""How many threads the libraries underneath may use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import joblib

__all__ = ["ONE_THREAD", "available_threads", "single_threaded"]

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


def available_threads() -> int:
    """Threads that a network may use: joblib tells its workers by OMP_NUM_THREADS.

    Returns
    -------
    int
        1 inside `single_threaded`, otherwise the cores that this process may use, or
        OMP_NUM_THREADS where that is fewer.
    """
    if _inside:
        return 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    count = joblib.cpu_count()
    return min(count, int(limit)) if limit.isdecimal() and int(limit) > 0 else count


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
