from __future__ import annotations

import re
from pathlib import Path

import pytest

from skdefocus.batch.output_folder import open_run


def test_a_run_leaves_nothing_of_its_own(tmp_path):
    with open_run(tmp_path / "out") as run:
        assert run.is_current()
        assert run.work.is_dir()
        (run.work / "half").write_text("half of a")
    assert not run.work.exists()


def test_what_a_killed_run_left_is_removed(tmp_path):
    for name in ("runs/dead/half.tif", "finished/ab/.half-0123.json"):
        path = tmp_path / ".skdefocus" / name
        path.parent.mkdir(parents=True)
        path.write_text("half of a")
    with open_run(tmp_path) as run:
        left = {path.name for path in (tmp_path / ".skdefocus").rglob("*")}
    assert left == {"runs", run.run, "started", "finished", "ab", "lock", "current"}


@pytest.mark.parametrize("there", [False, True])
def test_a_run_without_results_leaves_nothing(tmp_path, there):
    out = tmp_path / "deep" / "out"
    if there:
        out.mkdir(parents=True)
        (out / "own.txt").write_text("one's own")
    with open_run(out):
        pass
    left = {path.name for path in tmp_path.rglob("*")}
    assert left == ({"deep", "out", "own.txt"} if there else set())


class TestPlaces:
    """Where no run can be, in one sentence."""

    def test_links_and_files(self, tmp_path):
        (tmp_path / "broken").symlink_to("nowhere")
        (tmp_path / "file").touch()
        for name, message in (
            ("broken", r"broken is a link to what does not exist\."),
            ("broken/out", r"broken is a link to what does not exist\."),
            ("file/out", r"file is a file, not a folder\."),
        ):
            out = tmp_path / name
            start = f"^the output folder {re.escape(str(out))} cannot be written: .*"
            with pytest.raises(OSError, match=start + message), open_run(out):
                pass

    def test_what_the_system_refuses(self, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied", "x")

        monkeypatch.setattr(Path, "mkdir", refuse)
        with (
            pytest.raises(OSError, match=r"out cannot be written: Permission den"),
            open_run(tmp_path / "out"),
        ):
            pass


def test_one_run_at_a_time(tmp_path):
    with (
        open_run(tmp_path),
        pytest.raises(BlockingIOError, match=r"another run is writing to .*; wait"),
        open_run(tmp_path),
    ):
        pass
    with open_run(tmp_path) as run:
        assert run.is_current()


def test_file_systems_without_locks(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with open_run(tmp_path) as first, open_run(tmp_path) as second:
        assert second.is_current()
        assert not first.is_current()
