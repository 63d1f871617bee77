from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks import decoders

pytest.importorskip("rawpy", reason="the extra raw is not installed")


@pytest.fixture
def small(monkeypatch):
    words = ["decoders.py", "--megapixels", "0.01", "--repeats", "1"]
    monkeypatch.setattr(sys, "argv", words)


def test_the_table_has_a_row_for_each_format(small, capsys):
    assert decoders.main() == 0
    printed = capsys.readouterr().out
    assert "the process starts in" in printed
    for name in ("RAW", "AVIF", "JPEG2000", "PSD", "EXR"):
        assert f"| {name} | 0." in printed


def test_pixels_that_differ_are_told(small, monkeypatch, capsys):
    right = decoders.decode

    def wrong(path, name, max_pixels):
        found = right(path, name, max_pixels)
        return type(found)(np.zeros_like(found.image))

    monkeypatch.setattr(decoders, "decode", wrong)
    assert decoders.main() == 1
    assert "pixels differ" in capsys.readouterr().err
