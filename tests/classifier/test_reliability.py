from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.classifier.reliability import (
    disagreement,
    fit_reliability,
    patch_texture,
    probability_within,
    reliable_confidence,
    tolerance,
)
from skdefocus.patches import REAL_LADDER

LADDER = np.array(REAL_LADDER)


def by_sampling(shares, sigma, n=200_001):
    """The same probability by laying out the levels' shares as many points."""
    levels = np.log(LADDER + 0.8)
    middles = (levels[1:] + levels[:-1]) / 2
    edges = np.concatenate([levels[:1], middles, [2 * levels[-1] - middles[-1]]])
    below = np.concatenate([[0], np.cumsum(shares)])
    points = np.exp(np.interp((np.arange(n) + 0.5) / n, below, edges)) - 0.8
    allowed = max(sigma / 4, 0.25)
    return np.mean((points >= sigma - allowed) & (points <= sigma + allowed))


@given(st.integers(0, 2**16), st.floats(0, 19))
def test_is_the_share_of_what_would_be_right(seed, sigma):
    shares = np.random.default_rng(seed).dirichlet(np.full(len(LADDER), 0.4))
    found = probability_within(
        shares[np.newaxis].astype(np.float32), LADDER, np.array([sigma])
    )
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(by_sampling(shares, sigma), abs=2e-3)


def test_a_clear_level_is_sure_and_an_even_spread_is_not():
    one = np.eye(len(LADDER), dtype=np.float32)
    assert probability_within(one, LADDER, LADDER).min() > 0.7
    even = np.full((len(LADDER), len(LADDER)), 1 / len(LADDER), np.float32)
    assert probability_within(even, LADDER, LADDER).max() < 0.2


def test_shapes_of_maps_are_kept():
    even = np.full((3, 5, len(LADDER)), 1 / len(LADDER), np.float32)
    assert probability_within(even, LADDER, np.ones((3, 5))).shape == (3, 5)


@given(st.floats(0, 100))
def test_right_is_within_a_quarter_of_sigma_or_of_a_pixel(sigma):
    found = tolerance(np.array([sigma]))
    assert found[0] == pytest.approx(max(0.25, sigma / 4))


def test_detail_is_what_no_plane_explains():
    rng = np.random.default_rng(0)
    rows, columns = np.indices((8, 8))
    noise = rng.normal(0, 0.01, (50, 64))
    slopes = rng.normal(0, 0.02, (2, 50, 1))
    planes = slopes[0] * rows.ravel() + slopes[1] * columns.ravel()
    alone, together = patch_texture(noise), patch_texture(noise + planes)
    np.testing.assert_allclose(together[1], alone[1], rtol=1e-4)
    assert (together[0] > alone[0]).mean() > 0.95


def draw(n=40_000):
    """Windows of a classifier that is right less often where there is little detail."""
    rng = np.random.default_rng(0)
    within, detail = rng.uniform(0, 1, n), np.exp(rng.uniform(-6, -1, n))
    conditions = np.tile(np.float32([0.004, 0.002, 0, 0.8]), (n, 1))
    chance = within * np.clip((np.log(detail) + 6) / 4, 0, 1)
    return within, detail, conditions, rng.random(n) < chance, chance


def test_confidence_is_how_often_it_is_right():
    within, detail, conditions, right, chance = draw()
    coefficients = fit_reliability(within, detail, conditions, right)
    assert coefficients.shape == (4,)
    found = reliable_confidence(within, detail, conditions, coefficients)
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert abs(found - chance).mean() < 0.08
    # One photograph has one set of conditions.
    np.testing.assert_allclose(
        reliable_confidence(within, detail, conditions[0], coefficients), found
    )


def test_where_all_pixels_are_equal_there_is_no_confidence():
    within, detail, conditions, right, _ = draw(2000)
    coefficients = fit_reliability(within, detail, conditions, right)
    nothing = reliable_confidence(
        within, np.zeros_like(detail), conditions, coefficients
    )
    assert not nothing.any()


def test_exposure_changes_no_confidence():
    within, detail, conditions, right, _ = draw(2000)
    coefficients = fit_reliability(within, detail, conditions, right)
    np.testing.assert_allclose(
        reliable_confidence(within, detail / 8, conditions / 8, coefficients),
        reliable_confidence(within, detail, conditions, coefficients),
        atol=1e-5,
    )


def test_weights_count():
    within, detail, conditions, right, _ = draw(2000)
    coefficients = fit_reliability(within, detail, conditions, right)
    even = fit_reliability(within, detail, conditions, right, np.ones(2000))
    np.testing.assert_allclose(even, coefficients, rtol=1e-6)
    wrong = fit_reliability(within, detail, conditions, right, 1 + 9 * ~right)
    assert wrong[0] < coefficients[0]


def test_neighbors_that_disagree_are_less_often_right():
    within, detail, conditions, _, chance = draw()
    rng = np.random.default_rng(1)
    varies = np.exp(rng.uniform(-7, 0, len(within)))
    right = rng.random(len(within)) < chance * np.clip(-np.log(varies) / 7, 0, 1)
    coefficients = fit_reliability(
        within, detail, conditions, right, disagreement=varies
    )
    assert coefficients.shape == (5,)
    assert coefficients.dtype == np.float64
    assert coefficients[4] < 0
    told = within, detail, conditions
    found = reliable_confidence(*told, coefficients, varies)
    assert np.average(found[right]) > np.average(found[~right]) + 0.1
    for low, high in ((0, 0.01), (0.01, 0.1), (0.1, 1)):
        some = (varies >= low) & (varies < high)
        assert found[some].mean() == pytest.approx(right[some].mean(), abs=0.03)
    # Four coefficients know nothing of neighbors.
    four = fit_reliability(*told, right)
    np.testing.assert_array_equal(
        reliable_confidence(*told, four, varies), reliable_confidence(*told, four)
    )


@given(st.integers(0, 2**16), st.sampled_from([(32, 4), (32, 1), (8, 16)]))
def test_disagreement_is_the_variance_around_each(seed, grid):
    values = np.random.default_rng(seed).random((21, 34)).astype(np.float32)
    found = disagreement(values, *grid)
    reach = max(1, grid[0] // (2 * grid[1]))
    around = np.pad(values.astype(np.float64), reach, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(around, (2 * reach + 1,) * 2)
    np.testing.assert_allclose(found, windows.var(axis=(2, 3)), atol=1e-5)
