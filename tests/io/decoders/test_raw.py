from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import read_photograph, write_photograph
from skdefocus.io.read import read_raw_preview
from tests.io.pictures import smooth
from tests.io.tiff_files import ASCII, dng

pytest.importorskip("rawpy", reason="the extra raw is not installed")
LIGHT = smooth(120, 160, bits=16)


@pytest.fixture
def shoot(tmp_path):
    def write(name="x.dng", **options):
        dng(tmp_path / name, LIGHT, **options)
        return tmp_path / name

    return write


def test_16_bits_in_srgb(shoot):
    found = read_photograph(shoot())
    assert (found.image.shape, found.image.dtype) == ((120, 160, 3), np.uint16)
    assert (found.file_format, found.bits) == ("RAW", 16)
    assert found.icc_profile is not None
    # Red grows to the right and green downward, whatever the brightness.
    middle = found.image[60].astype(float)
    assert (np.diff(middle[20:140:20, 0]) > 0).all()
    assert (np.diff(found.image[20:100:20, 80, 1].astype(float)) > 0).all()
    again = read_photograph(shoot())
    np.testing.assert_array_equal(again.image, found.image)
    assert again.icc_profile == found.icc_profile


@pytest.mark.parametrize(("orientation", "k"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_as_the_camera_was_held(shoot, orientation, k):
    flat = read_photograph(shoot("flat.dng")).image
    held = read_photograph(shoot("held.dng", orientation=orientation))
    assert held.image.shape == np.rot90(flat, k).shape
    # The brightness is chosen by the same pixels.
    error = abs(held.image.astype(float) - np.rot90(flat, k)) / 65535
    assert error.mean() < 0.01
    exif = Image.Exif()
    exif.load(held.metadata.exif)
    assert exif[274] == 1


def test_metadata_reaches_the_tiff(shoot, tmp_path):
    found = read_photograph(shoot(extra={315: (ASCII, "Jörg\0".encode())}))
    write_photograph(tmp_path / "x.tif", found.image, found)
    again = read_photograph(tmp_path / "x.tif")
    np.testing.assert_array_equal(again.image, found.image)
    exif = Image.Exif()
    exif.load(again.metadata.exif)
    assert exif[271] == "Maker"
    assert exif.get_ifd(34665)[34855] == 400
    assert "Jörg".encode() in again.metadata.exif
    # What says how to develop it is none of a developed picture's.
    assert 50706 not in exif


def test_the_limit_on_pixels_holds(shoot):
    with pytest.raises(ValueError, match="160 x 120 pixels; at most 100 are accepted"):
        read_photograph(shoot(), max_pixels=100)
    with pytest.raises(ValueError, match="160 x 120 pixels; at most 100 are accepted"):
        read_raw_preview(shoot(preview=(160, 120)), max_pixels=100)


class TestPreviews:
    def test_upright_with_the_metadata_of_the_file(self, shoot):
        found = read_raw_preview(shoot(preview=(140, 105), orientation=6))
        assert (found.image.shape, found.image.dtype) == ((140, 105, 3), np.uint8)
        assert (found.file_format, found.bits) == ("RAW", 8)
        assert b"Maker" in found.metadata.exif
        expected = np.asarray(
            Image.fromarray((LIGHT >> 8).astype(np.uint8)).resize((140, 105))
        )
        error = abs(found.image.astype(float) - np.rot90(expected, -1))
        assert error.mean() < 4

    def test_at_least_half_of_the_pixels(self, shoot):
        # 160 x 120 are 19200.
        assert read_raw_preview(shoot(preview=(120, 80))) is not None
        assert read_raw_preview(shoot(preview=(119, 80))) is None

    def test_a_file_without_one_has_none(self, shoot):
        assert read_raw_preview(shoot()) is None

    def test_a_damaged_one_is_none(self, shoot):
        path = shoot(preview=(160, 120))
        data = path.read_bytes()
        start = data.index(b"\xff\xd8\xff")
        path.write_bytes(data[: start + 4] + bytes(200) + data[start + 204 :])
        assert read_raw_preview(path) is None
        assert read_photograph(path).image.shape == (120, 160, 3)


def test_a_file_that_is_cut_off_prints_nothing(shoot, capfd):
    path = shoot()
    path.write_bytes(path.read_bytes()[:-2000])
    with suppress(ValueError):  # LibRaw fills in what is missing, or does not.
        read_photograph(path)
    assert capfd.readouterr().err == ""


def test_what_is_no_raw_file_gets_a_sentence(tmp_path):
    (tmp_path / "x.cr2").write_bytes(b"no photograph")
    with pytest.raises(ValueError, match=r"is damaged or truncated: \w[^']+\.$"):
        read_photograph(tmp_path / "x.cr2")
