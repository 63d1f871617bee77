"""What both ways of making patches draw, and how both make photographs smaller."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skdefocus.patches.settings import draw_scale, resize
from tests.strategies import gray_images


def test_scales_are_drawn_evenly_or_not_at_all():
    rng = np.random.default_rng(0)
    scales = np.array([draw_scale(rng) for _ in range(20_000)])
    smaller = scales[scales < 1]
    assert scales.max() == 1
    assert smaller.min() >= 0.4
    assert len(smaller) / len(scales) == pytest.approx(0.6, abs=0.02)
    shares = np.histogram(smaller, 6, (0.4, 1.0))[0] / len(smaller)
    np.testing.assert_allclose(shares, 1 / 6, atol=0.02)


@given(gray_images(np.float32), st.integers(1, 9), st.integers(1, 9))
def test_sizes_are_as_asked_and_values_stay_in_range(gray, height, width):
    resized = resize(gray, height, width)
    assert resized.shape == (height, width)
    assert resized.dtype == np.float32
    assert 0 <= resized.min() <= resized.max() <= 1


@given(gray_images(np.float32))
def test_the_same_size_is_the_same_image(gray):
    np.testing.assert_array_equal(resize(gray, *gray.shape), gray)


def test_ripples_beyond_an_edge_are_clipped():
    edge = np.repeat(np.float32([[0, 1]]), 16, axis=1).repeat(8, axis=0)
    rippled = np.asarray(
        Image.fromarray(edge).resize((24, 8), Image.Resampling.LANCZOS)
    )
    assert rippled.min() < -0.01
    assert rippled.max() > 1.01
    np.testing.assert_array_equal(resize(edge, 8, 24), np.clip(rippled, 0, 1))


def test_a_ramp_stays_a_ramp():
    ramp = np.linspace(0, 1, 64, dtype=np.float32) * np.ones((32, 1), np.float32)
    halved = resize(ramp, 16, 32)
    # Away from the border each pixel is the mean of the four that it takes in.
    expected = ramp.reshape(16, 2, 32, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(halved[:, 3:-3], expected[:, 3:-3], atol=1e-5)


def test_detail_too_fine_for_the_smaller_image_becomes_gray():
    board = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)
    halved = resize(board, 32, 32)
    # Taking every other pixel would have given all black or all white.
    np.testing.assert_allclose(halved[4:-4, 4:-4], 0.5, atol=0.01)
