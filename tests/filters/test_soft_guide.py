from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from skdefocus._shared.threads import limited_threads
from skdefocus.filters._soft_guide import guide_noise, soft_guide


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_sigma_0_is_the_photograph_itself(dtype):
    photograph = np.ones((5, 6), dtype)
    assert soft_guide(photograph, 0) is photograph


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (700, 9), (300, 11, 3)])
@pytest.mark.parametrize("sigma", [0.6, 2.0])
def test_is_a_gaussian_of_floats(shape, sigma):
    photograph = np.random.default_rng(0).random(shape)
    sigmas = (sigma, sigma, 0)[: len(shape)]
    expected = ndimage.gaussian_filter(photograph, sigmas, truncate=4.0)
    for dtype in (np.float32, np.float64):
        guide = soft_guide(photograph.astype(dtype), sigma)
        assert guide.dtype == dtype
        np.testing.assert_allclose(guide, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_become_16_bits_of_the_full_range(dtype):
    high = np.iinfo(dtype).max
    photograph = np.random.default_rng(0).integers(0, high + 1, (140, 30, 3))
    guide = soft_guide(photograph.astype(dtype), 1.0)
    assert guide.dtype == np.uint16
    expected = ndimage.gaussian_filter(photograph / high, (1, 1, 0)) * 65535
    # A whole number, and no more than the rounding of 32 bits away.
    np.testing.assert_allclose(guide, expected, atol=0.52)
    white = np.full((4, 5), high, dtype)
    np.testing.assert_array_equal(soft_guide(white, 1.0), 65535)


def test_strips_and_threads_change_nothing():
    photograph = np.random.default_rng(0).random((777, 13)).astype(np.float32)
    with limited_threads(1):
        expected = soft_guide(photograph, 3.0)
    with limited_threads(3):
        np.testing.assert_array_equal(soft_guide(photograph, 3.0), expected)


def test_the_photograph_stays_as_it_is(small_photo):
    before = small_photo.copy()
    small_photo.flags.writeable = False
    soft_guide(small_photo, 1.0)
    small_photo.flags.writeable = True
    np.testing.assert_array_equal(small_photo, before)


def test_less_noise_and_the_same_edge():
    rng = np.random.default_rng(0)
    step = np.where(np.arange(60) < 30, 0.25, 0.75) * np.ones((60, 1))
    guide = soft_guide(step + rng.normal(0, 0.02, step.shape), 0.7)
    assert guide[:, :25].std() < 0.01
    assert guide[:, 32:].mean() - guide[:, :28].mean() > 0.48


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("contrast", [1, 0.2])
def test_noise_and_span_are_shares_of_the_range(dtype, color, contrast):
    high = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    ramp = np.tile(np.linspace(0.25, 0.75, 500), (400, 1))
    noise = np.random.default_rng(0).normal(0, 0.02, ramp.shape)
    gray = (contrast * (ramp + noise) * high).astype(dtype)
    guide = np.stack([gray] * 3, axis=2) if color else gray
    noise, span = guide_noise(guide)
    assert noise == pytest.approx(0.02 * contrast, rel=0.1)
    expected = np.ptp(np.quantile(gray / high, [0.005, 0.995]))
    assert span == pytest.approx(expected, rel=0.01)
    assert type(noise) is type(span) is float


def test_noise_that_a_camera_has_smoothed_is_no_less():
    noise = np.random.default_rng(0).normal(0, 1, (500, 500))
    smooth = ndimage.gaussian_filter(noise, 0.8)
    found, _ = guide_noise(np.float32(0.5 + 0.02 * smooth / smooth.std()))
    assert found == pytest.approx(0.02, rel=0.25)


def test_colors_count_by_their_luma():
    blue = np.zeros((20, 20, 3), np.uint8)
    blue[:10, :, 2] = np.arange(150, 250, 5)
    blue[10:, :, 2] = np.arange(20)
    _, span = guide_noise(blue)
    gray = 0.114 * blue[..., 2] / 255
    assert span == pytest.approx(np.ptp(np.quantile(gray, [0.005, 0.995])), rel=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (30, 20), (8, 9, 3)])
def test_noise_and_span_of_one_value_are_above_0(dtype, shape):
    # They are divided by each other.
    noise, span = guide_noise(np.full(shape, 1, dtype))
    assert 0 < span < 1e-3
    assert 0 < noise < 0.01
