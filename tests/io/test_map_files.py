from __future__ import annotations

import pickle

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from skdefocus.io import read_map, write_map, write_photograph

SHAPE = (5, 7)


@pytest.fixture
def numbers():
    return np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)


@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_pictures_hold_their_integers(tmp_path, numbers, ending, dtype):
    values = numbers.astype(dtype) * (257 if dtype == np.uint16 else 1)
    write_photograph(tmp_path / f"a{ending}", values)
    read = read_map(tmp_path / f"a{ending}", SHAPE)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == dtype


@pytest.mark.parametrize("ending", [".npy", ".tif"])
def test_float_maps_hold_their_floats(tmp_path, numbers, ending):
    sigma = (numbers / 13).astype(np.float32)
    write_map(tmp_path / f"a{ending}", sigma)
    np.testing.assert_array_equal(read_map(tmp_path / f"a{ending}", SHAPE), sigma)


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.uint8, np.uint16, np.int16, bool]
)
@pytest.mark.parametrize("do_compression", [False, True])
def test_mat_files(tmp_path, numbers, dtype, do_compression):
    values = numbers.astype(dtype)
    others = {"note": "text", "cells": np.array([1, "a"], object), "other": [[1.0]]}
    savemat(tmp_path / "a.mat", {"m": values, **others}, do_compression=do_compression)
    np.testing.assert_array_equal(read_map(tmp_path / "a.mat", SHAPE), values)
    read = read_map(tmp_path / "a.mat", SHAPE, variable="m")
    np.testing.assert_array_equal(read, values)
    assert read.dtype.kind in "fiu"


def test_equal_channels_are_one(tmp_path, numbers):
    write_photograph(tmp_path / "a.png", np.dstack([numbers] * 3))
    np.testing.assert_array_equal(read_map(tmp_path / "a.png", SHAPE), numbers)
    write_photograph(tmp_path / "b.png", np.dstack([numbers, numbers, numbers // 2]))
    with pytest.raises(ValueError, match=r"b\.png is in color, as a map drawn for"):
        read_map(tmp_path / "b.png", SHAPE)


@pytest.mark.parametrize("name", ["a.npy", "a.tif", "a.png", "a.mat"])
@pytest.mark.parametrize("shape", [(7, 5), (5, 8), (4, 7), (50, 70)])
def test_refuses_another_size(tmp_path, numbers, name, shape):
    if name == "a.mat":
        savemat(tmp_path / name, {"m": numbers})
    else:
        write_map(tmp_path / name, numbers)
    message = r"must have the photograph's shape|at most 28 are|numeric variable of the"
    with pytest.raises(ValueError, match=message):
        read_map(tmp_path / name, shape)
    if name == "a.mat":
        with pytest.raises(ValueError, match="must have the photograph's shape"):
            read_map(tmp_path / name, shape, variable="m")


def test_never_unpickles(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("a map was unpickled",)

    objects = np.empty(SHAPE, object)
    objects[...] = Trap()
    with open(tmp_path / "a.npy", "wb") as file:
        np.save(file, objects, allow_pickle=True)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap()))
    for name in ("a.npy", "b.npy"):
        with pytest.raises(ValueError, match=rf"{name[0]}\.npy is not an array of num"):
            read_map(tmp_path / name, SHAPE)


def test_mat_refusals(tmp_path, numbers):
    path = tmp_path / "a.mat"
    savemat(path, {"one": numbers, "two": numbers, "text": ["abcdefg"] * 5})
    with pytest.raises(ValueError, match="must hold one numeric variable of the photo"):
        read_map(path, SHAPE)
    with pytest.raises(ValueError, match="has no variable 'three'; it holds one, two"):
        read_map(path, SHAPE, variable="three")
    with pytest.raises(ValueError, match="in its variable 'text'; they are of class"):
        read_map(path, SHAPE, variable="text")
    savemat(path, {"m": numbers * 1j})
    with pytest.raises(ValueError, match="must hold real numbers; its dtype is compl"):
        read_map(path, SHAPE)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(99))
    with pytest.raises(ValueError, match=r"is of version 7\.3, which is not read"):
        read_map(path, SHAPE)
    path.write_bytes(b"no map")
    with pytest.raises(ValueError, match=r"a\.mat is not a \.mat file that can be"):
        read_map(path, SHAPE)
    savemat(path, {"m": numbers})
    path.write_bytes(path.read_bytes()[:-24])
    with pytest.raises(ValueError, match=r"a\.mat is damaged or truncated"):
        read_map(path, SHAPE)


def test_other_refusals(tmp_path, numbers):
    with pytest.raises(FileNotFoundError, match=r"a\.png does not exist"):
        read_map(tmp_path / "a.png", SHAPE)
    Image.fromarray(numbers).save(tmp_path / "a.bmp")
    with pytest.raises(ValueError, match=r"a\.bmp has an ending that is not one of"):
        read_map(tmp_path / "a.bmp", SHAPE)
    np.save(tmp_path / "a.npy", numbers * 1j)
    with pytest.raises(ValueError, match="must hold real numbers; its dtype is compl"):
        read_map(tmp_path / "a.npy", SHAPE)
    (tmp_path / "a.png").write_bytes(b"no map")
    with pytest.raises(ValueError, match=r"a\.png is not an image that can be read"):
        read_map(tmp_path / "a.png", SHAPE)
