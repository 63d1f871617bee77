from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from skdefocus.datasets import load_cuhk
from skdefocus.filters import blur

PUBLISHED, STORED = ("image", "gt"), ("images", "masks")


@pytest.fixture
def write(texture, tmp_path):
    """Write a photograph, blurred on the right, with its mask; return both."""

    def write_one(number, layout=PUBLISHED, *, home=tmp_path, ending=".jpg", **changes):
        shape = changes.get("shape", (40, 30 + number % 5))
        piece = texture[: shape[0], : shape[1]]
        mask = np.zeros(shape, bool)
        mask[:, 12 + number % 3 :] = True
        image = np.where(mask, blur(piece, 4.0), piece)
        image = np.rint(image * 255).astype(np.uint8)
        if changes.get("color", True):
            image = np.dstack([image] * 3)
        marked = ~mask if changes.get("inverted") else mask
        marked = np.where(marked, 255, 0).astype(np.uint8)
        channels = changes.get("mask_channels", 1)
        if channels > 1:
            opaque = [np.full_like(marked, 255)] * (channels == 4)
            marked = np.dstack([marked] * 3 + opaque)
        stem = f"out_of_focus{number:04d}"
        for folder in layout:
            (home / folder).mkdir(parents=True, exist_ok=True)
        # PNG pixels whatever the ending, so that they come back exactly.
        Image.fromarray(image).save(home / layout[0] / f"{stem}{ending}", "PNG")
        Image.fromarray(marked).save(home / layout[1] / f"{stem}.png")
        return image, mask

    return write_one


