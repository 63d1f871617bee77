"""XMP packets: small changes of their text, everything else to the byte as it was.

A packet is read as a stream, without entities, outside references or document types.
One that cannot be understood is left as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from xml.parsers import expat

__all__ = [
    "EXTENDED_PREFIX",
    "MOST_BYTES",
    "PREFIX",
    "extended_name",
    "fit",
    "merge_extended",
    "reset_orientation",
    "split",
    "without_gps",
]

# What stands before a packet in JPEG, and before each part of a long one.
PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_PREFIX = b"http://ns.adobe.com/xmp/extension/\0"
# Larger packets are left alone.
MOST_BYTES = 32 << 20

_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_NOTE = "http://ns.adobe.com/xmp/note/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DEEPEST = 200
_MOST_ELEMENTS, _MOST_SPACES = 300_000, 1_000
_EXTENDED_NAME = re.compile(rb"""HasExtendedXMP\s*(?:=\s*["']|>)\s*([0-9A-Fa-f]{32})""")
_PLAIN_ORIENTATION = re.compile(
    rb"""(tiff:Orientation\s{0,9}(?:=\s{0,9}["']|>)\s{0,9})[2-8]"""
)
_ATTRIBUTE = re.compile(rb"""\s+([^\s=<>"'/]+)\s*=\s*("[^"]*"|'[^']*')""")

# What becomes of a property: None leaves it, b"" removes it, other bytes replace its
# simple value.
_Rule = Callable[[str, str], bytes | None]


class _NotUnderstood(ValueError):
    """No packet whose text can be changed safely."""


def reset_orientation(packet: bytes) -> bytes:
    """Say that the pixels are upright.

    Parameters
    ----------
    packet : bytes
        XMP.

    Returns
    -------
    bytes
        The packet with an orientation of 1, where it has one.
    """
    if b"Orientation" not in packet:
        return packet
    changed = _change(packet, _upright)
    # Also in a packet that is no good XML, since readers look for the text alone.
    return _PLAIN_ORIENTATION.sub(rb"\g<1>1", packet) if changed is None else changed


def _upright(space: str, name: str) -> bytes | None:
    return b"1" if (space, name) == (_TIFF, "Orientation") else None


def fit(packet: bytes, width: int, height: int) -> bytes:
    """Fit a packet to the pixels that it will stand beside.

    Parameters
    ----------
    packet : bytes
        XMP.
    width, height : int
        Of the picture.

    Returns
    -------
    bytes
        The packet with these, where it says them, and without thumbnails.
    """
    values: dict[tuple[str, str], bytes] = {
        (_TIFF, "ImageWidth"): b"%d" % width,
        (_TIFF, "ImageLength"): b"%d" % height,
        (_EXIF, "PixelXDimension"): b"%d" % width,
        (_EXIF, "PixelYDimension"): b"%d" % height,
        (_XMP, "Thumbnails"): b"",
    }
    if not any(name.encode() in packet for _, name in values):
        return packet
    return _change(packet, lambda *key: values.get(key)) or packet


def without_gps(packet: bytes) -> bytes:
    """Remove where the photograph was taken.

    Parameters
    ----------
    packet : bytes
        XMP.

    Returns
    -------
    bytes
        The packet without any property whose name begins with GPS. Empty if it cannot
        be understood.
    """
    return _change(packet, _no_gps) or b""


def _no_gps(space: str, name: str) -> bytes | None:
    return b"" if name.casefold().startswith("gps") else None


def _change(packet: bytes, rule: _Rule) -> bytes | None:
    """Apply a rule to every property; None if the packet cannot be understood."""
    try:
        spans = _Finder(packet, rule).spans
    except (_NotUnderstood, expat.ExpatError, ValueError, RecursionError):
        return None
    changed, position = [], 0
    for start, end, text in sorted(spans):
        if start < position:
            continue  # In what is removed already.
        changed += [packet[position:start], text]
        position = end
    return b"".join([*changed, packet[position:]])


class _Finder:
    """Finds the bytes that a rule changes.

    Parameters
    ----------
    packet : bytes
        XMP in UTF-8.
    rule : callable
        Gets namespace and name of each property.

    Attributes
    ----------
    spans : list of (int, int, bytes)
        Beginning and end of what is replaced, and by what.
    """

    def __init__(self, packet: bytes, rule: _Rule) -> None:
        if len(packet) > MOST_BYTES:
            raise _NotUnderstood("it is too large")
        if packet[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in packet[:64]:
            raise _NotUnderstood("it is not in UTF-8")
        self.spans: list[tuple[int, int, bytes]] = []
        self._packet = packet
        self._left = _MOST_ELEMENTS
        self._rule = rule
        # Prefixes of namespaces, one dictionary a level.
        self._spaces: list[dict[bytes, str]] = [{}]
        # For each level, where the element begins and what becomes of it.
        self._open: list[tuple[int, bytes | None]] = []
        # What stands behind the packet, such as zeros, is none of the parser's.
        end = packet.rfind(b">") + 1
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        self._parser = parser
        parser.Parse(packet[:end], True)

    def _refuse(self, *_: object) -> None:
        raise _NotUnderstood("it has a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise _NotUnderstood("it is too deep")
        packet, start = self._packet, self._parser.CurrentByteIndex
        end = _end_of_tag(packet, start)
        tag = packet[start:end]
        self._left -= 1
        found = list(_ATTRIBUTE.finditer(tag))
        named = {
            match[1][6:]: match[2][1:-1].decode()
            for match in found
            if match[1].startswith(b"xmlns:")
        }
        spaces = self._spaces[-1] | named if named else self._spaces[-1]
        if len(spaces) > _MOST_SPACES or self._left < 0:
            raise _NotUnderstood("it has more elements or prefixes than any packet")
        self._spaces.append(spaces)
        for match in found:
            text = self._ask(match[1], spaces)
            if text is None:
                continue
            if text:
                quote = match[2][:1]
                place = (start + match.start(2), start + match.end(2))
                self.spans.append((*place, quote + text + quote))
            else:
                self.spans.append((start + match.start(), start + match.end(), b""))
        self._open.append((start, self._ask(name.encode(), spaces)))

    def _ask(self, key: bytes, spaces: dict[bytes, str]) -> bytes | None:
        prefix, _, name = key.rpartition(b":")
        if prefix == b"xmlns":
            return None
        return self._rule(spaces.get(prefix, ""), name.decode())

    def _end(self, name: str) -> None:
        self._spaces.pop()
        start, text = self._open.pop()
        if text is None:
            return
        packet, place = self._packet, self._parser.CurrentByteIndex
        end = _end_of_tag(packet, place)
        if not text:
            self.spans.append((start, end, b""))
            return
        inside = _end_of_tag(packet, start)
        # A simple value alone: what is made of elements has another meaning.
        if inside <= place and b"<" not in packet[inside:place]:
            self.spans.append((inside, place, text))


def _end_of_tag(packet: bytes, start: int) -> int:
    """Find where a tag ends; a > in quotes does not end it."""
    match = _TAG.match(packet, start)
    if match is None:
        raise _NotUnderstood("a tag does not end")
    return match.end()


_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")


def _find_inside(packet: bytes, space: str, name: str) -> tuple[int, int] | None:
    """Find where the content of the first element of a name begins and ends."""
    found: list[tuple[int, int]] = []

    class Inside(_Finder):
        def _end(self, key: str) -> None:
            spaces = self._spaces[-1]
            start, _ = self._open[-1]
            prefix, _, local = key.encode().rpartition(b":")
            if (spaces.get(prefix), local.decode()) == (space, name):
                place = self._parser.CurrentByteIndex
                found.append((_end_of_tag(self._packet, start), place))
            super()._end(key)

    try:
        Inside(packet, lambda *_: None)
    except (_NotUnderstood, expat.ExpatError, ValueError):
        return None
    return found[0] if found and found[0][0] <= found[0][1] else None


def extended_name(packet: bytes) -> bytes | None:
    """Give the name of the second part of a long packet.

    Parameters
    ----------
    packet : bytes
        The first part.

    Returns
    -------
    bytes or None
        32 characters; None if the packet has no second part.
    """
    match = _EXTENDED_NAME.search(packet)
    return match[1] if match else None


def merge_extended(packet: bytes, extended: bytes) -> bytes | None:
    """Put a long packet together, which JPEG holds in two parts.

    Parameters
    ----------
    packet, extended : bytes
        The first part, and the second.

    Returns
    -------
    bytes or None
        One packet of both; None if it cannot be made.
    """
    note = _change(
        packet,
        lambda *key: b"" if key == (_NOTE, "HasExtendedXMP") else None,
    )
    if note is None:
        return None
    main, more = _find_inside(note, _RDF, "RDF"), _find_inside(extended, _RDF, "RDF")
    if main is None or more is None:
        return None
    merged = note[: main[1]] + extended[slice(*more)] + note[main[1] :]
    try:
        # A prefix that was bound outside of what was taken would be unbound now.
        end = merged.rfind(b">") + 1
        expat.ParserCreate("UTF-8", " ").Parse(merged[:end], True)
    except expat.ExpatError:
        return None
    return merged


def split(packet: bytes) -> tuple[bytes, bytes]:
    """Part a packet that is too long for one segment of a JPEG.

    Parameters
    ----------
    packet : bytes
        XMP.

    Returns
    -------
    packet, extended : bytes
        A short packet that names the second part, and that part.
    """
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    extended = packet[start : end + 12] if 0 <= start < end else packet
    digest = hashlib.md5(extended, usedforsecurity=False).hexdigest().upper()
    short = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" '
        f'xmlns:xmpNote="{_NOTE}" xmpNote:HasExtendedXMP="{digest}"/></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    )
    return short.encode(), extended
