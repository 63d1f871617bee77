from __future__ import annotations

import io
import os
import struct
import sys
import zlib

import numpy as np
import OpenImageIO
import pytest
from PIL import Image

from skdefocus.io import Photograph, read_image, read_photograph, write_photograph
from tests.io.metadata import PROFILE, make_exif


class TestKinds:
    def test_palette_with_and_without_transparency(self, tmp_path, shallow):
        picture = Image.fromarray(shallow).quantize(16)
        picture.save(tmp_path / "p.png")
        expected = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(read_image(tmp_path / "p.png"), expected)
        picture.save(tmp_path / "t.png", transparency=0)
        found = read_photograph(tmp_path / "t.png")
        assert found.alpha is not None
        assert set(np.unique(found.alpha)) == {0, 255}

    def test_cmyk_becomes_rgb(self, tmp_path, photo):
        Image.fromarray(photo).convert("CMYK").save(tmp_path / "c.jpg", quality=98)
        found = read_photograph(tmp_path / "c.jpg")
        assert found.image.shape == photo.shape
        assert abs(found.image.astype(float) - photo).mean() < 3
        assert found.icc_profile is None

    def test_cmyk_with_a_profile_that_does_not_fit(self, tmp_path, photo):
        picture = Image.fromarray(photo).convert("CMYK")
        picture.save(tmp_path / "c.tif", icc_profile=PROFILE)
        assert read_image(tmp_path / "c.tif").shape == photo.shape

    def test_bilevel_and_gray_alpha(self, tmp_path, shallow):
        Image.fromarray(shallow[..., 0]).convert("1").save(tmp_path / "1.png")
        assert set(np.unique(read_image(tmp_path / "1.png"))) <= {0, 255}
        Image.fromarray(shallow[..., :2]).save(tmp_path / "la.png")
        assert read_photograph(tmp_path / "la.png").alpha.shape == shallow.shape[:2]

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("ending", [".png", ".webp", ".tif"])
    def test_orientation_is_applied_and_reset(
        self, tmp_path, shallow, orientation, ending
    ):
        from PIL import ImageOps

        path = tmp_path / f"x{ending}"
        exif = make_exif(orientation)
        options = {"lossless": True} if ending == ".webp" else {}
        Image.fromarray(shallow).save(path, exif=exif, **options)
        with Image.open(path) as picture:
            expected = np.asarray(ImageOps.exif_transpose(picture))
        found = read_photograph(path)
        np.testing.assert_array_equal(found.image, expected)
        path = path.with_suffix(".tif" if ending == ".tif" else ".png")
        write_photograph(path, found.image, found)
        np.testing.assert_array_equal(read_image(path), expected)

    def test_16_bit_orientation(self, tmp_path, deep):
        Image.fromarray(deep[..., 0]).save(tmp_path / "x.png", exif=make_exif(6))
        expected = np.rot90(deep[..., 0], -1)
        np.testing.assert_array_equal(read_image(tmp_path / "x.png"), expected)

    def test_transparent_gray_stays_gray(self, tmp_path, shallow):
        Image.fromarray(shallow[..., 0]).save(tmp_path / "g.png", transparency=7)
        found = read_photograph(tmp_path / "g.png")
        np.testing.assert_array_equal(found.image, shallow[..., 0])
        np.testing.assert_array_equal(found.alpha == 0, shallow[..., 0] == 7)

    def test_float_tiff_is_read_as_float(self, tmp_path):
        values = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
        Image.fromarray(values).save(tmp_path / "f.tif")
        np.testing.assert_array_equal(read_image(tmp_path / "f.tif"), values)

    def test_16_bit_files_of_other_writers(self, tmp_path, deep):
        height, width = deep.shape[:2]
        rows = np.concatenate(
            [
                np.zeros((height, 1), np.uint8),
                deep.astype(">u2").view(np.uint8).reshape(height, -1),
            ],
            axis=1,
        )

        def chunk(name: bytes, data: bytes) -> bytes:
            check = struct.pack(">I", zlib.crc32(name + data))
            return struct.pack(">I", len(data)) + name + data + check

        header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
        path = tmp_path / "by_hand.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows.tobytes()))
            + chunk(b"IEND", b"")
        )
        np.testing.assert_array_equal(read_image(path), deep)
        Image.fromarray(deep[..., 0]).save(tmp_path / "gray.png")
        np.testing.assert_array_equal(read_image(tmp_path / "gray.png"), deep[..., 0])
        Image.fromarray(deep[..., 0]).save(tmp_path / "g.tif", compression="tiff_lzw")
        np.testing.assert_array_equal(read_image(tmp_path / "g.tif"), deep[..., 0])

    def test_a_broken_exif_block_does_not_cost_the_photograph(self, tmp_path, shallow):
        path = tmp_path / "x.jpg"
        Image.fromarray(shallow).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
        assert read_image(path).shape == shallow.shape


