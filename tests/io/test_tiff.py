from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tiff_writer import directory, write_tiff
from skdefocus.io import read_image, read_map, read_photograph
from skdefocus.io.refusal import Refusal
from skdefocus.io.tiff import read_tiff

LIMIT = 10**6


@pytest.fixture
def gray():
    return np.random.default_rng(0).integers(0, 256, (20, 32, 1)).astype(np.uint8)


def link(path: Path, first: Path, second: Path) -> None:
    """Make one TIFF of two, each of one page, in byte order "<"."""
    data, more = bytearray(first.read_bytes()), bytearray(second.read_bytes())
    data += b"\0" * (len(data) % 2)
    base = len(data)
    (at,) = struct.unpack_from("<I", more, 4)
    (n_entries,) = struct.unpack_from("<H", more, at)
    for entry in range(at + 2, at + 2 + 12 * n_entries, 12):
        code, kind, count = struct.unpack_from("<HHI", more, entry)
        is_behind = count * {1: 1, 3: 2, 4: 4, 13: 4}[kind] > 4
        (value,) = struct.unpack_from("<I", more, entry + 8)
        if is_behind:
            struct.pack_into("<I", more, entry + 8, value + base)
        for place in range(count if code == 273 else 0):
            where = value + 4 * place if is_behind else entry + 8
            (offset,) = struct.unpack_from("<I", more, where)
            struct.pack_into("<I", more, where, offset + base)
    (before,) = struct.unpack_from("<I", data, 4)
    (n_entries,) = struct.unpack_from("<H", data, before)
    struct.pack_into("<I", data, before + 2 + 12 * n_entries, base + at)
    path.write_bytes(data + more)


class TestPages:
    @pytest.fixture
    def parts(self, tmp_path, gray):
        write_tiff(tmp_path / "small", gray[::4, ::4], 8, 1, more=[(254, 4, [1])])
        write_tiff(tmp_path / "large", gray, 8, 1)
        return tmp_path / "small", tmp_path / "large"

    def test_a_thumbnail_first_is_not_the_photograph(self, tmp_path, parts, gray):
        link(tmp_path / "x.tif", *parts)
        found = read_photograph(tmp_path / "x.tif")
        np.testing.assert_array_equal(found.image, gray[..., 0])
        assert found.notes == ("it has 2 pages; page 2 is read, the others not.",)

    def test_further_pages_are_told(self, tmp_path, parts, gray):
        link(tmp_path / "x.tif", *reversed(parts))
        found = read_photograph(tmp_path / "x.tif")
        np.testing.assert_array_equal(found.image, gray[..., 0])
        assert found.notes == ("it has 2 pages; page 1 is read, the others not.",)

    def test_a_photograph_below_a_thumbnail(self, tmp_path, gray):
        # A tag of the first page says where the other one lies, as in some raw files.
        path = tmp_path / "x.tif"
        more = [(254, 4, [1]), (330, 4, [0])]
        write_tiff(tmp_path / "small", gray[::4, ::4], 8, 1, more=more)
        write_tiff(tmp_path / "large", gray, 8, 1)
        link(path, tmp_path / "small", tmp_path / "large")
        data = bytearray(path.read_bytes())
        (first,) = struct.unpack_from("<I", data, 4)
        (n_entries,) = struct.unpack_from("<H", data, first)
        (second,) = struct.unpack_from("<I", data, first + 2 + 12 * n_entries)
        struct.pack_into("<I", data, first + 2 + 12 * n_entries, 0)
        entry = data.index(struct.pack("<HHI", 330, 4, 1))
        struct.pack_into("<I", data, entry + 8, second)
        path.write_bytes(data)
        np.testing.assert_array_equal(read_image(path), gray[..., 0])


