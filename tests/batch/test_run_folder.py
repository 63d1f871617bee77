from __future__ import annotations

import json
import os
import re
import shutil

import pytest

from skdefocus.batch.output_folder import open_run


def test_notes_tell_what_is_started(tmp_path):
    with open_run(tmp_path) as run:
        assert run.note(7, 1)
        assert not run.note(7, 1)
        assert run.note(7, 2)
        assert run.is_noted(7, 1)
        run.erase_note(7, 1)
        assert not run.is_noted(7, 1)
        assert run.is_noted(7, 2)


def write(run, made, *, target="a", photo="a.jpg", content="1", key="key", die=None):
    """Make products, each of files by name, as the work on a photograph does."""
    waiting = run.work / "waiting"
    waiting.mkdir(exist_ok=True)
    texts = {run.out / name: text for each in made.values() for name, text in each}
    for path, text in texts.items():
        (waiting / path.name).write_text(text)
    files = {name: [run.out / file for file, _ in each] for name, each in made.items()}
    run.claim(target, files, waiting, run.out / photo, content)
    if die == "claimed":
        return {}
    for path in texts:
        path.parent.mkdir(exist_ok=True)
        (waiting / path.name).replace(path)
    if die == "moved":
        return {}
    return run.finish(target, files, dict.fromkeys(made, key), {"width": 4}, {})


MAP = {"map": [("a_map.png", "whole")]}


def test_finished_work_is_recognized_by_key_and_files(tmp_path):
    file, keys = tmp_path / "100" / "a_map.png", {"map": "key"}
    made = {"map": [("100/a_map.png", "whole")]}
    with open_run(tmp_path) as run:
        assert run.finished("100/a", keys) == {}
        write(run, made, target="100/a", die="claimed")
        assert run.finished("100/a", keys) == {}
        finished = write(run, made, target="100/a")
        stamp = [5, file.stat().st_mtime_ns]
        assert finished == {"map": {"key": "key", "files": {"100/a_map.png": stamp}}}
        assert run.finished("100/a", keys) == finished
        assert run.read_record("100/a")["row"] == {"width": 4}
        assert run.finished("100/a", {"map": "another"}) == {}
        assert run.finished("100/b", keys) == {}
    with open_run(tmp_path) as run:
        assert run.finished("100/a", keys) == finished
        for text in ("other", "who"):
            file.write_text(text)
            # Clocks of some file systems are coarse.
            os.utime(file, ns=(0, 0))
            assert run.finished("100/a", keys) == {}
        file.unlink()
        assert run.finished("100/a", keys) == {}


def test_a_copy_of_the_folder_is_finished_and_owned(tmp_path, monkeypatch):
    with open_run(tmp_path / "out") as run:
        write(run, MAP)
    # Without the times of the files.
    shutil.copytree(tmp_path / "out", tmp_path / "copy", copy_function=shutil.copyfile)
    os.utime(tmp_path / "copy" / "a_map.png", ns=(0, 0))
    with open_run(tmp_path / "copy") as run:
        finished = run.finished("a", {"map": "key"})
        assert finished["map"]["files"] == {"a_map.png": [5, 0]}
        with monkeypatch.context() as no_hashes:
            no_hashes.setattr("skdefocus.batch.run_folder.file_key", None)
            assert run.finished("a", {"map": "key"}) == finished
        write(run, MAP)


def test_files_that_did_not_change_are_not_read(tmp_path, monkeypatch):
    with open_run(tmp_path) as run:
        write(run, MAP)
        monkeypatch.setattr("skdefocus.batch.run_folder.file_key", None)
        assert list(run.finished("a", {"map": "key"})) == ["map"]


def test_products_are_finished_one_by_one(tmp_path):
    keys = dict.fromkeys(("map", "shallow", "figures"), "key")
    with open_run(tmp_path) as run:
        write(run, MAP)
        write(run, {"shallow": [("a_shallow.png", "whole")]})
        made = run.finish("a", {"figures": []}, keys, {}, {"in_focus": 0.5})
        assert list(made) == ["map", "shallow", "figures"]
        assert made["figures"]["figures"] == {"in_focus": 0.5}
        # What is about to be replaced is unfinished; the others stay finished.
        write(run, MAP, die="claimed")
        assert list(run.finished("a", keys)) == ["shallow", "figures"]


EARLIER = {
    "owned": ["a_map.png"],
    "products": {"map": {"key": "key", "sizes": {"a_map.png": 5}}},
    "row": {},
}
DAMAGED = ["{", "\0", "[" * 100_000, "[]", "3", "null", '"record"', "NaN"]
DAMAGED += [json.dumps(EARLIER), json.dumps({"format": 1, "record": EARLIER})]


def in_the_way(name):
    return (
        rf"{name} exists and was not written by skdefocus; move it away or give "
        rf"another output folder\.$"
    )


