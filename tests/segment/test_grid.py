from __future__ import annotations

import numpy as np
import pytest

from skdefocus.segment._grid import diagonal_of, make_grid


@pytest.mark.parametrize("shape", [(1, 1), (40, 60), (481, 643), (1200, 1600)])
def test_about_as_many_cells_for_every_photograph(shape):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 5, shape)
    grid = make_grid(blur_map, rng.uniform(0, 1, (*shape, 3)), None, "px")
    cells = tuple(-(-n // grid.cell) for n in shape)
    assert grid.levels.shape == grid.confidence.shape == grid.colors.shape[1:] == cells
    assert grid.levels.dtype == np.float32
    assert np.hypot(*cells) < 600
    back = grid.to_value(grid.levels)
    middle = grid.cell // 2
    here = blur_map[middle :: grid.cell, middle :: grid.cell]
    np.testing.assert_allclose(back[: len(here), : here.shape[1]], here, atol=1e-5)


def test_levels_do_not_depend_on_the_size():
    blur_map = np.random.default_rng(0).uniform(0, 5, (300, 400))
    twice = np.kron(blur_map * 2, np.ones((2, 2)))
    one, two = (make_grid(m, None, None, "px") for m in (blur_map, twice))
    assert two.cell == 2 * one.cell or one.cell == 1
    assert abs(one.to_level(1.0) - two.to_level(2.0)) < 1e-6
    assert diagonal_of((300, 400)) == 500
    assert diagonal_of((3, 4)) == 385


def test_scores_span_as_much_as_sigma():
    score = np.linspace(0.2, 0.7, 100).reshape(10, 10)
    grid = make_grid(score, None, np.full((10, 10), 0.5), "relative")
    assert grid.levels.min() == pytest.approx(0)
    assert grid.levels.max() == pytest.approx(4)
    np.testing.assert_allclose(grid.to_value(grid.levels), score, atol=1e-6)
    assert (grid.confidence == 0.5).all()
    flat = make_grid(np.full((10, 10), 0.3), None, None, "relative")
    np.testing.assert_allclose(flat.to_value(flat.levels), 0.3)
