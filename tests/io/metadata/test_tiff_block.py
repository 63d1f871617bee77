from __future__ import annotations

import struct

import pytest

from skdefocus.io.metadata import tiff_block
from tests.io.metadata.full_block import DETAILS, GPS, MAIN, check, self_pointing
from tests.io.tiff_files import LONG, SHORT, block


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("far", [False, True])
def test_a_maker_note_is_valid_wherever_it_was(tmp_path, order, far):
    """Before the pixels it keeps its place; far behind them what it points to moves."""
    made = block(MAIN, DETAILS, GPS, order=order, note=self_pointing(order))
    if far:
        skipped = 300_000
        far_note = self_pointing(order)(skipped)
        made = bytearray(
            block(MAIN, DETAILS, GPS, order=order, note=lambda _: far_note)
        )
        place = made.index(far_note)
        pointer = struct.pack(f"{order}I", place)
        at = made.index(struct.pack(f"{order}HHI", 37500, 7, len(far_note))) + 8
        assert made[at : at + 4] == pointer
        made[at : at + 4] = struct.pack(f"{order}I", skipped)
        made[place : place + len(far_note)] = bytes(len(far_note))
        made = bytes(made).ljust(skipped, b"\0") + far_note
    found = tiff_block.make_block(made)
    assert len(found) < 2000
    check(found, order)


def test_layout_alone_is_nothing():
    assert tiff_block.make_block(block({256: (LONG, 5), 274: (SHORT, 6)})) is None
    assert tiff_block.make_block(b"no TIFF") is None
