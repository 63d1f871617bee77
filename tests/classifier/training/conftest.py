from __future__ import annotations

import pytest

from skdefocus.classifier.training import run_state
from skdefocus.classifier.training.checkpoint import write_checkpoint
from tests.classifier.training.runs import Interrupted


@pytest.fixture
def interrupt(monkeypatch):
    """Have training stop after some checkpoints."""

    def after(count):
        written = []

        def write(path, state):
            write_checkpoint(path, state)
            written.append(path)
            if len(written) == count:
                raise Interrupted

        monkeypatch.setattr(run_state, "write_checkpoint", write)

    yield after
    monkeypatch.undo()