class TestRefusals:
    def check(self, path, message, **options):
        with pytest.raises((ValueError, OSError), match=message) as caught:
            read_photograph(path, **options)
        text = str(caught.value)
        assert "\n" not in text
        assert path.name in text

    def test_missing_folder_and_empty(self, tmp_path):
        self.check(tmp_path / "none.jpg", "does not exist")
        self.check(tmp_path, "is a folder, not a photograph")
        (tmp_path / "empty.jpg").touch()
        self.check(tmp_path / "empty.jpg", "is empty")

    def test_no_image(self, tmp_path):
        path = tmp_path / "text.png"
        path.write_text("not an image at all, but long enough to be looked at")
        self.check(path, "is not an image that can be read")

    @pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif"])
    def test_truncated(self, tmp_path, photo, ending):
        path = tmp_path / f"x{ending}"
        Image.fromarray(photo).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self.check(path, "damaged or truncated|not an image")

    @pytest.mark.parametrize("ending", [".png", ".tif"])
    def test_truncated_16_bit(self, tmp_path, deep, ending, capfd):
        path = tmp_path / f"x{ending}"
        write_photograph(path, deep)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self.check(path, "damaged or truncated|not an image")
        assert capfd.readouterr().err == ""

    def test_too_many_pixels_from_the_header(self, tmp_path, deep):
        file = io.BytesIO()
        Image.new("L", (8, 8)).save(file, "PNG")
        data = bytearray(file.getvalue())
        data[16:24] = struct.pack(">II", 60_000, 60_000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        path = tmp_path / "huge.png"
        path.write_bytes(data)
        self.check(path, "60000 x 60000 pixels; at most 200000000")
        for name in ("a.png", "b.tif"):
            write_photograph(tmp_path / name, deep)
            self.check(tmp_path / name, "at most 100 are accepted", max_pixels=100)
        like = Photograph(deep[..., 0], deep[..., 1], bits=16)
        write_photograph(tmp_path / "la.tif", deep[..., 0], like)
        self.check(tmp_path / "la.tif", "at most 100 are accepted", max_pixels=100)

    def test_limit_of_pillow_is_left_as_it_was(self, tmp_path, shallow):
        before = Image.MAX_IMAGE_PIXELS
        write_photograph(tmp_path / "x.png", shallow)
        read_image(tmp_path / "x.png")
        assert before == Image.MAX_IMAGE_PIXELS


class TestUncommonTiffs:
    """What other programs write, made with OpenImageIO's own tags."""

    @staticmethod
    def write(path, image, **attributes):
        height, width, n_channels = image.shape
        spec = OpenImageIO.ImageSpec(width, height, n_channels, str(image.dtype))
        for name, value in attributes.items():
            spec.attribute(name.replace("__", ":"), value)
        file = OpenImageIO.ImageOutput.create(str(path))
        assert file.open(str(path), spec), OpenImageIO.geterror()
        assert file.write_image(np.ascontiguousarray(image))
        file.close()

    def test_16_bit_where_0_is_white(self, tmp_path, deep):
        path = tmp_path / "white.tif"
        self.write(path, deep[..., :1])
        data = bytearray(path.read_bytes())
        # PhotometricInterpretation, tag 262, SHORT, one value: 1 becomes 0.
        entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
        assert data.count(entry) == 1
        start = data.index(entry)
        data[start : start + 12] = struct.pack("<HHIHH", 262, 3, 1, 0, 0)
        path.write_bytes(data)
        np.testing.assert_array_equal(read_image(path), 65535 - deep[..., 0])

    def test_16_bit_multiplied_alpha_is_divided_out(self, tmp_path, deep):
        alpha = np.full(deep.shape[:2], 32768, np.uint16)
        multiplied = (deep // 2).astype(np.uint16)
        self.write(tmp_path / "a.tif", np.dstack([multiplied, alpha]))
        found = read_photograph(tmp_path / "a.tif")
        np.testing.assert_array_equal(found.alpha, alpha)
        assert abs(found.image.astype(int) - deep).max() <= 2

    def test_of_more_channels_the_colors_are_read(self, tmp_path, deep):
        six = np.dstack([deep, deep])
        self.write(tmp_path / "six.tif", six, oiio__UnassociatedAlpha=1)
        found = read_photograph(tmp_path / "six.tif")
        np.testing.assert_array_equal(found.image, deep)
        assert found.notes == ("2 channels beside its colors are left out.",)


class TestUntrustedFiles:
    def test_no_other_program_is_started(self, tmp_path, monkeypatch):
        gs = tmp_path / "bin" / "gs"
        gs.parent.mkdir()
        gs.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        gs.chmod(0o755)
        monkeypatch.setenv("PATH", str(gs.parent), prepend=":")
        path = tmp_path / "photo.jpg"
        path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
        with pytest.raises(ValueError, match="is not an image that can be read"):
            read_image(path)
        assert not (tmp_path / "ran").exists()

    def test_large_tiffs_below_the_limit_are_read(self, tmp_path, shallow, monkeypatch):
        Image.fromarray(shallow).save(tmp_path / "x.tif")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        assert read_image(tmp_path / "x.tif").shape == shallow.shape

    @pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
    def test_flipped_bytes_give_a_photograph_or_a_sentence(
        self, tmp_path, shallow, ending
    ):
        source = tmp_path / f"source{ending}"
        Image.fromarray(shallow).save(source, exif=make_exif(6))
        original = source.read_bytes()
        rng = np.random.default_rng(0)
        path = tmp_path / f"x{ending}"
        for _ in range(150):
            data = bytearray(original)
            for position in rng.integers(len(data), size=rng.integers(1, 6)):
                data[position] = rng.integers(256)
            path.write_bytes(data)
            try:
                image = read_image(path, max_pixels=10**6)
            except ValueError as error:
                sentence = str(error)
            else:
                sentence = f"{path.name} of {image.ndim} dimensions"
            assert path.name in sentence

    def test_a_broken_color_profile_does_not_cost_a_cmyk_photograph(
        self, tmp_path, photo
    ):
        picture = Image.fromarray(photo).convert("CMYK")
        picture.save(tmp_path / "c.jpg", icc_profile=b"no profile")
        assert read_image(tmp_path / "c.jpg").shape == photo.shape


class TestNames:
    @pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
    @pytest.mark.parametrize("ending", [".jpg", ".png", ".tif"])
    def test_names_that_are_no_text(self, tmp_path, shallow, deep, ending):
        folder = tmp_path / os.fsdecode(b"\xfe")
        path = folder / os.fsdecode(b"\xff" + ending.encode())
        for image in (shallow, deep):
            if image.dtype == np.uint16 and ending == ".jpg":
                continue
            for given in (path, os.fsencode(path)):
                write_photograph(given, image)
                found = read_photograph(given).image
                assert found.dtype == image.dtype
                if ending != ".jpg":
                    np.testing.assert_array_equal(found, image)
        assert [entry.name for entry in folder.iterdir()] == [path.name]

    def test_a_loop_of_links_is_told(self, tmp_path):
        (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
        with pytest.raises(FileNotFoundError, match="is a link that leads to no file"):
            read_image(tmp_path / "a.jpg")


def test_a_lack_of_memory_is_one_sentence(tmp_path, shallow, monkeypatch):
    def fail(*_):
        raise MemoryError

    write_photograph(tmp_path / "x.png", shallow)
    monkeypatch.setattr("skdefocus.io.plain.lean_png", fail)
    with pytest.raises(ValueError, match=r"x\.png takes more memory to read"):
        read_image(tmp_path / "x.png")
