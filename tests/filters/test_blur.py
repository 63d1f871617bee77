from __future__ import annotations

import numpy as np
import pytest
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from skdefocus._shared.threads import limited_threads
from skdefocus.filters import (
    blur,
    disc_kernel,
    edge_threshold,
    laplacian,
    noise_deviation,
    otsu_threshold,
    resize,
    unsharp_mask,
    variance_of_laplacian,
)
from tests.strategies import color_images, gray_images


class TestBlur:
    def test_gaussian_equals_scipy(self, texture):
        expected = ndimage.gaussian_filter(texture, 2.5, mode="reflect")
        np.testing.assert_array_equal(blur(texture, 2.5), expected)

    @pytest.mark.parametrize("psf", ["gaussian", "disc"])
    def test_sigma_0_is_the_identity(self, small_photo, psf):
        np.testing.assert_array_equal(
            blur(small_photo, 0, psf), small_photo / np.float32(255)
        )

    @pytest.mark.parametrize("sigma", [0.4, 0.8, 1.0, 2.0, 3.9, 4.1, 10.0])
    def test_disc_has_its_sigma(self, sigma):
        kernel = disc_kernel(sigma)
        offsets = np.arange(len(kernel)) - len(kernel) // 2
        assert kernel.sum() == pytest.approx(1, rel=1e-9)
        variance = kernel.sum(axis=0) @ offsets**2
        assert np.sqrt(variance) == pytest.approx(sigma, rel=0.02)

    def test_disc_is_flat_and_round(self):
        kernel = disc_kernel(5.0)
        middle = kernel.shape[0] // 2
        assert kernel[middle, middle] == pytest.approx(kernel[middle + 6, middle + 5])
        np.testing.assert_allclose(kernel, kernel.T)
        assert kernel[0, 0] == 0

    def test_disc_equals_direct_convolution(self, texture):
        expected = ndimage.convolve(
            texture.astype(np.float64), disc_kernel(3.0), mode="reflect"
        )
        np.testing.assert_allclose(blur(texture, 3.0, "disc"), expected, atol=1e-5)

    @given(gray_images(), st.floats(0, 5), st.sampled_from(["gaussian", "disc"]))
    def test_stays_within_the_range(self, image, sigma, psf):
        result = blur(image, sigma, psf)
        assert result.dtype == np.float32
        assert result.min() >= image.min() - 1e-6
        assert result.max() <= image.max() + 1e-6

    def test_color_channels_are_independent(self, small_photo):
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
    def test_refuses_bad_parameters(self, sigma, psf, message):
        with pytest.raises(ValueError, match=message):
            blur(np.zeros((4, 4)), sigma, psf)


