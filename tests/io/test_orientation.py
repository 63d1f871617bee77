from __future__ import annotations

import pytest
from PIL import Image

from skdefocus.io.orientation import read_orientation
from tests.io.metadata import make_exif


def read(path, **options):
    Image.new("L", (4, 4)).save(path, exif=options.pop("exif", b""))
    with Image.open(path) as picture:
        return read_orientation(picture, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_told(tmp_path, orientation):
    assert read(tmp_path / "x.jpg", exif=make_exif(orientation)) == orientation


def test_one_that_is_stored_as_a_byte(tmp_path):
    # Type 1, BYTE, in place of 3, SHORT.
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x01\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    assert read(tmp_path / "x.jpg", exif=exif) == 6


def test_without_exif_or_with_a_broken_one(tmp_path):
    for name, exif in (("a.jpg", b""), ("b.jpg", b"Exif\0\0II*\0\xff\xff")):
        assert read(tmp_path / name, exif=exif) == 1
        assert read(tmp_path / name, exif=exif, default=8) == 8
