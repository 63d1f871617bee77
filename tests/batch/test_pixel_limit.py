from __future__ import annotations

import pytest

from skdefocus.batch import pixel_limit
from skdefocus.batch.pixel_limit import default_max_pixels
from skdefocus.io import DEFAULT_MAX_PIXELS

GIBIBYTE = 2**30


def limit(monkeypatch, memory, n_pictures=0, n_workers=1):
    monkeypatch.setattr(pixel_limit, "available_memory", lambda: memory)
    return default_max_pixels(n_pictures, n_workers)


def test_it_follows_from_memory(monkeypatch):
    small = limit(monkeypatch, 4 * GIBIBYTE)
    assert 30_000_000 < small < 45_000_000
    assert limit(monkeypatch, 8 * GIBIBYTE) > 2 * small


def test_pictures_and_workers_take_their_share(monkeypatch):
    alone = limit(monkeypatch, 8 * GIBIBYTE)
    assert limit(monkeypatch, 8 * GIBIBYTE, n_pictures=3) < alone / 2
    assert limit(monkeypatch, 8 * GIBIBYTE, n_workers=2) < alone / 2


@pytest.mark.parametrize("memory", [None, 2**50])
def test_it_is_never_more_than_the_reader_s(monkeypatch, memory):
    assert limit(monkeypatch, memory) == DEFAULT_MAX_PIXELS


@pytest.mark.parametrize("memory", [1, GIBIBYTE // 2])
def test_a_small_photograph_is_always_tried(monkeypatch, memory):
    assert limit(monkeypatch, memory) == 1_000_000
