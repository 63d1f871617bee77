from __future__ import annotations

import os
import stat
import sys

import pytest

from skdefocus._shared.files import replace_file, staged, temporary_beside


def test_replaces_whole_files_and_makes_folders(tmp_path):
    target = tmp_path / "new" / "folder" / "file.bin"
    replace_file(target, b"one")
    replace_file(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")

    def fail():
        with temporary_beside(target) as path:
            path.write_text("half of the n")
            assert path.parent == tmp_path
            assert path.suffix == ".txt"
            raise RuntimeError("disc on fire")

    with pytest.raises(RuntimeError, match="disc on fire"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_are_as_readable_as_any_new_file(tmp_path):
    target = tmp_path / "file.txt"
    mask = os.umask(0o022)
    try:
        replace_file(target, b"")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_staged_results_come_all_or_not_at_all(tmp_path):
    def write(fail):
        with staged(tmp_path / "out") as stage:
            stage("a.txt").write_text("new")
            if fail:
                raise RuntimeError("disc full")
            stage("b.txt").write_text("new")
        return stage.targets

    with pytest.raises(RuntimeError, match="disc full"):
        write(fail=True)
    assert list((tmp_path / "out").iterdir()) == []
    assert sorted(write(fail=False)) == sorted((tmp_path / "out").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_names_that_are_no_text_have_a_plain_one_meanwhile(tmp_path):
    path = tmp_path / os.fsdecode(b"\xfe") / os.fsdecode(b"\xff.txt")
    for given in (path, os.fsencode(path)):
        with temporary_beside(given) as temporary:
            os.fspath(temporary).encode()
            assert temporary.suffix == ".txt"
            temporary.write_text("done")
        assert path.read_text() == "done"
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_of_a_name_that_is_no_text_nothing_is_left_after_an_error(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.txt")
    with pytest.raises(ZeroDivisionError), temporary_beside(path) as temporary:
        temporary.write_text(str(1 / 0))
    assert list(tmp_path.iterdir()) == []


def test_two_results_of_one_name_are_refused(tmp_path):
    with staged(tmp_path / "out") as stage:
        stage("a.png").write_text("one")
        with pytest.raises(ValueError, match=r"two results would have the name a\.png"):
            stage("a.png")
