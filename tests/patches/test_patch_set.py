from __future__ import annotations

import json

import numpy as np
import pytest

from skdefocus.patches import PatchSet, concatenate_patches, make_blur_patches

LADDER = (0.0, 1.0, 3.0)


def a_set(n=10, *, seed=0, size=8, n_photographs=3, ladder=LADDER):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 256, (n, size, size)).astype(np.uint8)
    y = rng.integers(len(ladder), size=n)
    return PatchSet(X, y, np.arange(n) % n_photographs, ladder)


def assert_same(one, other):
    np.testing.assert_array_equal(np.asarray(one.X), np.asarray(other.X))
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(one.groups, other.groups)
    assert one.ladder == other.ladder


def test_holds_what_it_was_given():
    patches = PatchSet(np.ones((2, 1, 1), np.uint8), [0, 1], [7, 7], [0, 2])
    assert len(patches) == 2
    assert patches.ladder == (0.0, 2.0)
    assert patches.y.dtype == patches.groups.dtype == np.int64
    assert repr(patches) == "PatchSet(n_patches=2, patch_size=1, n_levels=2)"
    with pytest.raises(AttributeError):
        patches.X = None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros((4, 8, 9), np.uint8)}, r"X must be uint8 patches of shape"),
        ({"X": np.zeros((4, 8, 8))}, r"got shape \(4, 8, 8\) and dtype float64"),
        ({"X": [1, 2]}, r"X must be uint8 patches of shape"),
        ({"y": [0, 1]}, r"y must hold one integer for each of the 4 patches"),
        ({"y": [0.0, 1, 2, 1]}, r"y must hold one integer .* dtype float64"),
        ({"y": [0, 1, 2, 3]}, r"y must hold integers from 0 to 2; they span \[0, 3\]"),
        ({"groups": [0, 1, -1, 0]}, r"groups must hold integers 0 or more"),
        ({"ladder": (1, 0)}, "'ladder' parameter of PatchSet must be 1 or more sigmas"),
        ({"ladder": ()}, "'ladder' parameter of PatchSet must be 1 or more sigmas"),
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


@pytest.mark.parametrize("n", [0, 1, 9000])
def test_comes_back_memory_mapped(tmp_path, n):
    patches = a_set(n, size=4)
    patches.save(tmp_path / "new" / "set")
    again = PatchSet.load(tmp_path / "new" / "set")
    assert_same(patches, again)
    for array in (again.X, again.y, again.groups):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    names = {path.name for path in (tmp_path / "new" / "set").iterdir()}
    assert names == {"X.npy", "y.npy", "groups.npy", "patches.json"}


def test_a_set_is_replaced_even_by_what_is_read_from_it(tmp_path):
    a_set(10).save(tmp_path)
    on_disk = PatchSet.load(tmp_path)
    half = on_disk.take(np.arange(5))
    half.save(tmp_path)
    assert_same(PatchSet.load(tmp_path), a_set(10).take(np.arange(5)))


@pytest.mark.parametrize("name", ["X.npy", "y.npy", "groups.npy", "patches.json"])
def test_tells_which_file_is_missing(tmp_path, name):
    a_set().save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"no patch set: {name} is missing"):
        PatchSet.load(tmp_path)


def write_card(folder, **changes):
    path = folder / "patches.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "patches.json").write_text("{"), "not the card of a patch set"),
        (lambda f: (f / "patches.json").write_text("[]"), "not the card of a patch"),
        (lambda f: write_card(f, format="else"), "its format is 'else'"),
        (lambda f: write_card(f, n_patches=-1), r"its sizes are \(-1, 8\)"),
        (lambda f: write_card(f, patch_size=8.0), r"its sizes are \(10, 8.0\)"),
        (lambda f: write_card(f, ladder=[3, 1]), "ascending"),
        (lambda f: write_card(f, ladder=[0]), "y must hold integers from 0 to 0"),
        (lambda f: write_card(f, n_patches=9), r"X.npy must have shape \(9, 8, 8\)"),
        (lambda f: (f / "X.npy").write_bytes(b""), "X.npy is not an array on disk"),
        (lambda f: (f / "y.npy").write_bytes(b"x" * 300), "y.npy is not an array"),
        (
            lambda f: np.save(f / "y.npy", np.zeros(10)),
            r"y.npy must have shape \(10,\) and dtype int64.* float64",
        ),
        (
            lambda f: np.save(f / "y.npy", np.array([None] * 10), allow_pickle=True),
            "y.npy is not an array on disk",
        ),
        (lambda f: cut_short(f / "X.npy"), "X.npy is not an array on disk"),
    ],
)
def test_refuses_spoilt_files(tmp_path, spoil, message):
    a_set().save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ValueError, match=message):
        PatchSet.load(tmp_path)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


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
    assert_same(part.take([2, 0]), both.take(np.flatnonzero(mask)[[2, 0]]))
    assert len(part.take([])) == 0
    with pytest.raises(IndexError):
        part.take([99])


def test_refuses_to_join_what_differs():
    with pytest.raises(ValueError, match="at least one PatchSet; it is empty"):
        concatenate_patches([])
    with pytest.raises(ValueError, match="share one patch size and one ladder; got 8"):
        concatenate_patches([a_set(), a_set(size=9)])
    with pytest.raises(ValueError, match="share one patch size and one ladder"):
        concatenate_patches([a_set(), a_set(ladder=(0.0, 1.0, 4.0))])


@pytest.mark.parametrize("blur_domain", ["image", "patch"])
def test_a_set_is_made_on_disk_as_in_memory(texture, tmp_path, blur_domain):
    photos = [texture, np.zeros((99, 99)), texture[:70]]
    settings = {"ladder": LADDER, "n_patches": 90, "min_sharpness": 60}
    settings["blur_domain"] = blur_domain
    expected = PatchSet(*make_blur_patches(photos, **settings), LADDER)
    X, y, groups = make_blur_patches(photos, out=tmp_path / "set", **settings)
    assert isinstance(X, np.memmap)
    assert_same(PatchSet(X, y, groups, LADDER), expected)
    assert_same(PatchSet.load(tmp_path / "set"), expected)
    assert set(groups) == {0, 2}


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_failure_leaves_the_old_set_and_nothing_else(texture, tmp_path, n_jobs):
    a_set().save(tmp_path)
    for photos in ([texture, np.full((50, 50), 2.0)], [np.zeros((50, 50))]):
        with pytest.raises(ValueError, match=r"in \[0, 1\]|none of the 1 photographs"):
            make_blur_patches(photos, out=tmp_path, n_patches=9, n_jobs=n_jobs)
    assert_same(PatchSet.load(tmp_path), a_set())
    assert len(list(tmp_path.iterdir())) == 4
