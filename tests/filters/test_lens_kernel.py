from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import blur
from skdefocus.filters._lens_kernel import check_psf, lens_kernel
from skdefocus.synthesis.lenses import draw_aperture


def moments(kernel):
    """Center of mass, and second moments around it."""
    places = np.arange(len(kernel))
    profiles = kernel.sum(axis=1), kernel.sum(axis=0)
    centers = [profile @ places for profile in profiles]
    return centers, [
        profile @ (places - center) ** 2
        for profile, center in zip(profiles, centers, strict=True)
    ]


@given(st.integers(0, 10_000), st.floats(0.8, 20))
def test_any_aperture_has_the_sigma_that_is_asked_for(seed, sigma):
    psf = check_psf(draw_aperture(np.random.default_rng(seed)))
    kernel = lens_kernel(psf, sigma)
    assert kernel.shape[0] == kernel.shape[1]
    assert len(kernel) % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1)
    centers, found = moments(kernel)
    assert np.sqrt(np.mean(found)) == pytest.approx(sigma, rel=0.02)
    # A photograph that is blurred stays where it is.
    middle = len(kernel) // 2
    assert centers == pytest.approx([middle, middle], abs=0.15)


def test_a_point_beside_the_middle_comes_to_the_middle():
    psf = np.zeros((40, 50))
    psf[3:8, 30:35] = 1
    centers, _ = moments(lens_kernel(check_psf(psf), 3.0))
    assert centers == pytest.approx([12, 12], abs=1e-9)


def test_pixels_of_the_psf_are_squares_that_fill_the_kernel():
    # Enlarged, a square of 2 x 2 pixels stays one square without gaps: 12 px wide.
    kernel = lens_kernel(check_psf(np.ones((2, 2))), np.sqrt(12**2 / 12))
    line = kernel.sum(axis=0)
    middle = len(line) // 2
    np.testing.assert_allclose(line[middle - 5 : middle + 6], 1 / 12, rtol=1e-2)
    assert line[middle + 7] == pytest.approx(0, abs=1e-9)


def test_reduced_it_keeps_its_shape():
    psf = np.zeros((101, 101))
    rows, columns = np.mgrid[-50:51, -50:51]
    psf[np.hypot(rows, columns / 0.6) <= 48] = 1
    _, (down, across) = moments(lens_kernel(check_psf(psf), 6.0))
    assert np.sqrt(across / down) == pytest.approx(0.6, rel=0.02)


def test_the_scale_of_its_values_does_not_matter():
    psf = np.random.default_rng(0).random((9, 9))
    np.testing.assert_allclose(
        lens_kernel(check_psf(psf), 2.0), lens_kernel(check_psf(255 * psf), 2.0)
    )


def test_a_blur_by_a_lens_is_a_convolution(texture):
    psf = draw_aperture(np.random.default_rng(2))
    kernel = lens_kernel(check_psf(psf), 3.0)
    expected = ndimage.convolve(texture.astype(np.float64), kernel, mode="reflect")
    np.testing.assert_allclose(blur(texture, 3.0, psf), expected, atol=1e-5)


def test_below_its_smallest_size_it_is_a_gaussian(texture):
    psf = draw_aperture(np.random.default_rng(2))
    np.testing.assert_array_equal(blur(texture, 0.7, psf), blur(texture, 0.7))
    assert (blur(texture, 0.8, psf) != blur(texture, 0.8)).any()


@pytest.mark.parametrize(
    ("psf", "message"),
    [
        (np.ones(3), r"an array of shape \(H, W\) of numbers; got an array of shape"),
        (np.ones((3, 3), complex), "dtype complex128"),
        (np.array([["a", "b"]]), r"of shape \(1, 2\) and dtype"),
        (np.array([[1.0, np.nan]]), "finite numbers of at least 0"),
        (np.array([[1.0, -0.1]]), "finite numbers of at least 0"),
        (np.zeros((3, 3)), "at least two pixels that are not 0"),
        (np.eye(1), "at least two pixels that are not 0"),
    ],
)
def test_what_is_no_point_spread_function_is_refused(psf, message):
    with pytest.raises(ValueError, match=message):
        blur(np.zeros((8, 8)), 2.0, psf)
