"""What all refiners promise, and what sets each apart."""

from __future__ import annotations

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
from skdefocus.filters import guided_filter
from skdefocus.refine import (
    refine_global,
    refine_guided,
    refine_matting,
    refine_mutual_guided,
    refine_wgif,
)
from tests.strategies import maps

FUNCTIONS = [refine_wgif, refine_guided, refine_global, refine_mutual_guided]
ESTIMATORS = [WGIFRefiner(), GuidedRefiner(), GlobalRefiner(), MutualGuidedRefiner()]


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
    tolerance = 0.5 if refine is refine_mutual_guided else 2e-3
    np.testing.assert_allclose(flipped[:, ::-1], result, atol=tolerance)


@pytest.fixture(scope="module")
def coarse():
    """A sharp square before a blurred ground, its map too wide by 8 pixels."""
    rng = np.random.default_rng(0)
    subject = np.zeros((96, 96), bool)
    subject[32:64, 32:64] = True
    wide = np.zeros_like(subject)
    wide[24:72, 24:72] = True
    image = np.where(subject, 0.8, 0.3) + rng.normal(0, 0.004, subject.shape)
    image = image.astype(np.float32)
    return image, subject, np.where(wide, 0.5, 6.0).astype(np.float32)


@pytest.mark.parametrize("refine", FUNCTIONS[:3])
def test_takes_the_map_to_the_edge(refine, coarse):
    image, subject, blur_map = coarse
    before = ((blur_map > 2) != ~subject).mean()
    after = ((refine(blur_map, image) > 2) != ~subject).mean()
    assert after < before


def test_global_smoother_finds_the_edge_exactly(coarse):
    image, subject, blur_map = coarse
    np.testing.assert_array_equal(refine_global(blur_map, image) < 2, subject)


def test_global_smoother_fills_in_what_is_not_known(coarse):
    image, subject, _ = coarse
    blur_map = np.where(subject, 0.5, 6.0)
    confidence = np.ones(subject.shape)
    blur_map[40:56, 40:56], confidence[40:56, 40:56] = 6.0, 0.001
    refined = refine_global(blur_map, image, confidence, disagreement=None)
    assert refined[subject].max() < 1
    unaware = refine_global(blur_map, image, disagreement=None)
    assert unaware[subject].max() > 1


def test_disagreement_spares_what_lies_around_a_sharp_edge(coarse):
    image, subject, blur_map = coarse
    confidence = np.full(subject.shape, 0.05)
    confidence[20:76, 20:76] = 1
    plain = refine_global(blur_map, image, confidence, disagreement=None)
    aware = refine_global(blur_map, image, confidence)
    assert np.median(aware[~subject]) > np.median(plain[~subject]) + 0.5


def test_no_confidence_at_all_is_the_same_as_none_given(coarse):
    image, _, blur_map = coarse
    nothing = refine_global(blur_map, image, np.zeros(blur_map.shape))
    everything = refine_global(blur_map, image, np.ones(blur_map.shape))
    np.testing.assert_allclose(nothing, everything, rtol=1e-4)


def test_guided_is_the_guided_filter(coarse):
    image, _, blur_map = coarse
    expected = guided_filter(blur_map, image, radius=5, eps=0.01)
    expected = np.clip(expected, blur_map.min(), blur_map.max())
    result = refine_guided(blur_map, image, radius=5, eps=0.01)
    np.testing.assert_array_equal(result, expected)
    color = np.dstack([image, image**2, 1 - image])
    gray = refine_guided(blur_map, color)
    assert (
        abs(refine_guided(blur_map, color, guide_channels="color") - gray).max() > 0.01
    )


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
    assert first.image is image
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


def test_logarithms_are_for_sigma_only(coarse):
    image, _, blur_map = coarse
    score = blur_map / 10
    sample = DefocusSample(image, score, unit="relative")
    for refiner, function, linear in (
        (GlobalRefiner(), refine_global, {"value_scale": "linear"}),
        (MutualGuidedRefiner(), refine_mutual_guided, {"unit": "relative"}),
    ):
        (result,) = refiner.transform([sample])
        expected = function(score, image, **linear)
        np.testing.assert_array_equal(result.blur_map, expected)
        assert abs(function(score, image) - expected).max() > 0


def test_matting(coarse):
    pytest.importorskip("pymatting", reason="needs pymatting")
    image, subject, blur_map = coarse
    confidence = np.where(blur_map < 2, 0.5, 1.0).astype(np.float32)
    sample = DefocusSample(image, blur_map, confidence)
    refiner = MattingRefiner()
    (result,) = refiner.transform([sample])
    assert result.blur_map.dtype == np.float32
    expected = refine_matting(blur_map, image, confidence)
    np.testing.assert_array_equal(result.blur_map, expected)
    assert ((expected > 2) != ~subject).mean() < ((blur_map > 2) != ~subject).mean()
    assert blur_map.min() <= expected.min() <= expected.max() <= blur_map.max()


@pytest.mark.parametrize(
    ("refiner", "message"),
    [
        (GlobalRefiner(smoothness=-1), "'smoothness' parameter of GlobalRefiner"),
        (GlobalRefiner(color_sigma=0), "'color_sigma' parameter of GlobalRefiner"),
        (GlobalRefiner(n_iter=0), "'n_iter' parameter of GlobalRefiner"),
        (GlobalRefiner(map_sigma=0), "'map_sigma' parameter of GlobalRefiner"),
        (GlobalRefiner(disagreement=0), "'disagreement' parameter of GlobalRefiner"),
        (GlobalRefiner(value_scale="px"), "'value_scale' parameter of GlobalRefiner"),
        (GuidedRefiner(radius=-1), "'radius' parameter of GuidedRefiner"),
        (GuidedRefiner(eps=0), "'eps' parameter of GuidedRefiner"),
        (
            GuidedRefiner(guide_channels="red"),
            "'guide_channels' parameter of GuidedRefiner",
        ),
        (MutualGuidedRefiner(-1), "'smoothness' parameter of MutualGuidedRefiner"),
        (MattingRefiner(0), "'data_weight' parameter of MattingRefiner"),
    ],
)
def test_refuses_parameters(refiner, message, coarse):
    image, _, blur_map = coarse
    with pytest.raises(ValueError, match=message):
        refiner.transform([DefocusSample(image, blur_map)])


@pytest.mark.parametrize("refine", [*FUNCTIONS, refine_matting])
def test_refuses_maps_that_do_not_fit(refine):
    with pytest.raises(ValueError, match="blur_map must have the photograph's shape"):
        refine(np.zeros((5, 6)), np.zeros((6, 5)))
