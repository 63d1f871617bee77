from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.metrics._checks import (
    check_map,
    check_mask,
    check_n_thresholds,
    check_real,
    list_masks,
    map_pairs,
    mask_pairs,
    pairs,
)
from tests.metrics.strategies import batches, predicted, scored

MASK = np.zeros((2, 3), bool)


def test_needs_numpy_alone():
    code = (
        "import sys, skdefocus.metrics._checks\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    names = set(found.stdout.split())
    assert "numpy" in names
    assert not names & {"sklearn", "scipy", "joblib"}


def test_masks_and_maps_of_a_floating_dtype_are_not_copied():
    assert check_mask(MASK, "mask") is MASK
    for dtype in (np.float16, np.float32, np.float64):
        blur_map = np.ones((2, 3), dtype)
        assert check_map(blur_map, (2, 3), "m") is blur_map


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_whole_numbers_become_float64(dtype):
    found = check_map(np.eye(2, dtype=dtype), (2, 2), "m")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.eye(2))


@pytest.mark.parametrize(
    ("blur_map", "message"),
    [
        (
            np.zeros((2, 2)),
            r"^m must have the shape of its mask, \(2, 3\); got",
        ),
        (np.full((2, 3), -np.inf), "^m must be finite; it contains NaN or infinity"),
        (np.full((2, 3), "a"), "^m must be an array of real numbers; got dtype <U1"),
        ("map.png", "^m must be an array of real numbers; got str"),
        (None, "^m must be an array of real numbers; got NoneType"),
        ([[1, 2, 3], [4]], r"^m must be an array of shape \(H, W\)"),
    ],
)
def test_refuses_what_is_no_map(blur_map, message):
    with pytest.raises(ValueError, match=message):
        check_map(blur_map, (2, 3), "m")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK[0], r"^m must have shape \(H, W\) and not be empty; got shape \(3,\)"),
        (MASK[:0], r"got shape \(0, 3\)"),
        (MASK[np.newaxis], r"got shape \(1, 2, 3\)"),
        (MASK.astype(np.uint8), "^m must be bool, True where out of focus; .* uint8"),
    ],
)
def test_refuses_what_is_no_mask(mask, message):
    with pytest.raises(ValueError, match=message):
        check_mask(mask, "m")


@pytest.mark.parametrize("n_thresholds", [2, 256, np.int16(3)])
def test_two_thresholds_are_enough(n_thresholds):
    check_n_thresholds(n_thresholds, accepts_none=False)


@pytest.mark.parametrize("n_thresholds", [1, 0, -2, 2.0, True, np.True_, "2"])
def test_refuses_other_numbers_of_thresholds(n_thresholds):
    for accepts_none, end in ((True, "2 or None; got"), (False, "2; got")):
        message = f"n_thresholds must be an integer of at least {end}"
        with pytest.raises(ValueError, match=message):
            check_n_thresholds(n_thresholds, accepts_none=accepts_none)


def test_none_is_accepted_only_where_it_means_something():
    check_n_thresholds(None, accepts_none=True)
    with pytest.raises(ValueError, match="at least 2; got None"):
        check_n_thresholds(None, accepts_none=False)


@given(st.floats(allow_nan=False) | st.integers(-9, 9))
def test_real_numbers_become_floats(value):
    found = check_real(value, "x")
    assert type(found) is float
    assert found == value
    assert check_real(np.float32(0.5), "x", at_least=0.5) == 0.5


@pytest.mark.parametrize("value", [np.nan, None, "1", 1j, True, np.True_, [1.0]])
def test_refuses_what_is_no_number(value):
    with pytest.raises(ValueError, match=r"^x must be a number; got "):
        check_real(value, "x")
    with pytest.raises(ValueError, match=r"^x must be a number of at least 0\.5; got "):
        check_real(value, "x", at_least=0.5)


def test_refuses_a_number_below_the_bound():
    with pytest.raises(ValueError, match=r"^x must be a number of at least 1; got 0"):
        check_real(0.9, "x", at_least=1)


def test_lists_tuples_and_arrays_hold_one_item_for_every_photograph():
    loose = np.empty(2, object)
    loose[:] = [MASK, MASK[:1]]
    for batch in ([MASK, MASK], (MASK, MASK), np.stack([MASK, MASK]), loose):
        assert [item.ndim for item in list_masks(batch)] == [2, 2]


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (MASK, r"^m must be a list .* one array of shape \(2, 3\): wrap a single one"),
        (np.zeros((1, 2, 3, 1)), r"one array of shape \(1, 2, 3, 1\)"),
        ({0: MASK}, "got dict"),
        ("masks", "got str"),
        (b"masks", "got bytes"),
        ((mask for mask in [MASK]), "got generator"),
        (None, "got NoneType"),
        ([], "^m must hold at least one photograph; it is empty"),
        (np.zeros((0, 2, 3)), "at least one photograph"),
    ],
)
def test_refuses_what_is_no_list(masks, message):
    with pytest.raises(ValueError, match=message):
        list_masks(masks, "m")


@given(batches(scored()))
def test_maps_come_with_their_masks_in_order(batch):
    masks, maps = batch
    found = list(map_pairs(masks, maps))
    for (mask, blur_map), one, other in zip(found, masks, maps, strict=True):
        assert mask is one
        assert blur_map is other


@given(batches(predicted()))
def test_answers_come_with_their_masks_in_order(batch):
    masks, answers = batch
    found = list(mask_pairs(masks, answers))
    for (mask, answer), one, other in zip(found, masks, answers, strict=True):
        assert mask is one
        assert answer is other


def test_only_one_photograph_at_a_time_is_looked_at():
    # What is wrong with the second one costs the first one nothing.
    found = map_pairs([MASK, MASK], [np.ones((2, 3)), "no map"])
    assert next(found)[1].sum() == 6
    with pytest.raises(ValueError, match=r"^blur_maps\[1\] must be an array of real"):
        next(found)
    indexed = pairs([MASK, MASK.astype(int)], ["anything", None], "others")
    index, mask, other = next(indexed)
    assert (index, other) == (0, "anything")
    assert mask is MASK
    with pytest.raises(ValueError, match=r"^masks\[1\] must be bool"):
        next(indexed)


def test_lists_of_different_lengths_are_refused_before_anything_is_read():
    with pytest.raises(ValueError, match=r"^others must hold one .* got 1 for 2 masks"):
        next(pairs(["no", "masks"], [MASK], "others"))
