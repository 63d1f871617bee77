from __future__ import annotations

import os
import sys

import pytest

from skdefocus._shared.stderr import captured_stderr


def test_lines_of_libraries_are_kept(capfd):
    with captured_stderr() as lines:
        os.write(2, b"libpng error: bad\nTIFFReadDirectory: Warning, odd.\n")
    assert lines == ["libpng error: bad", "TIFFReadDirectory: Warning, odd."]
    assert capfd.readouterr().err == ""


def test_lines_of_others_are_printed_after_all(capfd):
    with captured_stderr() as lines:
        print("50 %|#####     |", file=sys.stderr, flush=True)
    assert lines == []
    assert "50 %" in capfd.readouterr().err


def test_it_is_given_back_whatever_happens(capfd):
    with pytest.raises(KeyError), captured_stderr():
        raise KeyError
    os.write(2, b"libpng error: later\n")
    assert "later" in capfd.readouterr().err


def test_within_itself(capfd):
    with captured_stderr() as outer:
        with captured_stderr() as inner:
            os.write(2, b"JPEG inner\n")
        os.write(2, b"JPEG outer\n")
    assert (outer, inner) == (["JPEG outer"], ["JPEG inner"])


def test_where_there_is_no_standard_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with captured_stderr() as lines:
        pass
    assert lines == []
