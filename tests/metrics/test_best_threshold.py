from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.metrics import best_threshold, best_threshold_accuracy, constant_accuracy
from tests.metrics.strategies import batches, scored


@given(scored())
def test_equals_trying_every_threshold(pair):
    mask, values = pair
    accuracy, threshold = best_threshold(mask, values)
    tried = {t: np.mean((values >= t) == mask) for t in [*np.unique(values), 20.0]}
    assert accuracy == pytest.approx(max(tried.values()))
    assert np.mean((values >= threshold) == mask) == pytest.approx(accuracy)
    smallest = min(t for t in tried if tried[t] == pytest.approx(accuracy))
    assert threshold == smallest or (smallest == 20.0 and threshold > values.max())


@given(scored())
def test_monotone_changes_do_not_matter_and_constants_are_the_floor(pair):
    mask, values = pair
    accuracy = best_threshold(mask, values)[0]
    assert best_threshold(mask, np.exp(values))[0] == pytest.approx(accuracy)
    assert accuracy >= constant_accuracy([mask]) - 1e-12
    assert constant_accuracy([mask]) == pytest.approx(max(mask.mean(), 1 - mask.mean()))


@given(batches(scored()), st.integers(2, 40))
def test_evenly_spaced_thresholds_equal_a_loop(batch, n_thresholds):
    masks, maps = batch
    best = []
    for mask, values in zip(masks, maps, strict=True):
        tried = np.linspace(float(values.min()), float(values.max()), n_thresholds)
        exact = values.astype(np.float64)
        best.append(max(np.mean((exact >= t) == mask) for t in tried))
    accuracy = best_threshold_accuracy(masks, maps, n_thresholds)
    assert accuracy == pytest.approx(np.mean(best))
    assert accuracy <= best_threshold_accuracy(masks, maps) + 1e-12


def test_true_is_out_of_focus():
    values, mask = np.array([[1.0, 9.0]]), np.array([[False, True]])
    assert best_threshold(mask, values) == (1.0, 9.0)
    assert best_threshold(mask, -values)[0] == 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32])
def test_threshold_above_all_values_is_one(dtype):
    values = np.full((2, 2), 200, dtype)
    accuracy, threshold = best_threshold(np.zeros((2, 2), bool), values)
    assert accuracy == 1.0
    assert threshold > 200
    assert not (values >= threshold).any()


def test_mean_over_photographs_of_different_sizes():
    masks = [np.array([[True, False]]), np.ones((3, 3), bool)]
    maps = [np.array([[0.0, 1.0]]), np.zeros((3, 3))]
    assert best_threshold_accuracy(masks, maps) == pytest.approx(0.75)


def test_accepts_one_array_of_photographs_and_an_array_of_objects():
    masks, maps = np.zeros((2, 3, 4), bool), np.ones((2, 3, 4))
    assert best_threshold_accuracy(masks, maps) == 1.0
    loose = np.empty(2, object)
    loose[:] = [np.zeros((1, 2), bool), np.zeros((3, 1), bool)]
    assert constant_accuracy(loose) == 1.0


@pytest.mark.parametrize(
    ("mask", "values", "message"),
    [
        (np.zeros((1, 3)), np.zeros((1, 3)), "^mask must be bool.*got dtype float64"),
        (np.zeros((1, 4), bool), np.zeros((1, 3)), "^blur_map must have the shape of"),
        (np.zeros((1, 1), bool), np.array([[np.nan]]), "^blur_map must be finite"),
        (np.zeros(3, bool), np.zeros(3), r"^mask must have shape \(H, W\).*\(3,\)"),
        (np.zeros((0, 3), bool), np.zeros((0, 3)), "^mask must .* not be empty"),
        (np.zeros((1, 1), bool), np.array([[1j]]), "real numbers; got dtype complex"),
        (np.zeros((1, 1), bool), object(), "real numbers; got object"),
        ([[True], [True, False]], np.zeros((2, 1)), "^mask must be an array of shape"),
    ],
)
def test_refuses_bad_pairs(mask, values, message):
    with pytest.raises(ValueError, match=message):
        best_threshold(mask, values)


_MASK, _MAP = np.zeros((2, 2), bool), np.zeros((2, 2))


@pytest.mark.parametrize(
    ("masks", "maps", "message"),
    [
        ([_MASK], [], "^blur_maps must hold at least one photograph; it is empty"),
        ([], [_MAP], "^masks must hold at least one photograph"),
        ([_MASK], [_MAP, _MAP], "one item for every mask; got 2 for 1 masks"),
        (_MASK, [_MAP], r"^masks must be a list .* shape \(2, 2\): wrap a single one"),
        ([_MASK], iter([_MAP]), "^blur_maps must be a list .* got list_iterator"),
        ("mask.png", [_MAP], "^masks must be a list .* got str"),
        ([_MASK, _MAP], [_MAP, _MAP], r"^masks\[1\] must be bool"),
        ([_MASK, _MASK], [_MAP, _MAP[:1]], r"^blur_maps\[1\] must have the shape"),
    ],
)
def test_refuses_bad_lists(masks, maps, message):
    with pytest.raises(ValueError, match=message):
        best_threshold_accuracy(masks, maps)


@pytest.mark.parametrize("n_thresholds", [1, 2.0, True, "all"])
def test_refuses_a_bad_number_of_thresholds(n_thresholds):
    with pytest.raises(ValueError, match="n_thresholds must be an integer of at least"):
        best_threshold_accuracy([_MASK], [_MAP], n_thresholds)
