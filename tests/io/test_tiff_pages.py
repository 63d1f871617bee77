from __future__ import annotations

import struct

import numpy as np
import pytest

from benchmarks.tiff_writer import write_tiff
from skdefocus.io.refusal import Refusal
from skdefocus.io.tiff_pages import Page, check_page, choose_page, read_pages

LIMIT = 10**6


def page(index=0, **values):
    whole = {
        name: value if isinstance(value, tuple | bytes) else (value,)
        for name, value in {"width": 10, "height": 10, **values}.items()
    }
    return Page(index, 8, whole, {})


@pytest.mark.parametrize("order", "<>")
def test_values_are_read_in_both_byte_orders(tmp_path, order):
    samples = np.zeros((4, 6, 3), np.uint8)
    path = tmp_path / "x.tif"
    write_tiff(path, samples, 8, 2, order=order, orientation=6, extra=())
    (found,), below = read_pages(path)
    assert below == []
    assert (found.get("width", 0), found.get("height", 0)) == (6, 4)
    assert (found.get("orientation", 1), found.n_samples, found.bits) == (6, 3, 8)
    assert found.values["bits"] == (8, 8, 8)


@pytest.mark.parametrize("kind", [1, 3, 4])
def test_orientation_may_be_of_any_type(tmp_path, kind):
    path = tmp_path / "x.tif"
    write_tiff(path, np.zeros((4, 6, 1), np.uint8), 8, 1, orientation=(kind, 8))
    (found,), _ = read_pages(path)
    assert found.get("orientation", 1) == 8


def test_a_chain_that_bites_its_tail_ends(tmp_path):
    path = tmp_path / "x.tif"
    write_tiff(path, np.zeros((4, 6, 1), np.uint8), 8, 1)
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (n_entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * n_entries, first)
    path.write_bytes(data)
    assert len(read_pages(path)[0]) == 1


@pytest.mark.parametrize("data", [b"II*\0", b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\0"])
def test_without_a_directory(tmp_path, data):
    (tmp_path / "x.tif").write_bytes(data)
    with pytest.raises(ValueError, match="it has no directory"):
        read_pages(tmp_path / "x.tif")


def test_counts_beyond_the_file_are_no_values(tmp_path):
    path = tmp_path / "x.tif"
    write_tiff(path, np.zeros((4, 6, 3), np.uint8), 8, 2)
    data = path.read_bytes()
    whole = struct.pack("<HHI", 258, 3, 3)
    assert data.count(whole) == 1
    path.write_bytes(data.replace(whole, struct.pack("<HHI", 258, 3, 2**31)))
    (found,), _ = read_pages(path)
    assert "bits" not in found.values


class TestChoice:
    def test_the_first_that_is_no_thumbnail(self):
        pages = [page(0, subfile_type=1), page(1, subfile_type=4), page(2), page(3)]
        assert choose_page(pages, []) == (pages[2], False)
        old = [page(0, old_subfile_type=2), page(1, old_subfile_type=1)]
        assert choose_page(old, []) == (old[1], False)

    def test_one_below_a_thumbnail(self):
        below = [page(0, subfile_type=1), page(0, width=99)]
        assert choose_page([page(subfile_type=1)], below) == (below[1], True)

    def test_a_full_page_before_what_lies_below(self):
        pages = [page()]
        assert choose_page(pages, [page(width=99)]) == (pages[0], False)

    def test_a_thumbnail_if_there_is_nothing_else(self):
        pages = [page(subfile_type=1)]
        assert choose_page(pages, pages) == (pages[0], False)


class TestBounds:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"width": 2000, "height": 501}, "2000 x 501 pixels; at most 1000000"),
            ({"width": 0}, "is damaged or truncated"),
            ({"depth": 2}, "is a volume"),
            ({"dng_version": b"\1\4\0\0"}, r"camera raw file \(DNG\)"),
            ({"n_samples": 2000}, "has 2000 channels"),
            ({"bits": 128}, "of 128 bits"),
            ({"bits": (5, 6, 5), "n_samples": 3}, "different depths"),
            (
                {"width": 1000, "height": 1000, "n_samples": 900},
                "pixels of 900 bytes; at most 16000000 bytes",
            ),
            ({"tile_width": 65536, "tile_height": 32768}, "tiles of 65536 x 32768"),
            ({"tile_width": 2**31, "tile_height": 2**31}, "tiles of"),
        ],
    )
    def test_what_is_refused(self, values, message):
        with pytest.raises(Refusal, match=message):
            check_page(page(**values), LIMIT)

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"width": 1000, "height": 1000, "bits": 32, "n_samples": 4},
            {"tile_width": 1024, "tile_height": 1024, "bits": 16, "n_samples": 4},
            {"n_samples": 5, "bits": 16},
        ],
    )
    def test_what_passes(self, values):
        check_page(page(**values), LIMIT)
