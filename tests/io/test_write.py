from __future__ import annotations

import struct
import zlib

import numpy as np
import OpenImageIO
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from skdefocus.io import (
    SIGMA_STEPS,
    Photograph,
    read_image,
    read_photograph,
    write_map,
    write_mask,
    write_photograph,
)
from skdefocus.io.metadata import Metadata
from tests.io.metadata import PROFILE, make_exif


class TestRoundTrips:
    @pytest.mark.parametrize("ending", [".png", ".tif", ".tiff"])
    @pytest.mark.parametrize("gray", [False, True])
    @pytest.mark.parametrize("alpha", [False, True])
    def test_16_bit_is_exact(self, tmp_path, deep, ending, gray, alpha):
        image = deep[..., 0] if gray else deep
        like = Photograph(image, deep[..., 1] if alpha else None, bits=16)
        write_photograph(tmp_path / f"x{ending}", image, like)
        found = read_photograph(tmp_path / f"x{ending}")
        assert found.bits == 16
        np.testing.assert_array_equal(found.image, image)
        if alpha:
            np.testing.assert_array_equal(found.alpha, deep[..., 1])
        else:
            assert found.alpha is None

    @pytest.mark.parametrize("ending", [".png", ".tif"])
    @pytest.mark.parametrize("gray", [False, True])
    @pytest.mark.parametrize("alpha", [False, True])
    def test_8_bit_is_exact(self, tmp_path, shallow, ending, gray, alpha):
        image = shallow[..., 0] if gray else shallow
        like = Photograph(image, shallow[..., 1] if alpha else None)
        write_photograph(tmp_path / f"x{ending}", image, like)
        found = read_photograph(tmp_path / f"x{ending}")
        np.testing.assert_array_equal(found.image, image)
        assert (found.alpha is not None) == alpha
        if alpha:
            np.testing.assert_array_equal(found.alpha, shallow[..., 1])

    @pytest.mark.parametrize("ending", [".jpg", ".webp"])
    def test_lossy_formats_are_close(self, tmp_path, photo, ending):
        write_photograph(tmp_path / f"x{ending}", photo)
        error = read_image(tmp_path / f"x{ending}").astype(float) - photo
        assert abs(error).mean() < 3

    def test_floats_take_the_depth_of_their_model(self, tmp_path, deep):
        image = deep / np.float64(65535)
        write_photograph(tmp_path / "a.png", image, Photograph(deep, bits=16))
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), deep)
        write_photograph(tmp_path / "b.png", image, Photograph(deep))
        assert read_image(tmp_path / "b.png").dtype == np.uint8
        write_photograph(tmp_path / "c.jpg", image, Photograph(deep, bits=16))
        assert read_image(tmp_path / "c.jpg").dtype == np.uint8


class TestMetadata:
    @staticmethod
    def write_source(path, image):
        """Write what a camera's or an editor's file holds."""
        if image.dtype == np.uint8 and path.suffix != ".tif":
            Image.fromarray(image).save(path, exif=make_exif(), icc_profile=PROFILE)
            return
        spec = OpenImageIO.ImageSpec(*image.shape[1::-1], 3, str(image.dtype))
        spec.attribute("Make", "Maker")
        spec.attribute("Exif:DateTimeOriginal", "2020:01:02 03:04:05")
        kind = OpenImageIO.TypeDesc(f"uint8[{len(PROFILE)}]")
        spec.attribute("ICCProfile", kind, np.frombuffer(PROFILE, np.uint8))
        file = OpenImageIO.ImageOutput.create(str(path))
        assert file.open(str(path), spec)
        assert file.write_image(image)
        file.close()

    @pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
    def test_profile_and_exif_survive(self, tmp_path, shallow, ending):
        source, target = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
        self.write_source(source, shallow)
        found = read_photograph(source)
        write_photograph(target, found.image, found)
        with Image.open(target) as picture:
            assert picture.info["icc_profile"] == PROFILE
            exif = picture.getexif()
            assert exif[271] == "Maker"
            assert exif.get(274, 1) == 1
            assert exif.get_ifd(0x8769)[36867] == "2020:01:02 03:04:05"

    @pytest.mark.parametrize("ending", [".png", ".tif"])
    def test_of_16_bit_files_too(self, tmp_path, deep, ending):
        source, target = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
        self.write_source(source, deep)
        found = read_photograph(source)
        write_photograph(target, found.image, found)
        with Image.open(target) as picture:
            assert picture.info["icc_profile"] == PROFILE
            assert picture.getexif()[271] == "Maker"
            assert picture.getexif().get(274, 1) == 1
            details = picture.getexif().get_ifd(0x8769)
            assert details[36867] == "2020:01:02 03:04:05"

    def test_exif_of_a_16_bit_png_survives_as_it_is(self, tmp_path, deep):
        exif = make_exif()
        exif.get_ifd(0x8769)[34855] = 400  # ISO
        exif.get_ifd(0x8769)[33434] = 0.01  # exposure time
        Image.fromarray(deep[..., 0]).save(tmp_path / "in.png", exif=exif)
        found = read_photograph(tmp_path / "in.png")
        write_photograph(tmp_path / "out.png", found.image, found)
        with Image.open(tmp_path / "out.png") as picture:
            details = picture.getexif().get_ifd(0x8769)
            assert details[34855] == 400
            assert float(details[33434]) == pytest.approx(0.01, rel=1e-6)
        np.testing.assert_array_equal(read_image(tmp_path / "out.png"), deep[..., 0])


