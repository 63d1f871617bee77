from __future__ import annotations

import time

import pytest

from skdefocus.io.metadata import xmp

PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="a > b" xmlns:t="http://ns.adobe.com/tiff/1.0/"
  xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dji='http://www.dji.com/1.0/'
  xmlns:xmp="http://ns.adobe.com/xap/1.0/" t:Orientation='6' t:ImageWidth="9"
  exif:GPSLatitude="52,30N" dji:GpsLongitude = "13" xmp:Rating="4">
  <exif:PixelXDimension>9</exif:PixelXDimension>
  <exif:GPSAltitude>345/10</exif:GPSAltitude>
  <xmp:Thumbnails><rdf:Alt><rdf:li>/9j/4AAQ</rdf:li></rdf:Alt></xmp:Thumbnails>
  <title>Jörg</title>
 </rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def test_the_orientation_alone_changes():
    after = xmp.reset_orientation(PACKET)
    assert after == PACKET.replace(b"t:Orientation='6'", b"t:Orientation='1'")
    element = PACKET.replace(b" t:Orientation='6'", b"").replace(
        b"<title>", b"<t:Orientation>6</t:Orientation><title>"
    )
    assert xmp.reset_orientation(element) == element.replace(
        b"<t:Orientation>6<", b"<t:Orientation>1<"
    )
    # Of another namespace.
    other = PACKET.replace(b"http://ns.adobe.com/tiff/1.0/", b"http://example.com/")
    assert xmp.reset_orientation(other) == other


def test_the_orientation_of_what_is_no_good_xml_changes_too():
    for text in (b'<a tiff:Orientation="6">', b"<tiff:Orientation>6</tiff:Orient"):
        assert xmp.reset_orientation(text) == text.replace(b"6", b"1")


def test_size_is_fitted_and_thumbnails_go():
    after = xmp.fit(PACKET, 4000, 3000)
    assert b't:ImageWidth="4000"' in after
    assert b"<exif:PixelXDimension>4000</exif:PixelXDimension>" in after
    assert b"Thumbnails" not in after
    assert "Jörg".encode() in after
    assert xmp.fit(b"<a/>", 1, 1) == b"<a/>"


def test_where_it_was_taken_goes():
    after = xmp.without_gps(PACKET)
    assert b"gps" not in after.lower()
    assert b'xmp:Rating="4"' in after
    assert b"Thumbnails" in after
    assert xmp.without_gps(b"no packet") == b""


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "%s">%s]>
<a xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="6">&z;</a>""" % (
    b"b" * 1000,
    b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 9) for c in range(99, 123)),
)
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<a xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="6">&x;</a>"""
DEEP = b"<a>" * 100_000 + b"Orientation GPS"
MANY = b'<a tiff:Orientation="1" GPS="">' + b"<a/>" * 350_000 + b"</a>"
SPACES = b"<a %s>%s</a>" % (
    b" ".join(b'xmlns:a%d="GPS Orientation"' % i for i in range(2000)),
    b'<b xmlns:b="b"/>' * 9000,
)
CUT = PACKET[: len(PACKET) // 2]


@pytest.mark.parametrize(
    "hostile", [BOMB, OUTSIDE, DEEP, MANY, SPACES, CUT, b"\xff\xfeOrientation"]
)
def test_hostile_packets_are_left_alone_at_once(hostile):
    start = time.perf_counter()
    assert xmp.reset_orientation(hostile) == hostile
    assert xmp.fit(hostile + b"Thumbnails", 1, 1) == hostile + b"Thumbnails"
    assert xmp.without_gps(hostile) == b""
    assert time.perf_counter() - start < 60


def test_a_packet_that_is_too_large_is_left_alone():
    large = PACKET + b" " * xmp.MOST_BYTES
    assert xmp.reset_orientation(large) is large


def test_long_packets_are_parted_and_put_together():
    short, extended = xmp.split(PACKET)
    assert len(short) < 700
    assert xmp.extended_name(short) is not None
    merged = xmp.merge_extended(short, extended)
    assert b"HasExtendedXMP" not in merged
    assert b"GPSLatitude" in merged
    assert xmp.without_gps(merged)
    # A prefix that only the outer element bound.
    outer = (
        extended.replace(b"<x:xmpmeta", b'<x:xmpmeta xmlns:q="q"')
        .replace(b"<title>", b"<q:title>")
        .replace(b"</title>", b"</q:title>")
    )
    assert xmp.merge_extended(short, outer) is None
    assert xmp.merge_extended(short, b"<no rdf/>") is None
    assert xmp.merge_extended(b"broken", extended) is None
    assert xmp.extended_name(PACKET) is None
