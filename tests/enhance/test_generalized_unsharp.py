from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus import GeneralizedUnsharpMask
from skdefocus.enhance import generalized_unsharp_mask
from skdefocus.filters import adaptive_equalization, blur, unsharp_mask
from tests.strategies import color_images, gray_images


def psi(x):
    return (1 - x) / x


def plus(x, y):
    """Sum of the log-ratio algebra (Deng 2011, Table I)."""
    return 1 / (1 + psi(x) * psi(y))


def minus(x, y):
    return 1 / (1 + psi(x) / psi(y))


def times(a, x):
    return 1 / (1 + psi(x) ** a)


def by_the_paper(value, *, contrast, gain, least_gain, exponent, size, n_iter):
    """The algorithm in float64 by its own operations, with so many medians."""
    root = value
    for _ in range(n_iter):
        root = ndimage.median_filter(root, size, mode="reflect")
    inside = lambda x: (x * 255 + 1) / 257  # noqa: E731
    d = minus(inside(value), inside(root))
    c = 2 * d - 1
    beta = (gain - least_gain) / (1 - np.exp(-1))
    amplification = gain - beta + beta * np.exp(-(abs(c) ** exponent))
    model = inside(adaptive_equalization(root, contrast).astype(float))
    result = plus(model, times(amplification, d))
    return np.clip((result * 257 - 1) / 255, 0, 1)


@given(
    gray_images(np.float32),
    st.floats(0, 1),
    st.floats(0, 9),
    st.floats(0, 3),
    st.floats(0.2, 3),
)
def test_is_the_algebra_of_log_ratios(image, contrast, gain, least_gain, exponent):
    found = generalized_unsharp_mask(
        image,
        contrast=contrast,
        gain=gain,
        least_gain=least_gain,
        exponent=exponent,
        median_size=3,
        n_iter=2,
        tolerance=0.0,
    )
    expected = by_the_paper(
        image.astype(float),
        contrast=contrast,
        gain=gain,
        least_gain=least_gain,
        exponent=exponent,
        size=3,
        n_iter=2,
    )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)


@given(color_images(np.float32))
def test_gain_1_without_contrast_is_the_identity(image):
    found = generalized_unsharp_mask(image, contrast=0.0, gain=1.0)
    np.testing.assert_allclose(found, image, atol=2e-5)


@given(st.floats(0, 1), st.floats(0, 9))
def test_flat_stays_flat_without_contrast(value, gain):
    image = np.full((6, 7), value, dtype=np.float32)
    found = generalized_unsharp_mask(image, contrast=0.0, gain=gain)
    np.testing.assert_allclose(found, image, atol=1e-5)


@pytest.mark.parametrize("size", [2, 4])
def test_a_median_without_a_middle_is_refused(small_photo, size):
    message = f"'median_size' must be odd, so that a window has a middle; got {size}"
    with pytest.raises(ValueError, match=message):
        generalized_unsharp_mask(small_photo, median_size=size)
    with pytest.raises(ValueError, match=rf"X\[0\]: {message}"):
        GeneralizedUnsharpMask(median_size=size).transform([small_photo])


def test_passes_end_at_the_tolerance_or_their_number(texture):
    once = generalized_unsharp_mask(texture, tolerance=1.0)
    np.testing.assert_array_equal(once, generalized_unsharp_mask(texture, n_iter=1))
    root = generalized_unsharp_mask(texture, tolerance=0.0, n_iter=300)
    more = generalized_unsharp_mask(texture, tolerance=0.0, n_iter=301)
    np.testing.assert_array_equal(root, more)
    assert not np.array_equal(root, once)


def test_small_detail_is_amplified_most():
    def gain(amplitude):
        image = np.full((31, 31), 0.5)
        image[::6, ::6] += amplitude
        found = generalized_unsharp_mask(image, contrast=0.0)
        return (found[6, 6] - 0.5) / amplitude

    gains = [gain(a) for a in (1e-4, 0.01, 0.1, 0.4)]
    assert gains[0] == pytest.approx(7, rel=0.03)
    assert (np.diff(gains) < 0).all()
    assert gains[-1] > 1


def test_no_halo_where_the_unsharp_mask_has_one():
    edge = np.repeat([[0.2, 0.7]], 20, axis=1) * np.ones((24, 1))
    found = generalized_unsharp_mask(edge, contrast=0.0)
    np.testing.assert_allclose(found, edge, atol=1e-5)
    assert unsharp_mask(edge, 2.0).max() > 0.9


def test_hue_and_saturation_stay(small_photo):
    image = small_photo[::8, ::8] / 255
    found = generalized_unsharp_mask(image).astype(float)
    for before, after in zip(image.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        hue, saturation, _ = colorsys.rgb_to_hsv(*before)
        expected = colorsys.hsv_to_rgb(hue, saturation, after.max())
        np.testing.assert_allclose(after, expected, atol=1e-5)


def test_black_becomes_gray_and_never_a_color():
    image = np.zeros((15, 15, 3))
    image[4:12, 4:12] = 0.4
    image[7, 7] = 0
    found = generalized_unsharp_mask(image, contrast=0.5)
    assert np.ptp(found, axis=-1).max() < 1e-6
    assert np.isfinite(found).all()


def test_contrast_factor_raises_contrast(small_photo):
    dull = 0.4 + blur(small_photo[..., 0], 1.0) / 5
    spreads = [
        generalized_unsharp_mask(dull, contrast=c, gain=1.0).std()
        for c in (0.0, 5e-4, 0.01, 0.1)
    ]
    assert (np.diff(spreads) > 0).all()


def test_the_estimator_is_the_function(small_photo):
    changes = {"contrast": 0.01, "gain": 4.0, "median_size": 3, "n_iter": 2}
    found = GeneralizedUnsharpMask(**changes).transform([small_photo])[0]
    expected = generalized_unsharp_mask(small_photo, **changes)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contrast": 2}, "'contrast' parameter of GeneralizedUnsharpMask"),
        ({"gain": -1}, "'gain' parameter"),
        ({"least_gain": -1}, "'least_gain' parameter"),
        ({"exponent": 0}, "'exponent' parameter"),
        ({"median_size": 0}, "'median_size' parameter"),
        ({"n_iter": -1}, "'n_iter' parameter"),
        ({"tolerance": "auto"}, "'tolerance' parameter"),
    ],
)
def test_refuses_bad_parameters(small_photo, changes, message):
    with pytest.raises(ValueError, match=message):
        GeneralizedUnsharpMask(**changes).transform([small_photo])
    with pytest.raises(ValueError, match=r"parameter of generalized_unsharp_mask"):
        generalized_unsharp_mask(small_photo, **changes)
