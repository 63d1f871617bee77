from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from skdefocus.io.metadata import Density, Metadata, exif, jpeg, resources, xmp
from tests.io.tiff_files import ASCII, block

EXIF = block({271: (ASCII, b"Maker\0")})
IPTC = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")
SIZE = (24, 16)


def plain(path):
    Image.fromarray(np.zeros((*SIZE[::-1], 3), np.uint8)).save(path)
    return path


def segment(marker, body):
    return b"\xff" + struct.pack(">BH", marker, len(body) + 2) + body


def with_segments(path, *segments):
    data = plain(path).read_bytes()
    path.write_bytes(data[:2] + b"".join(segment(*s) for s in segments) + data[2:])
    return path


@pytest.mark.parametrize(
    "metadata",
    [
        Metadata(exif=EXIF),
        Metadata(xmp=b"<x:xmpmeta/>"),
        Metadata(exif=EXIF, xmp=b"<x:xmpmeta/>", resources=IPTC),
        Metadata(resources=IPTC + bytes(200_000)),
        Metadata(exif=EXIF, segments=((0xE7, b"Maker's own"), (0xFE, b"a comment"))),
    ],
)
def test_what_is_put_in_is_read_again(tmp_path, metadata):
    path = plain(tmp_path / "x.jpg")
    assert jpeg.carry(path, metadata, None) == []
    found = jpeg.read(path)
    for field in ("exif", "xmp", "resources"):
        assert getattr(found, field) == getattr(metadata, field)
    assert set(metadata.segments) <= set(found.segments)
    with Image.open(path) as picture:
        picture.load()
        assert picture.size == SIZE


def test_the_order_is_kept(tmp_path):
    source = with_segments(
        tmp_path / "in.jpg",
        (0xED, resources.PREFIX + IPTC),
        (0xE1, xmp.PREFIX + b"<x:xmpmeta/>"),
        (0xE1, exif.PREFIX + EXIF),
    )
    found = jpeg.read(source)
    assert found.order == ("resources", "xmp", "exif")
    target = plain(tmp_path / "out.jpg")
    jpeg.carry(target, found, None)
    assert jpeg.read(target).order == found.order


@pytest.mark.parametrize("density", [Density(300, 200, 2), Density(118, 118, 3)])
def test_density(tmp_path, density):
    path = plain(tmp_path / "x.jpg")
    jpeg.carry(path, Metadata(density=density), None)
    assert jpeg.read(path).density == density


def test_segments_are_copied_whole_but_for_what_belongs_to_the_old_file(tmp_path):
    source = with_segments(
        tmp_path / "in.jpg",
        (0xE1, b"Exif\0\0" + EXIF),
        (0xE1, b"Exif\0\0a second one"),
        (0xE2, b"MPF\0II*\0pictures behind"),
        (0xE2, b"FPXR\0 streams"),
        (0xEE, b"Adobe\0d\0\0\0\0\0"),
        (0xE0, b"JFXX\0\x10 thumbnail"),
        (0xFE, b"a comment"),
    )
    found = jpeg.read(source)
    assert found.exif == EXIF
    bodies = [body for _, body in found.segments]
    assert b"FPXR\0 streams" in bodies
    assert b"a comment" in bodies
    assert not any(body[:4] in (b"MPF\0", b"Adob", b"JFXX") for body in bodies)
    target = plain(tmp_path / "out.jpg")
    jpeg.carry(target, found, None)
    # JFIF comes first there.
    again = jpeg.read(target)
    assert sorted(again.segments) == sorted(found.segments)
    assert again.exif == EXIF


def test_long_xmp_goes_into_parts_and_is_found_again(tmp_path):
    title = b"<t>" + b"long " * 30_000 + b"</t>"
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="'
    packet += b'http://www.w3.org/1999/02/22-rdf-syntax-ns#">' + title
    packet += b"</rdf:RDF></x:xmpmeta>"
    path = plain(tmp_path / "x.jpg")
    assert jpeg.carry(path, Metadata(xmp=packet), None) == []
    found = jpeg.read(path)
    assert len(found.xmp) < 65_000
    assert found.xmp_extended == packet
    assert title in xmp.merge_extended(found.xmp, found.xmp_extended)
    # Written again as it is.
    jpeg.carry(path, found, None)
    assert jpeg.read(path) == found


def test_what_jpeg_does_not_hold_is_said(tmp_path):
    path = plain(tmp_path / "x.jpg")
    large = Metadata(exif=EXIF + bytes(70_000))
    assert jpeg.carry(path, large, None) == [
        f"EXIF of {len(EXIF) + 70_000} bytes, more than JPEG holds"
    ]
    thumbnail = b"\xff\xd8" + b"x" * 70_000
    large = Metadata(exif=block({271: (ASCII, b"Maker\0")}, thumbnail=thumbnail))
    assert jpeg.carry(path, large, None) == []
    assert b"Maker" in jpeg.read(path).exif
    (told,) = jpeg.carry(path, Metadata(), bytes(20_000_000))
    assert told == "a color profile of 20000000 bytes"


def test_large_profiles_go_into_parts(tmp_path):
    path = plain(tmp_path / "x.jpg")
    profile = np.random.default_rng(0).bytes(150_000)
    assert jpeg.carry(path, Metadata(), profile) == []
    with Image.open(path) as picture:
        assert picture.info["icc_profile"] == profile


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1",
        b"\xff\xd8\xff\xe1\x00\x01",
        b"\xff\xd8\xff\xff",
        b"\xff\xd8\xff\xe1\xff\xffExif\x00\x00II*\x00",
        b"not a JPEG",
    ],
)
def test_damaged_files_have_nothing(data):
    assert jpeg.read_stream(io.BytesIO(data)) == Metadata()


def test_all_segments_together_are_bounded():
    one = segment(0xEA, bytes(65_000))

    class Endless(io.RawIOBase):
        data = io.BytesIO(b"\xff\xd8" + one)
        read_bytes = 0

        def read(self, size=-1):
            found = self.data.read(size)
            if len(found) < size:
                self.data = io.BytesIO(one)
                found += self.data.read(size - len(found))
            self.read_bytes += size
            return found

    endless = Endless()
    jpeg.read_stream(endless)
    assert endless.read_bytes < 70 << 20


def test_the_prefix_of_exif_is_that_of_jpeg():
    assert exif.PREFIX == b"Exif\0\0"
