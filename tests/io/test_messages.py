from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest

from skdefocus.io import Photograph
from skdefocus.io.messages import (
    GarbledError,
    pack_photograph,
    receive,
    send,
    unpack_photograph,
)
from skdefocus.io.metadata import Density, Metadata

WHOLE = Photograph(
    np.arange(60, dtype=np.uint16).reshape(4, 5, 3),
    np.ones((4, 5), np.uint16),
    "RAW",
    b"profile\0",
    16,
    Metadata(
        exif=b"II*\0",
        xmp=b"<x/>",
        xmp_extended=b"\xff\xfe",
        resources=b"8BIM",
        density=Density(72.5, 300, 2),
        segments=((0xE5, b"maker\0"), (0xFE, "Zoë".encode())),
        order=("xmp", "exif"),
        chunks=((b"tEXt", b"note\0it"),),
        notes=("its text is long.",),
    ),
    ("it has 3 pages.", "\udcff is no letter."),
)


class Trickle(io.BytesIO):
    """A pipe that takes and gives a few bytes at a time."""

    def write(self, data):
        return super().write(bytes(data[:7]))

    def readinto(self, into):
        return super().readinto(into[:5])


def there_and_back(*arrays, file=None, most_values=1000, **fields):
    file = io.BytesIO() if file is None else file
    send(file, "page", arrays, **fields)
    file.seek(0)
    return receive(file, most_values)


@pytest.mark.parametrize(
    "dtype",
    [
        *("bool", "uint8", "uint16", ">u2", "uint32", "int8", ">i4", "int64"),
        *("float16", "float32", ">f4", "float64"),
    ],
)
def test_numbers_stay_the_same(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for sent in (array, array[::-1, :, ::2], array.transpose(2, 0, 1)):
        _, (found,) = there_and_back(sent)
        np.testing.assert_array_equal(found, sent)
        assert found.dtype == sent.dtype.newbyteorder("=")
        assert found.flags.writeable


@pytest.mark.parametrize("file", [io.BytesIO, Trickle])
def test_a_photograph_stays_the_same(file):
    fields, arrays = pack_photograph(WHOLE)
    found = unpack_photograph(*there_and_back(*arrays, file=file(), **fields))
    np.testing.assert_array_equal(found.image, WHOLE.image)
    np.testing.assert_array_equal(found.alpha, WHOLE.alpha)
    for name in ("file_format", "icc_profile", "bits", "metadata", "notes"):
        assert getattr(found, name) == getattr(WHOLE, name)
    plain = unpack_photograph(*pack_photograph(Photograph(np.zeros((2, 2), np.uint8))))
    assert (plain.alpha, plain.icc_profile, plain.metadata) == (None, None, Metadata())


def test_several_messages_in_a_row():
    file = io.BytesIO()
    send(file, "pixels", n_pixels=3)
    send(file, "refusal", text="is \udcff.")
    file.seek(0)
    assert receive(file)[0]["n_pixels"] == 3
    assert receive(file)[0]["text"] == "is \udcff."
    with pytest.raises(EOFError):
        receive(file)


def test_what_is_no_number_is_not_sent():
    file = io.BytesIO()
    with pytest.raises(TypeError, match="takes arrays of numbers; got one of objects"):
        send(file, "page", [np.array([None])])
    assert file.getvalue() == b""


def head(text):
    return struct.pack("<Q", len(text)) + text


def message(**changes):
    whole = {"kind": "page", "arrays": [["uint8", [2, 3]]], **changes}
    return head(json.dumps(whole).encode()) + bytes(6)


@pytest.mark.parametrize(
    "data",
    [
        *(bytes(range(256)) * 8, struct.pack("<Q", 2**60) + b"{}"),
        *(head(b"{{{{{"), head(b"[" * 10**5), head(b"[]"), head(b"7"), head(b"\xff")),
        head(b"\x80\x04K\x01."),  # A pickle.
        *(message(kind=7), message(arrays=7), message(arrays=[7])),
        message(arrays=[["uint8", [2, 3]]] * 3),
        *(message(arrays=[[name, [2, 3]]]) for name in ("O", "U4", "M8[s]", "void")),
        *(
            message(arrays=[["uint8", shape]])
            for shape in ([], [0, 3], [-2, -3], [2.0, 3], ["2"], [True], [1] * 9, 6)
        ),
        *(message(arrays=[["uint8", shape]]) for shape in ([101], [2**70], [11, 10])),
    ],
)
def test_nonsense_is_told_before_memory_is_taken(data):
    with pytest.raises(GarbledError):
        receive(io.BytesIO(data), 100)


def test_as_many_values_as_are_due():
    assert receive(io.BytesIO(message()), 6)[1][0].shape == (2, 3)
    with pytest.raises(GarbledError, match=r"an array of uint8 \(2, 3\)"):
        receive(io.BytesIO(message()), 5)
    with pytest.raises(EOFError):
        receive(io.BytesIO(message()[:-1]), 6)


@pytest.mark.parametrize(
    "changes",
    [
        *({"bits": "many"}, {"exif": 7}, {"exif": "not base64"}, {"notes": None}),
        *({"segments": [[1]]}, {"segments": [["a", "QQ=="]]}, {"chunks": 7}),
        *({"density": [1, 2]}, {"density": ["1", 2, 1]}, {"segments": [[1, None]]}),
        {"bits": float("inf")},
    ],
)
def test_a_photograph_that_is_none(changes):
    fields, arrays = pack_photograph(WHOLE)
    with pytest.raises(GarbledError):
        unpack_photograph({**fields, **changes}, arrays)
    for name in changes:
        del fields[name]
    with pytest.raises(GarbledError):
        unpack_photograph(fields, arrays)


@pytest.mark.parametrize(
    "shapes", [[], [(7,)], [(2, 3, 4)], [(2, 3, 3, 1)], [(2, 3), (3, 2)]]
)
def test_shapes_that_are_no_photograph(shapes):
    fields, _ = pack_photograph(WHOLE)
    with pytest.raises(GarbledError):
        unpack_photograph(fields, [np.zeros(shape, np.uint8) for shape in shapes])
