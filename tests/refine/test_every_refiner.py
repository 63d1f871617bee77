"""What all refiners promise; what sets each apart is tested with its module."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given

from skdefocus import (
    DefocusSample,
    GlobalRefiner,
    GuidedRefiner,
    MattingRefiner,
    MutualGuidedRefiner,
    WGIFRefiner,
)
from skdefocus.refine import (
    refine_global,
    refine_guided,
    refine_matting,
    refine_mutual_guided,
    refine_wgif,
)
from tests.strategies import maps

# Matting alone needs what an extra brings.
PYMATTING = pytest.mark.skipif(
    find_spec("pymatting") is None, reason="the extra 'compare' brings it"
)
FUNCTIONS = [
    *(refine_wgif, refine_guided, refine_global, refine_mutual_guided),
    pytest.param(refine_matting, marks=PYMATTING),
]
ESTIMATORS = [
    *(WGIFRefiner(), GuidedRefiner(), GlobalRefiner(), MutualGuidedRefiner()),
    pytest.param(MattingRefiner(), marks=PYMATTING),
]


@pytest.mark.parametrize("refine", FUNCTIONS)
@given(pair=maps())
def test_constant_range_dtype_and_flips(refine, pair):
    image, blur_map = pair
    flat = np.full_like(blur_map, 4.0)
    np.testing.assert_allclose(refine(flat, image), 4.0, rtol=1e-4)
    result = refine(blur_map, image)
    assert result.dtype == np.float32
    assert result.shape == blur_map.shape
    assert result.min() >= np.float32(blur_map.min())
    assert result.max() <= np.float32(blur_map.max())
    flipped = refine(blur_map[:, ::-1], image[:, ::-1])
    tolerance = {refine_mutual_guided: 0.5, refine_global: 0.02}.get(refine, 2e-3)
    np.testing.assert_allclose(flipped[:, ::-1], result, atol=tolerance)


@pytest.mark.parametrize("refine", FUNCTIONS)
def test_takes_the_map_to_the_edge(refine, coarse):
    image, subject, blur_map = coarse
    before = ((blur_map > 2) != ~subject).mean()
    after = ((refine(blur_map, image) > 2) != ~subject).mean()
    assert after < before


@pytest.mark.parametrize("refiner", ESTIMATORS, ids=lambda r: type(r).__name__)
def test_samples_in_samples_out(refiner, coarse):
    image, _, blur_map = coarse
    score = (blur_map / 10).astype(np.float32)
    confidence = np.full(image.shape, 0.5, np.float32)
    samples = [
        DefocusSample(image, blur_map, confidence),
        DefocusSample(image, score, unit="relative"),
    ]
    first, second = refiner.transform(samples)
    assert np.shares_memory(first.image, image)
    if isinstance(refiner, GlobalRefiner):
        # Of what reached a pixel; tested with its module.
        assert first.confidence.shape == confidence.shape
    else:
        np.testing.assert_array_equal(first.confidence, confidence)
    assert second.confidence is None
    assert (first.unit, second.unit) == ("px", "relative")
    assert second.blur_map.max() <= 0.6


@pytest.mark.parametrize("unit", ["depth", "disparity"])
@pytest.mark.parametrize("refiner", ESTIMATORS, ids=lambda r: type(r).__name__)
def test_distances_are_refined_on_any_scale(refiner, coarse, unit):
    image, _, blur_map = coarse
    near = DefocusSample(image, (1 + blur_map).astype(np.float32), unit=unit)
    far = near.replace(blur_map=near.blur_map * 1000)
    first, second = refiner.transform([near, far])
    assert (first.unit, second.unit) == (unit, unit)
    np.testing.assert_allclose(second.blur_map, first.blur_map * 1000, rtol=1e-3)
    assert not np.array_equal(first.blur_map, near.blur_map)
    assert first.blur_map.min() >= near.blur_map.min() * (1 - 1e-6)


@pytest.mark.parametrize("refine", [*FUNCTIONS[:-1], refine_matting])
def test_refuses_maps_that_do_not_fit(refine):
    with pytest.raises(ValueError, match="blur_map must have the photograph's shape"):
        refine(np.zeros((5, 6)), np.zeros((6, 5)))
