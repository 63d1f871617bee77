from __future__ import annotations

import os

import pytest

from skdefocus.io.worker_limits import BYTES_PER_PIXEL, most_bytes, most_seconds


def test_time_grows_with_the_picture():
    assert most_seconds(0) == 60
    assert most_seconds(24_000_000) == 180


@pytest.mark.parametrize("megapixels", [1, 24, 100, 200])
def test_a_slow_machine_has_time_for_an_honest_raw_file(megapixels):
    # LibRaw develops 5 megapixels a second on a busy core; this is ten times slower.
    assert most_seconds(megapixels * 10**6) > megapixels / 0.5


def test_memory_grows_with_what_is_decoded(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    start = 2 * 2**30 + 2 * 64 * 2**20
    assert most_bytes(0) == start
    # The greediest decoder takes 64 bytes a pixel.
    assert most_bytes(BYTES_PER_PIXEL * 10**6) - start > 2 * 64 * 10**6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert most_bytes(0) == 2 * 2**30 + 64 * 2**20
