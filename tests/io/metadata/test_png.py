from __future__ import annotations

import binascii
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import read_image
from skdefocus.io.metadata import Density, Metadata, png, resources
from tests.io.metadata import PROFILE
from tests.io.tiff_files import ASCII, block

EXIF = block({271: (ASCII, b"Maker\0")})
IPTC = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
TEXTS = (
    (b"tEXt", b"Author\0J\xf6rg"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"long " * 99)),
    (b"iTXt", b"Title\0\0\0de\0Titel\0" + "Blüte 花".encode()),
)
COLOR = (
    (b"cICP", bytes([12, 13, 0, 1])),
    (b"gAMA", struct.pack(">I", 100_000)),
    (b"cHRM", struct.pack(">8I", *range(8))),
)


def chunk(name, body):
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def plain(path, *chunks):
    Image.fromarray(np.arange(96, dtype=np.uint8).reshape(8, 12)).save(path)
    data = path.read_bytes()
    made = b"".join(chunk(*each) for each in chunks)
    path.write_bytes(data[:33] + made + data[33:])
    return path


def raw(kind, data, name=b"zTXt"):
    text = b"\n%s\n%8d\n" % (kind, len(data)) + binascii.hexlify(data) + b"\n"
    body = b"Raw profile type " + kind + b"\0"
    return name, body + (b"\0" + zlib.compress(text) if name == b"zTXt" else text)


def test_chunks_are_copied_whole(tmp_path):
    source = plain(
        tmp_path / "in.png",
        *COLOR,
        *TEXTS,
        (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        (b"eXIf", EXIF),
        (b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP),
    )
    found = png.read(source)
    assert found.exif == EXIF
    assert found.xmp == XMP
    assert found.density == Density(pytest.approx(300, abs=0.01), found.density.y, 2)
    assert set(found.chunks) >= {*COLOR, *TEXTS}
    target = plain(tmp_path / "out.png", (b"gAMA", struct.pack(">I", 45_455)))
    assert png.carry(target, found, None) == []
    # What the library made up is gone.
    assert png.read(target) == found
    assert read_image(target).shape == (8, 12)


def test_colors_are_those_of_the_source_alone(tmp_path):
    profile = (b"iCCP", b"Own name\0\0" + zlib.compress(PROFILE))
    found = png.read(plain(tmp_path / "in.png", profile, COLOR[1]))
    target = plain(tmp_path / "out.png", (b"sRGB", b"\0"))
    png.carry(target, found, PROFILE)
    # The same chunk, name and all.
    assert png.read(target).chunks == found.chunks == (profile, COLOR[1])
    png.carry(target, found, None)
    assert png.read(target).chunks == (COLOR[1],)
    png.carry(target, Metadata(chunks=((b"sRGB", b"\0"),)), PROFILE)
    assert [name for name, _ in png.read(target).chunks] == [b"iCCP"]


def test_iptc_is_kept_in_text_as_other_programs_do(tmp_path):
    target = plain(tmp_path / "out.png")
    png.carry(target, Metadata(resources=IPTC), None)
    found = png.read(target)
    assert found.resources == IPTC
    png.carry(target, found, None)
    assert png.read(target) == found


@pytest.mark.parametrize("name", [b"zTXt", b"tEXt"])
def test_profiles_in_text_are_understood(tmp_path, name):
    source = plain(
        tmp_path / "x.png",
        raw(b"exif", b"Exif\0\0" + EXIF, name),
        raw(b"xmp", XMP, name),
        raw(b"iptc", b"\x1c\2\x19\0\4bird", name),
        raw(b"other", b"whatever", name),
    )
    found = png.read(source)
    assert (found.exif, found.xmp, found.resources) == (EXIF, XMP, IPTC)
    # An orientation in it would turn the picture once more.
    assert not any(b"type exif" in body for _, body in found.chunks)
    assert any(b"type other" in body for _, body in found.chunks)


@pytest.mark.parametrize(
    ("density", "expected"),
    [
        (Density(300, 300, 2), (11811, 11811, 1)),
        (Density(118.11, 118.11, 3), (11811, 11811, 1)),
        (Density(2, 1, 1), (2, 1, 0)),
    ],
)
def test_density_of_other_formats(tmp_path, density, expected):
    target = plain(tmp_path / "x.png")
    png.carry(target, Metadata(density=density), None)
    assert dict(png.read(target).chunks)[b"pHYs"] == struct.pack(">IIB", *expected)


def test_bombs_are_bounded_and_kept_as_they_are(tmp_path):
    zeros = zlib.compress(bytes(1 << 26), 9)
    bomb = (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros)
    more = (b"zTXt", b"Raw profile type exif\0\0" + zeros)
    text = (b"zTXt", b"Comment\0\0" + zeros)
    found = png.read(plain(tmp_path / "x.png", bomb, more, text))
    assert found.exif is None
    assert found.xmp is None
    assert text in found.chunks


def test_damaged_chunks_are_left_out(tmp_path):
    path = plain(tmp_path / "x.png", (b"eXIf", EXIF))
    path.write_bytes(path.read_bytes().replace(b"Maker", b"Mbker"))
    assert png.read(path) == Metadata()
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf"):
        path.write_bytes(data)
        assert png.read(path) == Metadata()


def test_colors_that_other_formats_do_not_hold():
    srgb = ((b"gAMA", struct.pack(">I", 45_455)),)
    assert png.says_other_colors(COLOR)
    assert png.says_other_colors(COLOR[1:])
    assert not png.says_other_colors(srgb)
    assert not png.says_other_colors((*COLOR, (b"iCCP", b"")))
    assert not png.says_other_colors(())


def test_what_may_tell_the_place():
    assert png.may_tell_place(b"tEXt", b"exif:GPSLatitude\x0052")
    assert png.may_tell_place(*raw(b"exif", b"x"))
    assert not png.may_tell_place(b"tEXt", b"Author\0GPS")
    assert not png.may_tell_place(b"gAMA", b"gps\0")
