"""What processes that we start do to end with the one that started them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

__all__ = ["end_with"]

_SECONDS = 0.5


def end_with(parent: int, before: Callable[[], object] | None = None) -> None:
    """Make this process end soon after its parent, also one that is killed.

    An interrupt from the keyboard is the parent's affair: it stops its workers.

    Parameters
    ----------
    parent : int
        The number of the parent.
    before : callable, optional
        Called before this process ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        if before is not None:
            before()
        os._exit(1)

    # On Windows a starter may stand between the two.
    if sys.platform != "win32":
        threading.Thread(target=watch, daemon=True).start()
