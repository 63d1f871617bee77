"""A photograph of noise, of 16 bits and of 8."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def deep() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (37, 53, 3)).astype(np.uint16)


@pytest.fixture
def shallow(deep) -> np.ndarray:
    return (deep >> 8).astype(np.uint8)
