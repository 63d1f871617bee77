from __future__ import annotations

import os

import pytest

from skdefocus.io import list_photographs
from skdefocus.io.decoders import choose
from skdefocus.io.folders import Found, search_folder


def test_list_photographs(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", "deep/er/c.tiff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = list_photographs([tmp_path / "notes.txt", tmp_path])
    assert [path.name for path in found] == ["notes.txt", "a.png", "b.JPG", "c.tiff"]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ValueError, match="holds no photograph"):
        list_photographs([tmp_path / "nothing"])


def test_where_results_go_is_not_searched(tmp_path):
    for name in ("in/a.jpg", "in/out/b.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    photographs = tmp_path / "in"
    both = [photographs / "a.jpg", photographs / "out" / "b.jpg"]
    assert list_photographs([photographs], exclude=photographs / "out") == both[:1]
    # Results beside the photographs, or above them.
    assert list_photographs([photographs], exclude=photographs) == both
    assert list_photographs([photographs], exclude=tmp_path) == both
    # One path, not the paths that its letters are.
    assert list_photographs(str(photographs), exclude=tmp_path) == both
    assert list_photographs(photographs, exclude=tmp_path) == both


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_hidden_files_and_folders_are_left_out(tmp_path):
    folder = tmp_path / ".hidden" / "album"
    touch(folder, "a.jpg", "._a.jpg", ".thumbnails/a.jpg", "b/.c/d.png", "b/e.png")
    # What lies above the folder that is asked for does not matter.
    assert list_photographs(folder) == [folder / "a.jpg", folder / "b" / "e.png"]
    # What is named is wanted.
    named = [folder / "._a.jpg"]
    assert list_photographs(named) == named


def test_endings_of_any_case_and_no_others(tmp_path):
    taken = ["1.jpg", "2.JPEG", "3.png", "4.Tif", "5.tiff", "6.WebP"]
    touch(tmp_path, *taken, "7.gif", "8.txt", "9.jpg.part", "jpg", "10.npy")
    assert [path.name for path in list_photographs(tmp_path)] == taken


def test_order_is_that_of_what_is_given_and_sorted_within(tmp_path):
    touch(tmp_path, "z/2.jpg", "z/1.jpg", "z/10/0.jpg", "a/3.jpg")
    missing = tmp_path / "missing.cr2"
    found = list_photographs([tmp_path / "z", missing, str(tmp_path / "a")])
    assert [str(path.relative_to(tmp_path)).replace("\\", "/") for path in found] == [
        *("z/1.jpg", "z/10/0.jpg", "z/2.jpg"),
        # A file that does not exist is for reading to complain of.
        *("missing.cr2", "a/3.jpg"),
    ]
    assert list_photographs(iter([missing])) == [missing]
    assert list_photographs([]) == []


def test_a_folder_of_results_alone_holds_no_photograph(tmp_path, monkeypatch):
    touch(tmp_path, "in/out/a.jpg")
    message = r"in holds no photograph \(JPEG, PNG, TIFF, WebP and others\)\.$"
    monkeypatch.chdir(tmp_path)
    # Whichever way the two are written.
    for exclude in ("in/out", tmp_path / "in" / "out", "in/../in/out"):
        with pytest.raises(ValueError, match=message):
            list_photographs("in", exclude=exclude)


def test_a_folder_that_ends_like_a_photograph_is_a_folder(tmp_path):
    touch(tmp_path, "dir.jpg/a.jpg", "dir.jpg/b.txt", "c.jpg")
    expected = [tmp_path / "c.jpg", tmp_path / "dir.jpg" / "a.jpg"]
    assert list_photographs(tmp_path) == expected
    assert list_photographs(tmp_path / "dir.jpg") == expected[1:]


def test_loops_of_links(tmp_path):
    touch(tmp_path, "in/b.jpg")
    (tmp_path / "in" / "a.jpg").symlink_to(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "up").symlink_to(tmp_path / "in")
    found = list_photographs(tmp_path / "in", exclude=tmp_path / "in" / "out")
    # What is no file is for reading to complain of.
    assert [path.name for path in found] == ["a.jpg", "b.jpg"]


def test_links_to_folders_are_named_and_not_followed(tmp_path):
    touch(tmp_path, "in/a.jpg", "else/b.jpg", "in/out/c.jpg")
    folder = tmp_path / "in"
    for name in ("z", "deep.jpg", "out/y", ".hidden"):
        (folder / name).symlink_to(tmp_path / "else")
    (folder / "results").symlink_to(folder / "out")
    (folder / "broken").symlink_to(tmp_path / "nowhere")
    search = search_folder(folder, exclude=[folder / "out"])
    assert [found.path.name for found in search.photographs] == ["a.jpg"]
    assert search.links == [folder / "deep.jpg", folder / "z"]


def test_a_folder_of_links_alone_names_them(tmp_path):
    touch(tmp_path, "else/b.jpg")
    folder = tmp_path / "in"
    folder.mkdir()
    told = ""
    for i in range(6):
        (folder / f"{i}").symlink_to(tmp_path / "else")
        told += f"{', ' * (i > 0)}{folder / f'{i}'}" if i < 5 else " and 1 more"
        with pytest.raises(ValueError, match="links to folders are not") as caught:
            search_folder(folder)
        assert str(caught.value) == (
            f"{folder} holds no photograph (JPEG, PNG, TIFF, WebP and others); links "
            f"to folders are not followed: {told}."
        )


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "in/a.jpg", "in/secret/b.jpg")
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    message = r"the folder .*secret cannot be read: Permission denied\.$"
    with pytest.raises(OSError, match=message):
        list_photographs(tmp_path / "in")


