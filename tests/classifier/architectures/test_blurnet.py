from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.network import Network
from tests.classifier.networks import N_LEVELS, check_counts


@pytest.mark.parametrize(
    ("name", "total", "trained"),
    [
        ("blurnet", 164_372, 163_604),
        ("blurnet_small", 53_844, 53_428),
    ],
)
def test_numbers_of_parameters(built, name, total, trained):
    check_counts(built(name), name, total, trained)


@pytest.mark.parametrize("name", ["blurnet", "blurnet_small"])
def test_a_cell_sees_its_patch_and_nothing_else(exported, name):
    network = Network(exported(name))
    rng = np.random.default_rng(3)
    image = rng.random((48, 52), dtype=np.float32)
    expected = network.run_image(image)
    assert expected.shape == (5, 6, N_LEVELS)

    # The cell in row 1 and column 2 belongs to the patch that begins at (4, 8).
    other = rng.random(image.shape, dtype=np.float32)
    other[4:36, 8:40] = image[4:36, 8:40]
    np.testing.assert_allclose(
        network.run_image(other)[1, 2], expected[1, 2], atol=1e-6
    )
    for row, column in ((4, 8), (4, 39), (35, 8), (35, 39)):
        changed = image.copy()
        changed[row, column] = 1 - np.round(image[row, column])
        assert abs(network.run_image(changed)[1, 2] - expected[1, 2]).max() > 1e-6


@pytest.mark.parametrize("size", [(32, 32), (35, 36), (63, 100)])
def test_cells_lie_4_pixels_apart(built, size):
    height, width = size
    found = built("blurnet")(np.zeros((1, 1, *size), np.float32), training=False)
    cells = ((height - 32) // 4 + 1, (width - 32) // 4 + 1)
    assert found.shape == (1, N_LEVELS, *cells)
