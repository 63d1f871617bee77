from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import blur, disc_kernel
from skdefocus.filters._blur import sampled_sigma
from tests.strategies import gray_images


def test_gaussian_equals_scipy(texture):
    expected = ndimage.gaussian_filter(texture, 2.5, mode="reflect")
    np.testing.assert_array_equal(blur(texture, 2.5), expected)


@pytest.mark.parametrize(
    "sigma", [0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 0.9, 0.99, 1.0, 1.5, 2.0, 3.0]
)
def test_a_blurred_point_has_its_sigma(sigma):
    point = np.zeros((41, 41))
    point[20, 20] = 1
    found = blur(point, sigma).astype(np.float64)
    assert found.sum() == pytest.approx(1, abs=1e-5)
    offsets = np.arange(41) - 20
    for profile in (found.sum(axis=0), found.sum(axis=1)):
        assert profile @ offsets == pytest.approx(0, abs=1e-5)
        assert np.sqrt(profile @ offsets**2) == pytest.approx(sigma, rel=0.02)


@given(st.floats(0, 5))
def test_the_gaussian_to_sample_is_wider_below_a_pixel(sigma):
    found = sampled_sigma(sigma)
    if sigma == 0 or sigma >= 1:
        assert found == sigma
    else:
        assert sigma - 1e-4 < found <= 1.001


def test_more_sigma_is_more_blur():
    # Also where the Gaussian begins to be sampled as it is.
    sigmas = np.linspace(0.01, 1.2, 60)
    found = [sampled_sigma(sigma) for sigma in sigmas]
    assert (np.diff(found) > 0).all()
    assert np.abs(np.diff(found[-20:]) - np.diff(sigmas[-20:])).max() < 1e-3


@pytest.mark.parametrize("psf", ["gaussian", "disc"])
def test_sigma_0_is_the_identity(small_photo, psf):
    np.testing.assert_array_equal(
        blur(small_photo, 0, psf), small_photo / np.float32(255)
    )


@pytest.mark.parametrize(
    "sigma", [0.01, 0.05, 0.15, 0.2, 0.25, 0.3, 0.4, 0.8, 1.0, 2.0, 3.9, 4.1, 10.0]
)
def test_disc_has_its_sigma(sigma):
    kernel = disc_kernel(sigma)
    offsets = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1, rel=1e-9)
    variance = kernel.sum(axis=0) @ offsets**2
    assert np.sqrt(variance) == pytest.approx(sigma, rel=0.02)


def test_disc_is_flat_and_round():
    kernel = disc_kernel(5.0)
    middle = kernel.shape[0] // 2
    assert kernel[middle, middle] == pytest.approx(kernel[middle + 6, middle + 5])
    np.testing.assert_allclose(kernel, kernel.T)
    assert kernel[0, 0] == 0


def test_disc_equals_direct_convolution(texture):
    expected = ndimage.convolve(
        texture.astype(np.float64), disc_kernel(3.0), mode="reflect"
    )
    np.testing.assert_allclose(blur(texture, 3.0, "disc"), expected, atol=1e-5)


@given(gray_images(), st.floats(0, 5), st.sampled_from(["gaussian", "disc"]))
def test_stays_within_the_range(image, sigma, psf):
    result = blur(image, sigma, psf)
    assert result.dtype == np.float32
    assert result.min() >= image.min() - 1e-6
    assert result.max() <= image.max() + 1e-6


def test_color_channels_are_independent(small_photo):
    for psf in ("gaussian", "disc"):
        result = blur(small_photo, 2.0, psf)
        expected = blur(small_photo[..., 1].copy(), 2.0, psf)
        np.testing.assert_allclose(result[..., 1], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("sigma", "psf", "message"),
    [
        (-1, "gaussian", "'sigma' parameter of blur"),
        (1, "box", "'psf' parameter of blur must be a str among"),
        (np.inf, "disc", "'sigma' parameter"),
    ],
)
def test_refuses_bad_parameters(sigma, psf, message):
    with pytest.raises(ValueError, match=message):
        blur(np.zeros((4, 4)), sigma, psf)


def test_a_disc_without_any_width_is_a_pixel():
    np.testing.assert_array_equal(disc_kernel(0.0), [[1]])


def test_kernels_are_shared_and_so_are_read_only():
    kernel = disc_kernel(2.5)
    assert disc_kernel(2.5) is kernel
    with pytest.raises(ValueError, match="read-only"):
        kernel[0, 0] = 1


@pytest.mark.parametrize("sigma", [-0.1, np.nan, "2"])
def test_discs_refuse_what_is_no_sigma(sigma):
    with pytest.raises(ValueError, match="'sigma' parameter of disc_kernel must be"):
        disc_kernel(sigma)


class TestLargeDiscs:
    def test_a_disc_larger_than_the_image_is_refused_before_it_is_drawn(self):
        line = np.zeros((1, 100_000))
        message = r"of a disc or a lens must be at most 79\.0569 px, .* 100000 x 1 pix"
        with pytest.raises(ValueError, match=message):
            blur(line, 1000.0, "disc")

    def test_a_small_disc_is_drawn_however_small_the_image(self):
        assert blur(np.zeros((3, 3)), 60.0, "disc").shape == (3, 3)
