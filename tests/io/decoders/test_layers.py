"""JPEG XL, Photoshop's files and OpenEXR."""

from __future__ import annotations

import struct

import numpy as np
import OpenImageIO
import pytest

from skdefocus.filters import linear_to_srgb
from skdefocus.io import read_photograph
from skdefocus.io.decoders import layers
from skdefocus.io.metadata import resources
from tests.io.pictures import smooth, write_any


@pytest.mark.parametrize("bits", [8, 16])
def test_jpeg_xl(tmp_path, bits):
    image = smooth(bits=bits)
    found = read_photograph(write_any(tmp_path / "x.jxl", image))
    np.testing.assert_array_equal(found.image, image)
    assert (found.file_format, found.bits) == ("JXL", bits)
    with pytest.raises(ValueError, match="56 x 40 pixels; at most 100 are accepted"):
        read_photograph(tmp_path / "x.jxl", max_pixels=100)


def test_jpeg_xl_with_an_openimageio_that_does_not_read_it(tmp_path, monkeypatch):
    path = tmp_path / "x.jxl"
    path.write_bytes(b"\xff\x0a and so on")
    monkeypatch.setattr(layers, "can_read", lambda name: False)
    with pytest.raises(ValueError, match="is JPEG XL; to read it, install an OpenIm"):
        read_photograph(path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_flattened_picture_of_photoshop(tmp_path, dtype):
    image = smooth(bits=8 * np.dtype(dtype).itemsize)
    iptc = resources.pack_resource(resources.IPTC, b"\x1c\2\x19\0\4bird")
    path = tmp_path / "x.psd"
    path.write_bytes(
        b"8BPS"
        + struct.pack(">H6xHIIHH", 1, 3, *image.shape[:2], 8 * image.itemsize, 3)
        + struct.pack(">II", 0, len(iptc))
        + iptc
        + struct.pack(">IH", 0, 0)
        + image.transpose(2, 0, 1).astype(image.dtype.newbyteorder(">")).tobytes()
    )
    found = read_photograph(path)
    np.testing.assert_array_equal(found.image, image)
    assert (found.file_format, found.bits) == ("PSD", 8 * image.itemsize)
    assert found.metadata.resources == iptc
    with pytest.raises(ValueError, match="56 x 40 pixels; at most 100 are accepted"):
        read_photograph(path, max_pixels=100)


class TestExr:
    def test_light_becomes_what_a_screen_shows(self, tmp_path):
        light = smooth().astype(np.float32) / 255
        found = read_photograph(write_any(tmp_path / "x.exr", light))
        np.testing.assert_allclose(found.image, linear_to_srgb(light), atol=2e-3)
        assert (found.file_format, found.bits) == ("EXR", 16)
        with pytest.raises(ValueError, match="56 x 40 pixels; at most 100 are"):
            read_photograph(tmp_path / "x.exr", max_pixels=100)

    def test_more_than_white_is_said(self, tmp_path):
        light = smooth().astype(np.float32) / 60
        path = write_any(tmp_path / "x.exr", light)
        found = read_photograph(path)
        assert found.notes == ("it holds light above 1, which is shown as white.",)
        assert found.image.max() == pytest.approx(1)

    def test_alpha_is_divided_out(self, tmp_path):
        light = smooth().astype(np.float32) / 255
        alpha = np.full((40, 56, 1), 0.5, np.float32)
        path = write_any(tmp_path / "x.exr", np.dstack([light * alpha, alpha]))
        found = read_photograph(path)
        np.testing.assert_allclose(found.image, linear_to_srgb(light), atol=2e-3)
        np.testing.assert_allclose(found.alpha, 0.5)

    def test_channels_that_are_no_colors_are_said(self, tmp_path):
        path = tmp_path / "x.exr"
        light = smooth().astype(np.float32) / 255
        spec = OpenImageIO.ImageSpec(56, 40, 5, "float")
        spec.channelnames = ("R", "G", "B", "Z", "mask.R")
        file = OpenImageIO.ImageOutput.create(str(path))
        assert file.open(str(path), spec)
        assert file.write_image(np.dstack([light, light[..., :2]]))
        assert file.close()
        found = read_photograph(path)
        np.testing.assert_allclose(found.image, linear_to_srgb(light), atol=2e-3)
        assert found.notes == ("2 channels beside its colors are left out.",)

    def test_without_colors_there_is_no_picture(self, tmp_path):
        path = tmp_path / "x.exr"
        spec = OpenImageIO.ImageSpec(56, 40, 1, "float")
        spec.channelnames = ("Z",)
        file = OpenImageIO.ImageOutput.create(str(path))
        assert file.open(str(path), spec)
        assert file.write_image(np.zeros((40, 56, 1), np.float32))
        assert file.close()
        with pytest.raises(ValueError, match="has no channels R, G and B, nor Y"):
            read_photograph(path)

    def test_gray(self, tmp_path):
        light = smooth().astype(np.float32)[..., :1] / 255
        found = read_photograph(write_any(tmp_path / "x.exr", light))
        assert found.image.shape == (40, 56)
