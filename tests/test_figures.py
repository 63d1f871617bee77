from __future__ import annotations

import numpy as np
import pytest

from skdefocus.figures import colour_map, draw_overview


def test_colours_mean_the_same_in_every_map():
    one = colour_map(np.array([[0.0, 1.0, 19.0]]))
    two = colour_map(np.array([[1.0, 1.0, 40.0]]))
    np.testing.assert_array_equal(one[0, 1], two[0, 0])
    np.testing.assert_array_equal(one[0, 2], two[0, 2])


def test_lightness_rises_with_blur():
    grey = colour_map(np.linspace(0, 19, 200)[np.newaxis]) @ [0.299, 0.587, 0.114]
    assert (np.diff(grey[0]) > -1).all()
    assert grey[0, -1] - grey[0, 0] > 150


def test_refuses_what_is_no_map():
    with pytest.raises(ValueError, match="non-negative"):
        colour_map(np.full((3, 3), -1.0))


@pytest.mark.parametrize("n_panels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(40, 60, 3), (900, 300), (5, 5, 3)])
def test_overview_shows_every_panel(n_panels, shape):
    panels = [(f"panel {i}", np.full(shape, 0.2 * i)) for i in range(n_panels)]
    sheet = draw_overview(panels, credit="somebody")
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    for i in range(n_panels):
        colour = round(0.2 * i * 255)
        assert (sheet == colour).all(axis=-1).any()
