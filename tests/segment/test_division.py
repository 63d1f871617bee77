from __future__ import annotations

import numpy as np
import pytest

from skdefocus.segment import _division
from skdefocus.segment._division import (
    color_evidence,
    likely_thresholds,
    sharpness_odds,
)
from skdefocus.segment._grid import make_grid

SHAPE = (60, 90)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_scores_are_otsus_criterion(rng, monkeypatch):
    """Against the definition, without what is usual and with hardly any smoothing."""
    monkeypatch.setattr(_division, "_BLUR_OF_LEVELS", 0.1)
    score = np.where(rng.random(SHAPE) < 0.3, 0.2, 0.8) + rng.normal(0, 0.05, SHAPE)
    score = np.clip(score, 0, 1)
    weight = rng.uniform(0.2, 1, SHAPE)
    grid = make_grid(score, None, weight, "relative")
    levels, scores = likely_thresholds(grid)
    values, weights = grid.levels.ravel(), np.sqrt(grid.confidence.ravel())

    def criterion(level):
        low = values < level
        share = weights[low].sum() / weights.sum()
        if not 0 < share < 1:
            return 0.0
        means = [np.average(values[s], weights=weights[s]) for s in (low, ~low)]
        mean = np.average(values, weights=weights)
        variance = np.average((values - mean) ** 2, weights=weights)
        return share * (1 - share) * (means[1] - means[0]) ** 2 / variance

    expected = [criterion(level) for level in levels]
    np.testing.assert_allclose(scores, expected, atol=0.08)
    assert levels[scores.argmax()] == pytest.approx(2, abs=0.4)


def test_a_uniform_map_has_one_level(rng):
    grid = make_grid(np.full(SHAPE, 2.0), None, None, "px")
    levels, scores = likely_thresholds(grid)
    assert len(levels) == len(scores) == 1


def test_what_is_usual_decides_between_equals():
    blur_map = np.repeat([[0.02, 0.5, 12.0]], 30, axis=1).repeat(60, axis=0)
    confidence = np.ones(blur_map.shape)
    levels, scores = likely_thresholds(make_grid(blur_map, None, confidence, "px"))
    assert make_grid(blur_map, None, None, "px").to_value(levels[scores.argmax()]) > 0.5


def test_odds_turn_at_the_threshold(rng):
    grid = make_grid(rng.uniform(0, 8, SHAPE), None, None, "px")
    odds = sharpness_odds(grid, 0.5)
    assert ((odds > 0) == (grid.levels < 0.5)).all()
    assert abs(odds).max() <= 4


def test_colors_speak_for_the_side_that_has_them(rng):
    sharp = np.arange(90) < 30
    image = np.full((*SHAPE, 3), 0.4) + rng.normal(0, 0.01, (*SHAPE, 3))
    image[:, 10:40] = (0.8, 0.2, 0.2)
    blur_map = np.broadcast_to(np.where(sharp, 0.2, 5.0), SHAPE)
    grid = make_grid(blur_map, np.clip(image, 0, 1), None, "px")
    odds = sharpness_odds(grid, 0.0)
    evidence = color_evidence(grid, odds)
    assert evidence[:, 15].min() > 0.2
    assert evidence[:, 60].max() < -0.2
    assert abs(evidence).max() <= 1.5 + 1e-6
    # What is not counted says nothing.
    without = color_evidence(grid, odds, np.zeros_like(grid.confidence))
    assert abs(without).max() < 1e-6
    gray = make_grid(blur_map, None, None, "px")
    assert not color_evidence(gray, odds).any()
