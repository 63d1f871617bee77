from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score, jaccard_score

from skdefocus.metrics import (
    f_score,
    intersection_over_union,
    mean_absolute_error,
    pixel_accuracy,
)
from tests.metrics.strategies import batches, predicted, scored

ALL = [f_score, intersection_over_union, mean_absolute_error, pixel_accuracy]


def mean_of(function, masks, answers):
    pairs = zip(masks, answers, strict=True)
    return np.mean([function(mask.ravel(), answer.ravel()) for mask, answer in pairs])


@given(batches(predicted()), st.sampled_from([0.0, 0.3, 1.0, 4.0]))
def test_equal_scikit_learn_on_the_pixels_of_each_photograph(batch, beta_squared):
    masks, answers = batch

    def score_f(mask, answer):
        # scikit-learn takes a recall or precision of 0/0 for 1 here, unlike us.
        if not (mask & answer).any():
            return float(not (mask | answer).any())
        return fbeta_score(mask, answer, beta=beta_squared**0.5)

    def score_union(mask, answer):
        return jaccard_score(mask, answer, zero_division=1.0)

    assert f_score(masks, answers, beta_squared) == pytest.approx(
        mean_of(score_f, masks, answers)
    )
    assert intersection_over_union(masks, answers) == pytest.approx(
        mean_of(score_union, masks, answers)
    )
    assert pixel_accuracy(masks, answers) == pytest.approx(
        mean_of(lambda mask, answer: (mask == answer).mean(), masks, answers)
    )


@given(batches(predicted()))
def test_the_truth_is_best_and_bounds_hold(batch):
    masks, answers = batch
    assert f_score(masks, masks) == pytest.approx(1)
    assert intersection_over_union(masks, masks) == pixel_accuracy(masks, masks) == 1
    assert mean_absolute_error(masks, masks) == 0
    assert 0 <= f_score(masks, answers) <= 1 + 1e-12
    assert intersection_over_union(masks, answers) <= f_score(masks, answers, 1) + 1e-12
    error = mean_absolute_error(masks, answers)
    assert error == pytest.approx(1 - pixel_accuracy(masks, answers))


@given(batches(scored(values=st.sampled_from([0.0, 0.25, 0.7, 1.0]))))
def test_absolute_error_of_shares(batch):
    masks, shares = batch
    expected = mean_of(lambda mask, share: np.abs(mask - share).mean(), masks, shares)
    assert mean_absolute_error(masks, shares) == pytest.approx(expected, rel=1e-6)


def test_empty_masks():
    empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert f_score([empty], [empty]) == intersection_over_union([empty], [empty]) == 1
    for mask, answer in ((empty, full), (full, empty)):
        assert f_score([mask], [answer], beta_squared=0) == 0
        assert intersection_over_union([mask], [answer]) == 0


def test_f_score_of_the_formula():
    mask = np.array([[True, True, True, False]])
    answer = np.array([[True, False, False, True]])
    precision, recall = 1 / 2, 1 / 3
    expected = 1.3 * precision * recall / (0.3 * precision + recall)
    assert f_score([mask], [answer]) == pytest.approx(expected)


def test_photographs_count_the_same_whatever_their_size():
    masks = [np.ones((1, 1), bool), np.ones((9, 9), bool)]
    answers = [np.zeros((1, 1), bool), np.ones((9, 9), bool)]
    assert [function(masks, answers) for function in ALL] == [0.5] * 4


@pytest.mark.parametrize("function", ALL)
def test_names_the_photograph(function):
    mask = np.zeros((2, 2), bool)
    with pytest.raises(ValueError, match=r"^predicted\[1\] must have the shape of"):
        function([mask, mask], [mask, mask[:1]])
    with pytest.raises(ValueError, match=r"^predicted\[0\] must be bool.*dtype uint8"):
        function([mask], [mask.astype(np.uint8)])
    with pytest.raises(ValueError, match=r"^masks\[0\] must be bool"):
        function([mask.astype(float)], [mask])
    with pytest.raises(ValueError, match=r"^predicted must be a list"):
        function([mask], mask)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (19.0, r"^predicted\[0\] must be bool or float in \[0, 1\]; .* \[19, 19\]"),
        (-0.5, r"values span \[-0.5, -0.5\]"),
        (np.nan, r"^predicted\[0\] must be finite"),
    ],
)
def test_absolute_error_refuses_other_ranges(value, message):
    with pytest.raises(ValueError, match=message):
        mean_absolute_error([np.zeros((2, 2), bool)], [np.full((2, 2), value)])


@pytest.mark.parametrize(
    ("beta_squared", "message"),
    [(-1, "number of at least 0; got -1"), (np.nan, "at least 0"), (np.inf, "finite")],
)
def test_refuses_a_bad_weight(beta_squared, message):
    mask = np.ones((1, 1), bool)
    with pytest.raises(ValueError, match=f"^beta_squared must be .*{message}"):
        f_score([mask], [mask], beta_squared)
