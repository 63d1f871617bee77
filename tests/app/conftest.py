"""A small photograph, opened once for all tests of the page, and a server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skdefocus.app.opened import open_photograph
from skdefocus.io import Photograph, write_photograph
from skdefocus.io.metadata import Metadata

from .serving import ask, serving

MAX_PIXELS = 200_000_000


@pytest.fixture(scope="session")
def photo_path(tmp_path_factory, photo):
    """A piece of the flower and what is behind it, as a JPEG with EXIF: 200 x 300."""
    path = tmp_path_factory.mktemp("photo") / "my flower.jpg"
    exif = Image.Exif()
    exif[271] = "a maker"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    like = Photograph(np.empty(0), metadata=Metadata(exif=block))
    write_photograph(path, photo[60:260, 60:360], like)
    return path


@pytest.fixture(scope="session")
def deep_path(tmp_path_factory, photo):
    """The same piece as a 16-bit TIFF with a profile."""
    path = tmp_path_factory.mktemp("deep") / "deep.tif"
    pixels = photo[60:260, 60:360].astype(np.uint16) * 257
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    write_photograph(path, pixels, Photograph(pixels, bits=16, icc_profile=profile))
    return path


@pytest.fixture(scope="session")
def opened(photo_path):
    return open_photograph(photo_path, max_pixels=MAX_PIXELS)


@pytest.fixture(scope="session")
def deep(deep_path):
    return open_photograph(deep_path, max_pixels=MAX_PIXELS)


@pytest.fixture(scope="module")
def server(request):
    """A server for small photographs; a module's LIFETIME is that of its tabs."""
    # A loaded machine takes long for what a tab asks, and must not forget it meanwhile.
    lifetime = getattr(request.module, "LIFETIME", 60_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdefocus.app.server._LIFETIME", lifetime)
        with serving(max_pixels=100_000) as server:
            yield server
            folder = Path(server._folder.name)
        assert not folder.exists()


@pytest.fixture
def token(server):
    """Secret of a new tab, which no header shows."""
    before = set(server.sessions)
    _, page = ask(server)
    (token,) = set(server.sessions) - before
    assert token.encode() not in page.split(b"\r\n\r\n")[0]
    return token
