from __future__ import annotations

import re

import pytest

from skdefocus.batch.run_folder import open_run


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


def test_notes_tell_what_is_started(tmp_path):
    with open_run(tmp_path) as run:
        assert run.note(7, 1)
        assert not run.note(7, 1)
        assert run.note(7, 2)
        assert run.is_noted(7, 1)
        run.erase_note(7, 1)
        assert not run.is_noted(7, 1)
        assert run.is_noted(7, 2)


def test_finished_work_is_recognized_by_key_and_files(tmp_path):
    file, keys, row = tmp_path / "100" / "a_map.png", {"map": "key"}, {"width": 4}
    with open_run(tmp_path) as run:
        assert run.finished("100/a", keys) == {}
        run.claim("100/a", [file])
        assert run.finished("100/a", keys) == {}
        file.parent.mkdir()
        file.write_text("whole")
        finished = run.finish("100/a", {"map": [file]}, keys, row, {})
        assert finished == {"map": {"key": "key", "sizes": {"100/a_map.png": 5}}}
        assert run.finished("100/a", keys) == finished
        assert run.read_record("100/a")["row"] == row
        assert run.finished("100/a", {"map": "another"}) == {}
        assert run.finished("100/b", keys) == {}
    with open_run(tmp_path) as run:
        assert run.finished("100/a", keys) == finished
        file.write_text("who")
        assert run.finished("100/a", keys) == {}
        file.unlink()
        assert run.finished("100/a", keys) == {}


def test_products_are_finished_one_by_one(tmp_path):
    keys = {"map": "1", "shallow": "2", "figures": "3"}
    paths = {name: [tmp_path / f"a_{name}.png"] for name in ("map", "shallow")}
    with open_run(tmp_path) as run:
        for name, (path,) in paths.items():
            run.claim("a", [path])
            path.write_text("whole")
            run.finish("a", {name: [path]}, keys, {}, {})
        made = run.finish("a", {"figures": []}, keys, {}, {"in_focus": 0.5})
        assert list(made) == ["map", "shallow", "figures"]
        assert made["figures"]["figures"] == {"in_focus": 0.5}
        # What is about to be replaced is unfinished; the others stay finished.
        run.claim("a", paths["map"])
        assert list(run.finished("a", keys)) == ["shallow", "figures"]


@pytest.mark.parametrize("content", ["{", "[]", "\0"])
def test_records_that_cannot_be_read_are_none(tmp_path, content):
    with open_run(tmp_path) as run:
        run.claim("a", [])
        (record,) = (tmp_path / ".skdefocus" / "finished").rglob("*.json")
        record.write_text(content)
        assert run.read_record("a") == {}
        assert run.finished("a", {"map": "key"}) == {}


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


def test_files_of_others_are_never_replaced(tmp_path):
    own, foreign = tmp_path / "a_map.png", tmp_path / "a_shallow.png"
    foreign.write_text("a picture of one's own")
    with open_run(tmp_path) as run:
        run.claim("a", [own])
        own.write_text("whole")
        run.claim("a", [own])
        with pytest.raises(
            ValueError, match=r"a_shallow\.png exists and was not written"
        ):
            run.claim("a", [own, foreign])
        foreign.unlink()
        run.claim("a", [foreign])
        # Still its own, though the last run did not write it.
        run.claim("a", [own])


def test_one_run_at_a_time(tmp_path):
    with (
        open_run(tmp_path),
        pytest.raises(BlockingIOError, match=r"another run is writing to .*; wait"),
        open_run(tmp_path),
    ):
        pass
    with open_run(tmp_path) as run:
        assert run.is_current()


def test_what_outlives_its_run_writes_nothing(tmp_path):
    with open_run(tmp_path) as dead:
        pass
    with open_run(tmp_path):
        assert not dead.is_current()
        with pytest.raises(OSError, match=re.escape(f"taken over {tmp_path}.")):
            dead.claim("a", [tmp_path / "a_map.png"])


def test_file_systems_without_locks(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with open_run(tmp_path) as first, open_run(tmp_path) as second:
        assert second.is_current()
        assert not first.is_current()
