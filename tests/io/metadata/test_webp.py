from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from skdefocus.io.metadata import Metadata, webp
from tests.io.tiff_files import ASCII, block

EXIF = block({271: (ASCII, b"Maker\0")})


def test_exif_and_xmp_are_read(tmp_path):
    path = tmp_path / "x.webp"
    picture = Image.fromarray(np.zeros((8, 12, 3), np.uint8))
    picture.save(path, exif=b"Exif\0\0" + EXIF, xmp=b"<odd/>")
    assert webp.read(path) == Metadata(exif=EXIF, xmp=b"<odd/>")
    picture.save(path)
    assert webp.read(path) == Metadata()


def test_damaged_files_have_nothing(tmp_path):
    path = tmp_path / "x.webp"
    head = b"RIFF\x10\0\0\0WEBP"
    for data in (b"", b"no", head, head + b"EXIF" + struct.pack("<I", 2**32 - 1)):
        path.write_bytes(data)
        assert webp.read(path) == Metadata()
