from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import DefocusSample, GlobalRefiner
from skdefocus._shared.threads import limited_threads
from skdefocus.filters import global_smoother
from skdefocus.filters._soft_guide import guide_noise
from skdefocus.refine import refine_global
from tests.strategies import maps


def test_finds_the_edge_exactly(coarse):
    image, subject, blur_map = coarse
    np.testing.assert_array_equal(refine_global(blur_map, image) < 2, subject)


def test_fills_in_what_is_not_known(coarse):
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


def test_logarithms_are_for_sigma_only(coarse):
    image, _, blur_map = coarse
    score = blur_map / 10
    sample = DefocusSample(image, score, unit="relative")
    (result,) = GlobalRefiner().transform([sample])
    expected = refine_global(score, image, value_scale="linear")
    np.testing.assert_array_equal(result.blur_map, expected)
    assert abs(refine_global(score, image) - expected).max() > 0


@pytest.mark.parametrize(
    ("refiner", "message"),
    [
        (GlobalRefiner(smoothness=-1), "'smoothness' parameter of GlobalRefiner"),
        (GlobalRefiner(color_sigma=0), "'color_sigma' parameter of GlobalRefiner"),
        (GlobalRefiner(n_iter=0), "'n_iter' parameter of GlobalRefiner"),
        (GlobalRefiner(map_sigma=0), "'map_sigma' parameter of GlobalRefiner"),
        (GlobalRefiner(disagreement=0), "'disagreement' parameter of GlobalRefiner"),
        (GlobalRefiner(guide_blur=-1), "'guide_blur' parameter of GlobalRefiner"),
        (GlobalRefiner(guide_blur="px"), "'guide_blur' parameter of GlobalRefiner"),
        (GlobalRefiner(value_scale="px"), "'value_scale' parameter of GlobalRefiner"),
    ],
)
def test_refuses_parameters(refiner, message, coarse):
    image, _, blur_map = coarse
    with pytest.raises(ValueError, match=message):
        refiner.transform([DefocusSample(image, blur_map)])


@pytest.mark.parametrize("value_scale", ["log", "linear"])
@pytest.mark.parametrize("disagreement", [None, 0.2])
@pytest.mark.parametrize("map_sigma", [None, 0.3])
def test_is_the_global_smoother_with_confidence_where_the_map_agrees(
    small_photo, value_scale, disagreement, map_sigma
):
    rng = np.random.default_rng(0)
    image = small_photo[:40, :50]
    blur_map, confidence = rng.uniform(0, 9, (40, 50)), rng.random((40, 50))
    settings = {"smoothness": 30.0, "color_sigma": 0.1, "n_iter": 2}
    values = np.log(blur_map + 0.8) if value_scale == "log" else blur_map
    weight = confidence
    if disagreement is not None:
        padded = np.pad(values, 16, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (33, 33))
        variance = windows.var(axis=(2, 3))
        weight = confidence * disagreement / (disagreement + variance)
    expected = global_smoother(
        values, image, confidence=weight, value_sigma=map_sigma, **settings
    )
    if value_scale == "log":
        expected = np.exp(expected) - 0.8
    found = refine_global(
        blur_map,
        image,
        confidence,
        map_sigma=map_sigma,
        disagreement=disagreement,
        value_scale=value_scale,
        guide_blur=0,
        # A share of the photograph's span.
        **{**settings, "color_sigma": 0.1 / guide_noise(image)[1]},
    )
    assert found.dtype == np.float32
    expected = np.clip(expected, blur_map.min(), blur_map.max())
    np.testing.assert_allclose(found, expected, atol=5e-3)


@given(maps(np.float32), st.booleans())
def test_the_range_is_kept_whatever_the_confidence(pair, some):
    image, blur_map = pair
    confidence = image[::-1] if some else np.zeros_like(image)
    found = refine_global(blur_map, image, confidence)
    assert blur_map.min() <= found.min() <= found.max() <= blur_map.max()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_photographs_are_taken_by_their_range(small_photo, dtype):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    image = small_photo.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    settings = {"guide_blur": 1.0}
    expected = refine_global(blur_map, small_photo / 255, **settings)
    found = refine_global(blur_map, image, **settings)
    np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize(("factor", "offset"), [(0.5, 0.0), (0.125, 0.5)])
def test_exposure_and_contrast_change_nothing(coarse, factor, offset):
    image, _, blur_map = coarse
    changed = refine_global(blur_map, image * factor + offset)
    np.testing.assert_allclose(changed, refine_global(blur_map, image), atol=2e-3)


def test_noise_does_not_break_every_tie(coarse):
    image, subject, blur_map = coarse
    confidence = np.full(subject.shape, 0.02)
    confidence[30:66, 30:66] = 1
    noise = np.random.default_rng(0).normal(0, 10 / 255, image.shape)
    noisy = np.clip(image + noise, 0, 1)
    clean = refine_global(blur_map, image, confidence)
    errors = [
        np.abs(refine_global(blur_map, noisy, confidence, guide_blur=b) - clean).mean()
        for b in ("auto", 0)
    ]
    assert errors[0] < 0.6 * errors[1]


@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_change_no_bit(small_photo, n_threads):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    with limited_threads(1):
        alone = refine_global(blur_map, small_photo, blur_map / 9)
    with limited_threads(n_threads):
        result = refine_global(blur_map, small_photo, blur_map / 9)
    np.testing.assert_array_equal(result, alone)


def test_what_is_given_stays_as_it_was(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    confidence = rng.random(blur_map.shape).astype(np.float32)
    before = blur_map.copy(), confidence.copy(), small_photo.copy()
    refine_global(blur_map, small_photo, confidence)
    for array, copy in zip((blur_map, confidence, small_photo), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_samples_bring_their_confidence(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    confidence = rng.random(blur_map.shape).astype(np.float32)
    sample = DefocusSample(small_photo, blur_map, confidence)
    refiner = GlobalRefiner(100.0, 0.1, 2, map_sigma=None, disagreement=1.0)
    (refined,) = refiner.transform([sample])
    settings = {"map_sigma": None, "disagreement": 1.0, "n_iter": 2}
    expected = refine_global(
        blur_map, small_photo, confidence, smoothness=100.0, color_sigma=0.1, **settings
    )
    np.testing.assert_array_equal(refined.blur_map, expected)
    (unsure,) = refiner.transform([sample.replace(confidence=None)])
    assert abs(unsure.blur_map - expected).max() > 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smoothness": -1.0}, "'smoothness' parameter of refine_global"),
        ({"n_iter": 0}, "'n_iter' parameter of refine_global"),
        ({"disagreement": 0.0}, "'disagreement' parameter of refine_global"),
        ({"value_scale": "px"}, "'value_scale' parameter of refine_global"),
        ({"confidence": np.zeros((5, 4))}, "confidence must have the photograph's sh"),
        ({"confidence": np.full((4, 5), 1.5)}, r"confidence must be in \[0, 1\]"),
        ({"blur_map": np.full((4, 5), -1.0)}, "blur_map must be non-negative"),
        ({"image": np.full((4, 5), 2.0)}, r"float in \[0, 1\]; its values span"),
        ({"image": np.zeros((4, 5), int)}, "got dtype int64"),
    ],
)
def test_function_refuses_bad_input(changes, message):
    arguments = {"blur_map": np.zeros((4, 5)), "image": np.zeros((4, 5)), **changes}
    with pytest.raises(ValueError, match=message):
        refine_global(**arguments)
