"""The verbs on photographs: what they write, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from skdefocus import estimate_blur_map
from skdefocus.datasets import FLOWER_CREDIT
from skdefocus.io import Photograph, read_image, read_photograph, write_photograph
from tests.cli.running import files, run

ALL = {"_map.png", "_map16.png", "_sigma.tif", "_overview.png"}
# Where workers are not what is tested: each takes a second to start.
ALONE = ("--jobs", 1, "--quiet")


class TestAll:
    def test_without_a_photograph(self, out, capsys):
        assert run("all", "-o", out) == 0
        captured = capsys.readouterr()
        names = files(out)
        expected = {f"flower{ending}" for ending in ALL}
        expected |= {f"flower_{name}" for name in ("sharpened.jpg", "shallow.jpg")}
        assert names == expected | {"flower_credit.txt"}
        assert FLOWER_CREDIT in captured.out
        assert FLOWER_CREDIT in (out / "flower_credit.txt").read_text()
        for name in names:
            assert str(out / name) in captured.out
        assert "1/1" in captured.err

    def test_results_are_those_of_the_functions(self, photo_file, out, small_photo):
        assert run("all", photo_file, "-o", out, "--quiet") == 0
        expected = estimate_blur_map(small_photo)
        sigma = read_image(out / "bee_sigma.tif")
        np.testing.assert_array_equal(sigma, expected)
        png = read_image(out / "bee_map16.png")
        assert png.shape == small_photo.shape[:2]
        np.testing.assert_allclose(png / 256, expected, atol=1 / 256)
        assert read_image(out / "bee_map.png").shape == small_photo.shape
        for name in ("bee_sharpened.png", "bee_shallow.png"):
            assert read_image(out / name).shape == small_photo.shape
        assert not (out / "bee_credit.txt").exists()

    @pytest.mark.slow
    def test_folders_and_workers(self, tmp_path, small_photo, out):
        for i in range(3):
            write_photograph(tmp_path / "in" / f"{i}.png", small_photo[i * 9 :])
        assert run("map", tmp_path / "in", "-o", out, "--jobs", 2) == 0
        assert len(list(out.glob("*_map16.png"))) == 3
        alone = tmp_path / "alone"
        assert run("map", tmp_path / "in" / "2.png", "-o", alone) == 0
        assert (alone / "2_sigma.tif").read_bytes() == (
            out / "2_sigma.tif"
        ).read_bytes()

    @pytest.mark.slow
    def test_folders_keep_their_shape_and_may_be_run_again(self, tmp_path, small_photo):
        folder = tmp_path / "DCIM"
        for name in ("100/IMG_1.png", "101/IMG_1.png"):
            write_photograph(folder / name, small_photo[:50])
        for _ in range(2):
            assert run("map", folder, "-o", folder / "out", *ALONE) == 0
        assert (folder / "out" / "100" / "IMG_1_sigma.tif").exists()
        assert (folder / "out" / "101" / "IMG_1_sigma.tif").exists()
        assert len(list((folder / "out").rglob("IMG_*.*"))) == 6

    def test_photographs_of_one_name_are_told_apart(self, photo_file, out):
        Image.open(photo_file).save(photo_file.with_suffix(".tif"))
        folder = photo_file.parent
        assert run("sharpen", folder, photo_file, "-o", out, *ALONE) == 0
        names = files(out)
        assert names == {"bee_sharpened.png", "bee_tif_sharpened.tif"}

    def test_results_beside_photographs_are_not_photographs(
        self, photo_file, out, capsys
    ):
        folder = photo_file.parent
        (folder / "._bee.jpg").write_bytes(b"sidecar")
        assert run("all", photo_file, "-o", folder, "--quiet") == 0
        assert len(files(folder)) == 1 + 6
        capsys.readouterr()
        assert run("map", folder, "-o", out, "--quiet") == 0
        assert files(out) == {"bee_map.png", "bee_map16.png", "bee_sigma.tif"}
        error = capsys.readouterr().err
        assert "skipped as results of an earlier run: " in error
        assert f"{folder / 'bee_map.png'}, " in error
        assert error.endswith(", and 1 more\n")


class TestUnusedOptions:
    @pytest.mark.parametrize(
        ("words", "unused"),
        [
            (("map", "--strip", "all", "--format", "png"), "--format, --strip"),
            (("map", "--subject", "3,4"), "--subject"),
            (
                ("map", "--set", "sharpener__gain=9", "--set", "renderer__c0=0.1"),
                "--set sharpener__gain, --set renderer__c0",
            ),
            (("bokeh", "--map-data", "npy"), "--map-data"),
            (("sharpen", "--map-range", "auto"), "--map-range"),
            (("map", "--set", "segmenter__unknown_below=0.2"), ""),
            (("sharpen", "--set", "sharpener__gain=2", "--strip", "gps"), ""),
        ],
    )
    def test_are_named_in_one_line(self, photo_file, out, capsys, words, unused):
        verb, *options = words
        assert run(verb, photo_file, "-o", out, *ALONE, *options) == 0
        line = f"skdefocus: {verb} makes nothing that {unused} would change\n"
        assert capsys.readouterr().err == (line if unused else "")


class TestVerbs:
    def test_map(self, photo_file, out):
        assert run("map", photo_file, "-o", out, "--map-data", "npy") == 0
        names = files(out)
        assert names == {"bee_map.png", "bee_map16.png", "bee_sigma.npy"}
        loaded = np.load(out / "bee_sigma.npy", allow_pickle=False)
        assert loaded.dtype == np.float32

    @pytest.mark.parametrize(
        ("verb", "name"), [("sharpen", "sharpened"), ("bokeh", "shallow")]
    )
    def test_one_picture(self, photo_file, out, verb, name):
        assert run(verb, photo_file, "-o", out) == 0
        assert files(out) == {f"bee_{name}.png"}

    def test_16_bit_alpha_and_metadata_survive(self, tmp_path, small_photo, out):
        deep = small_photo.astype(np.uint16) * 257
        alpha = np.full(deep.shape[:2], 40_000, np.uint16)
        write_photograph(tmp_path / "d.tif", deep, Photograph(deep, alpha, bits=16))
        assert run("sharpen", tmp_path / "d.tif", "-o", out) == 0
        found = read_photograph(out / "d_sharpened.tif")
        assert found.image.dtype == np.uint16
        np.testing.assert_array_equal(found.alpha, alpha)
        assert len(np.unique(found.image)) > 256

    def test_rotated_photographs_come_out_upright(self, tmp_path, small_photo, out):
        exif = Image.Exif()
        exif[274] = 6
        Image.fromarray(small_photo).save(tmp_path / "r.jpg", exif=exif)
        assert run("all", tmp_path / "r.jpg", "-o", out) == 0
        for path in out.glob("r_s*"):
            with Image.open(path) as picture:
                assert picture.size == (96, 128)
                assert picture.getexif().get(274, 1) == 1


class TestUnknown:
    @pytest.fixture
    def flat_file(self, tmp_path):
        path = tmp_path / "in" / "fog.png"
        write_photograph(path, np.full((70, 90, 3), 128, np.uint8))
        return path

    def hatching(self, path):
        with Image.open(path) as picture:
            return np.asarray(picture), picture.text["Description"]

    def test_its_limit_reaches_every_verb(self, photo_file, out):
        pictures = []
        for below in (0.25, 0.9, 0):
            settings = ("--set", f"segmenter__unknown_below={below}", "--quiet")
            assert run("map", photo_file, "-o", out, *settings) == 0
            picture, text = self.hatching(out / "bee_map.png")
            assert text.endswith(f"hatched: unknown, confidence below {below:g}")
            pictures.append(picture)
        white = [(picture == 255).all(axis=-1).sum() for picture in pictures]
        assert white[1] > white[0] > white[2] == 0

    @pytest.mark.parametrize("verb", ["map", "all", "sharpen", "bokeh"])
    def test_a_photograph_that_cannot_be_judged_says_so_in_one_line(
        self, flat_file, out, capsys, verb
    ):
        assert run(verb, flat_file, "-o", out, "--quiet") == 0
        lines = capsys.readouterr().err.splitlines()
        told = [line for line in lines if "nearly nothing can be judged" in line]
        assert len(told) == 1
        assert told[0].startswith(f"skdefocus: {flat_file}: nearly nothing")

    def test_not_of_one_that_can(self, photo_file, out, capsys):
        assert run("map", photo_file, "-o", out, "--quiet") == 0
        assert capsys.readouterr().err == ""


class TestRefusals:
    """One sentence, and nothing written; exit code 2 if nothing was begun."""

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("none.png", None, "does not exist"),
            ("empty.jpg", b"", "is empty"),
            ("text.jpg", b"this is no image at all", "is not an image"),
            ("x.cr2", b"II*\0 raw", "is damaged or truncated"),
            ("x.heic", b"\0\0\0\x18ftypheic", "is damaged or truncated"),
        ],
    )
    def test_bad_files(self, tmp_path, out, refused, name, content, message):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        expected = 2 if content is None else 1
        arguments = ("all", path, "-o", out)
        refused(message, *arguments, expected=expected)

    def test_truncated_and_too_large(self, photo_file, out, refused):
        arguments = ("all", photo_file, "-o", out)
        small = (*arguments, "--max-pixels", 100)
        refused(
            "at most 100 are accepted ('max_pixels', --max-pixels", *small, expected=1
        )
        photo_file.write_bytes(photo_file.read_bytes()[:4000])
        refused("damaged or truncated", *arguments, expected=1)

    def test_out_of_range_floats_are_named(self, tmp_path, out, refused):
        path = tmp_path / "hdr.tif"
        Image.fromarray(np.full((40, 40), 3.0, np.float32)).save(path)
        message = "hdr.tif holds numbers from 3 to 3; those of a photograph must be"
        refused(message, "map", path, "-o", out, expected=1)

    def test_photographs_of_one_name_from_two_folders(self, photo_file, out, tmp_path):
        other = tmp_path / "elsewhere" / "bee.png"
        other.parent.mkdir()
        other.write_bytes(photo_file.read_bytes())
        assert run("sharpen", photo_file, other, "-o", out, *ALONE) == 0
        assert files(out) == {"bee_sharpened.png", "bee_png_sharpened.png"}

    def test_files_of_others_are_never_replaced(self, photo_file, capsys):
        own = photo_file.with_name("bee_sharpened.png")
        own.write_bytes(photo_file.read_bytes())
        before = own.read_bytes()
        for arguments in ((), ("--again",)):
            code = run("sharpen", photo_file, "-o", photo_file.parent, *arguments)
            assert code == 1
            assert "exists and was not written by skdefocus" in capsys.readouterr().err
        assert own.read_bytes() == before

    def test_output_that_is_a_file(self, photo_file, capsys):
        assert run("all", photo_file, "-o", photo_file) == 2
        assert "is a file, not a folder" in capsys.readouterr().err

    def test_output_that_cannot_be_written(self, photo_file, out, capsys):
        out.mkdir()
        (out / "bee_shallow.png").mkdir()
        assert run("all", photo_file, "-o", out) == 1
        error = capsys.readouterr().err
        assert "bee_shallow.png is a folder, not a file to write to" in error
        assert "Traceback" not in error
        assert [path.name for path in out.iterdir()] == ["bee_shallow.png"]

    def test_good_photographs_are_done_beside_a_bad_one(self, photo_file, out, capsys):
        bad = photo_file.with_name("bad.png")
        bad.write_text("not an image")
        assert run("map", bad, photo_file, "-o", out, "--jobs", 1) == 1
        assert "bad.png is not an image" in capsys.readouterr().err
        assert len(files(out)) == 3

    def test_warnings_are_sentences(self, photo_file, out, capsys):
        settings = ("--set", "sharpener__beta1=0.9")
        assert run("sharpen", photo_file, "-o", out, *settings) == 0
        error = capsys.readouterr().err
        assert f"skdefocus: {photo_file}: beta1 (0.9) is above beta2" in error
        assert "adaptive_unsharp.py" not in error
