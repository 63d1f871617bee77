from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from skdefocus.synthesis import camera
from skdefocus.synthesis.camera import (
    draw_camera,
    log_uniform,
    through_jpeg,
    to_uint8,
)
from tests.strategies import color_images, gray_images

images = gray_images() | color_images() | gray_images(np.float32)


def take(image, seed, **settings):
    """Take a photograph with the camera of a seed."""
    camera = draw_camera(np.random.default_rng(seed), image.shape, **settings)
    return camera.photograph(image)


@given(images, st.integers(0, 1000), st.booleans())
def test_any_picture_becomes_a_file_s_pixels(image, seed, vignetting):
    kept = image.copy()
    found, again = (take(image, seed, vignetting=vignetting) for _ in range(2))
    assert found.dtype == np.uint8
    assert found.shape == image.shape
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(image, kept)


def test_one_camera_does_the_same_to_every_picture(texture):
    camera = draw_camera(np.random.default_rng(3), texture.shape)
    one, two = (camera.photograph(image) for image in (texture, texture[::-1]))
    assert (one != two).any()
    np.testing.assert_array_equal(one, camera.photograph(texture))


def test_cameras_differ_but_keep_the_picture(texture):
    found = [take(texture, seed) for seed in range(40)]
    assert len({one.tobytes() for one in found}) == 40
    likeness = [np.corrcoef(one.ravel(), texture.ravel())[0, 1] for one in found]
    assert min(likeness) > 0.4
    assert np.median(likeness) > 0.95
    contrasts = np.array([one.std() for one in found]) / (255 * texture.std())
    assert contrasts.min() < 0.35
    assert contrasts.max() > 1.05


def test_half_of_all_cameras_are_noisy():
    cameras = [
        draw_camera(np.random.default_rng(seed), (64, 64)) for seed in range(400)
    ]
    levels = np.array([255 * camera.noise.std() for camera in cameras])
    assert 0.4 < np.mean(levels > 2) < 0.6
    assert 18 < levels.max() < 27
    # What a camera has smoothed is alike from pixel to pixel.
    alike = [
        np.corrcoef(c.noise[:, 1:].ravel(), c.noise[:, :-1].ravel())[0, 1]
        for c in cameras
    ]
    assert 0.25 < np.mean(np.array(alike) > 0.1) < 0.5
    assert 0.3 < np.mean([camera.grows for camera in cameras]) < 0.5
    qualities = np.array([camera.quality for camera in cameras])
    assert qualities.min() == 0 < qualities[qualities > 0].min() < 20


def test_noise_grows_with_brightness_in_some_cameras():
    image = np.repeat([[0.1, 0.8]], 64, axis=1) * np.ones((128, 1))
    ratios = []
    for seed in range(60):
        camera = draw_camera(np.random.default_rng(seed), image.shape)
        plain = replace(camera, contrast=1, brightness=0, gamma=1, vignetting=0)
        plain = replace(plain, sharpening=0, quality=0)
        if 255 * camera.noise.std() > 3:
            found = plain.photograph(image)
            ratio = found[:, 64:].std() / found[:, :64].std()
            ratios.append((camera.grows, ratio))
    assert np.median([ratio for grows, ratio in ratios if grows]) > 1.4
    assert np.median([ratio for grows, ratio in ratios if not grows]) < 1.1


def test_only_whole_photographs_have_dark_corners():
    cameras = [
        draw_camera(np.random.default_rng(seed), (60, 80), vignetting=vignetting)
        for seed in range(100)
        for vignetting in (True, False)
    ]
    darker = np.array([camera.vignetting for camera in cameras])
    assert 0.1 < np.mean(darker[::2] > 0) < 0.5
    assert not darker[1::2].any()
    flat = np.full((60, 80), 0.5)
    dark = replace(cameras[0], vignetting=0.8, noise=0, sharpening=0, quality=0)
    found = dark.photograph(flat).astype(int)
    assert found[30, 40] - found[:3, :3].max() > 10


def test_the_factor_of_vignetting_is_the_squared_distance_to_the_center():
    factor = camera._vignette((11, 21), 0.6)
    rows, columns = np.mgrid[:11, :21]
    expected = 1 - 0.6 * ((rows / 11 - 0.5) ** 2 + (columns / 21 - 0.5) ** 2)
    np.testing.assert_allclose(factor, expected)
    np.testing.assert_array_equal(
        camera._vignette((11, 21, 3), 0.6), factor[..., np.newaxis]
    )


def test_colors_are_balanced_in_photographs_of_color_alone():
    cameras = [
        draw_camera(np.random.default_rng(seed), (20, 20, 3)) for seed in range(100)
    ]
    tints = np.array([np.ptp(np.ones(3) * camera.balance) for camera in cameras])
    assert 0.2 < np.mean(tints > 0) < 0.6
    assert tints.max() > 0.1
    grays = [draw_camera(np.random.default_rng(seed), (20, 20)) for seed in range(100)]
    assert {camera.balance for camera in grays} == {1.0}


@given(st.floats(0.01, 10), st.floats(1, 100), st.integers(0, 1000))
def test_logarithms_are_uniform(low, factor, seed):
    drawn = log_uniform(np.random.default_rng(seed), low, low * factor)
    assert low * (1 - 1e-9) <= drawn <= low * factor * (1 + 1e-9)


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


@pytest.mark.parametrize("quality", [0, 101, 300, 50.0, True])
def test_jpeg_refuses_what_is_no_quality(quality):
    with pytest.raises(ValueError, match="'quality' parameter of through_jpeg must be"):
        through_jpeg(np.zeros((8, 8), np.uint8), quality)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.zeros((8, 8)), r"^levels must be uint8; got dtype float64\.$"),
        (np.zeros((8, 8), np.uint16), r"^levels must be uint8; got dtype uint16\.$"),
        (np.zeros(8, np.uint8), r"^levels must have shape \(H, W\) or \(H, W, 3\)"),
    ],
)
def test_jpeg_refuses_what_is_no_picture_of_8_bits(levels, message):
    with pytest.raises(ValueError, match=message):
        through_jpeg(levels, 90)


def test_what_comes_out_of_jpeg_can_be_written_to():
    assert through_jpeg(np.zeros((8, 8), np.uint8), 90).flags.writeable
