"""A photograph of noise, of 16 bits and of 8, and a reader of odd files."""

from __future__ import annotations

import numpy as np
import pytest

from skdefocus.io import decoder_process, read_photograph, worker
from tests.io.odd_worker import odd_file


@pytest.fixture(scope="module")
def deep() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (37, 53, 3)).astype(np.uint16)


@pytest.fixture
def shallow(deep) -> np.ndarray:
    return (deep >> 8).astype(np.uint8)


@pytest.fixture
def odd(monkeypatch, tmp_path):
    """Read an odd file by a process of this test's own."""
    monkeypatch.setattr(decoder_process, "_MODULE", "tests.io.odd_worker")
    host = worker._Host()
    monkeypatch.setattr(worker, "_host", host)
    numbers = iter(range(1000))

    def read(word):
        path = odd_file(tmp_path / f"{next(numbers)}.avif", word)
        return read_photograph(path, max_pixels=10**6)

    yield read
    host.close()


@pytest.fixture
def started(odd):
    """The same, of a process that has started already; the clock is not for that."""
    odd("fine")
    return odd
