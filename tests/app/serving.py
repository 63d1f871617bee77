"""A server of the page in a thread, for tests, and raw requests to it."""

from __future__ import annotations

import queue
import socket
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


def ask(
    server, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    """Send a request byte by byte as it is; give status and everything else."""
    own = f"127.0.0.1:{server.port}"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {headers.pop('Host', own)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Connection: close"] if "Upgrade" not in headers else []
    lines += [f"Content-Length: {len(body)}"] if method == "POST" else []
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = link.recv(1 << 16)
        while b"\r\n\r\n" not in answer or ("Upgrade" not in headers):
            part = link.recv(1 << 16)
            if not part:
                break
            answer += part
    return int(answer.split(b" ", 2)[1]), answer


def origin(server) -> str:
    return f"http://127.0.0.1:{server.port}"
