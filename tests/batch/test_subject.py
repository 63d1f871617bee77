from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from skdefocus import DefocusSample
from skdefocus.batch.subject import (
    check_subject,
    find_subject,
    locate_subject,
    read_subject,
    subject_key,
)
from skdefocus.io import write_photograph


@pytest.fixture
def mask_file(tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[5:10, 8:12] = 255
    write_photograph(tmp_path / "masks" / "100" / "bee.png", mask)
    return tmp_path / "masks" / "100" / "bee.png"


def test_a_point_and_a_box_are_hints(mask_file):
    point, box = check_subject((9, 6)), check_subject(np.array([8, 5, 4, 5]))
    assert (point, box) == ((9, 6), (8, 5, 4, 5))
    assert read_subject(point, (20, 30), 1000).points == ((9, 6),)
    hint = read_subject(box, (20, 30, 3), 1000)
    assert hint.boxes == ((8, 5, 4, 5),)
    assert read_subject(check_subject(None), (20, 30), 1000) is None
    blur_map = np.full((20, 30), 5.0)
    blur_map[5:10, 8:12] = blur_map[15:, 20:] = 0.2
    sample = DefocusSample(np.zeros((20, 30)), blur_map)
    mask = read_subject(mask_file, (20, 30), 1000)
    assert locate_subject(mask, sample) is mask
    assert locate_subject(None, sample) is None
    for said in (hint, read_subject((6, 3, 9, 9), (20, 30), 1000)):
        np.testing.assert_array_equal(locate_subject(said, sample), mask)
    np.testing.assert_array_equal(
        locate_subject(read_subject(point, (20, 30), 1000), sample), mask
    )


def test_a_folder_of_masks(mask_file, tmp_path):
    folder = check_subject(str(tmp_path / "masks"))
    assert find_subject(folder, "100/bee", Path("in/bee.jpg")) == mask_file
    assert find_subject(mask_file, "100/wasp", Path("in/wasp.png")) == mask_file
    with pytest.raises(ValueError, match=r"no subject mask .*wasp\.png for in/wasp"):
        find_subject(folder, "100/wasp", Path("in/wasp.png"))


def test_the_key_is_that_of_the_content(mask_file, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(mask_file.read_bytes())
    assert subject_key(other) == subject_key(mask_file)
    write_photograph(other, np.full((20, 30), 255, np.uint8))
    assert subject_key(other) != subject_key(mask_file)
    assert subject_key((1, 2, 3, 4)) != subject_key((1, 2, 3, 5)) != subject_key(None)


@pytest.mark.parametrize(
    "wrong", [(1, 2, 3), (1, 2, 0, 4), (-1, 0, 2, 2), 3, (0.5,) * 4]
)
def test_what_is_no_subject(wrong):
    with pytest.raises(ValueError, match=r"subject must be a point .* or a box .* got"):
        check_subject(wrong)


def test_masks_and_boxes_that_do_not_fit(mask_file, tmp_path):
    with pytest.raises(ValueError, match=r"mask nowhere\.png does not exist"):
        check_subject("nowhere.png")
    with pytest.raises(ValueError, match="has 30 x 20 pixels, the photograph 40 x 20"):
        read_subject(mask_file, (20, 40), 1000)
    with pytest.raises(ValueError, match=r"\(30, 0, 5, 5\) lies outside .* of 30 x 20"):
        read_subject((30, 0, 5, 5), (20, 30), 1000)
    write_photograph(tmp_path / "black.png", np.zeros((20, 30), np.uint8))
    with pytest.raises(ValueError, match="no white pixel"):
        read_subject(Path(tmp_path / "black.png"), (20, 30), 1000)


class TestCutOuts:
    """Masks as programs that remove backgrounds write them: judged by opacity."""

    @staticmethod
    def write(path, colors, alpha):
        from skdefocus.io import Photograph

        write_photograph(path, colors, Photograph(colors, alpha))

    @pytest.mark.parametrize("ending", [".png", ".tif"])
    @pytest.mark.parametrize("is_gray", [False, True])
    def test_what_is_opaque_is_the_subject(self, tmp_path, ending, is_gray):
        rng = np.random.default_rng(0)
        shape = (20, 30) if is_gray else (20, 30, 3)
        colors = rng.integers(0, 256, shape).astype(np.uint8)
        alpha = rng.integers(0, 256, (20, 30)).astype(np.uint8)
        path = tmp_path / f"cut{ending}"
        self.write(path, colors, alpha)
        found = read_subject(path, (20, 30, 3), 1000)
        np.testing.assert_array_equal(found, alpha >= 128)

    def test_an_alpha_that_is_opaque_says_nothing(self, tmp_path):
        mask = np.zeros((20, 30), np.uint8)
        mask[3:9] = 255
        self.write(tmp_path / "m.png", mask, np.full((20, 30), 255, np.uint8))
        found = read_subject(tmp_path / "m.png", (20, 30, 3), 1000)
        np.testing.assert_array_equal(found, mask == 255)

    def test_nothing_opaque_is_refused(self, tmp_path):
        path = tmp_path / "m.png"
        self.write(path, np.full((20, 30), 255, np.uint8), np.zeros((20, 30), np.uint8))
        with pytest.raises(ValueError, match=r"mask .*m\.png has no opaque pixel"):
            read_subject(path, (20, 30), 1000)
