from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.patch_input import check_patches
from skdefocus.classifier.training.training_set import LabeledPatches, make_training_set
from skdefocus.filters.conditions import clean_conditions
from skdefocus.patches import PAPER_LADDER, PatchSet, concatenate_patches
from tests.classifier.lazy import Lazy
from tests.classifier.training.runs import a_training_set


def test_holds_out_whole_photographs(small, make_classifier):
    X, y, groups = small
    names = np.array([f"{group}.jpg" for group in groups])
    classifier = make_classifier(validation_fraction=0.3).fit(X, y, names)
    assert len(classifier.validation_groups_) == 2
    assert set(classifier.history_) == {
        *("loss", "accuracy", "val_loss", "val_accuracy")
    }
    assert all(len(values) == 2 for values in classifier.history_.values())
    assert classifier.card_["training"]["n_patches"] == 64
    assert classifier.card_["training"]["n_validation_patches"] == 32

    # The same patches given by hand: the same network, judged the same.
    held_out = np.isin(names, classifier.validation_groups_)
    again = make_classifier().fit(
        X[~held_out], y[~held_out], validation_data=(X[held_out], y[held_out])
    )
    assert again.network_.onnx == classifier.network_.onnx
    assert again.history_ == classifier.history_
    assert again.validation_groups_ is None


def test_holds_out_patches_where_there_are_no_groups(small, make_classifier):
    X, y, _ = small
    classifier = make_classifier(epochs=1, validation_fraction=0.25).fit(X, y)
    assert len(classifier.validation_groups_) == 24


def test_at_least_one_photograph_is_on_each_side(small):
    for fraction, count in ((0.01, 1), (0.99, 1), (0.5, 1)):
        data = a_training_set(small, np.arange(96) % 2, validation_fraction=fraction)
        assert len(data.validation_groups) == count
        assert len(data.training) == len(data.validation) == 48


def test_another_seed_holds_out_others(small):
    sets = [a_training_set(small, validation_fraction=0.1, seed=s) for s in range(3)]
    chosen = {tuple(data.validation_groups) for data in sets}
    assert len(chosen) == 3


def test_no_level_is_held_out_whole(small):
    # Each photograph shows a level of its own.
    y = small[1]
    message = f"all patches of level [{y.min()}-{y.max()}] are of groups that"
    with pytest.raises(ValueError, match=message):
        a_training_set(small, y, validation_fraction=0.5)


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"validation_fraction": 1.0}, {}, "'validation_fraction' parameter"),
        ({"validation_fraction": -0.1}, {}, "'validation_fraction' parameter"),
        (
            {"validation_fraction": 0.5},
            {"groups": np.zeros(4)},
            r"validation_fraction=0\.5 needs at least 2 groups",
        ),
        ({}, {"groups": [1, 2]}, r"each of the 4 patches; got shape \(2,\)"),
        (
            {},
            {"groups": np.array([1, "a", 2, "b"], dtype=object)},
            "all numbers or all names; got a mixture",
        ),
        ({}, {"validation_data": 3}, r"a PatchSet, or a pair \(X, y\); got int"),
        (
            {},
            {"validation_data": (np.zeros((2, 9)), [0, 1])},
            r"X of validation_data must have shape \(n, 32, 32\)",
        ),
        (
            {},
            {"validation_data": (np.zeros((2, 1024)), [0, 0.5])},
            r"y of validation_data must hold integer levels, got 0\.5",
        ),
        (
            {},
            {"validation_data": (np.zeros((2, 1024)), None)},
            "level of each patch as y of validation_data",
        ),
        (
            {},
            {"validation_data": (np.zeros((2, 1024)), [0, 2])},
            "must hold levels that y holds too; got level 2",
        ),
        (
            {"validation_fraction": 0.5},
            {"validation_data": (np.zeros((2, 1024)), [0, 1])},
            r"takes the place of validation_fraction; got both, the latter 0\.5",
        ),
        (
            {},
            {"validation_data": (np.zeros((2, 1024)), [0, 1], np.ones((3, 4)))},
            r"conditions must be floats of shape \(2, 4\)",
        ),
        (
            {},
            {"validation_data": (np.zeros((2, 1024)), [0, 1], None, None)},
            r"a PatchSet, or a pair \(X, y\); got tuple of 4",
        ),
        ({"early_stopping": True}, {}, "early_stopping=True needs patches to val"),
        ({"early_stopping": 1}, {}, "'early_stopping' parameter"),
        ({"n_iter_no_change": 0}, {}, "'n_iter_no_change' parameter"),
    ],
)
def test_refuses_what_does_not_fit(changes, arguments, message):
    X, y = np.zeros((4, 1024)), [0, 1, 0, 1]
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier(ladder=PAPER_LADDER, **changes).fit(X, y, **arguments)


