from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from skdefocus.filters import blur
from skdefocus.mapping.peers import edge_sigma
from skdefocus.mapping.peers._edge_sigma import canny_edges

pytest.importorskip("skimage", reason="the extra 'compare' brings it")


def blurred_edge(sigma, angle=0.0, offset=0.0, size=96, low=0.2, high=0.8):
    """A straight edge through the middle, blurred by exactly sigma."""
    y, x = np.mgrid[:size, :size] - size / 2
    angle = np.radians(angle)
    distance = x * np.cos(angle) + y * np.sin(angle) - offset
    return (low + (high - low) * ndtr(distance / sigma)).astype(np.float32)


def inner_edges(image):
    edges = canny_edges(image, 1.0, 0.1, "test")
    inside = np.zeros_like(edges)
    inside[32:-32, 32:-32] = True
    return edges & inside


@given(
    st.floats(0.7, 8),
    st.floats(0, 360),
    st.floats(-0.5, 0.5),
    st.floats(0.02, 0.8),
)
def test_sigma_of_any_straight_edge(sigma, angle, offset, contrast):
    image = blurred_edge(sigma, angle, offset, low=0.1, high=0.1 + contrast)
    edges = inner_edges(image)
    assert edges.sum() >= 30
    np.testing.assert_allclose(edge_sigma(image, edges), sigma, rtol=0.02)


@pytest.mark.parametrize("sigma", [1, 1.5, 2, 3, 5, 8])
@pytest.mark.parametrize("coarse_scale", [1.2, 2**0.5, 3.0])
def test_a_blurred_step_comes_out_within_5_percent(sigma, coarse_scale):
    step = np.repeat([[0.2, 0.8]], 64, axis=1) * np.ones((96, 1))
    image = blur(step, sigma)
    estimate = edge_sigma(image, inner_edges_of_step(image), 1.0, coarse_scale)
    np.testing.assert_allclose(estimate, sigma, rtol=0.05)


def inner_edges_of_step(image):
    edges = canny_edges(image, 1.0, 0.01, "test")
    assert set(np.nonzero(edges)[1]) <= {63, 64}
    return edges


def test_a_scale_for_each_edge_pixel():
    image = blurred_edge(2.0, 30)
    edges = inner_edges(image)
    scales = np.linspace(1.5, 3, edges.sum()).round(1)
    expected = np.empty(edges.sum(), np.float32)
    for scale in np.unique(scales):
        chosen = scales == scale
        expected[chosen] = edge_sigma(image, edges, 1.0, scale)[chosen]
    np.testing.assert_array_equal(edge_sigma(image, edges, 1.0, scales), expected)


def test_guards():
    # Between two steps the gradient grows as they run together: no step does so.
    columns = np.arange(41)
    row = 0.4 * (columns > 20) + 0.3 * (columns > 26)
    image = np.tile(row, (41, 1))
    edges = np.zeros((41, 41), bool)
    edges[20, [5, 20, 21, 23, 24, 35]] = True
    expected = [np.nan, 0, 0, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(edge_sigma(image, edges, 1.0, 2.0), expected)


def test_edges_are_thin_and_relative_to_the_strongest():
    image = blurred_edge(1.0, 90)
    edges = canny_edges(image, 1.0, 0.5, "test")
    assert edges[:, 10:-10].any(axis=0).all()
    assert edges.sum() <= 2 * 96
    np.testing.assert_array_equal(canny_edges(image * 0.1, 1.0, 0.5, "test"), edges)
    faint = image.copy()
    faint[:30] += 0.02 * (np.arange(96) > 48)
    faint = faint.astype(np.float32)
    assert canny_edges(faint, 1.0, 0.01, "test")[5:20, 44:52].any()
    assert not canny_edges(faint, 1.0, 0.5, "test")[5:20, 44:52].any()
    assert not canny_edges(np.full((30, 40), 0.3, np.float32), 1.0, 0.01, "test").any()


def test_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(ImportError, match="a_map needs scikit-image: pip install 'sk"):
        canny_edges(np.zeros((9, 9), np.float32), 1.0, 0.1, "a_map")


def test_refusals():
    image, edges = np.zeros((8, 9)), np.ones((8, 9), bool)
    with pytest.raises(ValueError, match=r"edges must be a bool array .* \(8, 9\)"):
        edge_sigma(image, edges[1:])
    with pytest.raises(ValueError, match="edges must be a bool array"):
        edge_sigma(image, edges * 1)
    with pytest.raises(
        ValueError, match=r"coarse_scale must be above fine_scale, 1\.0"
    ):
        edge_sigma(image, edges, 1.0, 1.0)
    with pytest.raises(ValueError, match="'fine_scale' parameter of edge_sigma"):
        edge_sigma(image, edges, 0.0)
