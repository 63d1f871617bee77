from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, features

from skdefocus.io import read_photograph
from skdefocus.io.decoders import avif
from tests.io.metadata import PROFILE, make_exif
from tests.io.pictures import smooth

pytestmark = pytest.mark.skipif(
    not features.check("avif"), reason="this Pillow has no AVIF"
)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_upright_with_its_metadata(tmp_path, orientation):
    path = tmp_path / "x.avif"
    turns = {1: 0, 3: 2, 6: -1, 8: 1}[orientation]
    options = {"icc_profile": PROFILE, "xmp": b"<odd/>", "quality": 95}
    Image.fromarray(smooth()).save(path, exif=make_exif(orientation), **options)
    found = read_photograph(path)
    expected = np.rot90(smooth(), turns)
    assert (found.file_format, found.bits) == ("AVIF", 8)
    assert found.image.shape == expected.shape
    assert abs(found.image.astype(float) - expected).mean() < 3
    assert found.icc_profile == PROFILE
    assert found.metadata.xmp == b"<odd/>"
    assert b"Maker" in found.metadata.exif


def test_more_bits_than_are_read_are_said(tmp_path, monkeypatch):
    path = tmp_path / "x.avif"
    Image.fromarray(smooth()).save(path)
    monkeypatch.setattr(avif, "read_depth", lambda path: 10)
    assert read_photograph(path).notes == ("it has 10 bits, of which 8 are read.",)


def test_further_frames_are_said(tmp_path):
    frames = [Image.fromarray(smooth()), Image.fromarray(smooth()[::-1])]
    frames[0].save(tmp_path / "x.avif", save_all=True, append_images=frames[1:])
    (note,) = read_photograph(tmp_path / "x.avif").notes
    assert note.startswith("it holds several frames; the first is read")


@pytest.mark.parametrize(("flags", "depth"), [(0, 8), (0x40, 10), (0x60, 12)])
def test_depth_is_where_the_file_says_how_it_is_coded(tmp_path, flags, depth):
    path = tmp_path / "x.avif"
    Image.fromarray(smooth()).save(path)
    assert avif.read_depth(path) == 8
    data = bytearray(path.read_bytes())
    data[data.index(b"av1C") + 6] |= flags
    path.write_bytes(data)
    assert avif.read_depth(path) == depth
    path.write_bytes(b"no AVIF")
    assert avif.read_depth(path) == 8


def test_the_limit_on_pixels_holds(tmp_path):
    path = tmp_path / "x.avif"
    Image.fromarray(smooth()).save(path)
    with pytest.raises(ValueError, match="56 x 40 pixels; at most 100 are accepted"):
        read_photograph(path, max_pixels=100)
