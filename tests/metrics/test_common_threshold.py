from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.metrics import (
    best_common_threshold,
    best_threshold_accuracy,
    fixed_threshold_accuracy,
)
from tests.metrics.strategies import VALUES, batches, scored


def try_every_value(masks, maps):
    values = np.unique(np.concatenate([m.ravel().astype(float) for m in maps]))
    tried = [*values, values[-1] + 1]
    exact = [m.astype(float) for m in maps]
    return max(fixed_threshold_accuracy(masks, exact, t) for t in tried)


@given(batches(scored()), VALUES)
def test_fixed_threshold_equals_a_loop(batch, threshold):
    masks, maps = batch
    expected = [
        sum((v >= threshold) == t for v, t in zip(m.flat, mask.flat, strict=True))
        / mask.size
        for mask, m in zip(masks, maps, strict=True)
    ]
    accuracy = fixed_threshold_accuracy(masks, maps, threshold)
    assert accuracy == pytest.approx(np.mean(expected))


@given(batches(scored()))
def test_common_threshold_equals_trying_every_value(batch):
    masks, maps = batch
    accuracy, threshold = best_common_threshold(masks, maps)
    assert accuracy == pytest.approx(try_every_value(masks, maps))
    assert accuracy == fixed_threshold_accuracy(masks, maps, threshold)
    assert accuracy <= best_threshold_accuracy(masks, maps) + 1e-12
    # The same masks from a plain comparison, whatever the precision of the maps.
    for m in maps:
        exact = m.astype(np.float64)
        np.testing.assert_array_equal(m >= threshold, exact >= threshold)


@given(batches(scored(values=st.integers(0, 19).map(float))))
def test_levels_are_told_apart_though_bins_do_not_meet_them(batch):
    masks, maps = batch
    accuracy, _ = best_common_threshold(masks, maps)
    assert accuracy == pytest.approx(try_every_value(masks, maps))


def test_continuous_maps_lose_no_more_than_a_bin():
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(20, 30 + i)).astype(np.float32) for i in range(5)]
    masks = [m + rng.normal(scale=0.5, size=m.shape) > 0.1 for m in maps]
    accuracy, threshold = best_common_threshold(masks, maps)
    assert accuracy == fixed_threshold_accuracy(masks, maps, threshold)
    assert 0 <= try_every_value(masks, maps) - accuracy <= 1 / 600


def test_every_photograph_counts_the_same():
    small, large = np.array([[1.0, 3.0]]), np.full((50, 50), 2.0)
    masks = [np.array([[False, True]]), np.zeros((50, 50), bool)]
    assert best_common_threshold(masks, [small, large]) == (1.0, 3.0)
    # Two small photographs outvote the large one.
    masks = [np.ones((1, 1), bool)] * 2 + [np.zeros((50, 50), bool)]
    maps = [np.full((1, 1), 1.0)] * 2 + [large]
    accuracy, threshold = best_common_threshold(masks, maps)
    assert (accuracy, threshold) == (pytest.approx(2 / 3), 1.0)


@pytest.mark.parametrize(
    "dtypes", [("f4", "f4"), ("f8", "f8"), ("f4", "f8"), ("u1", "f2")]
)
def test_in_focus_everywhere_lies_above_all_values(dtypes):
    maps = [np.full((2, 3), 7, dtype) for dtype in dtypes]
    masks = [np.zeros((2, 3), bool)] * 2
    accuracy, threshold = best_common_threshold(masks, maps)
    assert accuracy == 1.0
    assert threshold > 7
    assert not any((m >= threshold).any() for m in maps)


def test_smallest_of_equally_good_thresholds():
    masks, maps = [np.ones((1, 3), bool)], [np.array([[4.0, 5.0, 6.0]])]
    assert best_common_threshold(masks, maps) == (1.0, 4.0)


@pytest.mark.parametrize("threshold", [np.inf, 1e300])
def test_thresholds_beyond_the_range_of_a_map_call_all_in_focus(threshold):
    mask, blur_map = np.zeros((2, 2), bool), np.ones((2, 2), np.float32)
    assert fixed_threshold_accuracy([mask], [blur_map], threshold) == 1.0
    assert fixed_threshold_accuracy([mask], [blur_map], -threshold) == 0.0


@pytest.mark.parametrize("threshold", [np.nan, None, "2", True])
def test_refuses_a_threshold_that_is_no_number(threshold):
    with pytest.raises(ValueError, match=r"^threshold must be a number; got"):
        fixed_threshold_accuracy([np.ones((1, 1), bool)], [np.ones((1, 1))], threshold)


def test_names_the_photograph():
    mask, blur_map = np.zeros((2, 2), bool), np.zeros((2, 2))
    with pytest.raises(ValueError, match=r"^blur_maps\[1\] must be finite"):
        best_common_threshold([mask] * 2, [blur_map, blur_map + np.nan])
    with pytest.raises(ValueError, match=r"^masks\[0\] must be bool"):
        fixed_threshold_accuracy([blur_map], [blur_map], 1.0)
