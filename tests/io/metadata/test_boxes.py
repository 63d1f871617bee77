from __future__ import annotations

import struct
import sys

import pytest

from skdefocus.io.metadata import Metadata, boxes
from tests.io.tiff_files import ASCII, block

EXIF = block({271: (ASCII, b"Maker\0")})
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
BOTH = Metadata(exif=EXIF, xmp=XMP)


def box(name, body, *, wide=False):
    if wide:
        return struct.pack(">I4sQ", 1, name, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, name) + body


@pytest.fixture
def read(tmp_path):
    def write(*made):
        path = tmp_path / "x.jxl"
        path.write_bytes(box(b"ftyp", b"jxl ") + b"".join(made) + box(b"jxlc", b"x"))
        return boxes.read(path)

    return write


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("skip", [b"\0\0\0\0", b"\0\0\0\6Exif\0\0", b""])
def test_of_jpeg_xl(read, skip, wide):
    assert read(box(b"Exif", skip + EXIF, wide=wide), box(b"xml ", XMP)) == BOTH


def test_of_jpeg_2000(read):
    mark = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    made = box(b"uuid", b"JpgTiffExif->JP2" + EXIF), box(b"uuid", mark + XMP)
    assert read(*made) == BOTH
    assert read(box(b"uuid", b"something else")) == Metadata()


def test_what_is_compressed(read, monkeypatch):
    brotli = pytest.importorskip("brotli", reason="the extra jxl is not installed")
    packed = box(b"brob", b"Exif" + brotli.compress(bytes(4) + EXIF))
    assert read(packed) == Metadata(exif=EXIF)
    bomb = box(b"brob", b"Exif" + brotli.compress(bytes(1 << 26)))
    assert read(bomb) == Metadata()
    assert read(box(b"brob", b"Exif" + b"damaged")) == Metadata()
    monkeypatch.setitem(sys.modules, "brotli", None)
    without = read(packed)
    assert without.exif is None
    (note,) = without.notes
    assert "needs the extra 'jxl': pip install" in note


@pytest.mark.parametrize(
    "made",
    [
        b"\0\0\0\2Exif",
        b"\0\0\0\1Exif" + b"\xff" * 8,
        b"\xff\xff\xff\xffExif",
        b"\0\0\0\0Exif" + EXIF,
        box(b"Exif", b"\0\0\0"),
    ],
)
def test_damaged_boxes_have_nothing(read, made):
    assert read(made) == Metadata()


def test_what_a_library_has_read():
    assert boxes.from_blocks(b"Exif\0\0" + EXIF, XMP) == BOTH
    assert boxes.from_blocks(None, None) == Metadata()
