"""The server, asked by raw requests."""

from __future__ import annotations

import re
import time

import pytest

from .serving import ask, origin

# In milliseconds: a tab is to be forgotten in time.
LIFETIME = 3000
WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


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


def test_tabs_that_go_are_forgotten(server, token):
    until = time.monotonic() + 30
    while token in server.sessions and time.monotonic() < until:
        time.sleep(0.1)
    assert token not in server.sessions
