"""A folder of every format through the command line, with the extras and without."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import read_photograph, write_photograph
from skdefocus.io.decoders import choose
from tests.cli.running import files, run
from tests.io.metadata import make_exif
from tests.io.pictures import write_any

pytest.importorskip("rawpy", reason="the extra raw is not installed")
pytest.importorskip("pi_heif", reason="the extra heif is not installed")


@pytest.fixture
def folder(tmp_path, small_photo):
    inside = tmp_path / "in"
    inside.mkdir()
    even = small_photo[: small_photo.shape[0] // 2 * 2, : small_photo.shape[1] // 2 * 2]
    deep = even.astype(np.uint16) * 257
    write_any(inside / "a.dng", deep, preview=(even.shape[1], even.shape[0]))
    Image.fromarray(even).save(inside / "A.JPG", exif=make_exif(), quality=95)
    for name in ("b.heic", "c.avif", "d.jxl"):
        write_any(inside / name, even)
    write_photograph(inside / "e.png", deep)
    write_photograph(inside / "f.tif", deep)
    return inside


@pytest.fixture
def no_extras(monkeypatch):
    monkeypatch.setattr(choose, "_is_installed", lambda extra: False)


def pictures(out):
    return sorted(name for name in files(out) if "sharpened" in name)


def test_with_the_extras(folder, out, capsys):
    assert run("sharpen", folder, "-o", out, "--jobs", 1, "--quiet") == 0
    assert pictures(out) == [
        *("A_sharpened.jpg", "b_sharpened.jpg", "c_sharpened.jpg", "d_sharpened.jpg"),
        *("e_sharpened.png", "f_sharpened.tif"),
    ]
    assert capsys.readouterr().err == ""


def test_without_them(folder, out, capsys, no_extras):
    assert run("sharpen", folder, "-o", out, "--jobs", 1, "--quiet") == 0
    assert pictures(out) == [
        *("A_sharpened.jpg", "c_sharpened.jpg", "d_sharpened.jpg"),
        *("e_sharpened.png", "f_sharpened.tif"),
    ]
    assert capsys.readouterr().err.splitlines() == [
        "skdefocus: skipped for want of the extra 'heif' (pip install "
        f"'skdefocus[heif]'): {folder / 'b.heic'}",
    ]


def test_a_folder_that_needs_an_extra_and_a_file_that_is_named(
    folder, out, refused, no_extras
):
    for path in folder.iterdir():
        if path.suffix not in (".dng", ".heic"):
            path.unlink()
    refused("without the extra 'heif' or 'raw': pip install", "map", folder, "-o", out)
    refused(
        "to read it, install the extra 'raw': pip install 'skdefocus[raw]'.",
        *("map", folder / "a.dng", "-o", out),
        expected=1,
    )
    refused("prefer='raw' needs the extra", "map", folder, "-o", out, "--prefer", "raw")


def test_the_raw_file_on_request(folder, out):
    arguments = ("-o", out, "--jobs", 1, "--quiet", "--prefer", "raw")
    assert run("sharpen", folder, *arguments) == 0
    assert "a_sharpened.tif" in pictures(out)
    assert "A_sharpened.jpg" not in pictures(out)
    found = read_photograph(out / "a_sharpened.tif")
    assert found.image.dtype == np.uint16
    assert b"Maker" in found.metadata.exif


def test_format_and_strip(folder, out):
    photo = folder / "A.JPG"
    arguments = ("-o", out, "--quiet", "--format", "webp", "--strip", "all")
    assert run("sharpen", photo, *arguments) == 0
    found = read_photograph(out / "A_sharpened.webp")
    assert found.metadata.exif is None
    # Another format is other work; the same is kept.
    assert run("sharpen", photo, "-o", out, "--quiet") == 0
    assert b"Maker" in read_photograph(out / "A_sharpened.jpg").metadata.exif


def test_the_report_names_what_was_measured(folder, out):
    for path in folder.iterdir():
        if path.suffix not in (".dng", ".JPG"):
            path.unlink()
    write = ("-o", out, "--jobs", 1, "--quiet")
    (folder / "a.dng").rename(folder / "g.dng")
    assert run("batch", folder, *write) == 0
    with (out / "report.csv").open(newline="") as file:
        sources = {row["photo"]: row["source"] for row in csv.DictReader(file)}
    assert sources == {
        str(folder / "A.JPG"): "JPEG",
        str(folder / "g.dng"): "preview in the raw file",
    }
    (folder / "g.dng").rename(folder / "a.dng")
    assert run("batch", folder, *write) == 0
    with (out / "report.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["photo"], row["source"], row["others"]) == (
        *(str(folder / "A.JPG"), "JPEG"),
        str(folder / "a.dng"),
    )
