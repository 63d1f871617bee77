"""Sessions of ONNX Runtime, made once per process for each network."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any

__all__ = ["open_session"]

# Sessions that are kept: some networks, each for one thread and for all.
_MOST_SESSIONS = 8

_lock = threading.Lock()
# By hash of the network and number of threads, the one used last at the end.
_sessions: OrderedDict[tuple[str, int], Any] = OrderedDict()
# Those of the process that this one was forked from.
_inherited: list[Any] = []


def _forget() -> None:
    """Begin anew in a forked process: it has none of the sessions' threads."""
    global _lock
    _lock = threading.Lock()
    # Kept, for their end would wait for those threads.
    _inherited.extend(_sessions.values())
    _sessions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def open_session(
    onnx: bytes, sha256: str, n_threads: int, *, most: int = _MOST_SESSIONS
) -> Any:
    """Give the session of a network; threads of Python may share it.

    Parameters
    ----------
    onnx : bytes
        Serialized model.
    sha256 : str
        Its hash.
    n_threads : int
        Threads of the session's own.
    most : int, default=8
        Sessions to keep; that which was not used for longest is dropped.

    Returns
    -------
    onnxruntime.InferenceSession
        The same one at every call with that hash and number of threads.
    """
    key = sha256, n_threads
    with _lock:
        if key in _sessions:
            _sessions.move_to_end(key)
            return _sessions[key]
        session = _sessions[key] = _make_session(onnx, n_threads)
        while len(_sessions) > most:
            _sessions.popitem(last=False)
    return session


def _make_session(onnx: bytes, n_threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Idle threads that spin would take the cores from the filters.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        onnx,
        options,
        providers=["CPUExecutionProvider"],
        # Versions before 1.32 turn zeros around what a pool sees into padding of the
        # pool, which passes over it, and answer wrongly.
        disabled_optimizers=["Pad_Fusion"] if _pads_a_pool(onnx) else [],
    )


def _pads_a_pool(serialized: bytes) -> bool:
    """Tell whether zeros are put around what a pool sees."""
    # Most networks have none, and need not import onnx for it.
    if b"Pad" not in serialized:
        return False
    import onnx

    nodes = onnx.load_from_string(serialized).graph.node
    padded = {name for node in nodes if node.op_type == "Pad" for name in node.output}
    return any(
        node.op_type in ("AveragePool", "MaxPool") and node.input[0] in padded
        for node in nodes
    )
