"""Decoders in the process of the tests, where they can be changed and looked into."""

from __future__ import annotations

import pytest

from skdefocus.io import worker
from tests.io.pictures import Here


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr(worker, "_host", Here())
