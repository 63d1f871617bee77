"""A photograph to work on, where results go, and what every refusal is like."""

from __future__ import annotations

import pytest

from skdefocus.io import write_photograph
from tests.cli.running import run


@pytest.fixture
def photo_file(tmp_path, small_photo):
    path = tmp_path / "in" / "bee.png"
    write_photograph(path, small_photo)
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def refused(out, capsys):
    """Check that a command is refused in a sentence, and that nothing is written."""

    def check(message, *arguments, expected=2):
        code = run(*arguments)
        error = capsys.readouterr().err
        assert code == expected
        assert message in error
        assert "Traceback" not in error
        assert not out.exists()

    return check
