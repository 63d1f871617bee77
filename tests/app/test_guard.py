from __future__ import annotations

import pytest

from skdefocus.app.guard import is_own_request

OWN = {"Host": "127.0.0.1:5006"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Host": "localhost:5006"}),
        ("GET", {"Host": "localhost:5006", "Origin": "http://localhost:5006"}),
        ("POST", {"Origin": "http://127.0.0.1:5006"}),
        ("GET", {"Origin": "http://127.0.0.1:5006", "Upgrade": "websocket"}),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
    ],
)
def test_our_own(method, headers):
    assert is_own_request(method, {**OWN, **headers}, 5006)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Host": "evil.example:5006"}),
        ("GET", {"Host": "127.0.0.1"}),
        ("GET", {"Host": "127.0.0.1:80"}),
        ("GET", {"Host": ""}),
        ("GET", {"Host": "127.0.0.1:5006.evil.example"}),
        ("GET", {"Origin": "http://evil.example"}),
        ("GET", {"Origin": "null"}),
        ("GET", {"Origin": "https://127.0.0.1:5006"}),
        ("GET", {"Origin": "http://localhost:5006"}),
        ("POST", {}),
        ("GET", {"Upgrade": "websocket"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}),
    ],
)
def test_anyone_else_s(method, headers):
    assert not is_own_request(method, {**OWN, **headers}, 5006)


def test_two_hosts():
    assert not is_own_request("GET", OWN, 5006, n_hosts=2)
    assert not is_own_request("GET", {}, 5006, n_hosts=0)
