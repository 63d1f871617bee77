from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from skdefocus.io.plain import read_plain
from skdefocus.io.refusal import Refusal
from tests.io.pictures import smooth

MANY = 1_000_000


@pytest.fixture
def shallow():
    return smooth()


@pytest.fixture
def deep():
    return smooth(bits=16)


class TestWhatElseAFileHolds:
    def test_pictures_behind_a_jpeg(self, tmp_path, shallow):
        picture = Image.fromarray(shallow)
        picture.save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=[picture])
        found = read_plain(tmp_path / "x.jpg", MANY)
        assert found.file_format == "MPO"
        (note,) = found.notes
        assert note.startswith("it holds 2 pictures, as for gain maps, depth or stereo")

    def test_a_gain_map(self, tmp_path, shallow):
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" hdrgm:Version="1.0"></x:xmpmeta>'
        Image.fromarray(shallow).save(tmp_path / "x.jpg", xmp=xmp)
        found = read_plain(tmp_path / "x.jpg", MANY)
        assert found.notes == ("its gain map is not applied.",)

    @pytest.mark.parametrize("ending", [".webp", ".png"])
    def test_frames(self, tmp_path, shallow, ending):
        frames = [Image.fromarray(shallow), Image.fromarray(shallow[::-1])]
        path = tmp_path / f"x{ending}"
        options = {"lossless": True} if ending == ".webp" else {}
        frames[0].save(path, save_all=True, append_images=frames[1:], **options)
        found = read_plain(path, MANY)
        np.testing.assert_array_equal(found.image, shallow)
        assert "several frames; the first is read" in found.notes[0]

    def test_nothing_is_told_of_a_plain_photograph(self, tmp_path, shallow):
        for ending in (".jpg", ".png", ".webp"):
            Image.fromarray(shallow).save(tmp_path / f"x{ending}")
            assert read_plain(tmp_path / f"x{ending}", MANY).notes == ()


def test_deep_colors_of_a_ppm(tmp_path, deep):
    header = f"P6\n# a comment\n{deep.shape[1]} {deep.shape[0]}\n65535\n"
    (tmp_path / "x.ppm").write_bytes(header.encode() + deep.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_plain(tmp_path / "x.ppm", MANY).image, deep)


def test_deep_gray_behind_a_long_comment(tmp_path, deep):
    gray = deep[..., 0]
    header = f"P5\n# {'x' * 5000}\n{gray.shape[1]} {gray.shape[0]}\n65535\n"
    (tmp_path / "x.pgm").write_bytes(header.encode() + gray.astype(">u2").tobytes())
    found = read_plain(tmp_path / "x.pgm", MANY)
    assert found.bits == 16
    np.testing.assert_array_equal(found.image, gray)


def test_more_than_8_bits_are_never_cut_to_8(tmp_path, deep):
    gray = deep[..., 0]
    header = f"P5\n# {'x' * 2**16}\n{gray.shape[1]} {gray.shape[0]}\n65535\n"
    (tmp_path / "x.pgm").write_bytes(header.encode() + gray.astype(">u2").tobytes())
    with pytest.raises(Refusal, match="holds more than 8 bits in a way that is not"):
        read_plain(tmp_path / "x.pgm", MANY)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".gif", ".bmp", ".ppm"])
def test_the_limit_on_pixels_holds(tmp_path, shallow, ending):
    Image.fromarray(shallow).save(tmp_path / f"x{ending}")
    with pytest.raises(Refusal, match="has 56 x 40 pixels; at most 100 are accepted"):
        read_plain(tmp_path / f"x{ending}", 100)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "x.jpg").write_text("no picture")
    with pytest.raises(Refusal, match=r"is not an image that can be read \(JPEG, PNG"):
        read_plain(tmp_path / "x.jpg", MANY)
