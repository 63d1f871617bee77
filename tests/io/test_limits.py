from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from benchmarks.tiff_writer import chunk, write_png
from skdefocus.io import read_image, read_photograph
from skdefocus.io.limits import (
    check_gif,
    check_jpeg,
    check_webp,
    lean_png,
    no_pillow_limit,
)
from skdefocus.io.refusal import Refusal

MIBIBYTE = 2**20


def jpeg(**options) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", **options)
    return file.getvalue()


def with_scans(data: bytes, n_scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    last = data.rindex(b"\xff\xda")
    end = data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * n_scans + data[end:]


class TestJpeg:
    @pytest.mark.parametrize("options", [{}, {"progressive": True}])
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_usual_ones_pass(self, tmp_path, options, mode):
        path = tmp_path / "x.jpg"
        Image.new(mode, (40, 30), "gray").save(path, **options)
        check_jpeg(path)

    def test_many_scans_are_refused_fast(self, tmp_path):
        path = tmp_path / "x.jpg"
        path.write_bytes(with_scans(jpeg(progressive=True), 60))
        assert read_image(path).shape == (24, 32, 3)
        path.write_bytes(with_scans(jpeg(progressive=True), 2000))
        with pytest.raises(
            ValueError, match=r"x\.jpg is a JPEG of more than 100 scans"
        ):
            read_image(path)
        with pytest.raises(Refusal, match="is a JPEG of more than 100 scans"):
            check_jpeg(path.read_bytes())

    def test_scans_that_hide_behind_a_thumbnail_or_a_false_end(self, tmp_path):
        path = tmp_path / "x.jpg"
        data = with_scans(jpeg(progressive=True), 2000)
        # An end of image within a comment between the scans is no end.
        last = data.rindex(b"\xff\xda")
        first = data.index(b"\xff\xda")
        comment = b"\xff\xfe\0\x06\xff\xd9\xff\xd9"
        path.write_bytes(data[:first] + comment + data[first:last] + data[last:])
        with pytest.raises(Refusal, match="100 scans"):
            check_jpeg(path)
        # A thumbnail with a scan of its own is none of the photograph.
        thumbnail = jpeg()
        block = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
        path.write_bytes(data[:2] + block * 3 + jpeg()[2:])
        check_jpeg(path)

    @pytest.mark.parametrize("bits", [12, 16])
    def test_more_bits_are_unsupported_not_damaged(self, tmp_path, bits):
        data = bytearray(jpeg())
        at = data.index(b"\xff\xc0")
        data[at + 4] = bits
        (tmp_path / "x.jpg").write_bytes(data)
        with pytest.raises(
            ValueError, match=rf"is a JPEG of {bits} bits, which is not"
        ):
            read_image(tmp_path / "x.jpg")

    def test_lossless_ones_are_unsupported_not_damaged(self, tmp_path):
        data = jpeg().replace(b"\xff\xc0\0\x11", b"\xff\xc3\0\x11")
        (tmp_path / "x.jpg").write_bytes(data)
        with pytest.raises(ValueError, match="is a lossless JPEG of an old kind"):
            read_image(tmp_path / "x.jpg")


class TestGif:
    def test_a_frame_larger_than_the_picture_is_refused_before_it_is_opened(
        self, tmp_path
    ):
        # The picture is 10 x 10, its frame 65535 x 65535, to be cleared afterwards.
        data = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0)
        data += b"!\xf9\x04\x08\0\0\0\0" + b","
        data += struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x01\0\0;"
        path = tmp_path / "x.gif"
        path.write_bytes(data)
        with pytest.raises(ValueError, match="65535 x 65535 pixels; at most 200000000"):
            read_image(path)

    def test_the_frame_counts_behind_comments_and_palettes(self, tmp_path):
        path = tmp_path / "x.gif"
        Image.new("P", (30, 20)).save(path, comment=b"a" * 600)
        check_gif(path, 600)
        with pytest.raises(Refusal, match="30 x 20 pixels; at most 599"):
            check_gif(path, 599)

    def test_further_frames_are_told(self, tmp_path):
        frames = [Image.new("L", (4, 5), value) for value in (0, 200)]
        frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
        found = read_photograph(tmp_path / "x.gif")
        assert found.notes == (
            "it holds several frames; the first is read, the others not.",
        )
        assert found.image.max() == 0


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*"}]
)
def test_webp_is_bounded_before_it_is_opened(tmp_path, options):
    path = tmp_path / "x.webp"
    Image.new("RGB", (30, 20), "red").save(path, **options)
    check_webp(path, 600)
    with pytest.raises(Refusal, match="30 x 20 pixels; at most 599"):
        check_webp(path, 599)


