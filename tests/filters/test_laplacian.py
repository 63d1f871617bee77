from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from skdefocus.filters import blur, laplacian, variance_of_laplacian


@pytest.mark.parametrize("smooth", [False, True])
def test_equals_the_textbook(texture, smooth):
    x = np.arange(-1, 2)
    gaussian = np.exp(-(x**2) / (2 * 0.8**2))
    gaussian = np.outer(gaussian, gaussian) / gaussian.sum() ** 2
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    gray = texture * 255.0
    gray = ndimage.convolve(gray, gaussian, mode="reflect") if smooth else gray
    expected = ndimage.convolve(gray, kernel, mode="reflect")
    np.testing.assert_allclose(laplacian(texture, smooth=smooth), expected, atol=2e-3)


@pytest.mark.parametrize("smooth", [False, True])
def test_variance_equals_brute_force(texture, smooth):
    result = variance_of_laplacian(texture, 16, smooth=smooth)
    values = laplacian(texture, smooth=smooth).astype(np.float64)
    window = values[40 - 8 : 40 + 8, 50 - 8 : 50 + 8]
    assert result[40, 50] == pytest.approx(window.var(), rel=1e-3)
    assert (result >= 0).all()


def test_falls_with_blur(texture):
    variances = [
        float(np.median(variance_of_laplacian(blur(texture, sigma))))
        for sigma in (0, 1, 2, 4)
    ]
    assert variances == sorted(variances, reverse=True)


def test_refuses_a_bad_size():
    with pytest.raises(ValueError, match="'size' parameter of variance_of_laplacian"):
        variance_of_laplacian(np.zeros((8, 8)), 0)


def test_variance_is_on_the_8_bit_scale_of_any_dtype(small_photo):
    expected = variance_of_laplacian(small_photo)
    for same in (small_photo / 255, small_photo.astype(np.uint16) * 257):
        np.testing.assert_allclose(
            variance_of_laplacian(same), expected, rtol=1e-3, atol=0.05
        )


@pytest.mark.parametrize("smooth", [False, True])
def test_planes_and_flat_photographs_have_no_laplacian(smooth):
    rows, columns = np.mgrid[:20, :30]
    plane = 0.1 + 0.01 * rows + 0.02 * columns
    # At the border a plane bends by its reflection.
    inside = laplacian(plane, smooth=smooth)[3:-3, 3:-3]
    np.testing.assert_allclose(inside, 0, atol=1e-3)
    assert (variance_of_laplacian(np.full((9, 9), 0.3), 4, smooth=smooth) == 0).all()