class TestUnsharpMask:
    @given(gray_images(), st.floats(0, 3))
    def test_equals_skimage_on_gray(self, image, gain):
        image = image.astype(np.float32)
        expected = skimage.filters.unsharp_mask(image, radius=1.5, amount=gain)
        result = unsharp_mask(image, gain, radius=1.5)
        np.testing.assert_allclose(result, expected, atol=2e-6)

    @given(color_images(), st.one_of(st.none(), st.floats(0, 1)))
    def test_gain_0_is_the_identity(self, image, overshoot):
        result = unsharp_mask(image, 0.0, overshoot=overshoot)
        np.testing.assert_array_equal(result, image.astype(np.float32))

    def test_adds_the_same_to_every_channel(self, small_photo):
        image = np.clip(small_photo / 255, 0.3, 0.7)
        added = unsharp_mask(image, 0.5) - image
        np.testing.assert_allclose(added[..., 0], added[..., 1], atol=1e-6)
        np.testing.assert_allclose(added[..., 0], added[..., 2], atol=1e-6)

    def test_one_gain_per_pixel(self, small_photo):
        gain = np.zeros(small_photo.shape[:2])
        gain[:, 60:] = 1.5
        result = unsharp_mask(small_photo, gain)
        np.testing.assert_array_equal(
            result[:, :60], unsharp_mask(small_photo, 0)[:, :60]
        )
        np.testing.assert_array_equal(
            result[:, 60:], unsharp_mask(small_photo, 1.5)[:, 60:]
        )

    def test_threshold_is_taken_off_the_mask(self, small_photo):
        image = np.clip(small_photo[..., 1] / np.float32(255), 0.3, 0.7)
        mask = unsharp_mask(image, 0.1) - image
        found = unsharp_mask(image, 0.1, threshold=0.02) - image
        expected = np.sign(mask) * np.maximum(abs(mask) - 0.002, 0)
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_overshoot_bounds_halos(self):
        edge = np.repeat([[0.3, 0.7]], 16, axis=1) * np.ones((8, 1))
        edge = ndimage.gaussian_filter(edge, (0, 1.0))
        free = unsharp_mask(edge, 3.0)
        limited = unsharp_mask(edge, 3.0, overshoot=0.05)
        assert free.min() < 0.2
        assert free.max() > 0.8
        assert limited.min() >= 0.3 - 0.05 * 0.4 - 1e-6
        assert limited.max() <= 0.7 + 0.05 * 0.4 + 1e-6
        # The edge itself is still steeper than it was.
        assert np.diff(limited, axis=1).max() > 1.3 * np.diff(edge, axis=1).max()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"radius": 0}, "'radius' parameter of unsharp_mask"),
            ({"overshoot": -0.1}, "'overshoot' parameter of unsharp_mask"),
            ({"gain": np.zeros((3, 3))}, "'gain' must be a number or have the image"),
            ({"gain": np.nan}, "'gain' must be finite"),
        ],
    )
    def test_refuses_bad_parameters(self, changes, message):
        with pytest.raises(ValueError, match=message):
            unsharp_mask(**{"image": np.zeros((4, 4)), "gain": 1.0, **changes})


class TestLaplacian:
    @pytest.mark.parametrize("smooth", [False, True])
    def test_equals_the_textbook(self, texture, smooth):
        x = np.arange(-1, 2)
        gaussian = np.exp(-(x**2) / (2 * 0.8**2))
        gaussian = np.outer(gaussian, gaussian) / gaussian.sum() ** 2
        kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
        gray = texture * 255.0
        gray = ndimage.convolve(gray, gaussian, mode="reflect") if smooth else gray
        expected = ndimage.convolve(gray, kernel, mode="reflect")
        np.testing.assert_allclose(
            laplacian(texture, smooth=smooth), expected, atol=2e-3
        )

    @pytest.mark.parametrize("smooth", [False, True])
    def test_variance_equals_brute_force(self, texture, smooth):
        result = variance_of_laplacian(texture, 16, smooth=smooth)
        values = laplacian(texture, smooth=smooth).astype(np.float64)
        window = values[40 - 8 : 40 + 8, 50 - 8 : 50 + 8]
        assert result[40, 50] == pytest.approx(window.var(), rel=1e-3)
        assert (result >= 0).all()

    def test_falls_with_blur(self, texture):
        variances = [
            float(np.median(variance_of_laplacian(blur(texture, sigma))))
            for sigma in (0, 1, 2, 4)
        ]
        assert variances == sorted(variances, reverse=True)

    def test_refuses_a_bad_size(self):
        with pytest.raises(
            ValueError, match="'size' parameter of variance_of_laplacian"
        ):
            variance_of_laplacian(np.zeros((8, 8)), 0)


class TestNoise:
    @pytest.mark.parametrize("deviation", [0.005, 0.03])
    def test_finds_the_noise_of_a_blurred_photograph(self, texture, deviation):
        noise = np.random.default_rng(0).normal(0, deviation, texture.shape)
        noisy = np.clip(0.3 + 0.4 * blur(texture, 4.0) + noise, 0, 1)
        assert noise_deviation(noisy) == pytest.approx(deviation, rel=0.1)

    def test_judges_by_the_pixels_it_is_given(self, texture):
        noisy = np.full(texture.shape, 0.5)
        noisy[:, 90:] += np.random.default_rng(0).normal(0, 0.02, noisy[:, 90:].shape)
        where = np.zeros(texture.shape, bool)
        assert noise_deviation(noisy, where) == 0
        where[:, :80] = True
        assert noise_deviation(noisy, where) < 1e-6
        assert noise_deviation(noisy, ~where) > 0.015
        with pytest.raises(ValueError, match="'where' must be bool"):
            noise_deviation(noisy, where[:5])


