from __future__ import annotations

import numpy as np

from skdefocus._shared.threads import limited_threads
from skdefocus.segment._grid import make_grid
from skdefocus.segment._surface import cut_along, evidence_of_parts


def test_parts_are_connected_and_summed():
    odds = np.array([[1.0, 2.0, -1.0], [-1.0, -1.0, 0.5], [0.25, -2.0, 0.5]])
    labels, evidence = evidence_of_parts(odds)
    assert labels.tolist() == [[1, 1, 0], [0, 0, 2], [3, 0, 2]]
    assert evidence.tolist() == [0, 3, 1, 0.25]
    assert not evidence_of_parts(-abs(odds))[0].any()


def test_one_threshold_is_a_cut():
    rng = np.random.default_rng(0)
    image, blur_map = rng.uniform(0, 1, (700, 900, 3)), rng.uniform(0, 5, (700, 900))
    grid = make_grid(blur_map, image, None, "px")
    surface = np.full(grid.levels.shape, grid.to_level(2.0), np.float32)
    mask = cut_along(surface, blur_map, image, grid)
    unsure = abs(blur_map - 2) < 1e-4
    np.testing.assert_array_equal(mask[~unsure], (blur_map >= 2)[~unsure])


def test_thresholds_follow_the_edges_of_the_photograph():
    image = np.zeros((801, 900, 3))
    image[:, 450:] = 1.0
    blur_map = np.full((801, 900), 2.0)
    grid = make_grid(blur_map, image, None, "px")
    columns = np.arange(grid.levels.shape[1]) * grid.cell >= 450
    levels = np.where(columns, grid.to_level(4.0), grid.to_level(1.0))
    surface = np.broadcast_to(levels, grid.levels.shape).astype(np.float32)
    mask = cut_along(surface, blur_map, image, grid)
    assert mask[:, :449].all()
    assert not mask[:, 451:].any()
    with limited_threads(1):
        alone = cut_along(surface, blur_map, image, grid)
    np.testing.assert_array_equal(alone, mask)
