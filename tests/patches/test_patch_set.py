from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from skdefocus.filters.conditions import CLEAN
from skdefocus.patches import PatchSet, concatenate_patches
from skdefocus.patches.patch_set import LazyPatches, check_conditions
from tests.patches.sets import LADDER, a_set, assert_same


def test_holds_what_it_was_given():
    patches = PatchSet(np.ones((2, 1, 1), np.uint8), [0, 1], [7, 7], [0, 2])
    assert len(patches) == 2
    assert patches.ladder == (0.0, 2.0)
    assert patches.y.dtype == patches.groups.dtype == np.int64
    assert repr(patches) == "PatchSet(n_patches=2, patch_size=1, n_levels=2)"
    # Nothing else is known of them.
    np.testing.assert_array_equal(patches.conditions, np.float32([CLEAN, CLEAN]))
    assert patches.conditions.dtype == np.float32
    with pytest.raises(AttributeError):
        patches.X = None


def row(**changes):
    """Conditions of four patches, of which the last is changed."""
    conditions = np.full((4, 4), 0.5)
    for name, value in changes.items():
        conditions[3, ("noise", "half", "blocks", "span").index(name)] = value
    return conditions


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros((4, 8, 9), np.uint8)}, r"X must be uint8 or float32 patches"),
        ({"X": np.zeros((4, 8, 8))}, r"got shape \(4, 8, 8\) and dtype float64"),
        ({"X": [1, 2]}, r"X must be uint8 or float32 patches of shape"),
        ({"y": [0, 1]}, r"y must hold one integer for each of the 4 patches"),
        ({"y": [0.0, 1, 2, 1]}, r"y must hold one integer .* dtype float64"),
        ({"y": [0, 1, 2, 3]}, r"y must hold integers from 0 to 2; they span \[0, 3\]"),
        ({"groups": [0, 1, -1, 0]}, r"groups must hold integers 0 or more"),
        ({"ladder": (1, 0)}, "'ladder' parameter of PatchSet must be 1 or more sigmas"),
        ({"ladder": ()}, "'ladder' parameter of PatchSet must be 1 or more sigmas"),
        (
            {"conditions": np.ones((4, 3))},
            r"^conditions must be floats of shape \(4, 4\), one row for each patch; "
            r"got shape \(4, 3\) and dtype float64\.$",
        ),
        ({"conditions": np.ones((3, 4))}, r"conditions must be .* got shape \(3, 4\)"),
        ({"conditions": np.ones(4)}, r"conditions must be floats .* got shape \(4,\)"),
        ({"conditions": 0.5}, r"conditions must be floats .* got shape \(\)"),
        ({"conditions": np.ones((4, 4), int)}, "conditions must be floats .* int64"),
        ({"conditions": [["a"] * 4] * 4}, "conditions must be floats .* dtype <U1"),
        *(
            (
                {"conditions": row(**bad)},
                "^conditions must be finite and not negative.$",
            )
            for bad in (
                {"noise": np.nan},
                {"half": np.inf},
                {"blocks": -1e-3},
                {"span": -1.0},
                # In 32 bits it is infinite.
                {"span": 1e39},
            )
        ),
        *(
            (
                {"conditions": row(**bad)},
                "^the noise and span in conditions must be abo",
            )
            # In 32 bits the last is 0.
            for bad in ({"noise": 0.0}, {"half": 0.0}, {"span": 0.0}, {"noise": 1e-50})
        ),
    ],
)
def test_refuses_what_does_not_fit(changes, message):
    good = {
        "X": np.zeros((4, 8, 8), np.uint8),
        "y": [0, 1, 2, 0],
        "groups": [0, 0, 1, 1],
        "ladder": LADDER,
    }
    with pytest.raises(ValueError, match=message):
        PatchSet(**{**good, **changes})


def test_sets_are_joined_without_a_copy(tmp_path):
    first, second = a_set(10), a_set(7, seed=1)
    first.save(tmp_path)
    sets = [PatchSet.load(tmp_path), second, first]
    both = concatenate_patches(sets)
    expected = np.concatenate([first.X, second.X, first.X])
    assert both.X.shape == expected.shape
    assert both.X.dtype == np.uint8
    assert both.X.ndim == 3
    assert len(both) == len(both.X) == 27
    assert repr(both.X) == "LazyPatches(shape=(27, 8, 8), dtype=uint8)"
    np.testing.assert_array_equal(np.asarray(both.X), expected)
    np.testing.assert_array_equal(both.groups[10:17], second.groups + 3)
    np.testing.assert_array_equal(both.groups[17:], first.groups + 6)
    same = concatenate_patches(sets, same_photographs=True)
    np.testing.assert_array_equal(same.groups[17:], first.groups)
    np.testing.assert_array_equal(same.y, np.concatenate([first.y, second.y, first.y]))
    for joined in (both, same):
        np.testing.assert_array_equal(
            joined.conditions,
            np.concatenate([first.conditions, second.conditions, first.conditions]),
        )


