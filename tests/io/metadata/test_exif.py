from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from skdefocus.io.metadata import Density, exif
from tests.io.tiff_files import ASCII, BYTE, LONG, RATIONAL, SHORT, UNDEFINED, block

PIXELS = np.random.default_rng(0).integers(0, 256, (90, 200, 3)).astype(np.uint8)
GPS = {1: (ASCII, b"N\0"), 2: (RATIONAL, [52.0, 30.0, 15.5]), 27: (UNDEFINED, b"x" * 9)}


def thumbnail(size=(160, 120), quality=75) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def make(order="<", **others) -> bytes:
    main = {270: (ASCII, "naïve café\0".encode()), 274: (SHORT, 6)}
    main |= {256: (SHORT, 7), 257: (SHORT, 7)}
    details = {40962: (LONG, 7), 40963: (LONG, 7), 37510: (UNDEFINED, b"UNICODE\0\0g")}
    return block(main, details, order=order, **others)


def load(data: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(data)
    return found


@pytest.mark.parametrize("order", ["<", ">"])
def test_size_and_orientation_change_and_nothing_else(order):
    before = make(order, gps=GPS, note=lambda place: b"Maker, at" + bytes([place]))
    after = exif.renew(exif.reset_orientation(before), PIXELS)
    assert len(after) == len(before)
    # One orientation, and four numbers of which the lower bytes.
    assert sum(a != b for a, b in zip(after, before, strict=True)) == 5
    found = load(after)
    assert (found[274], found[256], found[257]) == (1, 200, 90)
    details = found.get_ifd(34665)
    assert (details[40962], details[40963]) == (200, 90)
    assert details[37510] == b"UNICODE\0\0g"


@pytest.mark.parametrize("kind", [SHORT, LONG, RATIONAL])
def test_every_orientation_is_reset_whatever_its_type(kind):
    data = block({274: (kind, 6), 275: (SHORT, 6)})
    # The second tag becomes another orientation.
    data = data.replace(b"\x13\x01\3\0", b"\x12\x01\3\0")
    after = exif.reset_orientation(data)
    assert after.count(b"\x12\x01\3\0\1\0\0\0\1\0\0\0") == 2
    assert load(after)[274] == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_thumbnail_is_renewed_in_its_place(order):
    old = thumbnail((160, 120)) + b"padding" * 900
    before = make(order, thumbnail=old)
    after = exif.renew(before, PIXELS)
    assert len(after) == len(before)
    second = load(after).get_ifd(ExifTags.IFD.IFD1)
    picture = Image.open(io.BytesIO(after[second[513] :][: second[514]]))
    picture.load()
    assert picture.size == (160, 72)
    assert second[514] <= len(old)


def test_a_thumbnail_that_does_not_fit_is_removed():
    before = make(thumbnail=b"\xff\xd8 but small")
    after = exif.renew(before, PIXELS)
    assert load(after).get_ifd(ExifTags.IFD.IFD1) == {}
    assert b"but small" not in after
    assert len(after) < len(before)
    assert load(after)[270] == load(before)[270]


def test_a_thumbnail_between_other_things_leaves_them_where_they_are():
    old = thumbnail()
    before = make(thumbnail=old) + b"more of the maker"
    after = exif.without_thumbnail(before)
    assert after.endswith(b"more of the maker")
    assert len(after) == len(before)
    assert old[:40] not in after


def test_where_it_was_taken_goes_and_nothing_else():
    before = make(gps=GPS)
    after = exif.without_gps(before)
    found = load(after)
    assert 34853 not in found
    assert found[270] == load(before)[270]
    assert found.get_ifd(34665) == load(before).get_ifd(34665)
    assert b"x" * 9 not in after
    assert exif.without_gps(b"no block") == b""
    # It says where, and points nowhere.
    assert exif.without_gps(block({34853: (LONG, 10**6)})) == b""
    assert b"\x21\x87" not in exif.without_gps(block({34735: (SHORT, [1, 2, 3])}))


def test_density():
    data = block({282: (RATIONAL, 240.0), 283: (RATIONAL, 120.0), 296: (SHORT, 3)})
    assert exif.density(data) == Density(240, 120, 3)
    assert exif.density(block({282: (RATIONAL, 240.0)})) is None
    assert exif.density(block({282: (RATIONAL, 0.0), 283: (RATIONAL, 0.0)})) is None
    assert exif.density(b"no block") is None


def test_what_is_no_block_stays_as_it_is():
    for data in (b"", b"II*\0\xff\xff\xff\xff", b"whatever"):
        assert exif.renew(data, PIXELS) == data
        assert exif.reset_orientation(data) == data
        assert exif.without_thumbnail(data) == data


def test_nothing_that_is_flipped_raises():
    data = make(gps=GPS, thumbnail=thumbnail((16, 16)))
    rng = np.random.default_rng(0)
    for _ in range(300):
        changed = bytearray(data)
        for at in rng.integers(0, len(data), size=3):
            changed[at] = rng.integers(256)
        hostile = bytes(changed)
        exif.renew(exif.reset_orientation(hostile), PIXELS[:9, :9])
        exif.without_gps(hostile)
        exif.without_thumbnail(hostile)


def test_a_directory_that_points_to_itself_ends():
    data = bytearray(block({271: (BYTE, b"M")}))
    start = int.from_bytes(data[4:8], "little")
    data[-4:] = start.to_bytes(4, "little")
    assert exif.without_thumbnail(bytes(data)) == bytes(data)
