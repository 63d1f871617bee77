from __future__ import annotations

import struct

from skdefocus.io.metadata import Density, Metadata, psd, resources


def test_resources_are_sorted(tmp_path):
    dpi = struct.pack(">IHHIHH", 300 << 16, 1, 1, 150 << 16, 1, 1)
    made = {0x0422: b"II*\0exif", 0x0424: b"<xmp/>", 0x0404: b"\x1c\2", 0x03ED: dpi}
    block = b"".join(resources.pack_resource(*item) for item in made.items())
    path = tmp_path / "x.psd"
    head = b"8BPS" + bytes(22) + struct.pack(">I", 0) + struct.pack(">I", len(block))
    path.write_bytes(head + block)
    assert psd.read(path) == Metadata(
        exif=b"II*\0exif",
        xmp=b"<xmp/>",
        resources=resources.pack_resource(0x0404, b"\x1c\2"),
        density=Density(300, 150, 2),
    )
    path.write_bytes(head)
    assert psd.read(path) == Metadata()