def test_joined_sets_are_indexed_as_arrays_are():
    first, second = a_set(10), a_set(7, seed=1)
    lazy = concatenate_patches([first, second]).X
    array = np.concatenate([first.X, second.X])
    rng = np.random.default_rng(0)
    for key in (
        *(3, -1, np.int64(12), slice(None), slice(8, 12), slice(None, None, -3)),
        *(rng.permutation(17), [16, 0, 0, -2], array[:, 0, 0] > 99, np.array([], int)),
        *((rng.permutation(17)[:5], np.newaxis), (4, 2), (slice(0, 9), 1, slice(2))),
    ):
        got = lazy[key]
        np.testing.assert_array_equal(got, array[key])
        assert type(got) is np.ndarray or np.ndim(got) == 0
        assert got.dtype == np.uint8
    assert len(list(lazy)) == 17
    assert np.asarray(lazy, dtype=float).dtype == float
    for key in (17, [0, -18], np.ones(5, bool)):
        with pytest.raises(IndexError):
            lazy[key]
    with pytest.raises(ValueError, match="only become an array by a copy"):
        lazy.__array__(copy=False)


def test_patches_are_taken_by_photograph_from_joined_sets():
    both = concatenate_patches([a_set(10), a_set(7, seed=1)])
    mask = np.isin(both.groups, [1, 4])
    part = both.take(mask)
    assert set(part.groups) == {1, 4}
    np.testing.assert_array_equal(part.X[:], both.X[mask])
    np.testing.assert_array_equal(part.y, both.y[mask])
    np.testing.assert_array_equal(part.conditions, both.conditions[mask])
    assert_same(part.take([2, 0]), both.take(np.flatnonzero(mask)[[2, 0]]))
    assert len(part.take([])) == 0
    with pytest.raises(IndexError):
        part.take([99])


def test_unpacks_into_its_arrays():
    patches = a_set()
    X, y, groups = patches
    assert X is patches.X
    assert y is patches.y
    assert groups is patches.groups
    # It is a set of patches all the same.
    assert len(patches) == 10


def test_the_ladder_goes_wherever_the_patches_go(tmp_path):
    ladder = (0.25, 1.0, 7.5)
    patches = a_set(ladder=ladder)
    patches.save(tmp_path)
    for same in (
        *(PatchSet.load(tmp_path), patches.take([3, 1]), patches.take(patches.y == 9)),
        *(concatenate_patches([patches, PatchSet.load(tmp_path)]),),
        *(copy.deepcopy(patches), pickle.loads(pickle.dumps(patches))),
    ):
        assert same.ladder == ladder
    np.testing.assert_array_equal(
        np.take(ladder, patches.take([3, 1]).y), np.take(ladder, patches.y)[[3, 1]]
    )


def test_conditions_go_wherever_the_patches_go(tmp_path):
    patches = a_set(9)
    assert len(np.unique(patches.conditions, axis=0)) == 9
    patches.save(tmp_path)
    for same in (
        *(PatchSet.load(tmp_path), copy.deepcopy(patches)),
        pickle.loads(pickle.dumps(patches)),
    ):
        assert_same(same, patches)
    loaded = PatchSet.load(tmp_path)
    joined = concatenate_patches([loaded.take([8, 2]), patches.take(patches.y == 1)])
    joined.save(tmp_path / "joined")
    again = PatchSet.load(tmp_path / "joined")
    expected = patches.conditions[[8, 2, *np.flatnonzero(patches.y == 1)]]
    np.testing.assert_array_equal(again.conditions, expected)


def test_sets_without_conditions_are_of_clean_photographs():
    known = a_set(3)
    unknown = PatchSet(known.X, known.y, known.groups, LADDER)
    both = concatenate_patches([known, unknown])
    np.testing.assert_array_equal(both.conditions[:3], known.conditions)
    np.testing.assert_array_equal(both.conditions[3:], np.float32([CLEAN] * 3))


def test_conditions_of_no_patch_are_none():
    for nothing in (None, np.empty((0, 4))):
        assert check_conditions(nothing, 0).shape == (0, 4)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_conditions_become_32_bits(dtype):
    given = np.array([[0.25, 0.125, 0.0, 1.0]], dtype)
    for conditions in (given, given.tolist()):
        found = check_conditions(conditions, 1)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, given)


def test_refuses_to_join_what_differs():
    with pytest.raises(ValueError, match="at least one PatchSet; it is empty"):
        concatenate_patches([])
    message = "share one patch size, one dtype and one ladder; got 8 px"
    for other in (
        a_set(size=9),
        a_set(ladder=(0.0, 1.0, 4.0)),
        replace(a_set(), X=a_set().X / np.float32(255)),
    ):
        with pytest.raises(ValueError, match=message):
            concatenate_patches([other, a_set()])


def test_lazy_patches_take_an_ellipsis_and_refuse_other_keys():
    patches = np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)
    lazy = LazyPatches([patches[:2], patches[2:]])
    for key in (..., (..., 0), (slice(1, 4), ..., 2), (2, ..., 1)):
        np.testing.assert_array_equal(lazy[key], patches[key])
    for key in (None, [[0, 1], [1, 0]]):
        with pytest.raises(IndexError, match="rows as a number, a slice, or integers"):
            lazy[key]


def test_what_is_no_array_of_numbers_is_refused_as_such():
    class Tensor:
        shape, dtype = (4, 32, 32), "torch.float32"

        def __array__(self, dtype=None, copy=None):
            return np.zeros(self.shape, np.float64)

    with pytest.raises(ValueError, match=r"^X must be uint8 or float32 patches"):
        PatchSet(Tensor(), np.zeros(4, int), np.zeros(4, int), (0.0, 2.0))
