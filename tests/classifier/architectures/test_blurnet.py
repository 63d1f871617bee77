from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from skdefocus.classifier.network import Network
from tests.classifier.networks import N_LEVELS, check_counts, inputs_of

BLURNETS = ["blurnet", "blurnet_small"]


@pytest.mark.parametrize(
    ("name", "total", "trained"),
    [
        ("blurnet", 229_012, 228_596),
        ("blurnet_small", 58_964, 58_756),
    ],
)
def test_numbers_of_parameters(built, name, total, trained):
    check_counts(built(name), name, total, trained)


@pytest.mark.parametrize("name", BLURNETS)
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
def test_cells_lie_4_pixels_apart(built, told, size):
    height, width = size
    network = built("blurnet")
    images = np.zeros((1, *size), np.float32)
    found = network(inputs_of(network, images, told[:1]), training=False)
    cells = ((height - 32) // 4 + 1, (width - 32) // 4 + 1)
    assert found.shape == (1, N_LEVELS, *cells)


@pytest.mark.parametrize("factor", [1 / 2, 1 / 8, 4, 0.3])
@pytest.mark.parametrize("shift", [0.0, 0.25, -2.0])
@pytest.mark.parametrize("name", [*BLURNETS, None])
def test_contrast_and_brightness_change_nothing(
    exported, trained, noise, told, name, factor, shift
):
    network = Network(exported(name)) if name else trained.network_
    expected = network.run_patches(noise, conditions=told)
    changed = factor * noise + np.float32(shift)
    found = network.run_patches(changed, conditions=factor * told)
    # A shift rounds the last bits away.
    atol = 1e-5 if shift == 0 else 5e-4
    np.testing.assert_allclose(found, expected, atol=atol)
    # It is no network that says the same of everything.
    assert expected.std(axis=0).max() > 0.01
    # Of either alone it is another photograph.
    other = network.run_patches(changed, conditions=told)
    assert np.abs(other - expected).max() > 0.003


@pytest.mark.parametrize("name", BLURNETS)
@pytest.mark.parametrize("index", range(4))
def test_every_condition_matters(exported, noise, told, name, index):
    network = Network(exported(name))
    expected = network.run_patches(noise, conditions=told)
    other = told.copy()
    other[:, index] = 3 * other[:, index] + 0.01
    found = network.run_patches(noise, conditions=other)
    assert np.abs(found - expected).max() > 1e-3
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", BLURNETS)
def test_over_an_image_it_answers_as_of_its_patches(exported, told, name):
    network = Network(exported(name))
    image = np.random.default_rng(4).random((61, 75), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image, (32, 32))[::4, ::4]
    patches = np.ascontiguousarray(windows.reshape(-1, 32, 32))
    for conditions in told[:3]:
        dense = network.run_image(image, conditions=conditions)
        assert dense.shape == (8, 11, N_LEVELS)
        of_patches = network.run_patches(
            patches, conditions=np.tile(conditions, (len(patches), 1))
        )
        np.testing.assert_allclose(dense.reshape(-1, N_LEVELS), of_patches, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_of_a_flat_image_it_gives_numbers(exported, told, value):
    network = Network(exported("blurnet"))
    flat = np.full((3, 32, 32), value, np.float32)
    conditions = np.stack([told[0], 1e-8 * told[0], [1e-30, 1e-30, 0, 1e-30]])
    found = network.run_patches(flat, conditions=conditions.astype(np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_what_was_learned_is_blind_to_brightness(trained):
    """Kernels that see pixels or their means sum to 0, and offsets know no span."""
    graph = onnx.load_from_string(trained.network_.onnx).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    averaged = [n.output[0] for n in graph.node if n.op_type == "AveragePool"]
    seen = {"pixels": 0, "conditions": 0}
    for node in graph.node:
        if node.op_type != "Conv" or len(node.input) < 3:
            # The logarithms of what is relative are subtracted by one without a bias.
            continue
        kernel, bias = (constants[name] for name in node.input[1:3])
        if node.input[0] in ("patches", *averaged):
            seen["pixels"] += 1
            assert np.abs(kernel).max() > 0.01
            sums = kernel.sum(axis=(1, 2, 3))
            np.testing.assert_allclose(sums, 0, atol=1e-5 * np.abs(kernel).max())
        if node.input[0] == "conditions":
            seen["conditions"] += 1
            assert (kernel[:, 3] == 0).all()
            assert (kernel[:, :2] != 0).any()
        if kernel.shape[2:] != (1, 1) or node.input[0] == "conditions":
            # Nothing is added but multiples of the conditions.
            assert (bias == 0).all()
    assert seen == {"pixels": 2, "conditions": 5}
