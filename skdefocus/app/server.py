"""The server: Panel's, on 127.0.0.1, with our checks before everything it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from panel.io.server import get_server
from tornado.ioloop import IOLoop
from tornado.routing import Rule

from ..datasets import sample_photograph_path
from .handlers import (
    ExportHandler,
    ForeignRequest,
    RefuseHandler,
    SecurityHeaders,
    UploadHandler,
)
from .opened import OpenedPhotograph, open_photograph
from .page import ASSETS, make_page
from .session import Session
from .workers import Workers

__all__ = ["TuningServer"]

_ADDRESS = "127.0.0.1"
# A tab that was closed, or has not connected yet, is forgotten after this long, looked
# for this often, in milliseconds.
_LIFETIME, _CHECK = 12_000, 2000


class TuningServer:
    """Serves the tuning page until it is stopped.

    It is to be made in the thread that runs it, where no event loop runs yet.

    Parameters
    ----------
    photo : Path, optional
        A photograph that every new tab opens.
    port : int, default=0
        Port to listen at; 0 takes any free one.
    max_pixels : int
        Larger photographs are refused from their header.

    Attributes
    ----------
    port : int
        That it listens at.
    sessions : dict of str to Session
        Open tabs by their secrets.

    Raises
    ------
    OSError
        If the port is in use.
    """

    def __init__(self, photo: Path | None, *, port: int = 0, max_pixels: int) -> None:
        self.sessions: dict[str, Session] = {}
        self._known = {"sample": sample_photograph_path()}
        if photo is not None:
            self._known["given"] = photo
        self._max_pixels = max_pixels
        # Tabs share the maps of photographs that can be opened by name.
        self._read_known = lru_cache(2)(self._read_file)
        self._folder = TemporaryDirectory(prefix="skdefocus-app-")
        self._workers = Workers()
        self._asyncio_loop = asyncio.new_event_loop()
        self._loop = IOLoop(asyncio_loop=self._asyncio_loop, make_current=False)
        files = {"sessions": self.sessions}
        try:
            self._server = get_server(
                {"/": self._new_tab},
                port=port,
                address=_ADDRESS,
                loop=self._loop,
                title="skdefocus",
                location=False,
                websocket_origin=[f"{_ADDRESS}:{port}"],
                static_dirs={"assets": str(ASSETS)},
                extra_patterns=[
                    (r"/upload/(?P<token>[\w-]+)", UploadHandler, files),
                    (
                        r"/export/(?P<token>[\w-]+)/(?P<file>[\w-]+)",
                        ExportHandler,
                        files,
                    ),
                ],
                unused_session_lifetime_milliseconds=_LIFETIME,
                check_unused_sessions_milliseconds=_CHECK,
            )
        except BaseException:
            self._clean_up()
            raise
        # Only a server at a socket of Unix has none.
        assert self._server.port is not None
        self.port: int = self._server.port
        application = self._server._tornado
        # Only now is a port known that was free to choose.
        application.websocket_origins.update(
            f"{host}:{self.port}" for host in (_ADDRESS, "localhost")
        )
        application.default_router.rules.insert(
            0, Rule(ForeignRequest(self.port), RefuseHandler)
        )
        application.add_transform(SecurityHeaders)

    @property
    def address(self) -> str:
        """Address of the page."""
        return f"http://{_ADDRESS}:{self.port}/"

    def run(self) -> None:
        """Serve until `stop` is called, or the process is interrupted."""
        asyncio.set_event_loop(self._asyncio_loop)
        try:
            self._server.start()
            self._loop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self._server.stop()
            self._clean_up()
            self._loop.close()

    def stop(self) -> None:
        """Stop serving; from any thread, or a signal's handler."""
        self._asyncio_loop.call_soon_threadsafe(self._loop.stop)

    def _clean_up(self) -> None:
        for session in list(self.sessions.values()):
            session.close()
        self.sessions.clear()
        self._workers.close()
        self._folder.cleanup()

    def _new_tab(self) -> Any:
        return make_page(self._new_session, given="given" in self._known)

    def _new_session(self, tell: Callable[[dict[str, Any]], None]) -> Session:
        session = Session(
            self._workers,
            self._read,
            tell,
            Path(self._folder.name),
            self._known,
            max_pixels=self._max_pixels,
        )
        self.sessions[session.token] = session
        session.on_close = lambda: self.sessions.pop(session.token, None)
        return session

    def _read(self, file: Path, path: str) -> OpenedPhotograph:
        known = file in self._known.values()
        return (self._read_known if known else self._read_file)(file, path)

    def _read_file(self, file: Path, path: str) -> OpenedPhotograph:
        return open_photograph(file, path=path, max_pixels=self._max_pixels)
