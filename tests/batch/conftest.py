"""Photographs for quick steps, and what these log."""

from __future__ import annotations

import pytest

from skdefocus.io import write_photograph
from tests.batch.steps import picture


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.touch()
    return path


@pytest.fixture
def shoot(tmp_path):
    """Write photographs of the given kinds; the n-th has level n."""

    def write(*kinds):
        for level, kind in enumerate(kinds):
            write_photograph(tmp_path / "in" / f"{level}.png", picture(kind, level))
        return tmp_path / "in"

    return write
