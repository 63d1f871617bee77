"""MakerNotes that count from the beginning of the file, and those that do not."""

from __future__ import annotations

import struct

import pytest

from skdefocus.io.metadata.maker_note import relocate

LONG_TEXT = b"a text that does not fit into its entry\0"


def note(head: bytes, place: int, *, order="<", from_file=True) -> bytes:
    """A maker's name, and a directory of a number and a text."""
    start = len(head) + 2 + 2 * 12 + 4
    start += place if from_file else 0
    entries = struct.pack(f"{order}HHII", 1, 4, 1, 12345678)
    entries += struct.pack(f"{order}HHII", 2, 2, len(LONG_TEXT), start)
    return head + struct.pack(f"{order}H", 2) + entries + bytes(4) + LONG_TEXT


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "head", [b"", b"AOC\0\0\0", b"OLYMP\0\1\0", b"SIGMA\0\0\0\1\0"]
)
def test_what_counts_from_the_file_moves_along(head, order):
    assert relocate(note(head, 900, order=order), 900, 70_000, order) == note(
        head, 70_000, order=order
    )


@pytest.mark.parametrize("head", [b"", b"FUJIFILM\x0c\0\0\0"])
def test_what_counts_from_its_own_beginning_stays(head):
    own = note(head, 0, from_file=False)
    assert relocate(own, 900, 70_000, "<") == own


@pytest.mark.parametrize(
    "other",
    [b"", b"\0", b"Nikon\0\2\x10\0\0II*\0\x08\0\0\0", b"\xff" * 300, b"text" * 9],
)
def test_what_is_not_understood_stays(other):
    assert relocate(other, 900, 70_000, "<") == other
