from __future__ import annotations

import numpy as np
import OpenImageIO
import pytest
from PIL import Image

from skdefocus.io.attributes import upright_exif, worth_keeping
from tests.io.metadata import make_exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_told_and_reset(tmp_path, orientation):
    path = tmp_path / "x.jpg"
    Image.new("L", (4, 4)).save(path, exif=make_exif(orientation))
    with Image.open(path) as picture:
        found, exif = upright_exif(picture)
    again = Image.Exif()
    again.load(exif)
    assert (found, again[274], again[271]) == (orientation, 1, "Maker")


def test_an_orientation_that_is_stored_as_a_byte(tmp_path):
    # Type 1, BYTE, in place of 3, SHORT.
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x01\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    path = tmp_path / "x.jpg"
    Image.new("L", (4, 4)).save(path, exif=exif)
    with Image.open(path) as picture:
        assert upright_exif(picture)[0] == 6


def test_without_exif_or_with_a_broken_one(tmp_path):
    for name, options in (("a.jpg", {}), ("b.jpg", {"exif": b"Exif\0\0II*\0\xff\xff"})):
        Image.new("L", (4, 4)).save(tmp_path / name, **options)
        with Image.open(tmp_path / name) as picture:
            assert upright_exif(picture) == (1, None)


def test_of_a_tiff_the_layout_is_left_out(tmp_path):
    path = tmp_path / "x.tif"
    Image.new("RGB", (4, 4)).save(path, exif=make_exif(3))
    orientation, exif = upright_exif(path)
    again = Image.Exif()
    again.load(exif)
    assert orientation == 3
    assert again[271] == "Maker"
    assert not {256, 257, 258, 259, 262, 273, 278} & set(again)


def test_what_is_worth_keeping():
    spec = OpenImageIO.ImageSpec(4, 4, 1, "uint8")
    spec.attribute("Artist", "A")
    spec.attribute("Exif:ISOSpeedRatings", 100)
    spec.attribute("tiff:PhotometricInterpretation", 1)
    names = [name for name, _, _ in worth_keeping(spec)]
    assert sorted(names) == ["Artist", "Exif:ISOSpeedRatings"]
    assert np.all([value in ("A", 100) for _, _, value in worth_keeping(spec)])
