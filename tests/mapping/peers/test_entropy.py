from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import EntropyMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import entropy_map


def brute_force(image, size):
    """Entropy of each window from its own histogram, as a score."""
    before = size // 2
    padded = np.pad(image, (before, size - 1 - before), mode="symmetric")
    score = np.empty(image.shape)
    for y, x in np.ndindex(image.shape):
        shares = np.bincount(padded[y : y + size, x : x + size].ravel()) / size**2
        shares = shares[shares > 0]
        score[y, x] = 1 + (shares * np.log2(shares)).sum() / 8
    return score


@given(
    st.integers(1, 18), st.integers(1, 12), st.integers(1, 14), st.integers(0, 2**16)
)
def test_equals_a_histogram_of_each_window(size, height, width, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, rng.integers(1, 256), (height, width), np.uint8)
    np.testing.assert_allclose(
        entropy_map(image, size), brute_force(image, size), atol=2e-6
    )


def test_values_by_hand():
    every_level = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert entropy_map(every_level)[8, 8] == 0
    quarters = np.indices((32, 32)).sum(axis=0).astype(np.uint8) % 4  # 2 bits
    np.testing.assert_allclose(entropy_map(quarters)[8:25, 8:25], 0.75, rtol=1e-6)
    np.testing.assert_array_equal(entropy_map(np.full((20, 30), 0.3)), 1)


def test_strong_blur_narrows_the_histogram(texture):
    scores = [float(entropy_map(blur(texture, sigma)).mean()) for sigma in (2, 8, 24)]
    assert scores == sorted(scores)


def test_scale_is_fixed_not_the_photograph_s_own(texture):
    part = entropy_map(texture[:80, :80])
    np.testing.assert_array_equal(entropy_map(texture)[:60, :60], part[:60, :60])


def test_samples_are_relative(photo):
    (sample,) = EntropyMapper().transform([photo])
    assert sample.unit == "relative"
    assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
    assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 1
    assert sample.blur_map[230, 320] < sample.blur_map[50, 50]


def test_refuses_a_bad_size(photo):
    with pytest.raises(ValueError, match="'patch_size' parameter of EntropyMapper"):
        EntropyMapper(patch_size=0).transform([photo])
    with pytest.raises(ValueError, match="'patch_size' parameter of entropy_map"):
        entropy_map(photo, 2.5)
