from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import ndimage

from skdefocus import EdgeRatioMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import edge_ratio_map
from skdefocus.mapping.peers.zhuo import _joint_bilateral
from skdefocus.synthesis import defocus

pytest.importorskip("skimage", reason="the extra 'compare' brings it")


@pytest.mark.parametrize("sigma", [1, 2, 4, 8])
def test_sigma_at_the_edge_is_within_5_percent(sigma):
    step = np.repeat([[0.2, 0.8]], 64, axis=1) * np.ones((96, 1))
    estimate = edge_ratio_map(blur(step, sigma))
    # One edge, so that one sigma is all there is.
    np.testing.assert_allclose(estimate, sigma, rtol=0.05)


def test_matting_spreads_it_too():
    pytest.importorskip("pymatting", reason="the extra 'compare' brings it")
    step = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((48, 1))
    estimate = edge_ratio_map(blur(step, 3.0), propagation="matting")
    np.testing.assert_allclose(estimate[:, 28:36], 3, rtol=0.05)
    assert estimate.dtype == np.float32


def discs():
    """Discs of several grays on a dark ground and, from the middle on, a brighter."""
    y, x = np.mgrid[:40, :40] - 19.5
    inside = np.hypot(y, x) < 12
    grays = np.random.default_rng(1).uniform(0.55, 1, (4, 8))
    grounds = [0.1] * 4 + [0.4] * 4
    return np.block(
        [
            [np.where(inside, *pair) for pair in zip(line, grounds, strict=True)]
            for line in grays
        ]
    )


@pytest.mark.parametrize(
    ("propagation", "tolerance"), [("global", 0.4), ("matting", 0.65)]
)
def test_two_halves_of_different_blur(propagation, tolerance):
    # Both let sigma flow a little across the border: matting with a small weight more.
    if propagation == "matting":
        pytest.importorskip("pymatting", reason="the extra 'compare' brings it")
    truth = np.where(np.arange(320) < 160, 1.0, 3.0) * np.ones((160, 1))
    image = defocus(discs(), truth)
    estimate = edge_ratio_map(image, edge_threshold=0.1, propagation=propagation)
    assert abs(np.median(estimate[:, :120]) - 1) < tolerance
    assert abs(np.median(estimate[:, 200:]) - 3) < tolerance


def test_cut_and_no_edges():
    step = np.repeat([[0.2, 0.8]], 64, axis=1) * np.ones((96, 1))
    np.testing.assert_array_equal(edge_ratio_map(blur(step, 4.0), max_sigma=2.5), 2.5)
    np.testing.assert_array_equal(edge_ratio_map(np.full((20, 30), 0.3)), 10)
    np.testing.assert_array_equal(edge_ratio_map(np.zeros((1, 1))), 10)


def test_more_blur_is_larger(texture):
    medians = [
        float(np.median(edge_ratio_map(blur(texture, s), edge_threshold=0.1)))
        for s in (0.5, 1, 2, 4)
    ]
    assert medians == sorted(medians)


def test_joint_bilateral_equals_its_definition():
    rng = np.random.default_rng(0)
    edges = rng.random((14, 17)) < 0.3
    edges[0, 0] = edges[-1, -1] = True
    gray = rng.random(edges.shape).astype(np.float32)
    sigma = rng.uniform(0, 10, edges.sum()).astype(np.float32)
    points = np.argwhere(edges)
    expected = []
    for point in points:
        distance2 = ((points - point) ** 2).sum(axis=1)
        unlike = (gray[edges] - gray[tuple(point)]) ** 2
        weight = np.exp(-distance2 / 50 - unlike / 0.02) * (distance2 <= 100)
        expected.append(weight @ sigma / weight.sum())
    np.testing.assert_allclose(
        _joint_bilateral(sigma, edges, gray), expected, rtol=1e-5
    )


def test_samples_are_in_pixels(photo):
    (sample,) = EdgeRatioMapper().transform([photo])
    assert sample.unit == "px"
    assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
    assert 0 <= sample.blur_map.min() < sample.blur_map.max() <= 10
    flower = ndimage.median_filter(sample.blur_map, 9)[200:260, 280:340]
    assert np.median(flower) < np.median(sample.blur_map[:60, :100])


def test_refusals(photo, monkeypatch):
    for name, value in (
        ("edge_threshold", 1.5),
        ("reblur_sigma", 0),
        ("max_sigma", -1),
        ("propagation", "none"),
        ("data_weight", 0),
    ):
        with pytest.raises(ValueError, match=f"'{name}' parameter of EdgeRatioMapper"):
            EdgeRatioMapper().set_params(**{name: value}).transform([photo])
        with pytest.raises(ValueError, match=f"'{name}' parameter of edge_ratio_map"):
            edge_ratio_map(photo, **{name: value})
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(ImportError, match="edge_ratio_map needs scikit-image"):
        edge_ratio_map(photo)
