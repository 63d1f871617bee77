from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import metadata
from tests.io.metadata import make_exif


@pytest.mark.parametrize(
    "tag",
    [
        *("IFD1:ThumbnailImage", "ExifIFD:ExifImageWidth", "XMP-tiff:Orientation"),
        *("JFIF:XResolution", "Photoshop:PhotoshopThumbnail"),
    ],
)
def test_what_the_guide_lists(tag):
    assert metadata.LISTED.match(tag)


@pytest.mark.parametrize("tag", ["IFD0:Artist", "Canon:LensType", "GPS:GPSLatitude"])
def test_what_it_does_not(tag):
    assert not metadata.LISTED.match(tag)
    assert not metadata.PLACE.match(tag)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool not installed")
def test_a_folder(tmp_path, monkeypatch, capsys):
    image = np.zeros((24, 32, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "a.jpg", exif=make_exif())
    monkeypatch.setattr(sys, "argv", ["metadata.py", str(tmp_path)])
    assert metadata.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["from", "to", "files", "tags", "listed", "others"]
    assert [line.split()[-1] for line in lines[1:]] == ["0"] * 5
