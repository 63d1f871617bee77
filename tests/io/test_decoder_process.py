"""A decoder that sleeps, spins, dies or answers nonsense costs one photograph."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from skdefocus.io import decoder_process
from tests.io.processes import is_there, number_of, on_posix


def hurry(monkeypatch, seconds=1.0):
    monkeypatch.setattr(decoder_process, "most_seconds", lambda n_pixels: seconds)


@on_posix
@pytest.mark.parametrize("word", ["sleep", "spin", "pixels-only"])
def test_a_decoder_that_does_not_end_is_stopped(started, monkeypatch, word):
    number = number_of(started("fine"))
    with monkeypatch.context() as patch:
        hurry(patch)
        start = time.monotonic()
        message = r"2\.avif takes too long to decode: more than 1 s\.$"
        with pytest.raises(ValueError, match=message):
            started(word)
        assert time.monotonic() - start < 10
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)  # Neither at work nor waiting to be waited for.
    assert number_of(started("fine")) != number


def test_a_large_picture_has_more_time(started, monkeypatch):
    monkeypatch.setattr(decoder_process, "most_seconds", lambda n: 0.5 + n / 10**5)
    assert started("large").image.shape == (3, 4)


@on_posix
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("SIGSEGV", r"it crashes its decoder \(SIGSEGV\)\.$"),
        ("SIGABRT", r"it crashes its decoder \(SIGABRT\)\.$"),
        ("SIGKILL", r"killed \(SIGKILL\); it may need more memory than there is\.$"),
        ("exit", r"its decoder ends \(exit status 3\)\.$"),
    ],
)
def test_a_decoder_that_dies_is_told(started, word, message):
    number = number_of(started("fine"))
    with pytest.raises(ValueError, match=message) as caught:
        started(word)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("/")
    assert number_of(started("fine")) != number


@pytest.mark.parametrize("word", ["noise", "cut", "odd-size", "odd-kind", "bare"])
def test_nonsense_is_not_believed(odd, word):
    with pytest.raises(ValueError, match=r"cannot be understood|decoder ends") as found:
        odd(word)
    assert "\n" not in str(found.value)
    assert odd("fine").image.shape == (3, 4)


def test_what_a_library_prints_goes_nowhere(started, capfd):
    assert started("print").image.shape == (3, 4)
    assert capfd.readouterr() == ("", "")


@on_posix
def test_an_interrupt_stops_what_is_decoded(started):
    number = number_of(started("fine"))

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            started("sleep")
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    assert not is_there(number)
    assert number_of(started("fine")) != number


def test_a_process_that_does_not_start(odd, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(decoder_process, "_MODULE", "tests.io.no_such_module")
        with pytest.raises(ValueError, match=r"not start \(.*No module named.*\)\.$"):
            odd("fine")
        patch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(ValueError, match=r"not start \(.*No such file.*\)\.$"):
            odd("fine")
    assert odd("fine").image.shape == (3, 4)


def test_nothing_is_imported_from_the_folder_one_is_in(odd, monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert odd("fine").image.shape == (3, 4)


@on_posix
def test_temporary_files_of_a_dead_process_are_removed(odd, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    where = Path(odd("fine").notes[1])
    assert where.parent == folder
    with pytest.raises(ValueError, match="crashes its decoder"):
        odd("temporary")
    assert list(folder.iterdir()) == []
