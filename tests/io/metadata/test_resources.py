from __future__ import annotations

from skdefocus.io.metadata import resources as photoshop

IPTC = photoshop.pack_resource(photoshop.IPTC, b"\x1c\2\x19\0\4bird")
THUMBNAIL = photoshop.pack_resource(0x040C, b"old picture")
NAMED = b"8BIM\x04\x22\x04name\0\0\0\0\3abc\0"


def test_resources_are_read_one_after_the_other():
    block = IPTC + NAMED + THUMBNAIL
    found = list(photoshop.resources(block))
    assert [item.number for item in found] == [0x0404, 0x0422, 0x040C]
    assert found[1].value == b"abc"
    assert b"".join(item.packed for item in found) == block


def test_thumbnails_of_the_old_picture_go():
    assert photoshop.useful(IPTC + THUMBNAIL + IPTC) == IPTC + IPTC
    # Nobody knows what follows.
    damaged = THUMBNAIL + b"8BIM\4\4\0\0\xff\xff\xff\xff"
    assert photoshop.useful(damaged) == damaged


def test_one_is_taken_out():
    other = photoshop.pack_resource(0x0425, b"x" * 16)
    assert photoshop.part(IPTC + other, photoshop.IPTC) == (
        other,
        b"\x1c\2\x19\0\4bird",
    )
    assert photoshop.part(other, photoshop.IPTC) == (other, None)
    assert photoshop.part(other + b"more", photoshop.IPTC) == (other + b"more", None)


def test_what_is_cut_off_ends_the_list():
    # The last byte fills up.
    for end in range(len(IPTC) - 1):
        assert list(photoshop.resources(IPTC[:end])) == []
