from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import StandardDeviationMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import standard_deviation_map


@given(
    st.integers(1, 18), st.integers(1, 12), st.integers(1, 14), st.integers(0, 2**16)
)
def test_equals_the_deviation_of_each_window(size, height, width, seed):
    image = np.random.default_rng(seed).random((height, width))
    before = size // 2
    padded = np.pad(image, (before, size - 1 - before), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    expected = 1 - 2 * windows.std(axis=(2, 3))
    np.testing.assert_allclose(standard_deviation_map(image, size), expected, atol=1e-6)


def test_values_by_hand():
    board = np.indices((32, 32)).sum(axis=0) % 2
    np.testing.assert_array_equal(standard_deviation_map(board * 1.0)[8:25, 8:25], 0)
    # Levels 0.25 and 0.75 deviate from their mean by 0.25, half of the most there is.
    half = standard_deviation_map(0.25 + 0.5 * board)[8:25, 8:25]
    np.testing.assert_allclose(half, 0.5, rtol=1e-6)
    flat = standard_deviation_map(np.full((20, 30), 0.3))
    np.testing.assert_allclose(flat, 1, atol=1e-6)


def test_more_blur_scores_higher(texture):
    scores = [
        float(standard_deviation_map(blur(texture, sigma)).mean())
        for sigma in (0, 1, 2, 4, 8)
    ]
    assert scores == sorted(scores)


def test_samples_are_relative(photo):
    (sample,) = StandardDeviationMapper().transform([photo])
    assert sample.unit == "relative"
    assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
    assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 1
    assert sample.blur_map[230, 320] < sample.blur_map[50, 50]


def test_refuses_a_bad_size(photo):
    with pytest.raises(ValueError, match="'patch_size' parameter of StandardDeviation"):
        StandardDeviationMapper(patch_size=0).transform([photo])
    with pytest.raises(ValueError, match="parameter of standard_deviation_map"):
        standard_deviation_map(photo, 2.5)
