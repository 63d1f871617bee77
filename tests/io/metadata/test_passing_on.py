"""Metadata from file to file, in all formats, and what is left out on request."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import time
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from skdefocus.io import Photograph, read_photograph, write_photograph
from skdefocus.io.metadata import Metadata, held_by, read_metadata, resources, strip
from tests.io.tiff_files import ASCII, RATIONAL, SHORT, block

GPS = {1: (ASCII, b"N\0"), 2: (RATIONAL, [52.0, 30.0, 15.5])}
NAMES = {315: (ASCII, "Jörg Müller\0".encode()), 33432: (ASCII, "© 東京\0".encode())}
EXIF = block(NAMES, {34855: (SHORT, 3200)}, GPS)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/'
    '02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" dc:format="Blüte" '
    'exif:GPSLatitude="52,30.25N"/></rdf:RDF></x:xmpmeta>'
).encode()
IPTC = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")
ALL = Metadata(exif=EXIF, xmp=XMP, resources=IPTC)
ENDINGS = (".jpg", ".png", ".tif", ".webp")


def names_of(block):
    exif = Image.Exif()
    exif.load(block)
    return exif


@pytest.fixture
def carrier(tmp_path, shallow):
    """A photograph of each format with everything."""

    def make(ending):
        path = tmp_path / f"source{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # WebP holds no IPTC.
            write_photograph(path, shallow, Photograph(shallow, metadata=ALL))
        return path

    return make


@pytest.mark.parametrize("before", ENDINGS)
@pytest.mark.parametrize("after", ENDINGS)
def test_text_survives_from_every_format_to_every_other(
    tmp_path, carrier, before, after
):
    found = read_photograph(carrier(before))
    target = tmp_path / f"target{after}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_photograph(target, found.image, found)
    again = read_photograph(target).metadata
    assert again.xmp == XMP
    for tag, (_, text) in NAMES.items():
        assert text in again.exif
        assert tag in names_of(again.exif)
    assert names_of(again.exif).get_ifd(34665)[34855] == 3200
    assert names_of(again.exif).get_ifd(34853)[2] == (52, 30, 15.5)
    if ".webp" not in (before, after):
        assert again.resources == IPTC


def test_what_webp_does_not_hold_is_said_in_one_line(tmp_path, shallow):
    like = Photograph(shallow, metadata=ALL)
    with pytest.warns(UserWarning, match=r"^x\.webp is without IPTC, which WebP does"):
        write_photograph(tmp_path / "x.webp", shallow, like)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_place_is_left_out_on_request(tmp_path, carrier, ending):
    found = read_photograph(carrier(ending))
    target = tmp_path / f"target{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_photograph(target, found.image, found, strip="gps")
    data = target.read_bytes()
    assert b"GPS" not in data
    again = read_photograph(target).metadata
    assert 34853 not in names_of(again.exif)
    assert "Jörg".encode() in again.exif
    assert "Blüte".encode() in again.xmp


@pytest.mark.parametrize("ending", ENDINGS)
def test_everything_is_left_out_on_request(tmp_path, carrier, ending):
    found = read_photograph(carrier(ending))
    target = tmp_path / f"target{ending}"
    write_photograph(target, found.image, found, strip="all")
    again = read_photograph(target).metadata
    assert replace(again, segments=(), density=None, exif=None) == Metadata()
    for text in ("Jörg", "東京", "Blüte", "bird"):
        assert text.encode() not in target.read_bytes()


def test_what_may_tell_the_place_is_left_out_with_a_line(tmp_path, shallow):
    odd = Metadata(
        exif=b"II*\0not understood",
        xmp=b"not understood",
        segments=((0xE7, b"maker"), (0xFE, b"comment"), (0xEC, b"Ducky")),
        chunks=((b"tEXt", b"exif:GPSLatitude\x0052"), (b"tEXt", b"Author\0J")),
    )
    kept, dropped = strip(odd, "gps")
    assert kept == Metadata(segments=odd.segments[1:], chunks=odd.chunks[1:])
    assert held_by(odd, "TIFF")[0] == Metadata(exif=odd.exif, xmp=odd.xmp)
    assert len(dropped) == 3
    with pytest.warns(UserWarning, match="without its EXIF, which is not clear; its"):
        write_photograph(
            tmp_path / "x.jpg", shallow, Photograph(shallow, metadata=odd), strip="gps"
        )
    with pytest.raises(ValueError, match="strip must be one of gps, all; got 'xmp'"):
        write_photograph(tmp_path / "x.jpg", shallow, strip="xmp")


def test_resources_that_are_not_clear_may_tell_the_place(tmp_path, shallow):
    block = resources.pack_resource(0x0422, b"GPS") + resources.pack_resource(
        0x0424, b"exif:GPSLatitude"
    )
    block += resources.pack_resource(0x0404, b"whole")[:-3]
    odd = Metadata(resources=block)
    kept, dropped = strip(odd, "gps")
    assert kept == Metadata()
    assert dropped == ["its Photoshop resources, which are not clear"]
    assert strip(odd, None) == (odd, [])
    with pytest.warns(UserWarning, match="without its Photoshop resources"):
        write_photograph(
            tmp_path / "x.jpg", shallow, Photograph(shallow, metadata=odd), strip="gps"
        )
    assert b"GPS" not in (tmp_path / "x.jpg").read_bytes()


def test_colors_that_jpeg_does_not_hold_are_said(tmp_path, shallow):
    linear = Metadata(chunks=((b"gAMA", struct.pack(">I", 100_000)),))
    like = Photograph(shallow, metadata=linear)
    with pytest.warns(UserWarning, match="without color chunks, which JPEG does not"):
        write_photograph(tmp_path / "x.jpg", shallow, like)


def test_a_profile_for_other_pixels_is_left_out_with_a_line(tmp_path, shallow):
    header = bytes(16) + b"CMYK" + bytes(200)
    for profile in (b"no profile", header):
        like = Photograph(shallow, icc_profile=profile)
        with pytest.warns(UserWarning, match="without its color profile, which is not"):
            write_photograph(tmp_path / "x.png", shallow, like)
        assert read_photograph(tmp_path / "x.png").icc_profile is None


@pytest.mark.parametrize("ending", ENDINGS)
def test_hostile_metadata_never_costs_a_photograph(tmp_path, shallow, ending):
    rng = np.random.default_rng(0)
    for number in range(25):
        exif = bytearray(EXIF)
        for at in rng.integers(0, len(exif), size=6):
            exif[at] = rng.integers(256)
        odd = Metadata(
            exif=bytes(exif),
            xmp=XMP[: rng.integers(len(XMP))],
            xmp_extended=b"<rdf:RDF>",
            resources=IPTC[: rng.integers(len(IPTC))],
        )
        path = tmp_path / f"{number}{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_photograph(path, shallow, Photograph(shallow, metadata=odd))
            assert read_photograph(path).image.shape == shallow.shape


def test_what_cannot_be_read_has_nothing(tmp_path):
    (tmp_path / "x.tif").write_bytes(b"")
    assert read_metadata(tmp_path / "x.tif", "TIFF") == Metadata()
    assert read_metadata(tmp_path / "x.bmp", "BMP") == Metadata()


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool not installed")
@pytest.mark.parametrize("ending", ENDINGS)
def test_exiftool_agrees(carrier, ending):
    command = ["exiftool", "-j", "-n", "-G1", str(carrier(ending))]
    result = subprocess.run(command, capture_output=True, check=True)
    (found,) = json.loads(result.stdout)
    assert found["IFD0:Artist"] == "Jörg Müller"
    assert found["IFD0:Copyright"] == "© 東京"
    assert found["ExifIFD:ISO"] == 3200
    assert found["GPS:GPSLatitude"] == pytest.approx(52.504, abs=0.001)
    assert found["XMP-dc:Format"] == "Blüte"
    assert (found.get("IPTC:Keywords") == "bird") == (ending != ".webp")
    assert not [key for key in found if "Warning" in key]


def many_entries(size, *, below=False):
    """A block with 4000 entries, each as large as all of it, or with such a GPS."""
    data = bytearray(block(NAMES))
    rows = b"".join(
        struct.pack("<HHII", tag, 7, size - 10, 8) for tag in range(50_000, 54_000)
    )
    table = struct.pack("<H", 4000) + rows + bytes(4)
    start = len(data)
    data += table + struct.pack("<HHHII", 1, 34853, 4, 1, start) + bytes(4)
    data[4:8] = struct.pack("<I", start + len(table) * below)
    return bytes(data).ljust(size, b"\0")


SMALL = struct.pack(">I4s", 0, b"tEXt") + bytes(4)
HOSTILE = {
    # Overlapping values, in the first directory.
    ".tif": lambda: many_entries(1 << 22),
    # Chunks, segments and boxes without end.
    ".png": lambda: b"\x89PNG\r\n\x1a\n" + SMALL * 200_000,
    ".jpg": lambda: b"\xff\xd8" + b"\xff\xed\0\2" * 200_000,
    ".webp": lambda: b"RIFF\0\0\0\0WEBP" + b"none\0\0\0\0" * 200_000,
    ".jxl": lambda: struct.pack(">I4s", 8, b"none") * 200_000,
}


@pytest.mark.parametrize("ending", HOSTILE)
def test_what_is_read_is_bounded(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    path.write_bytes(HOSTILE[ending]())
    name = {".jpg": "JPEG", ".tif": "TIFF"}.get(ending, ending[1:].upper())
    tracemalloc.start()
    found = read_metadata(path, name)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.chunks) <= 10_000
    assert most < 60 << 20


@pytest.mark.parametrize("below", [False, True])
def test_a_hostile_block_in_a_png_becomes_a_tiff_at_once(tmp_path, shallow, below):
    odd = Metadata(exif=many_entries(1 << 22, below=below))
    start = time.perf_counter()
    write_photograph(tmp_path / "x.tif", shallow, Photograph(shallow, metadata=odd))
    assert (strip(odd, "gps")[0].exif is None) == below
    assert time.perf_counter() - start < 60
    assert (tmp_path / "x.tif").stat().st_size < 10 << 20


def test_of_a_tiff_the_page_that_is_read_says_more_than_the_first(tmp_path):
    path = tmp_path / "x.tif"
    thumbnail, picture = Image.new("L", (4, 3)), Image.new("L", (40, 30))
    for page, tags in (
        (thumbnail, {254: 1, 271: "Maker", 315: "of the thumbnail"}),
        (picture, {315: "of the picture", 274: 6}),
    ):
        ifd = TiffImagePlugin.ImageFileDirectory_v2()
        ifd.update(tags)
        page.encoderinfo = {"tiffinfo": ifd}
    thumbnail.save(
        path, save_all=True, append_images=[picture], **thumbnail.encoderinfo
    )
    found = read_photograph(path)
    assert found.image.shape == (40, 30)
    exif = Image.Exif()
    exif.load(found.metadata.exif)
    assert (exif[315], exif[271], exif[274]) == ("of the picture", "Maker", 1)