def test_refusals_leave_no_file(tmp_path, deep):
    with pytest.raises(ValueError, match=r"an ending that is not one of \.jpg"):
        write_photograph(tmp_path / "x.gif", deep)
    with pytest.raises(ValueError, match="JPEG holds 8 bits, but the image has 16"):
        write_photograph(tmp_path / "x.jpg", deep)
    with pytest.raises(ValueError, match="got dtype int64"):
        write_photograph(tmp_path / "x.png", np.zeros((4, 4), np.int64))
    with pytest.raises(ValueError, match="its values span"):
        write_photograph(tmp_path / "x.png", np.full((4, 4), 2.0))
    assert list(tmp_path.iterdir()) == []


class TestMaps:
    def test_data_is_sigma_in_pixels(self, tmp_path):
        blur_map = np.array([[0.0, 1.25], [7.5, 300.0]], dtype=np.float32)
        write_map(tmp_path / "m.npy", blur_map)
        loaded = np.load(tmp_path / "m.npy", allow_pickle=False)
        np.testing.assert_array_equal(loaded, blur_map)
        assert loaded.dtype == np.float32
        write_map(tmp_path / "m.tif", blur_map)
        np.testing.assert_array_equal(read_image(tmp_path / "m.tif"), blur_map)
        write_map(tmp_path / "m.png", blur_map)
        png = read_image(tmp_path / "m.png")
        assert png.dtype == np.uint16
        np.testing.assert_array_equal(png, [[0, 320], [1920, 65535]])

    def test_refuses_what_is_no_map(self, tmp_path):
        with pytest.raises(ValueError, match="non-negative"):
            write_map(tmp_path / "m.npy", np.full((2, 2), -1.0))
        with pytest.raises(ValueError, match=r"must have shape \(H, W\)"):
            write_map(tmp_path / "m.npy", np.zeros(3))
        with pytest.raises(ValueError, match=r"not one of \.npy"):
            write_map(tmp_path / "m.jpg", np.zeros((2, 2)))
        assert list(tmp_path.iterdir()) == []

    @given(hnp.arrays(np.float32, (2, 3), elements=st.floats(0, 255.75, width=32)))
    def test_16_bits_are_within_half_a_step(self, tmp_path_factory, blur_map):
        path = tmp_path_factory.getbasetemp() / "steps.png"
        write_map(path, blur_map)
        error = read_image(path) / SIGMA_STEPS - blur_map
        assert abs(error).max() <= 0.5 / SIGMA_STEPS
        with Image.open(path) as picture:
            assert picture.text["Description"].endswith(f"in px times {SIGMA_STEPS}")


class TestMasks:
    @given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
    def test_a_mask_is_white_where_in_focus_and_black_elsewhere(
        self, tmp_path_factory, out_of_focus
    ):
        for ending in (".png", ".tif", ".tiff", ".PNG"):
            path = tmp_path_factory.getbasetemp() / f"mask{ending}"
            write_mask(path, out_of_focus)
            found = read_photograph(path)
            assert found.image.dtype == np.uint8
            np.testing.assert_array_equal(found.image == 255, ~out_of_focus)
            np.testing.assert_array_equal(found.image == 0, out_of_focus)
            assert found.alpha is None

    def test_lists_of_bool_are_masks(self, tmp_path):
        write_mask(tmp_path / "m.png", [[True, False, True]])
        assert read_image(tmp_path / "m.png").tolist() == [[0, 255, 0]]

    @pytest.mark.parametrize(
        ("mask", "got"),
        [
            (np.zeros((4, 5), np.uint8), r"dtype uint8 and shape \(4, 5\)"),
            (np.ones((4, 5)), r"dtype float64 and shape \(4, 5\)"),
            ([[0, 1]], r"dtype int\d+ and shape \(1, 2\)"),
            (np.zeros((4, 5), object), r"dtype object and shape \(4, 5\)"),
            (np.zeros((4, 5, 1), bool), r"dtype bool and shape \(4, 5, 1\)"),
            (np.zeros(4, bool), r"dtype bool and shape \(4,\)"),
        ],
    )
    def test_refuses_what_is_no_mask(self, tmp_path, mask, got):
        message = rf"out_of_focus must be a mask of bool of shape \(H, W\); got {got}"
        with pytest.raises(ValueError, match=message):
            write_mask(tmp_path / "m.png", mask)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "name", ["m.jpg", "m.jpeg", "m.webp", "m.gif", "m.npy", "m"]
    )
    def test_refuses_formats_that_would_change_it(self, tmp_path, name):
        message = rf"{name} has an ending that is not one of \.png, \.tif, \.tiff\.$"
        with pytest.raises(ValueError, match=message):
            write_mask(tmp_path / name, np.eye(3, dtype=bool))
        assert list(tmp_path.iterdir()) == []