class TestResize:
    @given(gray_images(np.float32), st.integers(1, 20), st.integers(1, 20))
    def test_shape_range_and_dtype(self, image, height, width):
        result = resize(image, (height, width))
        assert result.shape == (height, width)
        assert result.dtype == np.float32
        assert result.min() >= image.min() - 1e-6
        assert result.max() <= image.max() + 1e-6

    def test_halving_takes_area_means(self, small_photo):
        expected = small_photo.reshape(48, 2, 64, 2, 3).mean(axis=(1, 3)) / 255
        np.testing.assert_allclose(resize(small_photo, (48, 64)), expected, atol=1e-6)

    @pytest.mark.parametrize("shape", [(1111, 20), (300, 7), (2400, 24)])
    def test_strips_and_threads_change_nothing(self, shape):
        image = np.random.default_rng(0).random((600, 12)).astype(np.float32)
        shrinks = shape[0] < 600 or shape[1] < 12
        method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
        whole = Image.fromarray(image).resize(shape[::-1], method)
        with limited_threads(1):
            result = resize(image, shape)
        np.testing.assert_allclose(result, np.asarray(whole), atol=1e-4)
        with limited_threads(3):
            np.testing.assert_array_equal(resize(image, shape), result)

    def test_maps_may_leave_the_unit_range(self):
        np.testing.assert_allclose(resize(np.full((3, 3), 17.5), (6, 9)), 17.5)

    def test_same_shape_is_a_copy(self):
        image = np.zeros((3, 4), dtype=np.float32)
        assert resize(image, (3, 4)) is not image

    def test_refuses_an_empty_shape(self):
        with pytest.raises(ValueError, match="'shape' must be two positive integers"):
            resize(np.zeros((4, 4)), (0, 4))


class TestOtsu:
    def test_equals_skimage(self, photo):
        gray = photo[..., 1] / 255
        ours = gray >= otsu_threshold(gray)
        theirs = gray > skimage.filters.threshold_otsu(gray)
        assert (ours == theirs).mean() > 0.99

    @given(gray_images())
    def test_lies_within_the_values(self, image):
        assert image.min() <= otsu_threshold(image) <= image.max()

    def test_separates_two_groups_in_the_middle(self):
        values = np.array([[0.0, 0.1, 0.1, 4.0, 4.1, 4.2]])
        assert 1.5 < otsu_threshold(values) < 2.6


class TestEdgeThreshold:
    def test_equals_the_mean_level_of_contours_by_their_length(self, photo):
        gray = photo[:60, :80, 1] / 255
        slope = np.zeros(gray.shape)
        for (row, column), _ in np.ndenumerate(gray):
            # central differences, one-sided at the border
            up, down = max(row - 1, 0), min(row + 1, 59)
            left, right = max(column - 1, 0), min(column + 1, 79)
            vertical = (gray[down, column] - gray[up, column]) / (down - up)
            across = (gray[row, right] - gray[row, left]) / (right - left)
            slope[row, column] = np.hypot(vertical, across)
        expected = (slope * gray).sum() / slope.sum()
        assert edge_threshold(gray) == pytest.approx(expected, rel=1e-12)

    @given(gray_images())
    def test_lies_within_the_values(self, image):
        assert image.min() <= edge_threshold(image) <= image.max()

    def test_a_small_group_counts_as_much_as_a_large_one(self):
        values = np.full((50, 50), 1.0)
        values[20:23, 30:34] = 4.0
        assert edge_threshold(values) == pytest.approx(2.5, abs=0.4)

    def test_of_a_constant_it_is_the_constant(self):
        assert edge_threshold(np.full((1, 7), 0.3)) == 0.3
