from __future__ import annotations

import lzma

import numpy as np
import pytest

from benchmarks.tiff_writer import write_tiff
from skdefocus.io import rare, read_image
from skdefocus.io.rare import decode_rare, read_page
from skdefocus.io.refusal import Refusal
from skdefocus.io.tiff_pages import read_pages


@pytest.fixture
def packed(tmp_path):
    """A TIFF that OpenImageIO does not unpack, and its samples."""
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), np.uint16)
    path = tmp_path / "x.tif"
    write_tiff(path, samples, 16, 2, compression=(34925, lzma.compress), planar=2)
    return path, samples


def test_without_the_extra_a_sentence_names_it(packed, monkeypatch):
    path, _ = packed
    monkeypatch.setattr(rare, "find_spec", lambda name: None)
    message = (
        r"is a TIFF of 16 bits with LZMA compression; to read it: pip install "
        r"'skdefocus\[tiff\]'"
    )
    with pytest.raises(ValueError, match=message):
        read_image(path)


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def extra(self):
        pytest.importorskip("tifffile", reason="the extra tiff is not installed")
        pytest.importorskip("imagecodecs", reason="the extra tiff is not installed")

    def test_samples_are_those_that_were_written(self, packed):
        path, samples = packed
        planes = read_page(path, 0)
        np.testing.assert_array_equal(np.moveaxis(planes, 0, -1), samples)
        ((page,), _) = read_pages(path)
        np.testing.assert_array_equal(decode_rare(path, page, 0), samples)
        np.testing.assert_array_equal(read_image(path), samples)

    def test_damage_is_told(self, packed):
        path, _ = packed
        data = bytearray(path.read_bytes())
        data[8:40] = b"x" * 32
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"x\.tif is damaged or truncated"):
            read_image(path)

    def test_what_unpacks_to_more_than_it_should_is_stopped(self, tmp_path):
        # One strip of a small picture, which unpacks to 6 GB.
        import imagecodecs

        bomb = imagecodecs.zstd_encode(bytes(2**30)) * 6
        path = tmp_path / "x.tif"
        samples = np.zeros((16, 16, 1), np.uint16)
        write_tiff(path, samples, 16, 1, compression=(50000, lambda data: bomb))
        assert path.stat().st_size < 10**6
        with pytest.raises(
            ValueError, match=r"x\.tif is damaged or truncated"
        ) as caught:
            read_image(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (ValueError("codec 77 not supported"), r"not read \(codec 77 not supported\)"),
        (ValueError("corrupt data"), "^corrupt data$"),
        (Refusal("takes too long to decode."), "^takes too long to decode"),
    ],
)
def test_what_the_decoder_says(packed, monkeypatch, said, message):
    def decode(*_):
        raise said

    path, _ = packed
    ((page,), _) = read_pages(path)
    monkeypatch.setattr(rare, "find_spec", lambda name: True)
    monkeypatch.setattr(rare, "decode_page", decode)
    with pytest.raises(ValueError, match=message) as caught:
        decode_rare(path, page, 0)
    assert isinstance(caught.value, Refusal) == (
        "not read" in message or "long" in message
    )
