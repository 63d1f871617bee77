from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from skdefocus.synthesis import defocus
from tests.strategies import gray_images


@pytest.mark.parametrize("psf", ["gaussian", "disc"])
def test_one_sigma_is_a_convolution(texture, psf):
    result = defocus(texture, np.full(texture.shape, 2.5), psf=psf)
    np.testing.assert_allclose(result, blur(texture, 2.5, psf), atol=1e-6)


def test_a_lens_is_a_shape_like_others(texture):
    lens = np.zeros((9, 9))
    lens[2:6, 1:8] = 1
    result = defocus(texture, np.full(texture.shape, 2.5), psf=lens)
    np.testing.assert_allclose(result, blur(texture, 2.5, lens), atol=1e-6)


@pytest.mark.parametrize("psf", ["gaussian", "disc"])
def test_light_adds_up_and_values_do_not(texture, psf):
    result = defocus(texture, np.full(texture.shape, 2.5), psf=psf, light="linear")
    expected = linear_to_srgb(blur(srgb_to_linear(texture), 2.5, psf))
    np.testing.assert_allclose(result, expected, atol=1e-5)
    assert result.dtype == np.float32
    # A small light before the dark stays brighter.
    point = np.zeros((31, 31))
    point[15, 15] = 1
    blurred = [
        defocus(point, np.full(point.shape, 2.0), psf=psf, light=light)[15, 15]
        for light in ("encoded", "linear")
    ]
    assert blurred[1] > 3 * blurred[0]


@given(gray_images(), st.sampled_from(["encoded", "linear"]))
def test_sigma_0_is_the_identity(image, light):
    result = defocus(image, np.zeros(image.shape), light=light)
    np.testing.assert_allclose(result, image, atol=1e-5)


@pytest.mark.parametrize("psf", ["gaussian", "disc"])
def test_sharp_foreground_does_not_bleed_into_the_background(psf):
    image = np.full((64, 64, 3), 0.2)
    image[20:44, 20:44] = (1.0, 0.5, 0.0)
    blur_map = np.full((64, 64), 6.0)
    blur_map[20:44, 20:44] = 0
    result = defocus(image, blur_map, psf=psf)
    np.testing.assert_allclose(result, image, atol=1e-5)
    # A plain convolution would have bled.
    assert abs(blur(image, 6.0, psf) - image)[50, 32].max() > 0.05


def test_blurred_foreground_spreads_over_a_sharp_background():
    image = np.full((64, 64), 0.2)
    image[20:44, 20:44] = 1.0
    blur_map = np.zeros((64, 64))
    blur_map[20:44, 20:44] = 4.0
    result = defocus(image, blur_map, depth=1 - (blur_map > 0))
    assert result[47, 32] > 0.3
    assert result[32, 32] == pytest.approx(1.0, abs=0.01)
    assert result[41, 32] < 0.9


def test_same_blur_before_and_behind_the_subject():
    image = np.full((40, 90), 0.5)
    image[:, :30], image[:, 60:] = 0.1, 0.9
    blur_map = np.full(image.shape, 4.0)
    blur_map[:, 30:60] = 0
    depth = np.repeat([[0.0, 1.0, 2.0]], 30, axis=1) * np.ones((40, 1))
    result = defocus(image, blur_map, depth=depth)
    # The near thing spreads over the subject, the far one stays behind it.
    assert result[20, 31] < 0.4
    assert result[20, 58] == pytest.approx(0.5, abs=0.01)
    assert result[20, 61] == pytest.approx(0.9, abs=0.01)


def test_one_layer_is_one_blur(texture):
    ramp = np.linspace(0, 10, texture.shape[1]) * np.ones((len(texture), 1))
    result = defocus(texture, ramp, n_layers=1)
    sigma = np.sqrt(0.8 * 10.8) - 0.8
    np.testing.assert_allclose(result, blur(texture, sigma), atol=0.05)


def test_many_sigmas_are_rounded_to_layers(texture):
    ramp = np.linspace(0, 8, texture.shape[1]) * np.ones((len(texture), 1))
    few, many = defocus(texture, ramp, n_layers=4), defocus(texture, ramp, n_layers=64)
    assert abs(few - many).max() > 0.01
    for column in (40, 100, 150):
        expected = blur(texture, ramp[0, column])[:, column]
        assert abs(many[:, column] - expected).mean() < 0.015
        assert abs(texture[:, column] - expected).mean() > 0.03


def test_no_gap_between_layers():
    flat = np.full((40, 60), 0.6)
    ramp = np.linspace(0, 10, 60) * np.ones((40, 1))
    np.testing.assert_allclose(defocus(flat, ramp), 0.6, atol=1e-4)


def test_noise_is_seeded_and_has_its_strength():
    flat = np.full((100, 100), 0.5)
    one = defocus(flat, np.zeros(flat.shape), noise=4.0, random_state=1)
    again = defocus(flat, np.zeros(flat.shape), noise=4.0, random_state=1)
    np.testing.assert_array_equal(one, again)
    assert 255 * one.std() == pytest.approx(4.0, rel=0.05)


def test_jpeg(small_photo):
    sigma = np.zeros(small_photo.shape[:2])
    fine = defocus(small_photo, sigma, jpeg_quality=95)
    coarse = defocus(small_photo, sigma, jpeg_quality=10)
    error = lambda result: abs(result - small_photo / 255).mean()  # noqa: E731
    assert 0 < error(fine) < error(coarse)
    assert fine.dtype == np.float32


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"psf": "box"}, "'psf' parameter of defocus"),
        ({"n_layers": 0}, "'n_layers' parameter of defocus"),
        ({"noise": -1}, "'noise' parameter of defocus"),
        ({"jpeg_quality": 101}, "'jpeg_quality' parameter of defocus"),
        ({"blur_map": np.zeros((5, 4))}, "blur_map must have the photograph's shape"),
        ({"depth": np.zeros((5, 4))}, "depth must have the photograph's shape"),
    ],
)
def test_refuses_bad_input(changes, message):
    with pytest.raises(ValueError, match=message):
        defocus(**{"image": np.zeros((4, 4)), "blur_map": np.zeros((4, 4)), **changes})
