from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import blur
from skdefocus.mapping.peers import lbp_sharpness
from skdefocus.mapping.peers.binary_patterns import busy_patterns


def busy_by_definition(gray, threshold):
    """Codes 6 to 9, pixel by pixel, the ring read off by spline interpolation."""
    angles = np.arange(8) * np.pi / 4
    busy = np.zeros(gray.shape, bool)
    for y, x in np.ndindex(gray.shape):
        points = [y - np.sin(angles), x + np.cos(angles)]
        ring = ndimage.map_coordinates(gray, points, order=1, mode="nearest")
        bits = ring - gray[y, x] > threshold
        changes = np.count_nonzero(bits != np.roll(bits, 1))
        code = bits.sum() if changes <= 2 else 9
        busy[y, x] = 6 <= code <= 9
    return busy


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**16))
def test_patterns_by_definition(height, width, seed):
    gray = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    np.testing.assert_array_equal(
        busy_patterns(gray, 0.1), busy_by_definition(gray.astype(np.float64), 0.1)
    )


def test_patterns_by_hand():
    gray = np.full((7, 7), 0.5, np.float32)
    assert not busy_patterns(gray, 0.025).any()
    gray[3, 3] = 0.4  # darker than its 8 neighbors: code 8
    assert np.argwhere(busy_patterns(gray, 0.025)).tolist() == [[3, 3]]
    assert not busy_patterns(gray, 0.11).any()
    gray[3, 3] = 0.6  # its neighbors see one brighter: code 1
    assert not busy_patterns(gray, 0.025).any()
    step = np.repeat([[0.2, 0.8]], 4, axis=1).repeat(8, axis=0).astype(np.float32)
    assert not busy_patterns(step, 0.025).any()  # 3 brighter in a row
    comb = (np.indices((8, 8))[1] % 2).astype(np.float32)
    # Between two lines 6 are brighter, in two runs: 4 changes, code 9.
    np.testing.assert_array_equal(
        busy_patterns(comb, 0.025)[:, 1:-1], comb[:, 1:-1] == 0
    )


@pytest.mark.parametrize("size", [1, 7, 10, 15])
def test_sharpness_is_the_share_in_each_window(size):
    image = np.random.default_rng(0).random((20, 23)).astype(np.float32)
    before = size // 2
    padded = np.pad(
        busy_patterns(image, 0.2), (before, size - 1 - before), mode="symmetric"
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    np.testing.assert_allclose(
        lbp_sharpness(image, size, 0.2), windows.mean(axis=(2, 3)), atol=1e-6
    )


def test_less_blur_is_sharper(texture):
    shares = [float(lbp_sharpness(blur(texture, s)).mean()) for s in (0, 0.7, 1.4, 3)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 3 * shares[2]


def test_refusals(photo):
    with pytest.raises(ValueError, match="'size' parameter of lbp_sharpness must"):
        lbp_sharpness(photo, 0)
    with pytest.raises(ValueError, match="'threshold' parameter of lbp_sharpness must"):
        lbp_sharpness(photo, threshold=-0.1)


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 2**16))
def test_patterns_are_the_same_from_every_side(height, width, seed):
    # Of eighths, no difference is so near the threshold that rounding decides.
    levels = np.random.default_rng(seed).integers(0, 9, (height, width))
    gray = levels.astype(np.float32) / 8
    busy = busy_patterns(gray, 0.04)
    for change in (np.flipud, np.fliplr, np.rot90, np.transpose):
        changed = busy_patterns(np.ascontiguousarray(change(gray)), 0.04)
        np.testing.assert_array_equal(changed, change(busy))


@given(st.floats(0, 1, width=32), st.integers(0, 2**16))
def test_what_differs_by_less_than_the_threshold_is_flat(level, seed):
    noise = np.random.default_rng(seed).random((9, 8)) / 20
    gray = (level * 0.9 + noise).astype(np.float32)
    assert not busy_patterns(gray, 0.051).any()
    assert lbp_sharpness(gray, 3, 0.051).max() == 0
