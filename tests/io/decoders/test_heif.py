from __future__ import annotations

import numpy as np
import pytest

from skdefocus.io import read_photograph
from skdefocus.io.decoders import heif
from tests.io.metadata import make_exif
from tests.io.pictures import smooth, write_any

pytest.importorskip("pi_heif", reason="the extra heif is not installed")


def test_8_bits(tmp_path):
    image = smooth()
    found = read_photograph(write_any(tmp_path / "x.heic", image))
    assert (found.image.shape, found.image.dtype) == (image.shape, np.uint8)
    assert (found.file_format, found.bits) == ("HEIF", 8)
    assert abs(found.image.astype(float) - image).mean() < 3


def test_more_bits_reach_from_black_to_white(tmp_path):
    image = smooth(bits=16)
    image[:20], image[20:] = 0, 65535
    found = read_photograph(write_any(tmp_path / "x.heic", image))
    assert (found.image.dtype, found.bits) == (np.uint16, 16)
    assert found.image.min() < 300
    assert found.image.max() == 65535


def test_upright_once_and_with_its_metadata(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    from PIL import Image

    image = smooth()
    made = heif.from_pillow(Image.fromarray(image))
    made.save(tmp_path / "x.heic", exif=make_exif(6).tobytes(), xmp=b"<odd/>")
    found = read_photograph(tmp_path / "x.heic")
    assert found.image.shape == (56, 40, 3)
    assert abs(found.image.astype(float) - np.rot90(image, -1)).mean() < 6
    assert found.metadata.xmp == b"<odd/>"
    exif = Image.Exif()
    exif.load(found.metadata.exif)
    assert (exif[271], exif[274]) == ("Maker", 1)


def test_pixels_outlive_the_file(tmp_path):
    # Large enough that its memory leaves the process with it.
    image = smooth(512, 512)
    found = heif.read(write_any(tmp_path / "x.heic", image), image.size)
    owner = found.image
    while getattr(owner, "base", None) is not None:
        owner = owner.base
    assert isinstance(owner, np.ndarray)
    assert owner.flags.owndata


def test_the_limit_on_pixels_holds(tmp_path):
    path = write_any(tmp_path / "x.heic", smooth())
    with pytest.raises(ValueError, match="at most 100 are accepted"):
        read_photograph(path, max_pixels=100)