class TestRecords:
    """Only what is read as it was written counts."""

    @pytest.fixture
    def damage(self, tmp_path):
        def change(old, new=None):
            (record,) = (tmp_path / ".skdefocus" / "finished").rglob("*.json")
            text = record.read_text()
            record.write_text(old if new is None else text.replace(old, new, 1))

        return change

    @pytest.mark.parametrize("content", DAMAGED)
    def test_those_that_cannot_be_read_are_none(self, tmp_path, damage, content):
        with open_run(tmp_path) as run:
            write(run, MAP)
            damage(content)
            assert run.read_record("a") == {}
            assert run.finished("a", {"map": "key"}) == {}
            run.check_source("a", run.out / "a.jpg", "1")
            with pytest.raises(ValueError, match=in_the_way("a_map.png")):
                write(run, MAP)

    @pytest.mark.parametrize(
        ("old", "new"),
        [('"format": 1', '"format": 0'), ('"files"', '"sizes"'), ("[5, ", "[6, ")],
    )
    def test_those_of_another_format_or_shape_are_none(
        self, tmp_path, damage, old, new
    ):
        with open_run(tmp_path) as run:
            write(run, MAP)
            assert run.read_record("a")["row"] == {"width": 4}
            damage(old, new)
            assert run.read_record("a") == {}

    @pytest.mark.parametrize("content", [*DAMAGED, '{"report.csv": ["1"]}'])
    def test_so_are_those_of_the_report(self, tmp_path, content):
        report = tmp_path / "report.csv"
        with open_run(tmp_path) as run:
            (run.work / report.name).write_text("whole")
            run.claim_report([report], run.work)
            (run.work / report.name).replace(report)
            run.check_report([report])
            (tmp_path / ".skdefocus" / "report.json").write_text(content)
            with pytest.raises(ValueError, match=in_the_way("report.csv")):
                run.check_report([report])

    def test_capitals_do_not_tell_targets_apart(self, tmp_path):
        with open_run(tmp_path) as run:
            write(run, MAP, target="100/a", photo="s1/a.jpg")
            assert run.read_record("100/A") == run.read_record("100/a") != {}
            with pytest.raises(ValueError, match="is a result of another photograph"):
                run.check_source("100/A", tmp_path / "s2" / "A.jpg", "2")


def test_files_of_others_are_never_replaced(tmp_path):
    foreign = tmp_path / "a_shallow.png"
    foreign.write_text("a picture of one's own")
    both = {**MAP, "shallow": [(foreign.name, "whole")]}
    with open_run(tmp_path) as run:
        write(run, MAP)
        write(run, MAP)
        with pytest.raises(
            ValueError, match=r"a_shallow\.png exists and was not written"
        ):
            write(run, both)
        assert foreign.read_text() == "a picture of one's own"
        foreign.unlink()
        write(run, {"shallow": both["shallow"]})
        # Still its own, though the last run did not write it.
        write(run, MAP)


@pytest.mark.parametrize("text", ["edit!", "an edit", ""])
def test_results_that_were_edited_are_never_replaced(tmp_path, text):
    path = tmp_path / "a_map.png"
    with open_run(tmp_path) as run:
        write(run, MAP)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text(text)
    # Some editors leave the time as it was.
    os.utime(path, ns=times)
    message = r"a_map\.png was changed or replaced after skdefocus wrote it; move it"
    for _ in "ab":
        with open_run(tmp_path) as run, pytest.raises(ValueError, match=message):
            write(run, MAP)
        assert path.read_text() == text
    path.unlink()
    path.symlink_to("nowhere")
    with open_run(tmp_path) as run, pytest.raises(ValueError, match=message):
        write(run, MAP)


@pytest.mark.parametrize("die", ["claimed", "moved"])
def test_what_a_killed_run_was_replacing_is_its_own(tmp_path, die):
    with open_run(tmp_path) as run:
        write(run, MAP)
        for text in ("newer", "newest"):
            write(run, {"map": [("a_map.png", text)]}, die=die)
            assert run.finished("a", {"map": "key"}) == {}
        assert list(write(run, MAP)) == ["map"]
    assert (tmp_path / "a_map.png").read_text() == "whole"


