from __future__ import annotations

import pytest

from skdefocus.io.metadata import Density


@pytest.mark.parametrize(
    ("density", "useful"),
    [
        (Density(300, 300, 2), True),
        (Density(118, 118, 3), True),
        (Density(2, 1, 1), True),
        (Density(1, 1, 1), False),
    ],
)
def test_square_pixels_of_no_size_say_nothing(density, useful):
    assert density.is_useful is useful