class TestSamples:
    @pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
    def test_signed_ones_are_the_same_numbers_or_refused(self, tmp_path, dtype):
        numbers = np.arange(120).reshape(10, 12, 1).astype(dtype)
        path = tmp_path / "x.tif"
        write_tiff(path, numbers, 8 * numbers.itemsize, 1)
        np.testing.assert_array_equal(read_image(path), numbers[..., 0])
        write_tiff(path, numbers - 1, 8 * numbers.itemsize, 1)
        with pytest.raises(ValueError, match="holds negative samples, down to -1"):
            read_image(path)
        # A map is read as the numbers that it holds.
        np.testing.assert_array_equal(read_map(path, (10, 12)), (numbers - 1)[..., 0])

    def test_32_bits_that_fit_16_are_not_black(self, tmp_path):
        numbers = np.linspace(0, 4095, 120).reshape(10, 12, 1)
        for kind in ("u4", "i4"):
            write_tiff(tmp_path / "x.tif", numbers.astype(kind), 32, 1)
            found = read_image(tmp_path / "x.tif")
            assert found.dtype == np.uint16
            np.testing.assert_array_equal(found, numbers[..., 0].astype(np.uint16))

    def test_32_bits_beyond_span_0_to_1(self, tmp_path):
        numbers = np.array([[[0], [2**31], [2**32 - 1]]], np.uint32)
        write_tiff(tmp_path / "x.tif", numbers, 32, 1)
        found = read_image(tmp_path / "x.tif")
        np.testing.assert_allclose(found, [[0, 0.5, 1]], atol=1e-6)

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (np.nan, "holds NaN or infinity"),
            (np.inf, "holds NaN or infinity"),
            (637.5, r"holds numbers from 0 to 637\.5; those of a photograph must be"),
            (-0.5, r"holds numbers from -0\.5 to"),
        ],
    )
    def test_floats_of_a_photograph_are_from_0_to_1(self, tmp_path, value, message):
        numbers = np.linspace(0, 1, 120, dtype=np.float32).reshape(10, 12, 1)
        path = tmp_path / "x.tif"
        write_tiff(path, numbers, 32, 1)
        np.testing.assert_array_equal(read_photograph(path).image, numbers[..., 0])
        numbers[3, 3] = value
        write_tiff(path, numbers, 32, 1)
        with pytest.raises(ValueError, match=message):
            read_photograph(path)
        np.testing.assert_array_equal(read_image(path), numbers[..., 0])

    def test_rounding_beyond_1_is_cut(self, tmp_path):
        numbers = np.array([[[0], [1.0004], [-0.0004]]], np.float32)
        write_tiff(tmp_path / "x.tif", numbers, 32, 1)
        assert read_photograph(tmp_path / "x.tif").image.tolist() == [[0, 1, 0]]

    def test_a_palette_of_8_bits_where_16_are_due(self, tmp_path, gray):
        palette = np.random.default_rng(1).integers(0, 256, 768)
        for scale in (1, 257, 256):
            more = [(320, 3, (palette * scale).tolist())]
            write_tiff(tmp_path / "x.tif", gray, 8, 3, more=more)
            expected = palette.reshape(3, 256).T[gray[..., 0]]
            np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), expected)


class TestChannels:
    def test_what_is_left_out_is_told(self, tmp_path):
        five = np.random.default_rng(0).integers(0, 256, (9, 8, 5)).astype(np.uint8)
        write_tiff(tmp_path / "x.tif", five, 8, 2, extra=(0, 2))
        found = read_photograph(tmp_path / "x.tif")
        np.testing.assert_array_equal(found.image, five[..., :3])
        np.testing.assert_array_equal(found.alpha, five[..., 4])
        assert found.notes == ("a channel beside its colors is left out.",)

    def test_gray_with_multiplied_alpha(self, tmp_path):
        stored = np.array([[[60, 120], [100, 100], [0, 0]]], np.uint8)
        write_tiff(tmp_path / "x.tif", stored, 8, 1, extra=(1,))
        found = read_photograph(tmp_path / "x.tif")
        assert found.image.tolist() == [[128, 255, 0]]
        assert found.alpha.tolist() == [[120, 100, 0]]


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"photometric": 32803}, r"not read \(color filter array\)"),
            ({"photometric": 99}, r"not read \(photometric 99\)"),
            ({"photometric": 5, "more": [(332, 3, [2])]}, "inks other than CMYK"),
            ({"photometric": 8, "dtype": np.uint16}, r"in L\*a\*b\* of 16 bits"),
            ({"compression": (4, zlib.compress)}, "is a fax of several channels"),
        ],
    )
    def test_kinds_that_are_not_read(self, tmp_path, options, message):
        samples = np.zeros((4, 6, 4), options.pop("dtype", np.uint8))
        photometric = options.pop("photometric", 2)
        bits = 8 * samples.itemsize
        write_tiff(tmp_path / "x.tif", samples, bits, photometric, **options)
        with pytest.raises(Refusal, match=message):
            read_tiff(tmp_path / "x.tif", LIMIT)

    def test_white_at_0_with_signs(self, tmp_path):
        write_tiff(tmp_path / "x.tif", np.zeros((4, 6, 1), np.int16), 16, 0)
        with pytest.raises(ValueError, match="signed samples where 0 is white"):
            read_image(tmp_path / "x.tif")

    def test_too_few_channels_are_damage(self, tmp_path):
        write_tiff(tmp_path / "x.tif", np.zeros((4, 6, 2), np.uint8), 8, 2)
        with pytest.raises(ValueError, match="damaged or truncated: it has 2 channels"):
            read_image(tmp_path / "x.tif")

    def test_a_tile_larger_than_memory(self, tmp_path):
        tags = [(256, 4, [10]), (257, 4, [10]), (258, 3, [16]), (262, 3, [1])]
        tags += [(322, 4, [65536]), (323, 4, [32768]), (324, 4, [8]), (325, 4, [4])]
        path = tmp_path / "x.tif"
        path.write_bytes(b"II*\0\x0c\0\0\0\0\0\0\0" + directory(tags, 12, "<"))
        with pytest.raises(ValueError, match="has tiles of 65536 x 32768 pixels"):
            read_image(path)


def test_the_photograph_of_a_damaged_page_prints_nothing(tmp_path, gray, capfd):
    path = tmp_path / "x.tif"
    write_tiff(path, gray, 8, 1, compression=(5, bytes))
    with pytest.raises(ValueError, match=r"x\.tif is damaged or truncated: \w"):
        read_image(path)
    assert capfd.readouterr().err == ""