def chunks_of(path):
    """Names and checked bodies of a PNG's chunks."""
    data = path.read_bytes()
    position = 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        body = data[position + 4 : position + 8 + length]
        (check,) = struct.unpack_from(">I", data, position + 8 + length)
        assert check == zlib.crc32(body)
        yield body[:4], body[4:]
        position += length + 12


@pytest.mark.parametrize("profile", [None, PROFILE])
def test_a_deep_png_has_one_exif_chunk_and_it_is_the_photograph_s(
    tmp_path, deep, profile
):
    exif = make_exif().tobytes().removeprefix(b"Exif\0\0")
    metadata = Metadata(exif=exif)
    like = Photograph(deep, icc_profile=profile, metadata=metadata, bits=16)
    write_photograph(tmp_path / "x.png", deep, like)
    chunks = list(chunks_of(tmp_path / "x.png"))
    names = [name for name, _ in chunks]
    assert names[0] == b"IHDR"
    assert names[-1] == b"IEND"
    assert names.index(b"eXIf") < names.index(b"IDAT")
    (found,) = (body for name, body in chunks if name == b"eXIf")
    assert found == exif


def test_alpha_takes_the_depth_of_the_pixels_and_is_no_part_of_a_jpeg(tmp_path, deep):
    opacity = np.linspace(0, 255, deep[..., 0].size).astype(np.uint8)
    opacity = opacity.reshape(deep.shape[:2])
    like = Photograph(deep, opacity, bits=16)
    write_photograph(tmp_path / "x.png", deep, like)
    found = read_photograph(tmp_path / "x.png")
    np.testing.assert_array_equal(found.alpha, opacity.astype(np.uint16) * 257)
    write_photograph(tmp_path / "x.jpg", deep / 65535, like)
    assert read_photograph(tmp_path / "x.jpg").alpha is None


def test_a_refusal_leaves_the_file_that_was_there(tmp_path, shallow):
    path = tmp_path / "x.png"
    write_photograph(path, shallow)
    before = path.read_bytes()
    too_small = Photograph(shallow, shallow[:5, :5, 0])
    with pytest.raises(ValueError, match="like has an alpha of shape"):
        write_photograph(path, shallow, too_small)
    with pytest.raises(ValueError, match="non-negative"):
        write_map(path, -shallow[..., 0].astype(float))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("like", "kind"), [("a.jpg", "str"), (np.zeros(3), "ndarray")])
def test_like_is_a_photograph(tmp_path, like, kind):
    message = f"like must be a Photograph, as read_photograph returns; got {kind}"
    with pytest.raises(ValueError, match=message):
        write_photograph(tmp_path / "x.png", np.zeros((4, 4)), like)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("depth", [8, 16])
def test_gray_with_alpha_is_that_for_other_programs_too(tmp_path, deep, depth):
    image = deep if depth == 16 else (deep >> 8).astype(np.uint8)
    gray, alpha = image[..., 0], image[..., 1]
    write_photograph(tmp_path / "x.tif", gray, Photograph(gray, alpha, bits=depth))
    spec = OpenImageIO.ImageInput.open(str(tmp_path / "x.tif")).spec()
    assert (spec.channelnames, spec.alpha_channel) == (("Y", "A"), 1)
    if depth == 8:
        with Image.open(tmp_path / "x.tif") as found:
            assert found.mode == "LA"
            np.testing.assert_array_equal(np.asarray(found)[..., 1], alpha)


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_either_order_of_bytes(tmp_path, deep, ending):
    for image in (deep, deep[..., 0]):
        write_photograph(tmp_path / f"x{ending}", image.astype(">u2"))
        found = read_image(tmp_path / f"x{ending}")
        np.testing.assert_array_equal(found, image)


@pytest.mark.parametrize(("ending", "side"), [(".jpg", 65_501), (".webp", 16_384)])
def test_more_pixels_than_a_format_holds(tmp_path, ending, side):
    with pytest.raises(ValueError, match=rf"x\{ending}: .* at most {side - 1} pixels"):
        write_photograph(tmp_path / f"x{ending}", np.zeros((1, side), np.uint8))
    write_photograph(tmp_path / f"x{ending}", np.zeros((side - 1, 1), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == [f"x{ending}"]


def test_an_alpha_of_another_shape(tmp_path, shallow):
    like = Photograph(shallow, shallow[..., 0])
    with pytest.raises(ValueError, match=r"an alpha of shape \(37, 53\), but the"):
        write_photograph(tmp_path / "x.png", shallow[:8], like)
