"""Open the tuning page."""

from __future__ import annotations

import os
import signal
import socket
import threading
import webbrowser
from pathlib import Path

from ..io import DEFAULT_MAX_PIXELS, read_photograph

__all__ = ["serve"]


def serve(
    photo: str | os.PathLike[str] | None = None,
    *,
    port: int = 0,
    open_browser: bool = True,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> None:
    """Serve the tuning page on 127.0.0.1 until the process is interrupted.

    Parameters
    ----------
    photo : path-like, optional
        A photograph to begin with.
    port : int, default=0
        Port to listen at; 0 takes any free one.
    open_browser : bool, default=True
        Open the page in the person's browser.
    max_pixels : int, default=200_000_000
        Larger photographs are refused from their header.

    Raises
    ------
    ImportError
        If the extra ``app`` is not installed.
    OSError, ValueError
        If the photograph cannot be read, or the port is in use.

    Examples
    --------
    >>> from skdefocus.app import serve
    >>> serve("flower.jpg")  # doctest: +SKIP
    """
    try:
        import panel  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "the tuning page needs the extra 'app': pip install 'skdefocus[app]'."
        ) from error
    from .server import TuningServer

    if photo is not None:
        # What cannot be read is said here and not in the browser.
        read_photograph(photo, max_pixels=max_pixels)
        photo = Path(photo)
    _check_port(port)
    server = TuningServer(photo, port=port, max_pixels=max_pixels)
    if threading.current_thread() is threading.main_thread():
        # So that temporary files are removed then, too; Ctrl-C the server takes itself.
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
    print(f"{server.address} (Ctrl-C stops it)", flush=True)
    if open_browser:
        webbrowser.open(server.address)
    server.run()


def _check_port(port: int) -> None:
    """Refuse a port that is none or is in use, in one sentence."""
    if not 0 <= port <= 65535:
        raise ValueError(f"the port must be from 0 to 65535; got {port}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(f"port {port} cannot be used: {error.strerror}.") from error
