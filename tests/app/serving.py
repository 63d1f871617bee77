"""A server of the page in a thread, for tests."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def serving(photo: Path | None = None, max_pixels: int = 200_000_000) -> Iterator[Any]:
    """Serve the page; skip the test without its library."""
    pytest.importorskip("panel", reason="needs the extra 'app'")
    from skdefocus.app.server import TuningServer

    servers: queue.Queue = queue.Queue()

    def run() -> None:
        # Made where it runs: Playwright has an event loop in the tests' own thread,
        # which would take the connections.
        server = TuningServer(photo, max_pixels=max_pixels)
        servers.put(server)
        server.run()

    thread = threading.Thread(target=run)
    thread.start()
    server = servers.get(timeout=60)
    try:
        yield server
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()
