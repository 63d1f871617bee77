"""What the page asks of the server besides its websocket: files up and down."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.routing import Matcher
from tornado.web import HTTPError, OutputTransform, RequestHandler, stream_request_body

from .guard import SECURITY_HEADERS, is_own_request
from .session import Session

__all__ = [
    "MAX_UPLOAD_BYTES",
    "ExportHandler",
    "ForeignRequest",
    "RefuseHandler",
    "SecurityHeaders",
    "UploadHandler",
]

# 200 million pixels of 16 bit RGB, and what stands around them.
MAX_UPLOAD_BYTES = 1_300_000_000
_CHUNK = 1 << 20


class ForeignRequest(Matcher):
    """Matches every request that is not the page's own.

    Parameters
    ----------
    port : int
        That the server listens at.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Match a request.

        Parameters
        ----------
        request : HTTPServerRequest
            Any.

        Returns
        -------
        dict or None
            None for the page's own.
        """
        n_hosts = len(request.headers.get_list("Host"))
        own = is_own_request(
            request.method or "", request.headers, self.port, n_hosts=n_hosts
        )
        return None if own else {}


class RefuseHandler(RequestHandler):
    """Refuses whatever it is asked."""

    def prepare(self) -> None:
        """Refuse."""
        self.set_status(403)
        self.finish("This server answers its own page on this machine alone.\n")


class SecurityHeaders(OutputTransform):
    """Adds headers to every answer, so that a browser keeps to this server."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers.

        Parameters
        ----------
        status_code, headers, chunk, finishing
            As Tornado has them.

        Returns
        -------
        tuple
            The first three.
        """
        for name, value in SECURITY_HEADERS.items():
            headers[name] = value
        return status_code, headers, chunk


class _OfSession(RequestHandler):
    """A request that belongs to one tab."""

    def initialize(self, sessions: Mapping[str, Session]) -> None:
        """Take the open tabs."""
        self.sessions = sessions

    def session(self, token: str) -> Session:
        """Find the tab, or answer 404."""
        if token not in self.sessions:
            raise HTTPError(404)
        return self.sessions[token]


@stream_request_body
class UploadHandler(_OfSession):
    """Takes a photograph, straight to disk, and has its tab open it."""

    path: Path | None = None
    file: Any = None

    def prepare(self) -> None:
        """Refuse what is too large before it is sent."""
        session = self.session(self.path_kwargs["token"])
        # Tornado's types name its base alone, which has no such method.
        connection: Any = self.request.connection
        connection.set_max_body_size(MAX_UPLOAD_BYTES)
        name = unquote(self.request.headers.get("X-File-Name", ""))
        length = int(self.request.headers.get("Content-Length", "0"))
        if length > MAX_UPLOAD_BYTES:
            raise HTTPError(413)
        self.path = session.upload_path(name)
        self.file = self.path.open("xb")

    def data_received(self, chunk: bytes) -> None:
        """Write a part of the photograph."""
        self.file.write(chunk)

    def post(self, token: str) -> None:
        """Open what has come."""
        self.file.close()
        path, self.path = self.path, None
        # `prepare` has set it.
        assert path is not None
        self.session(token).open_upload(path)
        self.set_status(204)

    def on_finish(self) -> None:
        """Remove what was not opened."""
        self._clean_up()

    def on_connection_close(self) -> None:
        """Remove what came in part."""
        self._clean_up()

    def _clean_up(self) -> None:
        if self.file is not None:
            self.file.close()
        if self.path is not None:
            shutil.rmtree(self.path.parent, ignore_errors=True)


class ExportHandler(_OfSession):
    """Gives out an exported file, once, and removes it."""

    async def get(self, token: str, file: str) -> None:
        """Send the file."""
        path = self.session(token).file(file)
        if path is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", path.stat().st_size)
        self.set_header("Cache-Control", "no-store")
        self.set_header(
            "Content-Disposition", f"attachment; filename*=UTF-8''{quote(path.name)}"
        )
        try:
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    self.write(chunk)
                    await self.flush()
        finally:
            shutil.rmtree(path.parent, ignore_errors=True)
