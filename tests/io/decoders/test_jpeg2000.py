from __future__ import annotations

import numpy as np
import pytest

from skdefocus.io import read_photograph
from skdefocus.io.decoders import jpeg2000
from tests.io.pictures import smooth, write_any


@pytest.mark.parametrize("ending", [".jp2", ".j2k"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_8_bits(tmp_path, ending, channels):
    image = np.dstack([smooth(), smooth()[..., :1]])[..., :channels].squeeze()
    found = read_photograph(write_any(tmp_path / f"x{ending}", image))
    colors = image[..., :3] if image.ndim == 3 else image
    np.testing.assert_array_equal(found.image, colors)
    assert (found.alpha is not None) == (channels == 4)
    assert (found.file_format, found.bits) == ("JPEG2000", 8)


def test_16_bits(tmp_path):
    image = smooth(bits=16)
    found = read_photograph(write_any(tmp_path / "x.jp2", image))
    np.testing.assert_array_equal(found.image, image)
    assert found.bits == 16


def test_more_bits_name_the_extra_where_they_cannot_be_read(tmp_path, monkeypatch):
    path = write_any(tmp_path / "x.jp2", smooth(bits=16))
    monkeypatch.setattr(jpeg2000, "can_read", lambda name: False)
    with pytest.raises(ValueError, match="more than 8 bits; to read it, install"):
        read_photograph(path)


def test_the_limit_on_pixels_holds(tmp_path):
    path = write_any(tmp_path / "x.jp2", smooth())
    with pytest.raises(ValueError, match="56 x 40 pixels; at most 100 are accepted"):
        read_photograph(path, max_pixels=100)


def test_a_box_that_is_not_there_takes_no_memory(tmp_path):
    path = write_any(tmp_path / "x.jp2", smooth())
    data = bytearray(path.read_bytes())
    at = data.index(b"jp2h") - 4
    data[at : at + 4] = (2**31).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(ValueError, match="a box reaches beyond the end of the file"):
        read_photograph(path)
