"""Fields of all kinds for an EXIF block, and a check that a file holds them all."""

from __future__ import annotations

import struct

from skdefocus.io.metadata.directory import fields_of, first_directory, read_directory
from tests.io.tiff_files import ASCII, BYTE, RATIONAL, SHORT, UNDEFINED, block

__all__ = ["DETAILS", "GPS", "MAIN", "check", "self_pointing"]

MAIN = {
    270: (ASCII, "naïve café\0".encode()),
    306: (ASCII, b"2024:05:06 10:11:12\0"),
    40091: (BYTE, "花".encode("utf-16le")),
}
DETAILS = {
    34855: (SHORT, 3200),
    37510: (UNDEFINED, b"UNICODE\0" + "grüße 東京".encode("utf-16le")),
    42034: (RATIONAL, [18.0, 55.0, 2.8, 4.0]),
}
GPS = {1: (ASCII, b"N\0"), 2: (RATIONAL, [52.0, 30.0, 15.5])}


def self_pointing(order):
    """A MakerNote whose text is found by its place in the file."""

    def make(place):
        entry = struct.pack(f"{order}HHHII", 1, 7, 2, 8, place + 2 + 12 + 4)
        return entry + bytes(4) + b"secrets\0"

    return make


def everything(data):
    """All fields of a file by the directories that they are in, MakerNote's too."""
    main = first_directory(data)
    found = {"main": fields_of(data, main.entries.values())}
    for tag in (34665, 34853):
        if tag in main.entries:
            (start,) = struct.unpack_from(
                ("<" if data[:2] == b"II" else ">") + "I", data, main.entries[tag].start
            )
            directory = read_directory(data, start)
            found[tag] = fields_of(data, directory.entries.values())
            if 37500 in directory.entries:
                note = read_directory(data, directory.entries[37500].start)
                found["note"] = fields_of(data, note.entries.values())
    return found


def check(data, order, *, with_note=True):
    expected = everything(block(MAIN, DETAILS, GPS, order=order))
    found = everything(data)
    for tag in MAIN:
        assert found["main"][tag] == expected["main"][tag]
    for tag in DETAILS:
        assert found[34665][tag] == expected[34665][tag]
    assert found[34853] == expected[34853]
    if with_note:
        assert found["note"][7].value == b"secrets\0"
