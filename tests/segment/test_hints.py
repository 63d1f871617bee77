from __future__ import annotations

import numpy as np
import pytest

from skdefocus.segment.hints import check_hint

SHAPE = (20, 30, 3)


def test_one_or_many():
    assert check_hint(SHAPE) is None
    assert check_hint(SHAPE, points=[], boxes=[]) is None
    assert check_hint(SHAPE, points=(29, 19)).points == ((29, 19),)
    assert check_hint(SHAPE, points=np.array([[1, 2], [3, 4]])).points == (
        (1, 2),
        (3, 4),
    )
    assert check_hint(SHAPE, boxes=(-5, 0, 10, 4)).boxes == ((-5, 0, 10, 4),)
    assert len(check_hint(SHAPE, boxes=[(0, 0, 1, 1), [2, 2, 3, 3]]).boxes) == 2
    marks = np.zeros((20, 30), int)
    marks[3, 4], marks[5, 6] = 1, 2
    assert check_hint(SHAPE, scribble=marks).scribble.dtype == np.uint8


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (
            {"points": (30, 0)},
            r"\(30, 0\) lies outside the photograph of 30 x 20",
        ),
        ({"points": (0, -1)}, "lies outside"),
        ({"points": (1, 2, 3)}, r"subject_points must hold a point \(x, y\) or a list"),
        ({"points": (1, np.nan)}, "subject_points must hold"),
        ({"points": "here"}, "subject_points must hold"),
        ({"points": 3}, r"subject_points must hold .*, in pixels; got 3\.$"),
        ({"boxes": (0, 0, 5)}, "subject_boxes must hold a box"),
        ({"boxes": (0, 0, 0, 5)}, "width and a height above 0; got 0 x 5"),
        ({"boxes": [(0, 0, 3, 5), (31, 0, 3, 5)]}, "box .* lies outside"),
        ({"boxes": (-9, 0, 9, 5)}, "lies outside"),
        ({"boxes": (10.6, 5, 0.3, 10)}, "so thin that it holds no pixel"),
        ({"boxes": (-0.9, 5, 1.2, 10)}, "so thin that it holds no pixel"),
        ({"scribble": np.ones((3, 3), int)}, r"shape \(20, 30\); got shape \(3, 3\)"),
        ({"scribble": np.full((20, 30), 3)}, "must hold 1 on the subject"),
        ({"scribble": np.ones((20, 30))}, "must hold 1 on the subject"),
        ({"scribble": np.full((20, 30), 2)}, "must hold a pixel of the subject"),
    ],
)
def test_refuses(hint, message):
    with pytest.raises(ValueError, match=message):
        check_hint(SHAPE, **hint)
