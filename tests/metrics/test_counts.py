from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.metrics._counts import (
    above,
    count_at_distinct_values,
    count_at_even_steps,
)
from tests.metrics.strategies import scored


@given(scored())
def test_counts_at_every_value_that_there_is(pair):
    mask, blur_map = pair
    thresholds, n_predicted, n_hits = count_at_distinct_values(mask, blur_map)
    # In a plain loop; a dictionary keeps what it is given in order.
    values = sorted({value for row in blur_map.tolist() for value in row})
    assert thresholds.tolist() == values
    for threshold, predicted, hits in zip(thresholds, n_predicted, n_hits, strict=True):
        reached = blur_map >= threshold
        assert predicted == reached.sum() > 0
        assert hits == (reached & mask).sum()


@given(scored(), st.integers(2, 30))
def test_counts_at_even_steps_of_the_range(pair, n_thresholds):
    mask, blur_map = pair
    n_predicted, n_hits = count_at_even_steps(mask, blur_map, n_thresholds)
    assert n_predicted.shape == n_hits.shape == (n_thresholds,)
    exact = blur_map.astype(np.float64)
    steps = np.linspace(exact.min(), exact.max(), n_thresholds)
    for threshold, predicted, hits in zip(steps, n_predicted, n_hits, strict=True):
        assert predicted == (exact >= threshold).sum() > 0
        assert hits == ((exact >= threshold) & mask).sum()


def test_a_flat_map_is_reached_as_a_whole_at_every_step():
    mask = np.array([[True, False, True]])
    n_predicted, n_hits = count_at_even_steps(mask, np.full((1, 3), 0.1), 4)
    assert n_predicted.tolist() == [3] * 4
    assert n_hits.tolist() == [2] * 4


@given(
    hnp.from_dtype(np.dtype(np.float32), allow_nan=False, allow_infinity=False),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_no_number_lies_between_a_value_and_the_one_above(value, dtype):
    with np.errstate(over="ignore"):
        value = dtype(value)
    if not np.isfinite(value):
        return
    threshold = above(float(value), np.dtype(dtype))
    assert not np.array([value]) >= threshold
    assert np.nextafter(dtype(threshold), dtype(-np.inf)) == value


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_above_the_largest_number_there_is_only_infinity(dtype):
    assert above(np.finfo(dtype).max, np.dtype(dtype)) == np.inf
