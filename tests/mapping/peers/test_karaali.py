from __future__ import annotations

import sys

import numpy as np
import pytest

from skdefocus import AdaptiveScaleEdgeMapper
from skdefocus.filters import blur, guided_filter
from skdefocus.mapping.peers import adaptive_scale_map
from skdefocus.mapping.peers.karaali import (
    _filter_connected,
    _fit,
    _reliable_edges,
    _spread,
)
from skdefocus.synthesis import defocus

pytest.importorskip("skimage", reason="the extra 'compare' brings it")


@pytest.mark.parametrize("sigma", [1, 1.5, 2, 3, 4])
def test_sigma_at_the_edge_is_within_5_percent(sigma):
    step = np.repeat([[0.2, 0.8]], 64, axis=1) * np.ones((96, 1))
    # One edge, so that one sigma is all there is.
    np.testing.assert_allclose(adaptive_scale_map(blur(step, sigma)), sigma, rtol=0.05)


def test_cut_and_no_edges():
    step = np.repeat([[0.2, 0.8]], 64, axis=1) * np.ones((96, 1))
    image = blur(step, 4)
    np.testing.assert_array_equal(adaptive_scale_map(image, max_sigma=2.5), 2.5)
    np.testing.assert_array_equal(adaptive_scale_map(np.full((20, 30), 0.3)), 5)
    np.testing.assert_array_equal(adaptive_scale_map(np.zeros((1, 1))), 5)


def test_scales_are_wide_where_an_edge_stands_alone():
    columns = np.arange(200)
    # A step by itself, and a step whose other side is a bar's width away.
    row = 0.2 + 0.5 * (columns > 50) - 0.4 * ((columns > 140) & (columns <= 147))
    edges, scale, n_scales = _reliable_edges(
        (row * np.ones((80, 1))).astype(np.float32)
    )
    at = np.nonzero(edges)[1]
    assert set(at) <= {50, 51, 140, 141, 147, 148}
    alone = at < 100
    np.testing.assert_array_equal(scale[alone], 5)
    np.testing.assert_array_equal(n_scales[alone], 9)
    # Inside the bar its edges are lost first; from outside they seem to move away.
    inside = (at > 140) & (at <= 147)
    assert inside.any()
    assert 2.5 <= scale[inside].min() <= scale[inside].max() < 5


def test_connected_edges_by_hand():
    edges = np.zeros((6, 7), bool)
    edges[1, 1] = edges[2, 2] = True  # neighbors across a corner
    edges[4, 4] = edges[5, 3] = True  # likewise; one has no measurement
    edges[0, 6] = True  # alone and without
    measured = np.array([np.nan, 0, 3, 2, np.nan], np.float32)
    # Both with weight 1 + 4: 25 x - 20 y = 0 and 25 y - 20 x = 15.
    expected = [np.nan, 4 / 3, 5 / 3, 2, 2]
    found = _filter_connected(measured, edges, np.full(5, 4), 20.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    unchanged = _filter_connected(measured, edges, np.full(5, 4), 0.0)
    np.testing.assert_allclose(unchanged, [np.nan, 0, 3, 2, np.nan], rtol=1e-12)


def test_connected_edges_equal_the_dense_system():
    rng = np.random.default_rng(0)
    edges = rng.random((9, 11)) < 0.4
    points = np.argwhere(edges)
    measured = rng.uniform(0, 5, len(points))
    n_scales = rng.integers(4, 10, len(points))
    distance = np.abs(points[:, None] - points[None]).max(axis=2)
    ties = 20.0 * (distance == 1)
    system = np.diag(1.0 + n_scales + ties.sum(axis=1)) - ties
    expected = np.linalg.solve(system, (1 + n_scales) * measured)
    found = _filter_connected(measured, edges, n_scales, 20.0)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_fit_with_equal_weights_is_the_guided_filter():
    rng = np.random.default_rng(0)
    gray, values = rng.random((2, 30, 40))
    fitted, density = _fit(values, np.ones((30, 40)), gray, 3, 0.01)
    np.testing.assert_allclose(density, 1, rtol=1e-12)
    expected = guided_filter(values, gray, radius=3, eps=0.01)
    np.testing.assert_allclose(fitted, expected, rtol=1e-9)


def test_fit_uses_edges_alone():
    rng = np.random.default_rng(0)
    gray = rng.random((30, 40))
    weight = (rng.random((30, 40)) < 0.3).astype(float)
    # What depends on gray by a line is carried everywhere, whatever the rest holds.
    fitted, _ = _fit(weight * (2 * gray + 1), weight, gray, 12, 1e-9)
    np.testing.assert_allclose(fitted, 2 * gray + 1, rtol=1e-4)


def test_spread_reaches_everywhere_and_prefers_what_is_near():
    edges = np.zeros((90, 120), bool)
    edges[:, 30] = edges[:, 90] = True
    sigma = np.where(np.nonzero(edges)[1] == 30, 1.0, 4.0)
    spread = _spread(sigma, edges, np.full(edges.shape, 0.5), 4, 0.01)
    np.testing.assert_allclose(spread[:, 30], 1, atol=0.2)
    np.testing.assert_allclose(spread[:, 90], 4, atol=0.2)
    assert (np.diff(spread[45, 30:91]) > -1e-9).all()
    constant = _spread(np.full(sigma.size, 3.0), edges, np.ones(edges.shape), 4, 0.01)
    np.testing.assert_allclose(constant, 3, rtol=1e-12)


@pytest.mark.parametrize(("scale_share", "tolerance"), [(1.0, 0.4), (0.5, 0.2)])
def test_two_halves_of_different_blur(scale_share, tolerance):
    # Edges bend here, which a wide scale takes for less blur.
    y, x = np.mgrid[:40, :40] - 19.5
    inside = np.hypot(y, x) < 12
    grays = np.random.default_rng(1).uniform(0.5, 1, (4, 8))
    image = np.block([[np.where(inside, g, 0.2) for g in line] for line in grays])
    truth = np.where(np.arange(320) < 160, 1.0, 3.0) * np.ones((160, 1))
    estimate = adaptive_scale_map(defocus(image, truth), scale_share=scale_share)
    assert abs(np.median(estimate[:, :120]) - 1) < tolerance
    assert abs(np.median(estimate[:, 200:]) - 3) < tolerance


def test_samples_are_in_pixels(photo):
    (sample,) = AdaptiveScaleEdgeMapper().transform([photo])
    assert sample.unit == "px"
    assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
    assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 5
    flower = sample.blur_map[180:280, 260:360]
    assert np.median(flower) < 1 < np.median(sample.blur_map[:60, :100])


def test_refusals(photo, monkeypatch):
    for name, value in (
        ("max_sigma", 0),
        ("scale_share", 0.4),
        ("scale_share", 1.1),
        ("edge_smoothness", -1),
        ("radius", 1.5),
        ("eps", 0),
    ):
        message = f"'{name}' parameter of AdaptiveScaleEdgeMapper"
        with pytest.raises(ValueError, match=message):
            AdaptiveScaleEdgeMapper().set_params(**{name: value}).transform([photo])
        with pytest.raises(ValueError, match=f"'{name}' parameter of adaptive_scale_m"):
            adaptive_scale_map(photo, **{name: value})
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(ImportError, match="adaptive_scale_map needs scikit-image"):
        adaptive_scale_map(photo)
