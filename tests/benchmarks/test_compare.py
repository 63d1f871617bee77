from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks import compare

pytestmark = pytest.mark.slow


@pytest.fixture
def photo_file(tmp_path, small_photo):
    path = tmp_path / "photo.png"
    Image.fromarray(small_photo).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("what", "sheets", "rows"),
    [
        ("maps", ["maps.png"], 16),
        ("sharpen", ["sharpened.png", "sharpened_details.png"], 6),
        ("bokeh", ["bokeh.png"], 3),
    ],
)
# The map of a part of a photograph need not have a background to blur.
@pytest.mark.filterwarnings("ignore:the blur map has no clear distinction")
def test_draws_sheets(what, sheets, rows, photo_file, tmp_path, capsys):
    assert compare.main([what, photo_file, "--out", str(tmp_path / "out")]) == 0
    for sheet in sheets:
        picture = np.asarray(Image.open(tmp_path / "out" / sheet))
        assert picture.std() > 20
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if not line.startswith("wrote")]) == rows


def test_every_public_mapper_is_compared():
    import skdefocus

    named = {type(mapper).__name__ for mapper in compare.MAPPERS.values()}
    others = {"CalibratedMapper", "PrecomputedMapper"}
    mappers = {name for name in skdefocus.__all__ if name.endswith("Mapper")}
    assert named == mappers - others


def test_details_are_the_extremes():
    blur_map = np.ones((200, 300), np.float32)
    blur_map[100:190, 200:290] = 5
    blur_map[:96, :96] = 0
    places = compare.details(blur_map)
    assert blur_map[places["sharpest"]].max() == 0
    assert blur_map[places["most blurred"]].mean() > 3


def test_a_mask_keeps_the_subject(photo_file, tmp_path, small_photo):
    mask = np.full(small_photo.shape[:2], 255, np.uint8)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    arguments = ["bokeh", photo_file, "--out", str(tmp_path)]
    assert compare.main([*arguments, "--subject", str(tmp_path / "mask.png")]) == 0