def load(*arguments, **keywords):
    """Load small folders, which are never whole."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*figures are not comparable")
        return load_cuhk(*arguments, **keywords)


@pytest.mark.parametrize("layout", [PUBLISHED, STORED])
@pytest.mark.parametrize("parent", [False, True])
def test_reads_both_layouts_here_or_in_cuhk(write, tmp_path, layout, parent):
    home = tmp_path / "cuhk" if parent else tmp_path
    first = write(1, layout, home=home)
    second = write(2, layout, home=home, ending=".JPG", mask_channels=4)
    third = write(3, layout, home=home, mask_channels=3, color=False)
    # Motion blur, and what file managers leave behind.
    (home / layout[0] / "motion0001.jpg").write_bytes(b"")
    (home / layout[0] / "._out_of_focus0001.jpg").write_bytes(b"")
    (home / layout[0] / "out_of_focus0001.txt").write_text("")
    (home / layout[1] / "motion0001.png").write_bytes(b"")
    data = load(tmp_path)
    assert data.names == [f"out_of_focus{number:04d}" for number in (1, 2, 3)]
    pairs = zip(data.images, data.masks, strict=True)
    for (image, mask), expected in zip(pairs, (first, second, third), strict=True):
        assert image.dtype == np.uint8
        assert mask.dtype == bool
        np.testing.assert_array_equal(image, expected[0])
        np.testing.assert_array_equal(mask, expected[1])
    assert data.images[2].ndim == 2


def test_return_X_y(write, tmp_path):
    image, mask = write(1)
    images, masks = load(str(tmp_path), return_X_y=True)
    np.testing.assert_array_equal(images[0], image)
    np.testing.assert_array_equal(masks[0], mask)


def test_numbered_splits(write, tmp_path):
    for number in (1, 200, 201, 400, 401, 704, 705):
        write(number)
    numbers = {
        split: [int(name[-4:]) for name in load(tmp_path, split).names]
        for split in ("test", "validation", "all")
    }
    assert numbers == {
        "test": [1, 200],
        "validation": [201, 400],
        "all": [1, 200, 201, 400, 401, 704],
    }


def test_lists_divide_the_photographs(write, tmp_path):
    for number in (1, 2, 300, 704):
        write(number)
    names = tmp_path / "names.txt"
    names.write_text(
        "\ufeffout_of_focus0002.JPG\n\n  gt/out_of_focus0704.png \nout_of_focus0002\n",
        encoding="utf-8",
    )
    # All that is listed is there, so that nothing is warned of.
    listed = load_cuhk(tmp_path, "listed", list_file=names)
    unlisted = load(tmp_path, "unlisted", list_file=str(names))
    assert listed.names == ["out_of_focus0002", "out_of_focus0704"]
    assert unlisted.names == ["out_of_focus0001", "out_of_focus0300"]
    with pytest.warns(UserWarning, match="holds 2 of the 702 photographs"):
        load_cuhk(tmp_path, "unlisted", list_file=names)


def test_warns_of_a_part_of_a_split(write, tmp_path):
    write(7)
    with pytest.warns(UserWarning, match="1 of the 200 .* split 'test'") as record:
        load_cuhk(tmp_path)
    assert [warning.filename for warning in record] == [__file__]


def test_masks_published_inverted(write, tmp_path):
    _, mask = write(508, inverted=True)
    write(509, inverted=True)
    write(510)
    with pytest.warns(UserWarning, match="out_of_focus0508, out_of_focus0509; correct"):
        data = load(tmp_path, "all")
    np.testing.assert_array_equal(data.masks[0], ~mask)
    data = load(tmp_path, "all", correct_inverted=True)
    np.testing.assert_array_equal(data.masks[0], mask)
    # The other masks stay.
    assert data.masks[2][:, -1].all()
    names = tmp_path / "names.txt"
    names.write_text("out_of_focus0509")
    with pytest.warns(UserWarning, match="in focus: out_of_focus0509; correct"):
        load(tmp_path, "listed", list_file=names)


def test_polarity_is_asserted_by_five_photographs(write, tmp_path):
    for number in range(1, 5):
        write(number, inverted=True)
    assert len(load(tmp_path).names) == 4
    # A constant mask, and a photograph without detail, have no vote.
    _, mask = write(6)
    Image.fromarray(np.zeros(mask.shape, np.uint8)).save(
        tmp_path / "gt" / "out_of_focus0006.png"
    )
    write(7)
    Image.fromarray(np.zeros((40, 32), np.uint8)).save(
        tmp_path / "image" / "out_of_focus0007.jpg", "PNG"
    )
    assert len(load(tmp_path).names) == 6
    write(5)
    with pytest.raises(ValueError, match=r"look inverted: .* in 4 of 5 photographs"):
        load(tmp_path)
    for number in (8, 9, 10):
        write(number)
    # Four of eight are no majority.
    assert len(load(tmp_path).names) == 10


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_not_turned(write, tmp_path, orientation):
    image, _ = write(1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "image" / "out_of_focus0001.jpg"
    Image.fromarray(image).save(path, "PNG", exif=exif)
    np.testing.assert_array_equal(load(tmp_path).images[0], image)


def test_a_broken_exif_block_does_not_cost_the_photograph(write, tmp_path):
    image, _ = write(1)
    path = tmp_path / "image" / "out_of_focus0001.jpg"
    Image.fromarray(image).save(path, "PNG", exif=b"Exif\0\0broken")
    np.testing.assert_array_equal(load(tmp_path).images[0], image)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((40, 31), 128, np.uint8), "0001.png .* 0 and 255 alone; it holds 128"),
        (np.zeros((40, 30), np.uint8), r"0001.png .* photograph, \(40, 31\); got \(40"),
        (np.eye(3, dtype=np.uint8)[[[0]]] * 255, "0001.png .* its channels differ"),
    ],
)
def test_refuses_bad_masks(write, tmp_path, mask, message):
    write(1)
    Image.fromarray(mask).save(tmp_path / "gt" / "out_of_focus0001.png")
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_refuses_16_bits(write, tmp_path):
    write(1)
    deep = Image.fromarray(np.zeros((40, 31), np.uint16))
    deep.save(tmp_path / "image" / "out_of_focus0001.jpg", "PNG")
    with pytest.raises(ValueError, match=r"0001.jpg must have 8 bits .* got uint16"):
        load(tmp_path)


def test_refuses_a_photograph_without_mask_and_one_twice(write, tmp_path):
    write(1)
    write(2)
    (tmp_path / "gt" / "out_of_focus0002.png").unlink()
    with pytest.raises(ValueError, match=r"^out_of_focus0002.jpg has no mask in .*gt"):
        load(tmp_path)
    write(2, ending=".png")
    with pytest.raises(ValueError, match=r"it holds out_of_focus0002.jpg and .*\.png"):
        load(tmp_path)


def test_refuses_missing_folders(write, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        load_cuhk(tmp_path / "nowhere")
    (tmp_path / "image").mkdir()
    with pytest.raises(FileNotFoundError, match="must hold the subfolders image and"):
        load_cuhk(tmp_path)
    write(300)
    with pytest.raises(ValueError, match="holds no photograph of the split 'test'"):
        load_cuhk(tmp_path)


def test_refuses_bad_splits_and_lists(write, tmp_path):
    write(1)
    names = tmp_path / "names.txt"
    with pytest.raises(
        ValueError, match=r"one of test, validation, all, .* got 'train"
    ):
        load_cuhk(tmp_path, "train")
    with pytest.raises(ValueError, match="'unlisted' needs a list_file"):
        load_cuhk(tmp_path, "unlisted")
    with pytest.raises(
        ValueError, match=r"list_file belongs to .* the split is 'test'"
    ):
        load_cuhk(tmp_path, list_file=names)
    with pytest.raises(FileNotFoundError, match=r"list_file, .*names\.txt, does not"):
        load_cuhk(tmp_path, "listed", list_file=names)
    names.write_text("\n \n")
    with pytest.raises(ValueError, match=r"names\.txt, names no photograph"):
        load_cuhk(tmp_path, "listed", list_file=names)
    names.write_text("out_of_focus0001\nmotion0003.jpg\nout_of_focus0002\n")
    for split in ("listed", "unlisted"):
        with pytest.raises(ValueError, match="2 of 3 are not, the first is 'motion000"):
            load_cuhk(tmp_path, split, list_file=names)


def test_real_photographs(data_folder):
    data = load_cuhk(data_folder, "test")
    assert len(data.images) == len(data.masks) == 200
    assert data.names[0] == "out_of_focus0001"
    assert data.names[-1] == "out_of_focus0200"
    for image, mask in zip(data.images, data.masks, strict=True):
        assert image.shape == (*mask.shape, 3)
        assert 0 < mask.mean() < 1
