"""Every ending of the list is really read, or really written."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from skdefocus.io import (
    Photograph,
    list_photographs,
    read_image,
    read_map,
    read_photograph,
    write_map,
    write_photograph,
)
from skdefocus.io.decoders import choose
from skdefocus.io.formats import (
    FOLDER_ENDINGS,
    FORMATS,
    HEIC_ENDINGS,
    MAP_ENDINGS,
    PILLOW_FORMATS,
    RAW_ENDINGS,
    READ_ENDINGS,
    WRITE_FORMATS,
    format_of_ending,
    result_ending,
)

LISTS = (FOLDER_ENDINGS, READ_ENDINGS, RAW_ENDINGS, HEIC_ENDINGS, MAP_ENDINGS)
# What Pillow calls the format of an ending.
PILLOW = Image.registered_extensions()
EXACT = ("BMP", "JPEG2000", "PNG", "PPM", "TIFF")
# What Pillow writes, too.
PILLOW_ENDINGS = [end for end in READ_ENDINGS if PILLOW.get(end) in PILLOW_FORMATS]
# What Pillow calls a TIFF or knows by another name.
OTHERS = {"RAW", "HEIF", "JXL", "PSD", "EXR"}


def smooth(height=40, width=56):
    """Colors that change slowly, which lossy formats keep."""
    y, x = np.mgrid[:height, :width]
    channels = [120 + 90 * np.sin(x / 9), 120 + 90 * np.cos(y / 7), 60 + x + y]
    return np.stack(channels, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("ending", PILLOW_ENDINGS)
@pytest.mark.parametrize("in_capitals", [False, True])
def test_every_ending_that_is_read(tmp_path, ending, in_capitals):
    path = tmp_path / f"x{ending.upper() if in_capitals else ending}"
    image, file_format = smooth(), PILLOW[ending]
    Image.fromarray(image).save(path, file_format)
    found = read_photograph(path)
    assert found.file_format == file_format
    assert (found.image.shape, found.image.dtype) == (image.shape, np.uint8)
    if file_format in EXACT:
        np.testing.assert_array_equal(found.image, image)
    else:
        # A GIF has 256 colors.
        assert abs(found.image.astype(float) - image).mean() < 6


@pytest.mark.parametrize("ending", WRITE_FORMATS)
@pytest.mark.parametrize("in_capitals", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_every_ending_that_is_written(tmp_path, ending, in_capitals, gray):
    path = tmp_path / f"x{ending.upper() if in_capitals else ending}"
    image = smooth()[..., 0] if gray else smooth()
    write_photograph(path, image)
    with Image.open(path) as picture:
        assert picture.format == WRITE_FORMATS[ending]
        assert picture.size == (56, 40)
    found = read_photograph(path)
    assert found.file_format == WRITE_FORMATS[ending]
    pixels = found.image
    if WRITE_FORMATS[ending] in EXACT:
        np.testing.assert_array_equal(pixels, image)
    else:
        # A WebP has colors always.
        pixels = pixels if pixels.ndim == image.ndim else pixels.mean(axis=-1)
        assert abs(pixels.astype(float) - image).mean() < 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("ending", "mode"), [(".pgm", "L"), (".pbm", "1"), (".pnm", "RGB"), (".pfm", "F")]
)
def test_every_kind_of_pnm_is_read_by_its_ending(tmp_path, ending, mode):
    picture = Image.fromarray(smooth()).convert(mode)
    if mode == "F":
        picture = Image.fromarray(np.asarray(picture) / np.float32(255))
    picture.save(tmp_path / f"x{ending}")
    found = read_photograph(tmp_path / f"x{ending}")
    assert found.file_format == "PPM"
    scale = 255 if mode == "1" else 1
    np.testing.assert_array_equal(found.image, np.asarray(picture) * scale)


def test_all_that_is_written_is_read_and_searched_for():
    assert set(WRITE_FORMATS) <= set(FOLDER_ENDINGS)
    assert set(WRITE_FORMATS.values()) <= set(PILLOW_FORMATS)


def test_pillow_opens_what_some_ending_needs_and_nothing_else():
    names = {known.name for known in FORMATS}
    assert names - OTHERS == set(PILLOW_FORMATS)
    assert {PILLOW[ending] for ending in PILLOW_ENDINGS} == set(PILLOW_FORMATS)
    assert list(PILLOW_FORMATS) == sorted(set(PILLOW_FORMATS))


@pytest.mark.parametrize("ending", [".eps", ".ico", ".tga", ".pcx", ".sgi"])
def test_formats_that_are_not_listed_are_not_read(tmp_path, ending):
    # By whatever name.
    for path in (tmp_path / f"x{ending}", tmp_path / "renamed.png"):
        Image.fromarray(smooth()).save(path, PILLOW[ending])
        with pytest.raises(ValueError, match="is not an image that can be read"):
            read_image(path)


@pytest.mark.parametrize("ending", FOLDER_ENDINGS)
def test_folders_are_searched_for_it(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(choose, "_is_installed", lambda extra: True)
    path = tmp_path / f"x{ending}"
    path.touch()
    assert list_photographs(tmp_path) == [path]


@pytest.mark.parametrize(
    "ending", [end for end in READ_ENDINGS if end not in FOLDER_ENDINGS]
)
def test_folders_are_not_searched_for_it_but_it_can_be_named(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    path.touch()
    with pytest.raises(ValueError, match="holds no photograph"):
        list_photographs(tmp_path)
    assert list_photographs(path) == [path]


def test_raw_files_of_the_usual_cameras_are_known():
    # Canon, Nikon, Sony, Fujifilm, Olympus, Panasonic, Pentax, and Adobe's for all.
    usual = {".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".dng"}
    assert usual <= RAW_ENDINGS


@pytest.mark.parametrize("ending", MAP_ENDINGS)
def test_every_ending_of_maps_is_read(tmp_path, ending):
    path = tmp_path / f"m{ending}"
    sigma = np.array([[0.0, 1.5, 3.0], [0.25, 8.0, 19.0]], np.float32)
    if ending == ".mat":
        savemat(path, {"sigma": sigma})
    else:
        write_map(path, sigma)
    steps = 256 if ending == ".png" else 1
    np.testing.assert_array_equal(read_map(path, sigma.shape), sigma * steps)


def test_endings_are_written_as_they_are_compared():
    for endings in LISTS:
        assert len(set(endings)) == len(endings) > 0
        for ending in endings:
            assert ending.startswith(".")
            assert ending == ending.lower()
            assert ending.count(".") == 1


def test_every_ending_belongs_to_one_format():
    assert not RAW_ENDINGS & HEIC_ENDINGS
    assert set(READ_ENDINGS) >= RAW_ENDINGS | HEIC_ENDINGS | set(FOLDER_ENDINGS)
    for known in FORMATS:
        for ending in known.endings:
            assert format_of_ending(ending.upper()) is known
    assert format_of_ending(".txt") is None
    # Also what programs call plain numbers.
    assert ".raw" not in FOLDER_ENDINGS


class TestResults:
    @pytest.mark.parametrize("file_format", sorted(set(WRITE_FORMATS.values())))
    def test_keep_the_format_of_their_photograph(self, file_format):
        assert WRITE_FORMATS[result_ending(file_format)] == file_format

    @pytest.mark.parametrize(
        ("file_format", "ending"),
        [
            *(("JPEG", ".jpg"), ("PNG", ".png"), ("TIFF", ".tif"), ("WEBP", ".webp")),
            # A JPEG as phones write it.
            ("MPO", ".jpg"),
            *(("GIF", ".png"), ("BMP", ".png"), ("PPM", ".png")),
            *(("JPEG2000", ".png"), ("PSD", ".png"), ("EXR", ".png")),
            *(("RAW", ".tif"), ("HEIF", ".jpg"), ("AVIF", ".jpg"), ("JXL", ".jpg")),
            *((None, ".png"), ("", ".png"), ("jpeg", ".png"), (".jpg", ".png")),
        ],
    )
    def test_have_the_usual_ending(self, file_format, ending):
        assert result_ending(file_format) == ending

    @pytest.mark.parametrize(
        ("file_format", "ending"),
        [("RAW", ".tif"), ("HEIF", ".png"), ("JXL", ".png"), ("JPEG", ".jpg")],
    )
    def test_of_more_than_8_bits_keep_them_where_they_can(self, file_format, ending):
        assert result_ending(file_format, bits=16) == ending

    @pytest.mark.parametrize("ending", PILLOW_ENDINGS)
    def test_of_whatever_is_read_can_be_written(self, tmp_path, ending):
        Image.fromarray(smooth()).save(tmp_path / f"in{ending}", PILLOW[ending])
        found = read_photograph(tmp_path / f"in{ending}")
        target = tmp_path / f"out{result_ending(found.file_format)}"
        write_photograph(target, found.image / np.float32(255), found)
        assert read_image(target).shape == found.image.shape

    def test_of_a_photograph_without_a_file_are_png(self):
        assert result_ending(Photograph(smooth()).file_format) == ".png"