class TestPng:
    @staticmethod
    def write(path, chunks, bits=8):
        samples = np.random.default_rng(0).integers(0, 2**bits, (5, 7, 3))
        samples = samples.astype(np.uint16)
        write_png(path, samples, bits, 2, chunks=chunks)
        return samples

    def test_without_anything_long_the_file_is_as_it_is(self, tmp_path):
        self.write(tmp_path / "x.png", chunk(b"tEXt", b"Title\0short"))
        assert lean_png(tmp_path / "x.png") == (None, [])

    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "packed iTXt", "iCCP"])
    def test_long_texts_and_profiles_are_not_unpacked(self, tmp_path, bits, kind):
        long = b"a" * (MIBIBYTE + 100_000)
        body = {
            "tEXt": b"Title\0" + long,
            "zTXt": b"Title\0\0" + zlib.compress(long),
            "iTXt": b"Title\0\0\0\0\0" + long,
            "packed iTXt": b"Title\0\1\0en\0Titel\0" + zlib.compress(long),
            "iCCP": b"profile\0\0" + zlib.compress(long),
        }[kind]
        path = tmp_path / "x.png"
        samples = self.write(path, chunk(kind[-4:].encode(), body), bits)
        found = read_photograph(path)
        np.testing.assert_array_equal(found.image, samples)
        if kind == "iCCP":
            assert found.notes == (
                "its color profile is left out, which is too large.",
            )
            assert found.icc_profile is None
        else:
            # No decoder unpacks it, but it is carried.
            assert found.notes == ()
            assert found.metadata.chunks == ((kind[-4:].encode(), body),)

    def test_many_texts_together_are_bounded(self, tmp_path):
        one = chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"a" * 1_000_000))
        path = tmp_path / "x.png"
        samples = self.write(path, one * 100)
        assert path.stat().st_size < 200_000
        data, notes = lean_png(path)
        assert notes == []
        assert 30 <= data.count(b"zTXt") <= 40
        np.testing.assert_array_equal(read_image(path), samples)

    def test_damaged_text_does_not_cost_the_photograph(self, tmp_path):
        path = tmp_path / "x.png"
        samples = self.write(path, chunk(b"zTXt", b"Title\0\0not packed"))
        np.testing.assert_array_equal(read_image(path), samples)

    def test_a_chunk_longer_than_the_file(self, tmp_path):
        path = tmp_path / "x.png"
        self.write(path, b"")
        data = bytearray(path.read_bytes())
        at = data.index(b"IDAT")
        data[at - 4 : at] = (2**31 - 1).to_bytes(4, "big")
        path.write_bytes(data)
        with pytest.raises(ValueError, match="a chunk reaches beyond the end"):
            read_image(path)

    @pytest.mark.parametrize("bits", [2, 4])
    def test_a_transparent_gray_of_few_bits(self, tmp_path, bits):
        samples = (np.arange(20).reshape(4, 5, 1) % 2**bits).astype(np.uint8)
        path = tmp_path / "x.png"
        write_png(path, samples, bits, 0, chunks=chunk(b"tRNS", b"\0\1"))
        found = read_photograph(path)
        np.testing.assert_array_equal(found.alpha == 0, samples[..., 0] == 1)


def test_pillow_s_limit_is_lifted_and_put_back(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)
    with no_pillow_limit():
        assert Image.MAX_IMAGE_PIXELS is None
    assert Image.MAX_IMAGE_PIXELS == 7
