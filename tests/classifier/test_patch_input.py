from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.patch_input import (
    check_levels,
    check_patches,
    chunks,
    separate_ladder,
)
from skdefocus.patches import PAPER_LADDER, PatchSet
from tests.classifier.lazy import Lazy


def test_training_does_not_scan_uint8(small, make_classifier):
    X, y, _ = small
    lazy = Lazy(X)
    make_classifier(epochs=1).fit(lazy, y)
    # Twice through, once for its normalization, and what Keras looks at first.
    assert sum(lazy.sizes) <= 2 * len(X) + 32


@pytest.mark.parametrize("bad", [np.nan, 1.5, -0.5])
def test_every_chunk_is_checked(bad, make_classifier):
    X = np.zeros((1030, 1024), np.float32)
    X[1027, 5] = bad
    with pytest.raises(ValueError, match=r"NaN|float in \[0, 1\]; its values span"):
        make_classifier().fit(Lazy(X), np.arange(1030) % 3)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((4, 31, 32)), r"X must have shape \(n, 32, 32\) or \(n, 1024\)"),
        (np.zeros((4, 1000)), r"got shape \(4, 1000\)"),
        (np.zeros((0, 1024)), "at least one patch"),
        (np.full((4, 1024), 2.0), r"float in \[0, 1\]"),
        (np.full((4, 1024), -1.0), r"float in \[0, 1\]"),
        (np.full((4, 1024), np.nan), "NaN or infinity"),
        (np.zeros((4, 1024), dtype=np.int64), "got dtype int64"),
        (np.zeros((4, 1024), dtype=complex), "got dtype complex128"),
    ],
)
def test_refuses_what_are_no_patches(X, message):
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier(ladder=PAPER_LADDER).fit(X, [0, 1, 0, 1])
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier.pretrained().predict(X)


def test_refuses_sparse_patches():
    from scipy import sparse

    with pytest.raises(TypeError, match="dense arrays only"):
        PatchBlurClassifier(ladder=PAPER_LADDER).fit(
            sparse.csr_array(np.zeros((4, 1024))), [0, 1, 0, 1]
        )


def test_refuses_a_whole_patch_set_where_patches_are_wanted():
    patches = PatchSet(np.zeros((1, 32, 32), np.uint8), [0], [0], (0.0, 2.0))
    with pytest.raises(TypeError, match="give its patches alone, the attribute 'X'"):
        PatchBlurClassifier.pretrained().predict(patches)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.0, 1.5, 0.5, 1.0], "got 1.5: sigmas in pixels belong in 'ladder'"),
        # They may be sigmas of 0, 1 and 4 px or levels, so they are refused as well.
        (
            [0.0, 1.0, 4.0, 0.0],
            r"must hold integer levels, got 0\.0: sigmas in pixels belong in 'ladder', "
            r"and y holds indices into it, as integers\.$",
        ),
        (["a", "b", "a", "b"], "must hold integer levels"),
        ([0, 1, 0], "one level for each of the 4 patches"),
        ([0, 1, 0, 20], "levels from 0 to 19"),
        ([0, 1, 0, -1], "levels from 0 to 19"),
        ([3, 3, 3, 3], "got one class, 3"),
        (None, "needs the level of each patch as y"),
    ],
)
def test_refuses_what_are_no_levels(y, message):
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier(ladder=PAPER_LADDER).fit(np.zeros((4, 32, 32)), y)


@given(st.integers(0, 300), st.integers(1, 40))
def test_chunks_cover_all_rows_in_order(n, size):
    parts = list(chunks(n, size))
    assert [row for part in parts for row in part] == list(range(n))
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.just(9))),
    st.sampled_from([np.uint8, np.float32, np.float64]),
    st.integers(1, 25),
    st.booleans(),
)
def test_no_more_than_a_chunk_is_read_and_all_of_it(levels, dtype, chunk, flat):
    X = levels if dtype == np.uint8 else (levels / 255).astype(dtype)
    lazy = Lazy(X if flat else X.reshape(-1, 3, 3))
    patches = check_patches(lazy, 3, chunk=chunk)
    # uint8 cannot be out of range, and is not looked at.
    assert (lazy.sizes == []) == (dtype == np.uint8)
    read = np.concatenate(list(patches))
    assert read.shape == (len(levels), 3, 3)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read.reshape(-1, 9), levels / 255, rtol=1e-6)
    assert max(lazy.sizes) == min(chunk, len(levels))


def test_rows_are_given_as_they_are_stored_and_as_networks_take_them():
    X = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    patches = check_patches(X, 2)
    rows = np.array([1, 4])
    stored = patches.read(rows)
    assert stored.dtype == np.uint8
    np.testing.assert_array_equal(stored, X[rows])
    np.testing.assert_array_equal(patches[rows], X[rows] / np.float32(255))
    halves = check_patches((X / 255).astype(np.float16), 2)
    assert halves.read(rows).dtype == np.float16
    assert halves[rows].dtype == np.float32


def test_lists_and_arrays_of_objects_become_arrays():
    nested = [[[0.0, 1.0], [0.5, 0.25]]]
    for X in (nested, np.array(nested, dtype=object)):
        np.testing.assert_array_equal(next(iter(check_patches(X, 2))), nested)


@given(
    st.integers(1, 6).flatmap(lambda n: hnp.arrays(int, n, elements=st.integers(0, 4)))
)
def test_levels_come_back_as_64_bits(levels):
    for y in (levels, levels.astype(np.uint8), levels[:, None], levels.tolist()):
        found = check_levels(y, len(levels), 5)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, levels)
    # Sigmas look like that, and no number tells them from levels.
    with pytest.raises(ValueError, match=rf"got {levels[0]}\.0: sigmas in pixels"):
        check_levels(levels.astype(float), len(levels), 5)
    with pytest.raises(ValueError, match=r"^labels must hold levels from 0 to 3, ind"):
        check_levels([*levels, 4], len(levels) + 1, 4, "labels")


def test_messages_call_patches_by_their_name():
    with pytest.raises(ValueError, match=r"^X of data must be finite"):
        check_patches(np.full((1, 4), np.inf), 2, "X of data")


class TestSeparateLadder:
    patches = PatchSet(
        *(np.zeros((2, 4, 4), np.uint8), [0, 1], [7, 8], (0.0, 0.4)),
        np.float32([[0.1, 0.1, 0, 0.5], [0.2, 0.3, 0.1, 1]]),
    )

    # The last as it comes from ``sigmas_`` of a classifier, which is float32.
    @pytest.mark.parametrize("ladder", [None, (0, 0.4), tuple(np.float32([0, 0.4]))])
    def test_takes_a_set_apart(self, ladder):
        found = separate_ladder(self.patches, None, None, self.patches, ladder)
        X, y, groups, validation_data, sigmas, conditions = found
        assert X is validation_data[0] is self.patches.X
        assert y is validation_data[1] is self.patches.y
        assert groups is self.patches.groups
        assert sigmas == (0.0, 0.4)
        assert conditions is validation_data[2] is self.patches.conditions

    def test_leaves_arrays_as_they_are(self):
        X, y, groups, pair = object(), object(), object(), (object(), object())
        given_ = (X, y, groups, pair, (0.0, 3.0))
        # Nothing is known of the photographs of these.
        assert separate_ladder(*given_) == (*given_, None)