class TestRawAndJpeg:
    """Files of one name are one photograph."""

    @pytest.fixture(autouse=True)
    def extras(self, monkeypatch):
        installed = {"raw", "heif"}
        monkeypatch.setattr(choose, "_is_installed", lambda extra: extra in installed)
        return installed

    @staticmethod
    def found(folder, **options):
        return [
            (each.path.name, *(path.name for path in each.others))
            for each in search_folder(folder, **options).photographs
        ]

    def test_the_jpeg_is_read_unless_the_raw_file_is_wanted(self, tmp_path):
        touch(tmp_path, "A.CR2", "a.jpg", "b.nef", "c.JPEG", "d/e.dng", "e.jpg")
        alone = [("b.nef",), ("c.JPEG",), ("e.dng",), ("e.jpg",)]
        assert self.found(tmp_path) == [("a.jpg", "A.CR2"), *alone]
        assert self.found(tmp_path, prefer="raw") == [("A.CR2", "a.jpg"), *alone]
        names = [path.name for path in list_photographs(tmp_path, prefer="raw")]
        assert names == ["A.CR2", "b.nef", "c.JPEG", "e.dng", "e.jpg"]

    def test_what_is_named_is_read(self, tmp_path):
        touch(tmp_path, "a.dng", "a.jpg")
        both = [tmp_path / "a.dng", tmp_path / "a.jpg"]
        assert list_photographs(both) == both

    def test_a_heic_is_what_a_camera_writes_beside_it_too(self, tmp_path, extras):
        touch(tmp_path, "a.dng", "a.heic", "b.dng", "b.heic", "b.jpg", "c.dng", "c.tif")
        others = [("b.heic",), ("b.jpg", "b.dng"), ("c.dng",), ("c.tif",)]
        assert self.found(tmp_path) == [("a.heic", "a.dng"), *others]
        extras.remove("heif")
        # What cannot be read gives way.
        assert self.found(tmp_path) == [("a.dng", "a.heic"), *others[1:]]

    def test_without_the_extra_a_raw_file_alone_is_skipped(self, tmp_path, extras):
        extras.clear()
        touch(tmp_path, "a.dng", "a.jpg", "b.dng")
        assert self.found(tmp_path, prefer="raw") == [("a.jpg", "a.dng")]
        search = search_folder(tmp_path)
        assert search.photographs == [Found(tmp_path / "a.jpg", (tmp_path / "a.dng",))]
        assert search.skipped == [(tmp_path / "b.dng", "raw")]

    def test_a_folder_of_what_cannot_be_read_says_what_to_install(
        self, tmp_path, extras
    ):
        extras.clear()
        touch(tmp_path, "a.dng", "b.heic")
        with pytest.raises(
            ValueError,
            match=r"holds no photograph that can be read without the extra 'heif' or "
            r"'raw': pip install 'skdefocus\[heif,raw\]'\.$",
        ):
            list_photographs(tmp_path)