class TestOtherFormats:
    """A product in another format takes the place of the earlier one."""

    @pytest.mark.parametrize("die", [None, "claimed", "moved"])
    def test_the_earlier_file_goes_when_the_new_one_is_there(self, tmp_path, die):
        def made(ending):
            return {"map": [("a_map.png", "1"), (f"a_sigma.{ending}", ending)]}

        with open_run(tmp_path) as run:
            write(run, made("tif"))
            write(run, {"picture": [("a_picture.jpg", "1")]})
            if die is not None:
                write(run, made("npy"), key="npy", die=die)
                assert (tmp_path / "a_sigma.tif").exists()
            write(run, made("npy"), key="npy")
            names = {path.name for path in tmp_path.glob("a_*")}
            assert names == {"a_map.png", "a_sigma.npy", "a_picture.jpg"}
            # Those of other verbs are as they were.
            assert list(run.finished("a", {"picture": "key"})) == ["picture"]
            # The name is free.
            (tmp_path / "a_sigma.tif").write_text("one's own")
            with pytest.raises(ValueError, match="was not written by skdefocus"):
                write(run, made("tif"))

    def test_an_earlier_file_that_was_edited_stays(self, tmp_path):
        with open_run(tmp_path) as run:
            write(run, {"picture": [("a_picture.jpg", "1")]})
            (tmp_path / "a_picture.jpg").write_text("edit")
            write(run, {"picture": [("a_picture.png", "1")]})
        assert (tmp_path / "a_picture.jpg").read_text() == "edit"

    def test_a_product_without_files_takes_nothing_away(self, tmp_path):
        with open_run(tmp_path) as run:
            write(run, {"pipeline": [("a_picture.jpg", "1")]})
            write(run, {"pipeline": []})
            assert (tmp_path / "a_picture.jpg").exists()
            write(run, {"pipeline": [("a_picture.jpg", "2")]})


class TestSources:
    """A target belongs to one photograph."""

    @pytest.fixture
    def run(self, tmp_path):
        with open_run(tmp_path / "out") as run:
            write(run, MAP, photo="s1/IMG.jpg", content="1")
            yield run

    def test_another_photograph_of_the_same_name_is_refused(self, run):
        first, second = (run.out / name / "IMG.jpg" for name in ("s1", "s2"))
        with pytest.raises(ValueError, match="is a result of another") as caught:
            run.check_source("a", second, "2")
        assert str(caught.value) == (
            f"{second}: {run.out / 'a_map.png'} is a result of another photograph of "
            f"the same name, {first}; move it away or give another output folder."
        )
        # Its results are out of the way.
        (run.out / "a_map.png").unlink()
        run.check_source("a", second, "2")
        write(run, MAP, photo="s2/IMG.jpg", content="2")
        run.check_source("a", second, "2")
        with pytest.raises(ValueError, match="is a result of another"):
            run.check_source("a", first, "1")

    def test_one_that_was_moved_or_edited_is_the_same(self, run):
        moved = run.out / "s2" / "IMG.jpg"
        run.check_source("a", run.out / "s1" / "IMG.jpg", "edited")
        run.check_source("a", moved, "1")
        run.check_source("a", moved, "edited")
        with pytest.raises(ValueError, match="is a result of another"):
            run.check_source("a", run.out / "s1" / "IMG.jpg", "edited")
        assert list(run.finished("a", {"map": "key"})) == ["map"]

    def test_a_raw_file_and_its_jpeg_are_one(self, run):
        folder = run.out / "s1"
        folder.mkdir()
        for name in ("IMG.dng", "IMG.jpg"):
            (folder / name).touch()
        (run.out / "a_map.png").write_text("an edit")
        raw, shown = folder / "IMG.dng", folder / "IMG.jpg"
        run.check_source("a", raw, "raw", [shown])
        with pytest.raises(ValueError, match=r"a_map\.png was changed or replaced"):
            run.check_source("a", raw, "raw")
        # They are known from then on.
        (run.out / "a_map.png").write_text("whole")
        (run.work / "waiting" / "a_map.png").write_text("newer")
        files = {"map": [run.out / "a_map.png"]}
        run.claim("a", files, run.work / "waiting", raw, "raw", [shown])
        run.check_source("a", shown, "edited")
        with pytest.raises(ValueError, match="is a result of another"):
            run.check_source("a", run.out / "s2" / "IMG.jpg", "2", [raw.parent / "x"])

    @pytest.mark.parametrize("name", ["IMG.dng", "IMG.tif", "img.JPG"])
    def test_what_is_left_of_files_of_one_name_is_the_same(self, run, name):
        run.check_source("a", run.out / "s1" / name, "2")
        for other in ("s2/" + name, "s1/IMG_2.tif"):
            with pytest.raises(ValueError, match="is a result of another"):
                run.check_source("a", run.out / other, "2")

    def test_a_file_that_comes_beside_it_takes_its_name(self, run):
        (run.out / "s1").mkdir()
        (run.out / "s1" / "IMG.jpg").touch()
        second = run.out / "s1" / "IMG.tif"
        run.check_source("a", second, "2")
        (run.out / "a_map.png").write_text("edit!")
        with pytest.raises(ValueError, match=r"a_map\.png was changed or replaced"):
            run.check_source("a", second, "2")


def test_what_outlives_its_run_writes_nothing(tmp_path):
    with open_run(tmp_path) as dead:
        pass
    with open_run(tmp_path):
        assert not dead.is_current()
        with pytest.raises(OSError, match=re.escape(f"taken over {tmp_path}.")):
            dead.claim("a", {}, tmp_path, tmp_path / "a.jpg", "1")
