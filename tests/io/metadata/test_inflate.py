from __future__ import annotations

import zlib

import pytest

from skdefocus.io.metadata.inflate import Inflater


@pytest.fixture(params=["zlib", "brotli"])
def kind(request):
    """Give a packer, and the name of the method that unpacks it."""
    if request.param == "zlib":
        return zlib.compress, "zlib"
    brotli = pytest.importorskip("brotli", reason="the extra jxl is not installed")
    return (lambda data: brotli.compress(data, quality=1)), "brotli"


def test_what_is_whole_and_what_is_damaged(kind):
    pack, name = kind
    inflate = getattr(Inflater(), name)
    assert inflate(pack(b"whole")) == b"whole"
    assert inflate(pack(b"whole" * 100)[:8]) is None
    assert inflate(b"damaged") is None


def test_one_part_is_bounded(kind):
    pack, name = kind
    inflate = getattr(Inflater(), name)
    assert inflate(pack(bytes(40 << 20))) is None
    assert inflate(pack(b"small")) == b"small"


def test_all_parts_are_bounded_together(kind):
    pack, name = kind
    inflate = getattr(Inflater(), name)
    packed = pack(bytes(30 << 20))
    found = [inflate(packed) is not None for _ in range(4)]
    assert found == [True, True, False, False]
    assert inflate(b"whatever") is None
