from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import blur, noise_deviation


@pytest.mark.parametrize("deviation", [0.005, 0.03])
def test_finds_the_noise_of_a_blurred_photograph(texture, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, texture.shape)
    noisy = np.clip(0.3 + 0.4 * blur(texture, 4.0) + noise, 0, 1)
    assert noise_deviation(noisy) == pytest.approx(deviation, rel=0.1)


def test_judges_by_the_pixels_it_is_given(texture):
    noisy = np.full(texture.shape, 0.5)
    noisy[:, 90:] += np.random.default_rng(0).normal(0, 0.02, noisy[:, 90:].shape)
    where = np.zeros(texture.shape, bool)
    assert noise_deviation(noisy, where) == 0
    where[:, :80] = True
    assert noise_deviation(noisy, where) < 1e-6
    assert noise_deviation(noisy, ~where) > 0.015
    with pytest.raises(ValueError, match="'where' must be bool"):
        noise_deviation(noisy, where[:5])


@given(st.tuples(*[st.floats(-1, 1)] * 5))
def test_is_blind_to_quadratic_structure(factors):
    y, x = np.mgrid[-1:1:21j, -1:1:27j]
    surface = np.tensordot(factors, [x, y, x * x, x * y, y * y], 1)
    # At the border reflection bends it.
    inside = np.zeros(surface.shape, bool)
    inside[1:-1, 1:-1] = True
    assert noise_deviation(0.5 + surface / 10, inside) < 1e-6


@given(st.floats(0, 1))
def test_is_in_proportion_to_the_noise(factor):
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, (40, 50))
    whole = noise_deviation(0.5 + noise)
    scaled = noise_deviation(0.5 + factor * noise)
    np.testing.assert_allclose(scaled, factor * whole, rtol=1e-4, atol=1e-7)


def test_refuses_a_mask_that_is_not_of_bool():
    message = r"'where' must be bool and have the image's shape \(4, 5\); got dtype int"
    with pytest.raises(ValueError, match=message):
        noise_deviation(np.zeros((4, 5)), np.ones((4, 5), np.int64))


@pytest.mark.parametrize("deviation", [0.002, 0.05])
def test_of_white_noise_it_is_the_deviation(deviation):
    noise = np.random.default_rng(0).normal(0, deviation, (400, 400))
    assert noise_deviation(0.5 + noise) == pytest.approx(deviation, rel=0.01)
