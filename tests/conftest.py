"""Fixtures of all tests; property tests run the same examples everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import blur

settings.register_profile("skdefocus", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("skdefocus")


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A real photograph, uint8, 427 x 640, with a defocused background."""
    return load_sample_photograph()


@pytest.fixture(scope="session")
def small_photo(photo) -> np.ndarray:
    """A piece of it with the flower's edge: 96 x 128, uint8."""
    return photo[140:236, 120:248].copy()


@pytest.fixture(scope="session")
def texture() -> np.ndarray:
    """Sharp texture of edges at all angles, float32 in [0, 1], 160 x 192."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:160, :192]
    image = np.full(y.shape, 0.5)
    for _ in range(250):
        center, radius = rng.uniform(0, 192, 2), rng.uniform(2, 14)
        inside = np.hypot(y - center[0], x - center[1]) < radius
        image[inside] = rng.uniform(0, 1)
    return blur(image, 0.4)


@pytest.fixture(scope="session")
def one_torch_thread() -> Iterator[None]:
    """Have torch train with one thread.

    The networks of the tests are too small to be shared out: with two threads, which
    wait for each other at every layer, a training takes twenty times as long as soon as
    anything else runs on the machine.
    """
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of photographs for evaluation; skips without it."""
    folder = os.environ.get("SKDEFOCUS_DATA")
    if not folder or not Path(folder, "cuhk", "images").is_dir():
        pytest.skip("SKDEFOCUS_DATA does not name a folder with cuhk/images")
    return Path(folder)
