"""From what callers hand over to pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from skdefocus.io import Photograph, read_image
from skdefocus.io.unwrap import unwrap_photograph

RNG = np.random.default_rng(0)
COLOR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
GRAY = RNG.integers(0, 256, (6, 8), dtype=np.uint8)


@pytest.mark.parametrize("as_text", [False, True])
def test_reads_files_and_tells_their_name(tmp_path, as_text):
    path = tmp_path / "Vögel 1.png"
    Image.fromarray(COLOR).save(path)
    image, name = unwrap_photograph(str(path) if as_text else path)
    np.testing.assert_array_equal(image, COLOR)
    assert name == "Vögel 1.png"
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        unwrap_photograph(tmp_path / "none.png")


def test_takes_photographs_and_arrays():
    assert unwrap_photograph(Photograph(COLOR, alpha=GRAY))[0] is COLOR
    assert unwrap_photograph(COLOR)[0] is COLOR
    assert unwrap_photograph(GRAY)[0] is GRAY
    with_alpha = np.dstack([COLOR, GRAY])
    image, name = unwrap_photograph(with_alpha)
    np.testing.assert_array_equal(image, COLOR)
    assert name is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "HSV"])
def test_pictures_of_pillow_are_what_their_file_would_be(tmp_path, mode):
    picture = Image.fromarray(COLOR).convert(mode)
    image, _ = unwrap_photograph(picture)
    assert image.dtype == np.uint8
    if mode == "HSV":
        np.testing.assert_array_equal(image, np.asarray(picture.convert("RGB")))
        return
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    picture.save(path)
    np.testing.assert_array_equal(image, read_image(path))


def test_deep_pictures_of_pillow_stay_deep():
    deep = GRAY.astype(np.uint16) * 257
    image, _ = unwrap_photograph(Image.fromarray(deep))
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, deep)
    wide, _ = unwrap_photograph(Image.fromarray(deep.astype(np.int32)))
    assert wide.dtype == np.uint16
    floats = GRAY.astype(np.float32) / 255
    np.testing.assert_array_equal(unwrap_photograph(Image.fromarray(floats))[0], floats)
