from __future__ import annotations

import struct

import numpy as np
import pytest

from skdefocus.io.metadata.directory import (
    Field,
    byte_order,
    fields_of,
    first_directory,
    number,
    pack_directory,
    read_directory,
    set_number,
)
from tests.io.tiff_files import ASCII, LONG, RATIONAL, SHORT, block


@pytest.mark.parametrize("order", ["<", ">"])
def test_entries_are_found_and_packed_again(order):
    data = block(
        {271: (ASCII, b"Maker\0"), 274: (SHORT, 6), 282: (RATIONAL, 300.0)},
        order=order,
    )
    main = first_directory(data)
    assert byte_order(data) == order
    assert list(main.entries) == [271, 274, 282]
    assert number(data, main.entries[274]) == 6
    assert number(data, main.entries[271]) is None
    fields = fields_of(data, main.entries.values())
    assert fields[271] == Field(ASCII, 6, b"Maker\0")
    packed, starts = pack_directory(fields, 8, order)
    again = data[:4] + struct.pack(f"{order}I", 8) + packed
    assert fields_of(again, first_directory(again).entries.values()) == fields
    assert again[starts[271] : starts[271] + 6] == b"Maker\0"


def test_numbers_are_changed_in_place_where_they_fit():
    data = bytearray(block({274: (SHORT, 6), 256: (LONG, 9), 271: (ASCII, b"M\0")}))
    entries = first_directory(bytes(data)).entries
    set_number(data, entries[274], 1)
    set_number(data, entries[256], 70_000)
    set_number(data, entries[274], 70_000)
    set_number(data, entries[271], 5)
    set_number(data, entries.get(999), 5)
    assert number(bytes(data), entries[274]) == 1
    assert number(bytes(data), entries[256]) == 70_000


def test_large_tiffs_are_read_too():
    entry = struct.pack("<HHQ", 271, ASCII, 12) + struct.pack("<Q", 60)
    data = b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + struct.pack("<Q", 1) + entry
    data = data.ljust(60, b"\0") + b"A long text\0"
    (found,) = first_directory(data).entries.values()
    assert data[found.start : found.start + found.size] == b"A long text\0"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff" + bytes(40),
        b"no block at all, though of some length",
        b"II*\0\0\0\0\0\1\0",
    ],
)
def test_what_is_no_directory_is_none(data):
    assert first_directory(data) is None


def test_values_outside_are_left_out():
    data = struct.pack("<HHII", 271, ASCII, 2**31, 8) + struct.pack("<HHI", 1, 77, 1)
    data = b"II*\0" + struct.pack("<IH", 8, 2) + data + bytes(8)
    assert first_directory(data).entries == {}
    assert read_directory(data, 2**40) is None


def test_nothing_that_is_flipped_raises():
    data = block({271: (ASCII, b"Maker\0")}, {36867: (ASCII, b"2020:01:02\0")})
    rng = np.random.default_rng(0)
    for _ in range(500):
        changed = bytearray(data)
        for at in rng.integers(2, len(data), size=3):
            changed[at] = rng.integers(256)
        directory = first_directory(bytes(changed))
        if directory is not None:
            fields_of(bytes(changed), directory.entries.values())
