from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import splu

from skdefocus.filters import _multigrid, matting_smoother
from tests.strategies import maps


def brute_force_laplacian(guide, eps, radius):
    """Levin's Laplacian as the sum of every window's ridge regression on colors."""
    height, width = guide.shape[:2]
    colors = guide.reshape(height * width, -1)
    index = np.arange(height * width).reshape(height, width)
    entries, rows, columns = [], [], []
    for row in range(radius, height - radius):
        for column in range(radius, width - radius):
            window = index[
                row - radius : row + radius + 1, column - radius : column + radius + 1
            ].ravel()
            n_pixels = len(window)
            # The least of |a I + b - x|^2 + eps |a|^2 over a and b is x' M x.
            design = np.column_stack([colors[window], np.ones(n_pixels)])
            ridge = np.diag([eps] * colors.shape[1] + [0])
            hat = design @ np.linalg.solve(design.T @ design + ridge, design.T)
            entries.append((np.eye(n_pixels) - hat).ravel())
            rows.append(np.repeat(window, n_pixels))
            columns.append(np.tile(window, n_pixels))
    places = np.concatenate(rows), np.concatenate(columns)
    shape = height * width, height * width
    return sparse.coo_array((np.concatenate(entries), places), shape).tocsc()


def brute_force(image, guide, confidence, data_weight, eps, radius):
    weight = data_weight * np.maximum(confidence, 1e-3).ravel()
    laplacian = brute_force_laplacian(guide, eps, radius)
    matrix = sparse.csc_array(laplacian + sparse.diags_array(weight))
    solution = splu(matrix).solve(weight * image.ravel())
    return solution.reshape(image.shape)


@pytest.fixture(scope="module", autouse=True)
def _pymatting():
    pytest.importorskip("pymatting", reason="the extra 'compare' brings it")


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("radius", [1, 2])
def test_equals_brute_force(color, radius):
    rng = np.random.default_rng(radius)
    guide = rng.random((9, 11, 3)) if color else rng.random((9, 11))
    image = rng.uniform(0, 19, (9, 11))
    confidence = rng.random((9, 11)) * (rng.random((9, 11)) < 0.7)
    found = matting_smoother(
        image, guide, confidence, data_weight=0.05, eps=1e-3, radius=radius
    )
    expected = brute_force(image, guide, confidence, 0.05, 1e-3, radius)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_no_confidence_is_full_confidence(small_photo):
    image = np.random.default_rng(0).random(small_photo.shape[:2])
    np.testing.assert_array_equal(
        matting_smoother(image, small_photo),
        matting_smoother(image, small_photo, np.ones(image.shape)),
    )


@given(maps(), st.sampled_from([1, 2]))
def test_constant_is_a_fixed_point_and_added_constants_come_through(pair, radius):
    guide, image = pair
    constant = np.full(image.shape, 3.25)
    np.testing.assert_allclose(
        matting_smoother(constant, guide, radius=radius), constant, rtol=1e-10
    )
    np.testing.assert_allclose(
        matting_smoother(image + 2, guide, radius=radius),
        matting_smoother(image, guide, radius=radius) + 2,
        atol=1e-7,
    )


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    guide, image = pair
    np.testing.assert_allclose(
        matting_smoother(change(image), change(guide)),
        change(matting_smoother(image, guide)),
        atol=1e-6,
    )


@given(maps())
def test_a_large_data_weight_is_the_identity(pair):
    guide, image = pair
    np.testing.assert_allclose(
        matting_smoother(image, guide, data_weight=1e9), image, atol=1e-6
    )


def test_flat_guide_smooths_and_an_edge_stops_it():
    rng = np.random.default_rng(0)
    noise = rng.random((16, 24))
    flat = matting_smoother(noise, np.full(noise.shape, 0.4), data_weight=1e-3)
    assert flat.std() < noise.std() / 10
    step = np.repeat([[0.2, 0.8]], 12, axis=1) * np.ones((16, 1))
    smooth = matting_smoother(noise + 10 * step, step, data_weight=1e-3)
    assert abs(np.diff(smooth, axis=1)[:, 11] - 6).max() < 0.5


def test_confidence_decides_what_spreads():
    image = np.full((12, 20), 5.0)
    image[:, :4] = 1.0
    confidence = np.zeros(image.shape)
    confidence[:, :4] = 1.0
    found = matting_smoother(image, np.full(image.shape, 0.5), confidence)
    assert found.max() < 2


def test_channels_are_smoothed_one_by_one(small_photo):
    found = matting_smoother(small_photo, small_photo)
    assert found.shape == small_photo.shape
    for channel in range(3):
        np.testing.assert_array_equal(
            found[..., channel],
            matting_smoother(small_photo[..., channel], small_photo),
        )


def test_large_images_agree_with_brute_force(small_photo):
    image = small_photo[..., 1].round(-1) / 255
    # More unknowns than are solved for directly.
    assert image.size > 2 * _multigrid._DIRECT_SIZE
    found = matting_smoother(image, small_photo, data_weight=0.01)
    guide, certain = small_photo / 255, np.ones(image.shape)
    exact = brute_force(image, guide, certain, 0.01, 1e-4, 1)
    assert abs(found - exact).max() < 1e-3


def test_float32_agrees_with_float64(small_photo):
    image = (small_photo[..., 0] / 255).astype(np.float32)
    found = matting_smoother(image, small_photo)
    assert found.dtype == np.float32
    expected = matting_smoother(image.astype(np.float64), small_photo)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_names_the_extra_without_pymatting(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(ImportError, match=r"pip install 'skdefocus\[compare\]'\.$"):
        matting_smoother(np.zeros((4, 4)), np.zeros((4, 4)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_weight": 0}, "'data_weight' parameter of matting_smoother"),
        ({"eps": 0.0}, "'eps' parameter"),
        ({"radius": 0}, "'radius' parameter"),
        ({"guide": np.zeros((5, 4))}, "guide must have the image's height and width"),
        ({"guide": np.zeros((4, 4, 2))}, "at most 3 channels"),
        ({"confidence": np.zeros((5, 4))}, "confidence must have the photograph's"),
        ({"confidence": np.full((4, 4), 1.5)}, r"confidence must be in \[0, 1\]"),
        ({"image": np.zeros(4)}, "image must have shape"),
    ],
)
def test_refuses_bad_input(changes, message):
    arguments = {"image": np.zeros((4, 4)), "guide": np.zeros((4, 4)), **changes}
    with pytest.raises(ValueError, match=message):
        matting_smoother(**arguments)
