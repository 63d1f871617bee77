from __future__ import annotations

from PIL import Image

from skdefocus.io.metadata import Metadata
from tests.io.metadata import make_exif


def test_upright_wherever_it_is_said():
    packet = b'<a xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="8"/>'
    block = make_exif(6).tobytes().removeprefix(b"Exif\0\0")
    found = Metadata(exif=block, xmp=packet).upright()
    exif = Image.Exif()
    exif.load(found.exif)
    assert exif[274] == 1
    assert b'Orientation="1"' in found.xmp
    assert Metadata().upright() == Metadata()
