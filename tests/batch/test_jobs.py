from __future__ import annotations

from itertools import islice, repeat
from pathlib import Path

import pytest

from skdefocus.batch.jobs import Job, list_jobs
from skdefocus.batch.run_folder import RunFolder
from skdefocus.io.decoders import choose


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("100/a.jpg", "100/b.png", "101/a.jpg", "101/a_map.png", "top.tif"):
        path = Path("in", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Path("in")


def targets(paths, out=Path("out")):
    return [job.target for job in list_jobs(paths, out)]


def test_folders_keep_their_shape_and_results_are_no_photographs(folder):
    found = list(list_jobs([folder], Path("out")))
    assert [job.target for job in found] == ["100/a", "100/b", "101/a", "top"]
    assert found[0] == Job(0, Path.cwd() / "in/100/a.jpg", "in/100/a.jpg", "100/a")
    assert [job.index for job in found] == [0, 1, 2, 3]


def test_what_lies_in_the_output_is_no_photograph(folder):
    assert targets([folder], folder / "100") == ["101/a", "top"]


def test_each_photograph_once(folder):
    twice = [folder / "top.tif", folder, Path("in/100/../top.tif")]
    assert targets(twice) == ["top", "100/a", "100/b", "101/a"]


def test_photographs_of_one_name_are_told_apart(folder):
    (folder / "100" / "A.TIF").touch()
    assert targets([folder / "100"]) == ["A", "a_jpg", "b"]
    both = list(list_jobs([folder / "100" / "a.jpg", folder / "101" / "a.jpg"], folder))
    assert [job.target for job in both] == ["a", "a_jpg"]
    third = folder / "102" / "a.jpg"
    *_, last = list_jobs([*(job.photo for job in both), third], folder)
    assert last.problem == (
        "in/102/a.jpg: its results would have the name of another photograph's, "
        "a_jpg; give them different output folders."
    )


def test_paths_are_taken_one_at_a_time():
    endless = (Path(f"{i}.jpg") for i, _ in enumerate(repeat(0)))
    found = list(islice(list_jobs(endless, Path("out")), 3))
    assert [job.target for job in found] == ["0", "1", "2"]


def test_folders_that_cannot_be_used(folder, tmp_path):
    with pytest.raises(ValueError, match="both the folder of photographs and that of"):
        targets([folder], tmp_path / "in")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no photograph"):
        targets(["empty"])


def test_a_raw_file_and_its_jpeg_are_one_photograph(folder, monkeypatch):
    monkeypatch.setattr(choose, "_is_installed", lambda extra: extra == "raw")
    for name in ("a.dng", "c.dng", "c_sharpened.tif", "d.heic", "d_map.png"):
        (folder / "100" / name).touch()
    skipped, need_extras = [], []
    jobs = list(list_jobs([folder / "100"], Path("out"), skipped, need_extras))
    assert [(job.name, job.target, job.others) for job in jobs] == [
        ("in/100/a.jpg", "a", ("in/100/a.dng",)),
        ("in/100/b.png", "b", ()),
        ("in/100/c.dng", "c", ()),
    ]
    # Results are known beside what cannot be read, too.
    assert [path.name for path in skipped] == ["c_sharpened.tif", "d_map.png"]
    assert need_extras == [(folder / "100" / "d.heic", "heif")]
    (first, *_) = list_jobs([folder / "100"], Path("out"), prefer="raw")
    assert (first.name, first.others) == ("in/100/a.dng", ("in/100/a.jpg",))


def test_links_to_folders_are_listed_and_not_followed(folder):
    (folder / "100" / "more").symlink_to(Path.cwd() / "in" / "101")
    (folder / ".hidden").symlink_to(Path.cwd() / "in" / "101")
    links: list[Path] = []
    jobs = list(list_jobs([folder], Path("out"), links=links))
    assert [job.target for job in jobs] == ["100/a", "100/b", "101/a", "top"]
    assert links == [folder / "100" / "more"]


def test_results_in_a_folder_below_are_no_photographs(folder):
    finished = folder / "out" / ".skdefocus" / "finished" / "00"
    finished.mkdir(parents=True)
    for name in ("top_map.png", "more/b_sharpened.png", "new.jpg"):
        path = folder / "out" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    run = RunFolder(folder / "out", "1")
    run._write("top", {"owned": {"top_map.png": ["x"], "more/b_sharpened.png": ["y"]}})
    (finished / "0.json").write_text("no record")
    skipped: list[Path] = []
    jobs = list(list_jobs([folder], Path("elsewhere"), skipped))
    expected = ["100/a", "100/b", "101/a", "out/new", "top"]
    assert sorted(job.target for job in jobs) == expected
    assert sorted(path.name for path in skipped) == [
        *("a_map.png", "b_sharpened.png", "top_map.png"),
    ]
    # Asked for by name they are photographs.
    assert targets([folder / "out"]) == ["more/b_sharpened", "new", "top_map"]


@pytest.mark.parametrize("masks", ["101", "101/a.jpg"])
def test_masks_are_no_photographs(folder, masks):
    jobs = list(list_jobs([folder], Path("out"), masks=Path.cwd() / "in" / masks))
    assert "101/a" not in [job.target for job in jobs]
    assert len(jobs) == 3 + (masks != "101") * 1
    # Unless the photographs lie among them.
    whole = list_jobs([folder / "101"], Path("out"), masks=folder)
    assert [job.target for job in whole] == ["a"]
