from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.metrics import (
    best_threshold,
    best_threshold_accuracy,
    constant_accuracy,
)


@st.composite
def scored(draw):
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    values = draw(hnp.arrays(np.float64, shape, elements=st.integers(0, 5)))
    return values, draw(hnp.arrays(bool, shape))


@given(scored())
def test_equals_trying_every_threshold(pair):
    values, mask = pair
    accuracy, threshold = best_threshold(values, mask)
    tried = [((values >= t) == mask).mean() for t in range(-1, 7)]
    assert accuracy == pytest.approx(max(tried))
    assert ((values >= threshold) == mask).mean() == pytest.approx(accuracy)


@given(scored())
def test_monotone_changes_do_not_matter_and_constants_are_the_floor(pair):
    values, mask = pair
    accuracy = best_threshold(values, mask)[0]
    assert best_threshold(np.exp(values), mask)[0] == pytest.approx(accuracy)
    assert accuracy >= constant_accuracy([mask]) - 1e-12
    assert constant_accuracy([mask]) == pytest.approx(max(mask.mean(), 1 - mask.mean()))


def test_true_is_out_of_focus():
    values, mask = np.array([1.0, 9.0]), np.array([False, True])
    assert best_threshold(values, mask) == (1.0, 9.0)
    assert best_threshold(-values, mask)[0] == 0.5


def test_mean_over_photographs_of_different_sizes():
    masks = [np.array([True, False]), np.ones((3, 3), bool)]
    maps = [np.array([0.0, 1.0]), np.zeros((3, 3))]
    assert best_threshold_accuracy(maps, masks) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("values", "mask", "message"),
    [
        (np.zeros(3), np.zeros(3), "must be bool"),
        (np.zeros(3), np.zeros(4, bool), "must have one shape"),
        (np.array([np.nan]), np.zeros(1, bool), "finite"),
    ],
)
def test_refuses_bad_pairs(values, mask, message):
    with pytest.raises(ValueError, match=message):
        best_threshold(values, mask)


def test_refuses_unequal_lists():
    with pytest.raises(ValueError, match="as many blur maps as masks"):
        best_threshold_accuracy([np.zeros(2)], [])
