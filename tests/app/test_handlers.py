"""Files up and down, and who is refused, asked by raw requests."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from skdefocus.app.guard import SECURITY_HEADERS
from skdefocus.io import write_photograph

from .serving import ask, origin

pytest.importorskip("panel", reason="needs the extra 'app'")

from tornado.httputil import HTTPHeaders

from skdefocus.app.handlers import MAX_UPLOAD_BYTES, ForeignRequest

PATHS = ("/", "/assets/page.js", "/static/js/bokeh.min.js", "/upload/x", "/export/x/y")


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


def upload(server, token, name, content, **headers):
    headers = {"Origin": origin(server), "X_File_Name": name, **headers}
    return ask(server, f"/upload/{token}", "POST", content, **headers)[0]


def a_request(hosts, method, **headers):
    """What is looked at of a request; some servers refuse odd ones earlier."""
    sent = HTTPHeaders()
    for host in hosts:
        sent.add("Host", host)
    for name, value in headers.items():
        sent.add(name, value)
    return SimpleNamespace(method=method, headers=sent)


OURS = "http://127.0.0.1:5006"
OTHERS = "http://evil.example"


class TestForeignRequests:
    @pytest.mark.parametrize(
        ("hosts", "method", "headers"),
        [
            (["127.0.0.1:5006"], "GET", {}),
            (["localhost:5006"], "HEAD", {}),
            (["127.0.0.1:5006"], "POST", {"Origin": OURS}),
        ],
    )
    def test_our_own_go_on_to_their_handlers(self, hosts, method, headers):
        request = a_request(hosts, method, **headers)
        assert ForeignRequest(5006).match(request) is None
        # Of another port it is another's.
        assert ForeignRequest(5007).match(request) == {}

    @pytest.mark.parametrize(
        ("hosts", "method", "headers"),
        [
            ([], "GET", {}),
            (["evil.example:5006"], "GET", {}),
            (["127.0.0.1:5006", "127.0.0.1:5006"], "GET", {}),
            (["127.0.0.1:5006", "evil.example"], "GET", {}),
            (["127.0.0.1:5006"], "POST", {}),
            (["127.0.0.1:5006"], "GET", {"Origin": OTHERS}),
        ],
    )
    def test_all_others_are_taken(self, hosts, method, headers):
        assert ForeignRequest(5006).match(a_request(hosts, method, **headers)) == {}


def test_who_is_refused_is_told_why(server):
    status, answer = ask(server, Host="evil.example")
    assert status == 403
    body = answer.partition(b"\r\n\r\n")[2]
    assert body == b"This server answers its own page on this machine alone.\n"


@pytest.mark.parametrize(
    ("path", "method", "headers", "expected"),
    [
        ("/", "GET", {}, 200),
        ("/assets/page.js", "GET", {}, 200),
        ("/nowhere", "GET", {}, 404),
        ("/export/x/y", "GET", {}, 404),
        ("/upload/x", "POST", {}, 404),
        ("/upload/x", "GET", {}, 404),
        ("/", "GET", {"Host": "evil.example"}, 403),
    ],
)
def test_every_answer_has_all_headers_of_security(
    server, path, method, headers, expected
):
    headers = {"Origin": origin(server), **headers}
    status, answer = ask(server, path, method, **headers)
    assert status == expected
    lines = answer.partition(b"\r\n\r\n")[0].decode().splitlines()
    for name, value in SECURITY_HEADERS.items():
        assert lines.count(f"{name}: {value}") == 1


class TestFiles:
    def test_uploads_need_the_tab_s_secret(self, server):
        assert upload(server, "guess", "a.jpg", b"x") == 404
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
        assert upload(server, token, "..%2F..%2Fx.jpg", content) == 204
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
        assert upload(server, token, "%C3%A9.jpg", content) == 204
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

    def test_a_photograph_of_many_parts_arrives_whole(self, server, token, tmp_path):
        # Of noise: more than is received at a time, and every byte matters.
        image = np.random.default_rng(0).integers(0, 256, (250, 300, 3), np.uint8)
        write_photograph(tmp_path / "noise.png", image)
        content = (tmp_path / "noise.png").read_bytes()
        assert len(content) > 3 * (1 << 16)
        assert upload(server, token, "noise.png", content) == 204
        session = server.sessions[token]
        until = time.monotonic() + 60
        while session.opened is None and time.monotonic() < until:
            time.sleep(0.02)
        np.testing.assert_array_equal(session.opened.original.image, image)

    def test_an_export_comes_as_it_was_written(self, server, token, tmp_path):
        path = tmp_path / "folder" / "a b;\u00e9.bin"
        path.parent.mkdir()
        content = np.random.default_rng(0).bytes(3_000_000)
        path.write_bytes(content)
        server.sessions[token]._files["secret"] = path
        status, answer = ask(server, f"/export/{token}/secret")
        assert status == 200
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == content
        assert b"Content-Length: 3000000" in head
        assert b"filename*=UTF-8''a%20b%3B%C3%A9.bin" in head
        # With its folder.
        assert not path.parent.exists()

    def test_one_tab_does_not_get_another_s_file(self, server, token, tmp_path):
        before = set(server.sessions)
        ask(server)
        (other,) = set(server.sessions) - before
        path = tmp_path / "folder" / "map.png"
        path.parent.mkdir()
        path.write_bytes(b"map")
        server.sessions[token]._files["secret"] = path
        assert ask(server, f"/export/{other}/secret")[0] == 404
        assert path.exists()
        assert ask(server, f"/export/{token}/secret")[0] == 200

    def test_uploads_are_posted(self, server, token):
        assert ask(server, f"/upload/{token}", X_File_Name="a.jpg")[0] == 405
        folder = Path(server._folder.name)
        until = time.monotonic() + 20
        while list(folder.rglob("a.jpg")) and time.monotonic() < until:
            time.sleep(0.02)
        assert not list(folder.rglob("a.jpg"))

    def test_the_limit_is_that_of_the_largest_photograph(self):
        # 16 bits of RGB, which need not be compressed.
        assert MAX_UPLOAD_BYTES > 200_000_000 * 3 * 2
