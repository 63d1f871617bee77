from __future__ import annotations

import numpy as np
import pytest

from skdefocus.datasets import load_div2k
from skdefocus.io import read_image, write_photograph
from skdefocus.patches import (
    PAPER_LADDER,
    PatchSet,
    make_blur_patches,
    select_sharp_patches,
)

TRAIN, VALID = "DIV2K_train_HR", "DIV2K_valid_HR"
PARTIAL = "holds .* of the 900 photographs of DIV2K"
SETS = ("train", "validation", "test")


def write(folder, number, seed=None):
    rng = np.random.default_rng(number if seed is None else seed)
    photo = rng.integers(0, 256, (64, 70, 3)).astype(np.uint8)
    # A part that is not sharp.
    photo[32:, :40] = 128
    home = TRAIN if number <= 800 else VALID
    write_photograph(folder / home / f"{number:04d}.png", photo)


@pytest.fixture
def folder(tmp_path):
    """DIV2K as published, with 10 and 3 of its photographs."""
    for number in (*range(1, 9), 799, 800, 801, 850, 900):
        write(tmp_path / "published", number)
    return tmp_path / "published"


def load(*arguments, **keywords):
    with pytest.warns(UserWarning, match=PARTIAL):
        return load_div2k(*arguments, **keywords)


def test_makes_the_paper_s_three_sets(folder):
    data = load(folder)
    assert {name: len(data.names[name]) for name in SETS} == {
        **{"train": 8, "validation": 2},
        "test": 3,
    }
    assert data.names["test"] == ["0801.png", "0850.png", "0900.png"]
    trained = data.names["train"] + data.names["validation"]
    assert sorted(trained) == [f"{n:04d}.png" for n in (*range(1, 9), 799, 800)]
    for name in SETS:
        patches, home = data[name], VALID if name == "test" else TRAIN
        assert isinstance(patches, PatchSet)
        assert patches.ladder == PAPER_LADDER
        sharp = [
            select_sharp_patches(read_image(folder / home / file))[0]
            for file in data.names[name]
        ]
        n_sharp = [len(s) for s in sharp]
        assert min(n_sharp) > 0
        assert np.bincount(patches.groups).tolist() == [20 * n for n in n_sharp]
        np.testing.assert_array_equal(patches.X[patches.y == 0], np.concatenate(sharp))
    assert "8 for training and 2 for validation" in data.DESCR
    assert "padding 'nearest'" in data.DESCR


def test_settings_reach_the_patches(folder):
    settings = {"padding": "constant", "min_sharpness": 500.0, "random_state": 4}
    data = load(folder, ladder=(0, 3), n_patches=26, **settings)
    expected = make_blur_patches(
        [folder / VALID / name for name in data.names["test"]],
        (0, 3),
        n_patches=6,
        blur_domain="patch",
        read=read_image,
        **settings,
    )
    np.testing.assert_array_equal(data.test.X, expected.X)
    assert len(data.train) + len(data.validation) + len(data.test) == 26
    assert data.test.ladder == (0.0, 3.0)


def test_on_disk_as_in_memory_for_every_number_of_workers(folder, tmp_path):
    in_memory = load(folder, ladder=(0, 2))
    on_disk = load(folder, tmp_path / "sets", ladder=(0, 2), n_jobs=2)
    for name in SETS:
        again = PatchSet.load(tmp_path / "sets" / name)
        assert isinstance(on_disk[name].X, np.memmap)
        for patches in (on_disk[name], again):
            for field in ("X", "y", "groups"):
                np.testing.assert_array_equal(
                    getattr(patches, field), getattr(in_memory[name], field)
                )
    assert on_disk.names == in_memory.names


def test_the_seed_divides_the_photographs(folder):
    settings = {"ladder": (0,), "validation_share": 0.5}
    one = load(folder, **settings)
    other = load(folder, **settings, random_state=1)
    assert len(one.names["train"]) == len(one.names["validation"]) == 5
    assert one.names["validation"] != other.names["validation"]
    assert one.names["validation"] == load(folder, **settings).names["validation"]


@pytest.mark.parametrize(("share", "n_validation"), [(0, 1), (1, 9)])
def test_neither_part_is_empty(folder, share, n_validation):
    data = load(folder, ladder=(0,), validation_share=share)
    assert len(data.names["validation"]) == n_validation


def test_is_found_in_a_folder_div2k_among_other_files(folder, tmp_path):
    home = tmp_path / "data"
    home.mkdir()
    folder.rename(home / "DIV2K")
    folder = home / "DIV2K"
    (folder / TRAIN / "0001x2.png").write_bytes(b"")
    (folder / TRAIN / "0009.txt").write_bytes(b"")
    (folder / TRAIN / "0002.png").rename(folder / TRAIN / "0002.PNG")
    data = load(home, ladder=(0,))
    assert len(data.names["train"] + data.names["validation"]) == 10


def test_all_900_bring_no_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "skdefocus.datasets.div2k._FOLDERS",
        {TRAIN: range(1, 3), VALID: range(801, 802)},
    )
    for number in (1, 2, 801):
        write(tmp_path, number)
    assert len(load_div2k(tmp_path, ladder=(0,)).names["train"]) == 1


@pytest.mark.parametrize("missing", [TRAIN, VALID])
def test_tells_which_folder_is_missing(folder, missing):
    (folder / missing).rename(folder / "elsewhere")
    with pytest.raises(FileNotFoundError, match=f"missing: {missing}.$"):
        load_div2k(folder)


def test_tells_that_nothing_is_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        load_div2k(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=f"missing: {TRAIN}, {VALID}.$"):
        load_div2k(tmp_path)


def test_refuses_folders_that_hold_the_wrong_photographs(tmp_path):
    for name in (TRAIN, VALID):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="holds no photograph of DIV2K, named 0001"):
        load_div2k(tmp_path)
    write(tmp_path, 1)
    write(tmp_path, 801)
    with (
        pytest.warns(UserWarning, match=PARTIAL),
        pytest.raises(ValueError, match="must hold at least two photographs"),
    ):
        load_div2k(tmp_path)
    (tmp_path / VALID / "0801.png").rename(tmp_path / TRAIN / "0801.png")
    write(tmp_path, 802)
    with pytest.raises(ValueError, match=r"must hold 0001.png to 0800.png; .* 0801"):
        load_div2k(tmp_path)


def test_names_the_set_without_sharp_patches_and_the_file_not_read(folder):
    with pytest.raises(ValueError, match=r"the set 'train' of .* none of the 8"):
        load(folder, min_sharpness=1e9)
    (folder / VALID / "0850.png").write_bytes(b"not a photograph")
    with pytest.raises(ValueError, match=r"the set 'test' of .*0850\.png"):
        load(folder, ladder=(0,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validation_share": 1.5}, "'validation_share' parameter of load_div2k"),
        ({"n_patches": 0}, "'n_patches' parameter of load_div2k"),
        ({"padding": "wrap"}, "'padding' parameter of load_div2k"),
        ({"min_sharpness": -1}, "'min_sharpness' parameter of load_div2k"),
        ({"random_state": -1}, "'random_state' parameter of load_div2k"),
        ({"ladder": (2, 1)}, "'ladder' parameter of load_div2k"),
    ],
)
def test_refuses_bad_parameters(folder, changes, message):
    with pytest.raises(ValueError, match=message):
        load_div2k(folder, **changes)
