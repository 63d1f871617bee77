from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from skdefocus.metrics import average_precision, precision_recall_curve
from tests.metrics.strategies import batches, scored


@given(batches(scored()))
def test_average_precision_is_that_of_scikit_learn(batch):
    masks, maps = batch
    assume(any(mask.any() for mask in masks))
    expected = [
        average_precision_score(mask.ravel(), values.ravel())
        for mask, values in zip(masks, maps, strict=True)
        if mask.any()
    ]
    assert average_precision(masks, maps) == pytest.approx(np.mean(expected))


@given(batches(scored()), st.integers(2, 30))
def test_curve_equals_a_loop(batch, n_thresholds):
    masks, maps = batch
    assume(any(mask.any() for mask in masks))
    curves = []
    for mask, values in zip(masks, maps, strict=True):
        if not mask.any():
            continue
        exact = values.astype(np.float64)
        curve = []
        for threshold in np.linspace(exact.min(), exact.max(), n_thresholds):
            called = exact >= threshold
            hits = (called & mask).sum()
            curve.append((hits / called.sum(), hits / mask.sum()))
        curves.append(curve)
    expected = np.mean(curves, axis=0)
    precision, recall = precision_recall_curve(masks, maps, n_thresholds)
    np.testing.assert_allclose(precision, expected[:, 0])
    np.testing.assert_allclose(recall, expected[:, 1])


@given(batches(scored()))
def test_recall_falls_from_one_and_precision_starts_at_the_share(batch):
    masks, maps = batch
    assume(all(mask.any() for mask in masks))
    precision, recall = precision_recall_curve(masks, maps)
    assert precision.shape == recall.shape == (256,)
    assert recall[0] == pytest.approx(1)
    assert (np.diff(recall) <= 1e-12).all()
    assert precision[0] == pytest.approx(np.mean([mask.mean() for mask in masks]))
    assert ((precision >= 0) & (precision <= 1 + 1e-12)).all()


def test_extremes():
    mask = np.array([[False, False, True, True]])
    maps = [np.array([[0.0, 1.0, 2.0, 3.0]])]
    assert average_precision([mask], maps) == 1.0
    assert average_precision([mask], [np.zeros((1, 4))]) == 0.5


def test_photographs_in_focus_everywhere_are_left_out():
    masks = [np.array([[False, True]]), np.zeros((2, 2), bool)]
    maps = [np.array([[0.0, 1.0]]), np.ones((2, 2))]
    assert average_precision(masks, maps) == average_precision(masks[:1], maps[:1])
    for both, one in zip(
        precision_recall_curve(masks, maps),
        precision_recall_curve(masks[:1], maps[:1]),
        strict=True,
    ):
        np.testing.assert_array_equal(both, one)


@pytest.mark.parametrize("function", [average_precision, precision_recall_curve])
def test_refuses_when_none_is_left(function):
    with pytest.raises(ValueError, match="True somewhere in at least one photograph"):
        function([np.zeros((2, 2), bool)], [np.ones((2, 2))])


@pytest.mark.parametrize("n_thresholds", [None, 1, 2.5, True])
def test_refuses_a_bad_number_of_thresholds(n_thresholds):
    mask, blur_map = np.ones((1, 1), bool), np.ones((1, 1))
    with pytest.raises(ValueError, match="n_thresholds must be an integer of at least"):
        precision_recall_curve([mask], [blur_map], n_thresholds)
