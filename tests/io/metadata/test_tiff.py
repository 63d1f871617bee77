from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import Photograph, read_photograph, write_photograph
from skdefocus.io.metadata import Density, Metadata, resources, tiff
from tests.io.metadata.full_block import DETAILS, GPS, MAIN, check, self_pointing
from tests.io.tiff_files import LONG, block

IPTC = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")


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
