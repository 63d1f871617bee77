from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from benchmarks.tiff_writer import write_png, write_tiff
from skdefocus.io.openimageio import opened, read_native
from skdefocus.io.refusal import Refusal

LIMIT = 2**20


@pytest.mark.parametrize(
    "dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"]
)
def test_samples_keep_their_type(tmp_path, dtype):
    samples = (np.arange(24).reshape(4, 6, 1) / 24).astype(dtype)
    path = tmp_path / "x.tif"
    write_tiff(path, samples, 8 * samples.itemsize, 1)
    with opened(path, ".tif", max_bytes=LIMIT) as file:
        found = read_native(file)
    assert found.dtype == samples.dtype
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("name", ["x.tif", "x.TIFF", "x.png", "x", "x.tif.part"])
def test_the_ending_is_that_of_the_format(tmp_path, name):
    samples = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    write_tiff(tmp_path / name, samples, 8, 1)
    with opened(tmp_path / name, ".tif", max_bytes=LIMIT) as file:
        np.testing.assert_array_equal(read_native(file), samples)


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_names_that_are_no_text(tmp_path):
    samples = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    write_tiff(tmp_path / "x", samples, 8, 1)
    folder = tmp_path / os.fsdecode(b"\xfe")
    folder.mkdir()
    path = folder / os.fsdecode(b"\xff.tif")
    (tmp_path / "x").rename(path)
    with opened(path, ".tif", max_bytes=LIMIT) as file:
        np.testing.assert_array_equal(read_native(file), samples)


def test_data_in_place_of_the_file(tmp_path):
    samples = np.arange(24, dtype=np.uint16).reshape(4, 6, 1)
    write_png(tmp_path / "x.png", samples, 16, 0)
    data = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(b"something else")
    with opened(tmp_path / "x.png", ".png", max_bytes=LIMIT, data=data) as file:
        np.testing.assert_array_equal(read_native(file), samples)


def test_our_limit_on_memory_holds(tmp_path):
    write_tiff(tmp_path / "x.tif", np.zeros((2000, 2000, 1), np.uint8), 8, 1)
    with (
        pytest.raises(Refusal, match=r"takes more memory .* limit \('max_pixels'"),
        opened(tmp_path / "x.tif", ".tif", max_bytes=2**20) as file,
    ):
        read_native(file)


@pytest.mark.parametrize("ending", [".tif", ".png"])
def test_what_is_damaged_prints_nothing(tmp_path, ending, capfd):
    path = tmp_path / f"x{ending}"
    samples = np.random.default_rng(0).integers(0, 65536, (40, 40, 1), np.uint16)
    if ending == ".tif":
        write_tiff(path, samples, 16, 1)
    else:
        write_png(path, samples, 16, 0)
    data = bytearray(path.read_bytes())
    del data[len(data) // 2 :]
    path.write_bytes(data)
    with (
        pytest.raises(ValueError, match=r"\w"),
        opened(path, ending, max_bytes=LIMIT) as file,
    ):
        read_native(file)
    assert capfd.readouterr().err == ""


def test_a_page_that_is_not_there(tmp_path):
    write_tiff(tmp_path / "x.tif", np.zeros((4, 4, 1), np.uint8), 8, 1)
    with (
        pytest.raises(ValueError, match=r"\w"),
        opened(tmp_path / "x.tif", ".tif", max_bytes=LIMIT, page=3),
    ):
        pytest.fail("it was opened")