def test_trains_on_patch_sets_on_disk(small, make_classifier, tmp_path):
    X, y, groups = small
    sets = []
    for part in (slice(0, 40), slice(40, 96)):
        folder = tmp_path / str(part.start)
        PatchSet(X[part], y[part], groups[part], (0.0, 1.0, 4.0)).save(folder)
        sets.append(PatchSet.load(folder))
    both = concatenate_patches(sets, same_photographs=True)
    classifier = make_classifier(validation_fraction=0.3, epochs=1)
    streamed = classifier.fit(both.X, both.y, both.groups).network_.onnx
    assert classifier.fit(X, y, groups).network_.onnx == streamed
    assert classifier.fit(both).network_.onnx == streamed
    assert classifier.set_params(ladder=None).fit(both).network_.onnx == streamed
    assert classifier.ladder_ == (0.0, 1.0, 4.0)


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=30).filter(
        lambda g: len({*g}) > 1
    ),
    st.floats(0.01, 0.99),
    st.integers(0, 9),
)
def test_every_photograph_is_on_one_side(groups, fraction, seed):
    # Each photograph shows both levels, so that none is held out whole.
    groups = np.repeat(groups, 2)
    X = np.arange(len(groups), dtype=np.uint8)[:, np.newaxis]
    y = np.where(np.arange(len(groups)) % 2, 4, 1)
    data = make_training_set(
        *(X, y, groups, None),
        **{"patch_size": 1, "n_levels": 5, "validation_fraction": fraction},
        seed=seed,
    )
    n_groups = len(set(groups))
    count = min(n_groups - 1, max(1, round(fraction * n_groups)))
    assert len(data.validation_groups) == count
    held_out = np.isin(groups, data.validation_groups)
    for part, mask in ((data.training, ~held_out), (data.validation, held_out)):
        np.testing.assert_array_equal(part.rows, np.flatnonzero(mask))
        # Classes are places in the levels that there are.
        np.testing.assert_array_equal(data.levels[part.classes], y[mask])
    assert data.levels.tolist() == [1, 4]


def test_a_batch_is_read_by_ascending_rows(small):
    X, y, _ = small
    lazy = Lazy(X)
    rows = np.arange(5, 90, 3)
    told = np.random.default_rng(0).uniform(0.1, 1, (len(rows), 4)).astype(np.float32)
    labeled = LabeledPatches(check_patches(lazy, 32), rows, y[rows], told)
    items = np.array([7, 0, 20])
    found, classes, conditions = labeled.batch(items)
    expected = rows[[0, 7, 20]]
    assert found.shape == (3, 1, 32, 32)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 0], X[expected] / np.float32(255))
    np.testing.assert_array_equal(classes, y[expected])
    # One row for each item, not for each row of X.
    np.testing.assert_array_equal(conditions, told[[0, 7, 20]])
    assert lazy.sizes == [3]


def test_a_digest_is_of_the_patches_and_not_of_how_they_are_kept(small):
    X, y, _ = small
    rows = np.arange(len(X))
    lazy = Lazy(X.reshape(-1, 1024))

    told = np.random.default_rng(0).uniform(0.1, 1, (len(X), 4)).astype(np.float32)
    louder = told.copy()
    louder[-1, 0] = np.nextafter(louder[-1, 0], np.float32(2))

    def digest(source, classes=y, rows=rows, told=told, **settings):
        return LabeledPatches(
            check_patches(source, 32, **settings), rows, classes, told
        ).digest()

    expected = digest(X)
    assert digest(lazy, chunk=7) == expected
    assert max(lazy.sizes) == 7
    other = X.copy()
    other[-1, -1, -1] ^= 1
    turned = rows[::-1].copy()
    found = {
        *(expected, digest(other), digest(X / 255), digest((X / 255).astype("f4"))),
        *(digest(X, np.roll(y, 1)), digest(X, y[:-1], rows[:-1]), digest(X, y, turned)),
        digest(X, told=louder),
    }
    assert len(found) == 8


def test_conditions_stay_with_their_patches(small):
    X, y, groups = small
    told = np.random.default_rng(0).uniform(0.1, 1, (96, 4)).astype(np.float32)
    data = make_training_set(
        *(X, y, groups, None),
        conditions=told,
        **{"patch_size": 32, "n_levels": 3, "validation_fraction": 0.3, "seed": 0},
    )
    assert len(data.validation) > 0
    for part in (data.training, data.validation):
        np.testing.assert_array_equal(part.conditions, told[part.rows])
        items = np.array([3, 1])
        *_, found = part.batch(items)
        np.testing.assert_array_equal(found, told[part.rows[[1, 3]]])


@pytest.mark.parametrize("with_conditions", [False, True])
def test_patches_to_validate_on_have_conditions_of_their_own(small, with_conditions):
    X, y, _ = small
    told = np.random.default_rng(0).uniform(0.1, 1, (9, 4)).astype(np.float32)
    judged = (X[:9], y[:9], told) if with_conditions else (X[:9], y[:9])
    data = make_training_set(
        *(X, y, None, judged),
        **{"patch_size": 32, "n_levels": 3, "validation_fraction": 0.0, "seed": 0},
    )
    expected = told if with_conditions else clean_conditions(9)
    np.testing.assert_array_equal(data.validation.conditions, expected)
    np.testing.assert_array_equal(data.training.conditions, clean_conditions(96))
