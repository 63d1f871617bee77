from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import Photograph, read_photograph, write_photograph
from skdefocus.io.metadata import Density, Metadata, resources, tiff
from skdefocus.io.metadata.directory import fields_of, first_directory, read_directory
from tests.io.tiff_files import ASCII, BYTE, LONG, RATIONAL, SHORT, UNDEFINED, block

IPTC = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")
MAIN = {
    270: (ASCII, "naïve café\0".encode()),
    306: (ASCII, b"2024:05:06 10:11:12\0"),
    40091: (BYTE, "花".encode("utf-16le")),
}
DETAILS = {
    34855: (SHORT, 3200),
    37510: (UNDEFINED, b"UNICODE\0" + "grüße 東京".encode("utf-16le")),
    42034: (RATIONAL, [18.0, 55.0, 2.8, 4.0]),
}
GPS = {1: (ASCII, b"N\0"), 2: (RATIONAL, [52.0, 30.0, 15.5])}


def self_pointing(order):
    """A MakerNote whose text is found by its place in the file."""

    def make(place):
        entry = struct.pack(f"{order}HHHII", 1, 7, 2, 8, place + 2 + 12 + 4)
        return entry + bytes(4) + b"secrets\0"

    return make


def everything(data):
    """All fields of a file by the directories that they are in, MakerNote's too."""
    main = first_directory(data)
    found = {"main": fields_of(data, main.entries.values())}
    for tag in (34665, 34853):
        if tag in main.entries:
            (start,) = struct.unpack_from(
                ("<" if data[:2] == b"II" else ">") + "I", data, main.entries[tag].start
            )
            directory = read_directory(data, start)
            found[tag] = fields_of(data, directory.entries.values())
            if 37500 in directory.entries:
                note = read_directory(data, directory.entries[37500].start)
                found["note"] = fields_of(data, note.entries.values())
    return found


def check(data, order, *, with_note=True):
    expected = everything(block(MAIN, DETAILS, GPS, order=order))
    found = everything(data)
    for tag in MAIN:
        assert found["main"][tag] == expected["main"][tag]
    for tag in DETAILS:
        assert found[34665][tag] == expected[34665][tag]
    assert found[34853] == expected[34853]
    if with_note:
        assert found["note"][7].value == b"secrets\0"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
def test_from_a_block_to_a_tiff_and_on(tmp_path, deep, order, bits, alpha):
    image = deep if bits == 16 else (deep >> 8).astype(np.uint8)
    made = block(MAIN, DETAILS, GPS, order=order, note=self_pointing(order))
    metadata = Metadata(exif=made, xmp=b"<odd/>", resources=IPTC)
    like = Photograph(
        image, image[..., 0] if alpha else None, bits=bits, metadata=metadata
    )
    for number in range(3):
        path = tmp_path / f"{number}.tif"
        write_photograph(path, image, like)
        data = path.read_bytes()
        assert data[:2] == (b"II" if order == "<" else b"MM")
        check(data, order)
        like = read_photograph(path)
        np.testing.assert_array_equal(like.image, image)
        assert like.metadata.xmp == b"<odd/>"
        assert like.metadata.resources == IPTC
        check(like.metadata.exif, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("far", [False, True])
def test_a_maker_note_is_valid_wherever_it_was(tmp_path, order, far):
    """Before the pixels it keeps its place; far behind them what it points to moves."""
    made = block(MAIN, DETAILS, GPS, order=order, note=self_pointing(order))
    if far:
        skipped = 300_000
        far_note = self_pointing(order)(skipped)
        made = bytearray(
            block(MAIN, DETAILS, GPS, order=order, note=lambda _: far_note)
        )
        place = made.index(far_note)
        pointer = struct.pack(f"{order}I", place)
        at = made.index(struct.pack(f"{order}HHI", 37500, 7, len(far_note))) + 8
        assert made[at : at + 4] == pointer
        made[at : at + 4] = struct.pack(f"{order}I", skipped)
        made[place : place + len(far_note)] = bytes(len(far_note))
        made = bytes(made).ljust(skipped, b"\0") + far_note
    found = tiff.make_block(made)
    assert len(found) < 2000
    check(found, order)


def test_only_what_the_source_says_is_in_a_tiff(tmp_path, shallow):
    write_photograph(tmp_path / "x.tif", shallow)
    with Image.open(tmp_path / "x.tif") as picture:
        # No date, no program, no XMP that a library makes up.
        assert not {305, 306, 700, 33723, 34665} & set(picture.tag_v2)
        assert b"xmp" not in (tmp_path / "x.tif").read_bytes()


def test_density_of_other_formats(tmp_path, shallow):
    like = Photograph(shallow, metadata=Metadata(density=Density(300, 150, 2)))
    write_photograph(tmp_path / "x.tif", shallow, like)
    with Image.open(tmp_path / "x.tif") as picture:
        assert picture.info["dpi"] == (300, 150)


def test_a_thumbnail_does_not_become_a_page(tmp_path, shallow):
    made = block(MAIN, thumbnail=b"\xff\xd8 old picture")
    like = Photograph(shallow, metadata=Metadata(exif=made))
    write_photograph(tmp_path / "x.tif", shallow, like)
    assert b"old picture" not in (tmp_path / "x.tif").read_bytes()
    with Image.open(tmp_path / "x.tif") as picture:
        assert picture.n_frames == 1


def test_a_block_that_is_not_understood_is_said(tmp_path, shallow):
    like = Photograph(shallow, metadata=Metadata(exif=b"II*\0\xff\xff\xff\xff"))
    with pytest.warns(
        UserWarning, match=r"x\.tif is without an EXIF block that cannot"
    ):
        write_photograph(tmp_path / "x.tif", shallow, like)
    np.testing.assert_array_equal(read_photograph(tmp_path / "x.tif").image, shallow)


def test_iptc_in_words_of_the_file_is_turned(tmp_path):
    swapped = struct.pack("<2I", *struct.unpack(">2I", b"\x1c\2\x19\0\3cat"))
    path = tmp_path / "x.tif"
    path.write_bytes(block({33723: (LONG, list(struct.unpack("<2I", swapped)))}))
    (item,) = resources.resources(tiff.read(path).resources)
    assert item.value == b"\x1c\2\x19\0\3cat"


def test_layout_alone_is_nothing():
    assert tiff.make_block(block({256: (LONG, 5), 274: (SHORT, 6)})) is None
    assert tiff.make_block(b"no TIFF") is None


def test_flipped_files_do_not_raise(tmp_path, shallow):
    made = block(MAIN, DETAILS, GPS, note=self_pointing("<"))
    like = Photograph(shallow[:8, :8], metadata=Metadata(exif=made, resources=IPTC))
    path = tmp_path / "x.tif"
    write_photograph(path, shallow[:8, :8], like)
    original = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(original)
        for at in rng.integers(8, len(data), size=4):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        tiff.read(path)
