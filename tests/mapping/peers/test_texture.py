from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.mapping import peers
from skdefocus.mapping.peers.texture import local_texture_confidence
from skdefocus.sample import UNKNOWN, unknown_pixels
from tests.strategies import gray_images


def brute_force(image):
    """From the deviation of the 33 x 33 pixels around each, listed one by one."""
    padded = np.pad(image.astype(np.float64), 16, mode="symmetric")
    confidence = np.empty(image.shape)
    for y, x in np.ndindex(image.shape):
        deviation = padded[y : y + 33, x : x + 33].std()
        confidence[y, x] = min(1, max(0.02, deviation * 255 / 20))
    return confidence


@given(gray_images())
def test_equals_brute_force_in_images_smaller_than_a_window(image):
    np.testing.assert_allclose(
        local_texture_confidence(image), brute_force(image), atol=1e-5
    )


def test_equals_brute_force_in_a_photograph(photo):
    gray = photo[50:120, 120:210, 1] / 255
    found = local_texture_confidence(gray)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, brute_force(gray), atol=1e-5)
    # From flat ground to a full edge.
    assert found.min() < 0.3
    assert found.max() == 1


@pytest.mark.parametrize("level", [0.0, 0.1, 0.95])
@pytest.mark.parametrize("levels_of_255", [0.6, 2.0, 19.0])
def test_faint_texture_is_told_from_none(level, levels_of_255):
    board = np.indices((80, 90)).sum(axis=0) % 2
    deviation = levels_of_255 / 255
    image = np.clip(level + (2 * board - 1) * deviation, 0, 1)
    expected = (image.std() * 255) / 20
    found = local_texture_confidence(image)[20:-20, 20:-20]
    np.testing.assert_allclose(found, max(expected, 0.02), rtol=2e-3)


@given(st.floats(0, 1))
def test_flat_is_the_least(level):
    found = local_texture_confidence(np.full((5, 40), level))
    np.testing.assert_array_equal(found, np.float32(0.02))


def test_colors_count_by_their_gray(small_photo):
    gray = small_photo @ np.array([0.299, 0.587, 0.114]) / 255
    expected = local_texture_confidence(gray)
    for same in (small_photo, small_photo / 255, small_photo.astype(np.uint16) * 257):
        np.testing.assert_allclose(local_texture_confidence(same), expected, atol=1e-4)


def test_refuses_what_is_no_photograph():
    with pytest.raises(ValueError, match=r"float in \[0, 1\]; its values span"):
        local_texture_confidence(np.full((4, 4), 2.0))


@pytest.mark.parametrize(
    "name", [name for name in peers.__all__ if name.endswith("Mapper")]
)
def test_it_is_a_weight_and_nothing_is_unknown(name):
    half_flat = np.zeros((64, 96), np.uint8)
    half_flat[:, :48] = np.random.default_rng(0).integers(0, 256, (64, 48))
    (sample,) = getattr(peers, name)().transform([half_flat])
    assert sample.confidence_kind == "weight"
    assert sample.confidence.min() < UNKNOWN
    assert not unknown_pixels(sample).any()
