"""Streams that whoever reads them closes."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skdefocus.cli.streams import closable_streams

ROOT = Path(__file__).parents[2]


class TestStandardOutput:
    def test_work_goes_on_when_nobody_reads_it(self, monkeypatch):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w") as closed:
            monkeypatch.setattr(sys, "stdout", closed)
            with closable_streams():
                for i in range(3):
                    print("a result" * 2000, flush=i < 2)
            is_back = sys.stdout is closed
            monkeypatch.undo()
            # What Python does as it ends.
            closed.flush()
        assert is_back

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "ascii"])
    def test_any_name_can_be_printed(self, monkeypatch, encoding):
        written = io.BytesIO()
        stream = io.TextIOWrapper(written, encoding=encoding, errors="strict")
        monkeypatch.setattr(sys, "stdout", stream)
        with closable_streams():
            print("写真.jpg", os.fsdecode(b"su\xff.jpg"), "b.jpg")
        stream.flush()
        assert written.getvalue().startswith("写真.jpg".encode(encoding, "replace"))
        assert written.getvalue().rstrip().endswith(b"?.jpg b.jpg")

    @pytest.mark.parametrize("name", ["stdout", "stderr"])
    def test_there_may_be_none(self, monkeypatch, name):
        monkeypatch.setattr(sys, name, None)
        with closable_streams():
            getattr(sys, name).write("nothing to see")
        assert getattr(sys, name) is None

    def test_open_streams_are_what_they_were(self, capsys):
        before = sys.stdout
        with closable_streams():
            print("a result")
            assert sys.stdout.encoding == before.encoding
        with pytest.raises(RuntimeError), closable_streams():
            raise RuntimeError
        assert sys.stdout is before
        assert capsys.readouterr().out == "a result\n"

    @pytest.mark.parametrize(
        "number",
        [
            errno.ENOSPC,
            pytest.param(
                errno.EINVAL,
                marks=pytest.mark.skipif(
                    os.name == "nt", reason="tells there of a closed pipe"
                ),
            ),
        ],
    )
    def test_other_errors_are_told(self, monkeypatch, number):
        class Full(io.StringIO):
            def write(self, text):
                raise OSError(number, os.strerror(number))

        monkeypatch.setattr(sys, "stdout", Full())
        with closable_streams(), pytest.raises(OSError, match=os.strerror(number)):
            print("a result")


@pytest.mark.skipif(os.name != "posix", reason="closes a pipe as POSIX does")
def test_a_process_whose_reader_is_gone_ends_as_its_work_does():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "skdefocus", "map", "--help"],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
