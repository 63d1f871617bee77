from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.patches import PatchSet, make_blur_patches
from skdefocus.patches.patch_files import map_patches, patch_writer
from tests.patches.sets import LADDER, a_set, assert_same

ARRAYS = ("X", "y", "groups", "conditions")


@pytest.mark.parametrize("n", [0, 1, 9000])
def test_comes_back_memory_mapped(tmp_path, n):
    patches = a_set(n, size=4)
    patches.save(tmp_path / "new" / "set")
    again = PatchSet.load(tmp_path / "new" / "set")
    assert_same(patches, again)
    for array in (again.X, again.y, again.groups, again.conditions):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    names = {path.name for path in (tmp_path / "new" / "set").iterdir()}
    assert names == {f"{name}.npy" for name in ARRAYS} | {"patches.json"}


def test_a_set_is_replaced_even_by_what_is_read_from_it(tmp_path):
    a_set(10).save(tmp_path)
    on_disk = PatchSet.load(tmp_path)
    half = on_disk.take(np.arange(5))
    half.save(tmp_path)
    assert_same(PatchSet.load(tmp_path), a_set(10).take(np.arange(5)))


@pytest.mark.parametrize("name", [*(f"{name}.npy" for name in ARRAYS), "patches.json"])
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
        (
            lambda f: np.save(f / "X.npy", np.zeros((10, 8, 8))),
            r"X.npy must have .* and dtype uint8 or float32, by .* float64",
        ),
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
        (
            lambda f: np.save(f / "conditions.npy", np.ones((10, 3), np.float32)),
            r"conditions.npy must have shape \(10, 4\) and dtype float32",
        ),
        (
            lambda f: np.save(f / "conditions.npy", np.ones((10, 4))),
            r"conditions.npy must have .* dtype float32.* float64",
        ),
        (
            lambda f: np.save(f / "conditions.npy", -np.ones((10, 4), np.float32)),
            r"conditions must be finite and not negative",
        ),
    ],
)
def test_refuses_spoilt_files(tmp_path, spoil, message):
    a_set().save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ValueError, match=message):
        PatchSet.load(tmp_path)


def test_a_set_of_the_format_before_is_not_called_incomplete(tmp_path):
    a_set().save(tmp_path)
    write_card(tmp_path, format="skdefocus patch set 1")
    (tmp_path / "conditions.npy").unlink()
    with pytest.raises(ValueError, match="its format is 'skdefocus patch set 1'"):
        PatchSet.load(tmp_path)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("blur_domain", ["image", "patch"])
def test_a_set_is_made_on_disk_as_in_memory(texture, tmp_path, blur_domain):
    photos = [texture, np.zeros((99, 99)), texture[:70]]
    settings = {"ladder": LADDER, "n_patches": 90, "min_sharpness": 60}
    settings["blur_domain"] = blur_domain
    expected = make_blur_patches(photos, **settings)
    found = make_blur_patches(photos, out=tmp_path / "set", **settings)
    assert isinstance(found.X, np.memmap)
    assert_same(found, expected)
    assert_same(PatchSet.load(tmp_path / "set"), expected)
    assert set(found.groups) == {0, 2}


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_failure_leaves_the_old_set_and_nothing_else(texture, tmp_path, n_jobs):
    a_set().save(tmp_path)
    for photos in ([texture, np.full((50, 50), 2.0)], [np.zeros((50, 50))]):
        with pytest.raises(ValueError, match=r"in \[0, 1\]|none of the 1 photographs"):
            make_blur_patches(photos, out=tmp_path, n_patches=9, n_jobs=n_jobs)
    assert_same(PatchSet.load(tmp_path), a_set())
    assert len(list(tmp_path.iterdir())) == 5


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 4))
def test_written_bit_by_bit_is_written_at_once(tmp_path_factory, portions, size):
    folder = tmp_path_factory.mktemp("set")
    patches = a_set(sum(portions), size=size)
    columns = [getattr(patches, name) for name in ARRAYS]
    with patch_writer(folder, size, LADDER) as writer:
        last = 0
        for portion in portions:
            rows = slice(last, last + portion)
            writer.append(*(column[rows] for column in columns))
            last += portion
            assert writer.n_patches == last
    assert_same(PatchSet(*map_patches(folder)), patches)
    # Plain arrays, that NumPy alone reads.
    np.testing.assert_array_equal(np.load(folder / "X.npy"), patches.X)


def test_any_failure_while_writing_leaves_the_set_before(tmp_path):
    a_set().save(tmp_path)
    other = a_set(4, seed=1, size=5)

    def write():
        with patch_writer(tmp_path, 5, LADDER) as writer:
            writer.append(other.X, other.y, other.groups, other.conditions)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert_same(PatchSet.load(tmp_path), a_set())
    assert len(list(tmp_path.iterdir())) == 5


def test_other_numbers_are_stored_in_their_own_types(tmp_path):
    with patch_writer(tmp_path, 1, (0.0,)) as writer:
        writer.append(
            np.zeros((2, 1, 1), np.uint8),
            np.int8([0, 0]),
            np.uint16([7, 8]),
            np.full((2, 4), 0.5),
        )
    _, y, groups, ladder, conditions = map_patches(tmp_path)
    assert y.dtype == groups.dtype == np.int64
    assert conditions.dtype == np.float32
    assert conditions.tolist() == [[0.5] * 4] * 2
    assert groups.tolist() == [7, 8]
    assert ladder == (0.0,)
