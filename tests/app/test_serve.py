"""What is checked before the page is served, and what is told then."""

from __future__ import annotations

import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from skdefocus.app import serve
from skdefocus.io import DEFAULT_MAX_PIXELS


@pytest.fixture
def servers(monkeypatch):
    """Servers that were made; none of them serves."""
    pytest.importorskip("panel", reason="needs the extra 'app'")
    made = []

    def make(photo, *, port, max_pixels):
        server = SimpleNamespace(
            photo=photo, port=port, max_pixels=max_pixels, stopped=False, ran=False
        )
        server.address = "http://127.0.0.1:5/"
        server.run = lambda: setattr(server, "ran", True)
        server.stop = lambda: setattr(server, "stopped", True)
        made.append(server)
        return server

    monkeypatch.setattr("skdefocus.app.server.TuningServer", make)
    monkeypatch.setattr("webbrowser.open", lambda address: made.append(address))
    # The tests' own handlers stay.
    handlers = {}
    monkeypatch.setattr("signal.signal", handlers.__setitem__)
    return SimpleNamespace(made=made, handlers=handlers)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("opens", [True, False])
def test_the_address_is_told_and_opened_before_it_serves(servers, capsys, opens):
    serve(open_browser=opens)
    server, *visited = servers.made
    assert server.ran
    assert capsys.readouterr().out == "http://127.0.0.1:5/ (Ctrl-C stops it)\n"
    assert visited == (["http://127.0.0.1:5/"] if opens else [])
    assert (server.photo, server.port) == (None, 0)
    assert server.max_pixels == DEFAULT_MAX_PIXELS


def test_what_is_given_goes_to_the_server(servers, photo_path):
    port = free_port()
    serve(str(photo_path), port=port, open_browser=False, max_pixels=60_000)
    (server,) = servers.made
    assert server.photo == photo_path
    assert (server.port, server.max_pixels) == (port, 60_000)


def test_it_is_stopped_in_order_where_the_process_is_to_end(servers):
    import signal

    serve(open_browser=False)
    assert list(servers.handlers) == [signal.SIGTERM]
    servers.handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert servers.made[0].stopped


def test_other_threads_leave_the_signals_of_the_process_alone(servers):
    thread = threading.Thread(target=serve, kwargs={"open_browser": False})
    thread.start()
    thread.join(60)
    assert servers.made[0].ran
    assert servers.handlers == {}


class TestRefusals:
    """Each in a sentence, before there is a server."""

    def check(self, servers, capsys, kind, message, *arguments, **options):
        with pytest.raises(kind, match=message):
            serve(*arguments, **options)
        assert servers.made == []
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("port", [-1, 65536, 70000])
    def test_ports_that_do_not_exist(self, servers, capsys, port):
        message = rf"^the port must be from 0 to 65535; got {port}\.$"
        self.check(servers, capsys, ValueError, message, port=port)

    def test_ports_in_use(self, servers, capsys):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            message = rf"^port {port} cannot be used: .+\.$"
            self.check(servers, capsys, OSError, message, port=port)

    def test_photographs_that_cannot_be_read(self, servers, capsys, tmp_path):
        (tmp_path / "text.jpg").write_text("not an image")
        for name, message in (
            ("none.jpg", r"none\.jpg does not exist"),
            ("text.jpg", r"text\.jpg is not an image that can be read"),
        ):
            kind = (OSError, ValueError)
            self.check(servers, capsys, kind, message, tmp_path / name)

    def test_photographs_that_are_too_large(self, servers, capsys, photo_path):
        message = "300 x 200 pixels; at most 59999 are accepted"
        given = {"max_pixels": 59_999, "open_browser": False}
        self.check(servers, capsys, ValueError, message, photo_path, **given)

    def test_without_the_extra_nothing_is_even_read(
        self, servers, capsys, monkeypatch, tmp_path
    ):
        monkeypatch.setitem(sys.modules, "panel", None)
        message = (
            r"^the tuning page needs the extra 'app': pip install 'skdefocus\[app\]'"
        )
        self.check(servers, capsys, ImportError, message, tmp_path / "none.jpg")


def test_a_port_in_use(server):
    with pytest.raises(OSError, match=f"port {server.port} cannot be used"):
        serve(port=server.port, open_browser=False)
