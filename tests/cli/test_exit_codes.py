"""The exit codes mean the same for every verb on photographs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from skdefocus.io import write_photograph
from tests.cli.running import run

VERBS = ("all", "map", "sharpen", "bokeh", "batch")
ROOT = Path(__file__).parents[2]


def hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(".")}


@pytest.fixture
def photos(tmp_path, small_photo):
    for name in ("a.png", "b.png"):
        write_photograph(tmp_path / "in" / name, small_photo[:40, :48])
    return tmp_path / "in"


@pytest.mark.parametrize("verb", VERBS)
class TestEveryVerb:
    def test_0_all_is_done_and_the_same_again_keeps_it(self, verb, photos, out, capsys):
        photo = photos / "a.png"
        assert run(verb, photo, "-o", out, "--quiet") == 0
        written = {path: path.stat().st_mtime_ns for path in out.glob("a_*")}
        assert written
        assert hidden(out) == {".skdefocus"}
        assert (out / "report.csv").exists() == (verb == "batch")
        capsys.readouterr()
        assert run(verb, photo, "-o", out, "--quiet") == 0
        captured = capsys.readouterr()
        assert "earlier run" in captured.out + captured.err
        assert {path: path.stat().st_mtime_ns for path in out.glob("a_*")} == written

    @pytest.mark.slow
    def test_1_a_photograph_failed_and_the_others_are_done(
        self, verb, photos, out, capsys
    ):
        (photos / "bad.jpg").write_text("no photograph")
        assert run(verb, photos, "-o", out, "--quiet", "--jobs", 1) == 1
        assert "bad.jpg is not an image that can be read" in capsys.readouterr().err
        assert list(out.glob("a_*"))
        assert list(out.glob("b_*"))
        assert not list(out.glob("bad_*"))

    def test_1_also_when_all_failed(self, verb, photos, out, capsys):
        (photos / "bad.jpg").write_text("no photograph")
        assert run(verb, photos / "bad.jpg", "-o", out, "--quiet") == 1
        assert "bad.jpg is not an image" in capsys.readouterr().err
        # A report tells why, and may be replaced; nothing else is left.
        left = {path.name for path in out.iterdir()} if out.exists() else set()
        report = {"report.csv", "report.jsonl", ".skdefocus"}
        assert left == (report if verb == "batch" else set())

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["in/a.png", "--magic"], "unrecognized arguments: --magic"),
            (["in/a.png", "in/c.png"], "in/c.png does not exist."),
            (["empty"], "empty holds no photograph"),
            (["in/a.png", "--set", "mapper__x=1"], "has no parameter 'x'"),
            (["in/a.png", "--step", "99"], "must be at most 'patch_size'"),
        ],
    )
    def test_2_nothing_was_begun(
        self, verb, photos, out, capsys, monkeypatch, arguments, message
    ):
        monkeypatch.chdir(photos.parent)
        Path("empty").mkdir()
        assert run(verb, *arguments, "-o", out) == 2
        assert message in capsys.readouterr().err
        assert not out.exists()

    def test_2_an_output_that_cannot_be_a_folder(self, verb, photos, capsys):
        assert run(verb, photos / "a.png", "-o", photos / "b.png") == 2
        assert "is a file, not a folder" in capsys.readouterr().err
        assert run(verb, photos / "a.png", "-o", photos / "b.png" / "out") == 2
        error = capsys.readouterr().err
        assert error.endswith("b.png is a file, not a folder.\n")
        assert len(error.splitlines()) == 1
        assert run(verb, photos / "a.png", "-o", "") == 2
        assert "must have a name; got ''" in capsys.readouterr().err

    @pytest.mark.slow
    @pytest.mark.skipif(os.name != "posix", reason="interrupts by a POSIX signal")
    def test_130_after_ctrl_c(self, verb, tmp_path, small_photo, out):
        for i in range(30):
            write_photograph(tmp_path / "many" / f"{i}.png", small_photo[: 40 + i])
        # Where the tests themselves run in the background, interrupts are ignored.
        heed = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); "
        call = (
            f"{heed}import sys; from skdefocus.cli.main import main; sys.exit(main())"
        )
        command = [sys.executable, "-c", call, verb, str(tmp_path / "many")]
        # In a group of its own, as a shell does it: its workers are interrupted too.
        started = subprocess.Popen(
            [*command, "-o", str(out), "--jobs", "2", "--quiet"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while started.poll() is None and len(list(out.glob("*_*"))) < 4:
            time.sleep(0.02)
        os.killpg(started.pid, signal.SIGINT)
        error = started.communicate(timeout=120)[1]
        assert started.returncode == 130
        # Before the last line there may be what a photograph's map does not allow.
        *notes, last = error.splitlines()
        assert last == "skdefocus: stopped; the same command goes on from here"
        assert all(note.startswith(f"skdefocus: {tmp_path}") for note in notes)
        n_before = len(list(out.glob("*_*")))
        assert run(verb, tmp_path / "many", "-o", out, "--quiet") == 0
        assert len(list(out.glob("*_*"))) > n_before


def test_ctrl_c_before_work_has_begun_is_one_line_too(monkeypatch, capsys, photos, out):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("skdefocus.cli.photographs.build_steps", interrupted)
    assert run("map", photos, "-o", out) == 130
    assert capsys.readouterr().err == "skdefocus: stopped\n"


def test_one_run_goes_on_where_another_verb_was(photos, out, capsys):
    photo = photos / "a.png"
    assert run("map", photo, "-o", out, "--quiet") == 0
    before = {path: path.stat().st_mtime_ns for path in out.glob("a_*")}
    assert run("all", photo, "-o", out, "--quiet") == 0
    after = {path: path.stat().st_mtime_ns for path in out.glob("a_*")}
    assert set(after) > set(before)
    assert all(after[path] == when for path, when in before.items())
    # All of them stay finished, each for its own verb.
    capsys.readouterr()
    for verb in ("map", "sharpen", "bokeh", "all"):
        assert run(verb, photo, "-o", out, "--quiet") == 0
        assert "1 of 1 photographs were finished" in capsys.readouterr().err
