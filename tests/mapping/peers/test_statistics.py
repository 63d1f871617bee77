from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import EntropyMapper, LaplacianVarianceMapper, StandardDeviationMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import (
    entropy_map,
    laplacian_variance_map,
    standard_deviation_map,
)
from skdefocus.mapping.peers.texture import local_texture_confidence


class TestLaplacianVariance:
    def test_more_blur_scores_higher(self, texture):
        scores = [
            float(np.median(laplacian_variance_map(blur(texture, sigma))))
            for sigma in (0, 1, 2, 4, 8)
        ]
        assert scores == sorted(scores)
        assert 0 <= scores[0] < scores[-1] <= 1

    def test_scale_is_fixed_not_the_photograph_s_own(self, texture):
        whole = laplacian_variance_map(texture)
        part = laplacian_variance_map(texture[:80, :80])
        np.testing.assert_allclose(whole[:60, :60], part[:60, :60], atol=1e-4)

    def test_samples_are_relative(self, photo):
        sample = LaplacianVarianceMapper().transform([photo])[0]
        assert sample.unit == "relative"
        assert sample.confidence.dtype == np.float32
        assert 0.02 <= sample.confidence.min() <= sample.confidence.max() <= 1
        assert sample.confidence[230, 320] > sample.confidence[50, 50]
        assert sample.blur_map.dtype == np.float32
        assert sample.blur_map[230, 320] < sample.blur_map[50, 50]

    def test_refuses_a_bad_size(self, photo):
        with pytest.raises(
            ValueError, match="'patch_size' parameter of LaplacianVariance"
        ):
            LaplacianVarianceMapper(patch_size=0).transform([photo])


def entropy_of_windows(image, size):
    """Entropy of each window from its own histogram, as a score."""
    before = size // 2
    padded = np.pad(image, (before, size - 1 - before), mode="symmetric")
    score = np.empty(image.shape)
    for y, x in np.ndindex(image.shape):
        shares = np.bincount(padded[y : y + size, x : x + size].ravel()) / size**2
        shares = shares[shares > 0]
        score[y, x] = 1 + (shares * np.log2(shares)).sum() / 8
    return score


class TestEntropy:
    @given(
        st.integers(1, 18),
        st.integers(1, 12),
        st.integers(1, 14),
        st.integers(0, 2**16),
    )
    def test_equals_a_histogram_of_each_window(self, size, height, width, seed):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, rng.integers(1, 256), (height, width), np.uint8)
        np.testing.assert_allclose(
            entropy_map(image, size), entropy_of_windows(image, size), atol=2e-6
        )

    def test_values_by_hand(self):
        every_level = np.arange(256, dtype=np.uint8).reshape(16, 16)
        assert entropy_map(every_level)[8, 8] == 0
        quarters = np.indices((32, 32)).sum(axis=0).astype(np.uint8) % 4  # 2 bits
        np.testing.assert_allclose(entropy_map(quarters)[8:25, 8:25], 0.75, rtol=1e-6)
        np.testing.assert_array_equal(entropy_map(np.full((20, 30), 0.3)), 1)

    def test_strong_blur_narrows_the_histogram(self, texture):
        scores = [
            float(entropy_map(blur(texture, sigma)).mean()) for sigma in (2, 8, 24)
        ]
        assert scores == sorted(scores)

    def test_scale_is_fixed_not_the_photograph_s_own(self, texture):
        part = entropy_map(texture[:80, :80])
        np.testing.assert_array_equal(entropy_map(texture)[:60, :60], part[:60, :60])

    def test_samples_are_relative(self, photo):
        (sample,) = EntropyMapper().transform([photo])
        assert sample.unit == "relative"
        assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
        assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 1
        assert sample.blur_map[230, 320] < sample.blur_map[50, 50]

    def test_refuses_a_bad_size(self, photo):
        with pytest.raises(ValueError, match="'patch_size' parameter of EntropyMapper"):
            EntropyMapper(patch_size=0).transform([photo])
        with pytest.raises(ValueError, match="'patch_size' parameter of entropy_map"):
            entropy_map(photo, 2.5)


class TestStandardDeviation:
    @given(
        st.integers(1, 18),
        st.integers(1, 12),
        st.integers(1, 14),
        st.integers(0, 2**16),
    )
    def test_equals_the_deviation_of_each_window(self, size, height, width, seed):
        image = np.random.default_rng(seed).random((height, width))
        before = size // 2
        padded = np.pad(image, (before, size - 1 - before), mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
        expected = 1 - 2 * windows.std(axis=(2, 3))
        np.testing.assert_allclose(
            standard_deviation_map(image, size), expected, atol=1e-6
        )

    def test_values_by_hand(self):
        board = np.indices((32, 32)).sum(axis=0) % 2
        np.testing.assert_array_equal(
            standard_deviation_map(board * 1.0)[8:25, 8:25], 0
        )
        # Levels 0.25 and 0.75 deviate from their mean by 0.25, half of the most there
        # is.
        half = standard_deviation_map(0.25 + 0.5 * board)[8:25, 8:25]
        np.testing.assert_allclose(half, 0.5, rtol=1e-6)
        flat = standard_deviation_map(np.full((20, 30), 0.3))
        np.testing.assert_allclose(flat, 1, atol=1e-6)

    def test_more_blur_scores_higher(self, texture):
        scores = [
            float(standard_deviation_map(blur(texture, sigma)).mean())
            for sigma in (0, 1, 2, 4, 8)
        ]
        assert scores == sorted(scores)

    def test_samples_are_relative(self, photo):
        (sample,) = StandardDeviationMapper().transform([photo])
        assert sample.unit == "relative"
        assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
        assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 1
        assert sample.blur_map[230, 320] < sample.blur_map[50, 50]

    def test_refuses_a_bad_size(self, photo):
        with pytest.raises(
            ValueError, match="'patch_size' parameter of StandardDeviation"
        ):
            StandardDeviationMapper(patch_size=0).transform([photo])
        with pytest.raises(ValueError, match="parameter of standard_deviation_map"):
            standard_deviation_map(photo, 2.5)


@pytest.mark.parametrize(
    ("mapper", "function"),
    [
        (LaplacianVarianceMapper, laplacian_variance_map),
        (StandardDeviationMapper, standard_deviation_map),
        (EntropyMapper, entropy_map),
    ],
)
class TestEveryMapper:
    def test_samples_are_those_of_the_function(self, mapper, function, small_photo):
        (sample,) = mapper(patch_size=9).transform([small_photo])
        np.testing.assert_array_equal(sample.blur_map, function(small_photo, 9))
        confidence = local_texture_confidence(small_photo)
        np.testing.assert_array_equal(sample.confidence, confidence)
        assert sample.unit == "relative"
        assert np.shares_memory(sample.image, small_photo)

    def test_gray_and_equal_channels_score_alike(self, mapper, function, small_photo):
        gray = small_photo[..., 1]
        score = function(np.dstack([gray] * 3))
        # A level of gray may be rounded to its neighbor on the way.
        np.testing.assert_allclose(score, function(gray), atol=5e-3)

    def test_a_single_pixel_is_flat(self, mapper, function):
        for size in (1, 2, 16):
            np.testing.assert_allclose(function(np.full((1, 1), 0.4), size), 1)
