"""The command line as a whole: its verbs, and how it tells what went wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

import skdefocus
from skdefocus.cli import main as module
from tests.cli.running import run

VERBS = ("all", "map", "sharpen", "bokeh", "batch", "train", "app")


def test_version_and_nothing(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("skdefocus 0.")
    assert run() == 2
    assert "usage: skdefocus" in capsys.readouterr().out


def test_the_version_is_the_package_s(capsys):
    assert run("--version") == 0
    captured = capsys.readouterr()
    assert captured.out == f"skdefocus {skdefocus.__version__}\n"
    assert captured.err == ""
    # It is told whatever verb stands behind it, which is not run.
    assert run("--version", "train", "none.jpg", "-o", "model.zip") == 0
    assert capsys.readouterr().out == f"skdefocus {skdefocus.__version__}\n"


def test_help_lists_every_verb_in_order(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    listed = [line.split()[0] for line in text.splitlines() if line[:4] == "    "]
    assert [word for word in listed if word in VERBS] == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(capsys, verb):
    assert run(verb, "--help") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"usage: skdefocus {verb} ")
    assert captured.err == ""


@pytest.mark.parametrize("verb", ["maps", "", "--", "version"])
def test_unknown_verbs_are_refused_by_name(capsys, verb):
    assert run(verb, "photo.jpg") == 2
    error = capsys.readouterr().err
    assert "usage: skdefocus" in error
    assert "invalid choice" in error
    for known in VERBS:
        assert f"'{known}'" in error or f" {known}" in error


@pytest.mark.parametrize(
    "error",
    [
        ValueError("step (99) is wrong."),
        FileNotFoundError("a.jpg does not exist."),
        OSError("the disk is full."),
        ImportError("this needs the extra 'app'."),
    ],
)
@pytest.mark.parametrize("verb", ["map", "train", "app"])
def test_what_is_expected_to_go_wrong_is_one_line(monkeypatch, capsys, error, verb):
    def fail(_):
        raise error

    monkeypatch.setattr(module, "run_photographs", fail)
    monkeypatch.setattr(module, "_RUNS", {"train": fail, "app": fail})
    arguments = [] if verb == "app" else ["a.jpg", "-o", "out"]
    assert run(verb, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.err == f"skdefocus: {error}\n"
    assert captured.out == ""


def test_a_defect_is_no_sentence(monkeypatch):
    def fail(_):
        raise AttributeError("'NoneType' object has no attribute 'shape'")

    monkeypatch.setattr(module, "run_photographs", fail)
    with pytest.raises(AttributeError, match="no attribute 'shape'"):
        run("map", "a.jpg", "-o", "out")


def test_each_verb_runs_what_it_names(monkeypatch):
    ran = []

    def runs(name):
        return lambda arguments: ran.append((name, arguments.verb)) or 7

    monkeypatch.setattr(module, "run_photographs", runs("photographs"))
    monkeypatch.setattr(module, "_RUNS", {n: runs(n) for n in ("train", "app")})
    for verb in VERBS:
        arguments = [] if verb == "app" else ["a.jpg", "-o", "out"]
        # The code is that of the verb.
        assert run(verb, *arguments) == 7
    assert ran == [
        (verb if verb in ("train", "app") else "photographs", verb) for verb in VERBS
    ]


@pytest.mark.parametrize("arguments", [["--version"], []])
def test_the_process_s_own_arguments_are_taken(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "skdefocus", *arguments], capture_output=True, text=True
    )
    assert done.returncode == (0 if arguments else 2)
    assert done.stdout.startswith("skdefocus 0." if arguments else "usage: skdefocus")
    assert done.stderr == ""
