from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from skdefocus.synthesis import camera
from skdefocus.synthesis.camera import imitate_camera, through_jpeg, to_uint8
from tests.strategies import color_images, gray_images

images = gray_images() | color_images() | gray_images(np.float32)


@given(images, st.integers(0, 1000), st.booleans())
def test_any_picture_becomes_a_file_s_pixels(image, seed, vignetting):
    kept = image.copy()
    found, again = (
        imitate_camera(image, np.random.default_rng(seed), vignetting=vignetting)
        for _ in range(2)
    )
    assert found.dtype == np.uint8
    assert found.shape == image.shape
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(image, kept)


def test_cameras_differ_but_keep_the_picture(texture):
    found = [imitate_camera(texture, np.random.default_rng(seed)) for seed in range(40)]
    assert len({one.tobytes() for one in found}) == 40
    likeness = [np.corrcoef(one.ravel(), texture.ravel())[0, 1] for one in found]
    assert min(likeness) > 0.9
    contrasts = np.array([one.std() for one in found]) / (255 * texture.std())
    assert contrasts.min() < 0.6
    assert contrasts.max() > 1.05


def test_only_whole_photographs_have_dark_corners():
    flat = np.full((60, 80), 0.5)

    def darkness(seed, **settings):
        found = imitate_camera(flat, np.random.default_rng(seed), **settings)
        corners = [
            found[rows, columns].mean()
            for rows in (slice(6), slice(-6, None))
            for columns in (slice(6), slice(-6, None))
        ]
        return found[25:35, 35:45].mean() - np.mean(corners)

    of_photographs = [darkness(seed) for seed in range(60)]
    of_parts = [darkness(seed, vignetting=False) for seed in range(60)]
    assert max(of_photographs) > 10
    assert 0.1 < np.mean(np.array(of_photographs) > 3) < 0.5
    assert np.abs(of_parts).max() < 3


def test_the_factor_of_vignetting_is_the_squared_distance_to_the_center():
    factor = camera._vignette((11, 21), 0.6)
    rows, columns = np.mgrid[:11, :21]
    expected = 1 - 0.6 * ((rows / 11 - 0.5) ** 2 + (columns / 21 - 0.5) ** 2)
    np.testing.assert_allclose(factor, expected)
    np.testing.assert_array_equal(
        camera._vignette((11, 21, 3), 0.6), factor[..., np.newaxis]
    )


def test_colors_are_balanced_in_photographs_of_color_alone():
    gray = np.full((20, 20, 3), 0.5)
    tints = []
    for seed in range(60):
        found = imitate_camera(gray, np.random.default_rng(seed), vignetting=False)
        tints.append(np.ptp(found.mean(axis=(0, 1))))
    # Noise and JPEG move the mean of a channel by less than two levels.
    assert 0.2 < np.mean(np.array(tints) > 2) < 0.6
    assert max(tints) > 15


@given(hnp.arrays(np.float64, 5, elements=st.floats(-2, 3)))
def test_8_bits_are_the_nearest_level(values):
    levels = to_uint8(values)
    assert levels.dtype == np.uint8
    clipped = np.clip(values, 0, 1) * 255
    assert np.abs(levels - clipped).max() <= 0.5 + 1e-9


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_8_bits_survive_the_way_there_and_back(levels):
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(to_uint8(levels.astype(dtype) / 255), levels)


@pytest.mark.parametrize("quality", [5, 50, 95])
@pytest.mark.parametrize("color", [False, True])
def test_jpeg_is_that_of_pillow(small_photo, quality, color):
    levels = small_photo if color else small_photo[..., 0]
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    found = through_jpeg(levels, quality)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.asarray(Image.open(file)))


def test_a_lower_quality_keeps_less(small_photo):
    errors = [
        np.abs(through_jpeg(small_photo, quality).astype(float) - small_photo).mean()
        for quality in (98, 80, 40, 10, 1)
    ]
    assert errors == sorted(errors)
    assert errors[0] < 2 < errors[-1]
