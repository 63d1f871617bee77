"""The server, asked by raw requests."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest

from .serving import serving


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdefocus.app.server._LIFETIME", 3000)
        with serving(max_pixels=100_000) as server:
            yield server
            folder = Path(server._folder.name)
        assert not folder.exists()


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


WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
PATHS = ("/", "/assets/page.js", "/static/js/bokeh.min.js", "/upload/x", "/export/x/y")


def origin(server) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_it_listens_on_this_machine_alone(server):
    (listener,) = server._server._http._sockets.values()
    assert listener.getsockname()[0] == "127.0.0.1"


def test_the_page_and_its_headers(server):
    status, answer = ask(server)
    assert status == 200
    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert b"frame-ancestors 'none'" in answer
    assert b"X-Frame-Options: DENY" in answer
    # Nothing in it leads elsewhere.
    hosts = set(re.findall(rb"https?://[\w.:-]+", answer))
    assert hosts <= {origin(server).encode(), b"http://www.w3.org"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_hostile_requests(server, path, headers):
    before = set(server.sessions)
    status, answer = ask(server, path, **headers)
    assert status == 403
    assert b"X-Frame-Options: DENY" in answer
    assert len(answer) < 2000
    assert set(server.sessions) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {},
    ],
)
def test_hostile_websockets(server, headers):
    assert ask(server, "/ws", **WEBSOCKET, **headers)[0] == 403


def test_our_own_websocket_is_let_in(server):
    # It still lacks the page's token, which the library asks for.
    status, _ = ask(server, "/ws", Origin=origin(server), **WEBSOCKET)
    assert status != 403


class TestFiles:
    @pytest.fixture
    def token(self, server):
        before = set(server.sessions)
        _, page = ask(server)
        (token,) = set(server.sessions) - before
        assert token.encode() not in page.split(b"\r\n\r\n")[0]
        return token

    def upload(self, server, token, name, content, **headers):
        headers = {"Origin": origin(server), "X_File_Name": name, **headers}
        return ask(server, f"/upload/{token}", "POST", content, **headers)[0]

    def test_uploads_need_the_tab_s_secret(self, server):
        assert self.upload(server, "guess", "a.jpg", b"x") == 404
        assert ask(server, "/export/guess/guess")[0] == 404

    def test_uploads_need_an_origin(self, server, token):
        status, _ = ask(server, f"/upload/{token}", "POST", b"x", X_File_Name="a.jpg")
        assert status == 403

    def test_too_large_a_body_is_refused_at_once(self, server, token):
        head = (
            f"POST /upload/{token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: {origin(server)}\r\nContent-Length: 2000000000\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
            link.sendall(head.encode())
            assert link.recv(100).split(b" ")[1] in (b"413", b"400")
        assert not list(Path(server._folder.name).rglob("*.*"))

    @pytest.mark.parametrize("content", [b"", b"text", b"II*\0" * 9, b"\xff\xd8\xff"])
    def test_hostile_files_leave_nothing(self, server, token, content):
        assert self.upload(server, token, "..%2F..%2Fx.jpg", content) == 204
        folder = Path(server._folder.name)
        until = time.monotonic() + 20
        while list(folder.rglob("*.jpg")) and time.monotonic() < until:
            time.sleep(0.02)
        assert not list(folder.rglob("*.jpg"))
        assert server.sessions[token].opened is None

    def test_an_upload_that_breaks_off_leaves_nothing(self, server, token):
        head = (
            f"POST /upload/{token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: {origin(server)}\r\nX-File-Name: part.jpg\r\n"
            f"Content-Length: 1000\r\n\r\npart"
        )
        folder = Path(server._folder.name)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
            link.sendall(head.encode())
            until = time.monotonic() + 20
            while not list(folder.rglob("part.jpg")) and time.monotonic() < until:
                time.sleep(0.02)
            assert list(folder.rglob("part.jpg"))
        while list(folder.rglob("part.jpg")) and time.monotonic() < until:
            time.sleep(0.02)
        assert not list(folder.rglob("part.jpg"))

    def test_an_export_is_given_once_and_removed(self, server, token, photo_path):
        content = photo_path.read_bytes()
        assert self.upload(server, token, "%C3%A9.jpg", content) == 204
        session = server.sessions[token]
        until = time.monotonic() + 60
        while session.opened is None and time.monotonic() < until:
            time.sleep(0.05)
        assert session.opened.name == "é.jpg"
        session.handle({"kind": "export", "product": "sigma"})
        while not session._files and time.monotonic() < until:
            time.sleep(0.05)
        (file,) = session._files
        path = f"/export/{token}/{file}"
        status, answer = ask(server, path)
        assert status == 200
        assert b"filename*=UTF-8''%C3%A9_sigma.tif" in answer
        assert b"Cache-Control: no-store" in answer
        assert ask(server, path)[0] == 404
        assert not list(Path(server._folder.name).rglob("*.tif"))

    def test_tabs_that_go_are_forgotten(self, server, token):
        until = time.monotonic() + 30
        while token in server.sessions and time.monotonic() < until:
            time.sleep(0.1)
        assert token not in server.sessions


def test_a_port_in_use(server):
    from skdefocus.app import serve

    with pytest.raises(OSError, match=f"port {server.port} cannot be used"):
        serve(port=server.port, open_browser=False)
