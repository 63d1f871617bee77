from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, sparse
from scipy.sparse import linalg

from skdefocus import DefocusSample, GlobalRefiner
from skdefocus._shared.threads import limited_threads
from skdefocus.filters import resize
from skdefocus.filters._soft_guide import guide_noise, soft_guide
from skdefocus.refine import refine_global
from tests.strategies import maps


def test_finds_the_edge(coarse):
    image, subject, blur_map = coarse
    found = refine_global(blur_map, image) < 2
    # The guide is blurred: a pixel beside an edge belongs to neither side.
    inner, outer = (
        ndimage.binary_erosion(subject),
        ndimage.binary_dilation(subject, iterations=2),
    )
    assert found[inner].all()
    assert not found[~outer].any()


def test_fills_in_what_is_not_known(coarse):
    image, subject, _ = coarse
    blur_map = np.where(subject, 0.5, 6.0)
    confidence = np.full(subject.shape, 0.9)
    blur_map[40:56, 40:56], confidence[40:56, 40:56] = 6.0, 0.001
    refined = refine_global(blur_map, image, confidence, disagreement=None)
    assert refined[subject].max() < 1
    unaware = refine_global(blur_map, image, disagreement=None)
    assert unaware[subject].max() > 1


def test_disagreement_spares_what_lies_around_a_sharp_edge(coarse):
    image, subject, blur_map = coarse
    confidence = np.full(subject.shape, 0.05)
    confidence[20:76, 20:76] = 0.9
    plain = refine_global(blur_map, image, confidence, disagreement=None)
    aware = refine_global(blur_map, image, confidence)
    assert np.median(aware[~subject]) > np.median(plain[~subject])


def test_without_any_evidence_the_map_stays(coarse):
    image, _, blur_map = coarse
    found, confidence = refine_global(
        blur_map, image, np.zeros(blur_map.shape), return_confidence=True
    )
    np.testing.assert_array_equal(found, blur_map.astype(np.float32))
    assert not confidence.any()


def planes(shape=(120, 160)):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return 0.5 + rows / 60 + columns / 80


def test_a_confident_plane_stays_as_it_is(small_photo):
    image = np.tile(small_photo, (2, 2, 1))[:120, :160]
    blur_map = planes(image.shape[:2])
    for guide in (image, np.full(image.shape, 0.5)):
        found = refine_global(blur_map, guide, np.ones(blur_map.shape))
        np.testing.assert_allclose(found, blur_map, atol=0.08)
        assert np.abs(found - blur_map).mean() < 0.01


def test_slopes_survive_where_confidence_is_ordinary(small_photo):
    image = np.tile(small_photo, (2, 2, 1))[:120, :160]
    blur_map = planes(image.shape[:2])
    confidence = np.full(blur_map.shape, 0.8)
    settings = {"smoothness": 30_000.0, "map_sigma": None}
    found = refine_global(
        blur_map, image, confidence, disagreement=None, guide_blur=0.7, **settings
    )
    flat = reference(blur_map, image, confidence, given_back=1, **settings)
    error, error_flat = (np.abs(a - blur_map).mean() for a in (found, flat))
    assert error < 0.3 * error_flat


@pytest.mark.parametrize("slope", [0, 1e-12, 1e-6, 1e-3])
def test_maps_that_hardly_vary_are_solved(small_photo, slope):
    image = small_photo[:90, :120]
    blur_map = 2 + slope * np.mgrid[:90, :120][0]
    found = refine_global(blur_map, image)
    np.testing.assert_allclose(found, blur_map, atol=90 * slope + 1e-5)


def test_a_plane_goes_on_where_nothing_is_known(small_photo):
    image = np.tile(small_photo, (2, 2, 1))[:120, :160]
    truth = planes(image.shape[:2])
    confidence = np.full(truth.shape, 0.8)
    blur_map = truth.copy()
    blur_map[:, 120:], confidence[:, 120:] = 12, 0.001
    image[:, 110:] = image[:, 109:110]
    found = refine_global(blur_map, image, confidence, disagreement=None)
    assert np.abs(found - truth)[:, 120:].mean() < 0.25


def test_a_small_confident_subject_stays_sharp_in_an_empty_surround():
    rows, columns = np.mgrid[:200, :300]
    subject = (rows - 90) ** 2 + (columns - 200) ** 2 < 12**2
    image = np.where(subject, 0.2 + 0.4 * ((rows + columns) % 4 < 2), 0.8)
    blur_map = np.where(subject, 0.4, 14.0)
    confidence = np.where(subject, 0.9, 0.05)
    found = refine_global(blur_map, image, confidence)
    assert np.quantile(found[subject], 0.95) < 0.65
    assert np.median(found[~subject]) > 7


def reference(
    blur_map,
    image,
    confidence=None,
    *,
    smoothness,
    color_sigma=0.015,
    map_sigma=0.015,
    given_back=1,
):
    """Solve on every pixel, directly, in double precision, without disagreement."""
    _, span = guide_noise(image)
    values = np.log(blur_map + 0.8).ravel()
    data = np.ones(values.size)
    if confidence is not None:
        data = (confidence / (1.001 - confidence**10)).ravel()
    data = data + 1e-4
    index = np.arange(values.size).reshape(blur_map.shape)
    one = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    other = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    soft = soft_guide(image, 0.7 if image.std() else 0)
    colors = np.atleast_3d(soft).reshape(values.size, -1).astype(float)
    if soft.dtype == np.uint16:
        colors /= 65535
    apart = np.sqrt(((colors[one] - colors[other]) ** 2).sum(axis=1))
    ties = np.maximum(np.exp(-apart / (color_sigma * span)), 1e-9) * smoothness

    def solver():
        ends = (np.concatenate([one, other]), np.concatenate([other, one]))
        off = sparse.csr_array(
            (np.tile(-ties, 2), ends), shape=(values.size, values.size)
        )
        matrix = off + sparse.diags_array(data - off.sum(axis=1))
        solve = linalg.factorized(sparse.csc_array(matrix))
        return lambda right: solve(data * right)

    smooth = solver()
    found = smooth(values)
    if map_sigma is not None:
        ties = ties * np.exp(-np.abs(found[one] - found[other]) / map_sigma)
        smooth = solver()
        found = smooth(values)
    for _ in range(given_back):
        found = found + smooth(values - found)
    refined = np.exp(found.reshape(blur_map.shape)) - 0.8
    return np.clip(refined, blur_map.min(), blur_map.max())


def varied(small_photo, seed=0):
    """A photograph, a map that varies slowly, and a confidence that does."""
    rng = np.random.default_rng(seed)
    image = small_photo[:90, :120]
    shape = image.shape[:2]
    blur_map = ndimage.gaussian_filter(rng.random(shape), 9)
    blur_map = np.clip((blur_map - 0.47) * 50, 0, None)
    confidence = ndimage.gaussian_filter(rng.random(shape), 9)
    confidence = np.clip((confidence - 0.45) * 10, 0, 0.95)
    return image, blur_map, confidence


@pytest.mark.parametrize("map_sigma", [None, 0.015])
def test_is_the_direct_solution(small_photo, map_sigma):
    image, blur_map, confidence = varied(small_photo)
    found = refine_global(
        blur_map,
        image,
        confidence,
        disagreement=None,
        guide_blur=0.7,
        smoothness=30_000.0,
        map_sigma=map_sigma,
    )
    expected = reference(
        blur_map, image, confidence, smoothness=30_000.0, map_sigma=map_sigma
    )
    assert found.dtype == np.float32
    error = np.abs(found - expected)
    assert error.mean() < 0.01
    assert np.quantile(error, 0.99) < 0.05


def test_cells_are_near_the_direct_solution(photo, monkeypatch):
    image = photo[:300, :300]
    _, blur_map, confidence = varied(np.zeros((90, 120)))
    blur_map, confidence = (
        np.clip(resize(array.astype(np.float32), image.shape[:2]), 0, None)
        for array in (blur_map, confidence)
    )
    on_pixels = refine_global(blur_map, image, confidence)
    monkeypatch.setattr("skdefocus.filters._cells._MOST_PIXELS", 1000)
    on_cells = refine_global(blur_map, image, confidence)
    assert 0 < np.abs(on_cells - on_pixels).mean() < 0.02


def test_a_constant_on_the_scale_it_solves_on_is_added(small_photo):
    image, blur_map, confidence = varied(small_photo)
    found = refine_global(blur_map, image, confidence)
    # log(sigma + 0.8) + 0.3
    factor = np.exp(0.3)
    moved = refine_global((blur_map + 0.8) * factor - 0.8, image, confidence)
    np.testing.assert_allclose(moved, (found + 0.8) * factor - 0.8, atol=1e-3)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("most_pixels", [1000, 10**6])
def test_turns_commute(photo, turns, most_pixels, monkeypatch):
    monkeypatch.setattr("skdefocus.filters._cells._MOST_PIXELS", most_pixels)
    image = photo[:201, :303]
    _, blur_map, confidence = varied(np.zeros((90, 120)))
    blur_map, confidence = (
        np.clip(resize(array.astype(np.float32), image.shape[:2]), 0, None)
        for array in (blur_map, confidence)
    )
    plain = refine_global(blur_map, image, confidence)
    turned = refine_global(*(np.rot90(a, turns) for a in (blur_map, image, confidence)))
    assert np.abs(np.rot90(turned, -turns) - plain).mean() < 0.02


def test_confidence_is_what_the_evidence_is_worth(coarse):
    image, subject, _ = coarse
    blur_map = np.where(subject, 0.5, 6.0)
    found = [
        refine_global(
            blur_map, image, np.full(subject.shape, level), return_confidence=True
        )[1]
        for level in (0.001, 0.3, 0.9)
    ]
    means = [confidence.mean() for confidence in found]
    assert means == sorted(means)
    assert means[0] < 0.25
    assert means[2] > 0.6
    for confidence in found:
        assert confidence.dtype == np.float32
        assert 0 <= confidence.min() <= confidence.max() <= 1


def test_evidence_does_not_cross_an_edge():
    image = np.repeat([[0.1, 0.9]], 60, axis=1) * np.ones((80, 1))
    confidence = np.where(image < 0.5, 0.9, 0.0)
    blur_map = np.where(image < 0.5, 0.5, 6.0)
    refined, found = refine_global(blur_map, image, confidence, return_confidence=True)
    assert found[:, :50].min() > 0.5
    assert found[:, 70:].max() < 0.25
    # What an edge does not divide is filled.
    one_color = refine_global(
        blur_map, np.full(image.shape, 0.5), confidence, disagreement=None
    )
    assert one_color[:, 70:].max() < 1.5
    assert refined[:, 70:].min() > 3


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
    settings = {"guide_blur": 1.0, "disagreement": 0.05, "smoothness": 30_000.0}
    expected = refine_global(blur_map, small_photo / 255, **settings)
    found = refine_global(blur_map, image, **settings)
    np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize(("factor", "offset"), [(0.5, 0.0), (0.125, 0.5)])
def test_exposure_and_contrast_change_nothing(coarse, factor, offset):
    image, _, blur_map = coarse
    changed, expected = (
        refine_global(blur_map, guide, smoothness=30_000.0)
        for guide in (image * factor + offset, image)
    )
    np.testing.assert_allclose(changed, expected, atol=2e-3)


def test_noise_does_not_break_every_tie():
    image = np.full((96, 128), 0.6)
    image[:16] = 0
    image += np.random.default_rng(0).normal(0, 10 / 255, image.shape)
    left = np.arange(128) < 40
    blur_map = np.where(left, 1.0, 8.0) * np.ones((96, 1))
    confidence = np.where(left, 0.9, 0.005) * np.ones((96, 1))
    found = [
        refine_global(
            blur_map, image.clip(0, 1), confidence, guide_blur=b, disagreement=None
        )[32:, 60:].mean()
        for b in ("auto", 0)
    ]
    assert found[0] < 1.5
    assert found[0] - 1 < 0.5 * (found[1] - 1)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_change_no_bit(small_photo, n_threads):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    with limited_threads(1):
        alone = refine_global(blur_map, small_photo, blur_map / 9)
    with limited_threads(n_threads):
        result = refine_global(blur_map, small_photo, blur_map / 9)
    np.testing.assert_array_equal(result, alone)


@pytest.mark.parametrize("most_pixels", [1, 2**17])
def test_gray_is_color_of_three_equal_channels(small_photo, most_pixels, monkeypatch):
    monkeypatch.setattr("skdefocus.filters._cells._MOST_PIXELS", most_pixels)
    rng = np.random.default_rng(0)
    gray = small_photo[..., 1]
    blur_map = rng.uniform(0, 9, gray.shape).astype(np.float32)
    confidence = rng.random(gray.shape).astype(np.float32)
    one = refine_global(blur_map, gray, confidence)
    three = refine_global(blur_map, np.dstack([gray] * 3), confidence)
    np.testing.assert_allclose(one, three, atol=0.01)


@pytest.mark.parametrize("smoothness", [0.0, 1e-6, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("known", [0.0, 0.5, 1.0])
def test_hardly_any_smoothness(small_photo, smoothness, known):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    confidence = np.full(blur_map.shape, known)
    refined = refine_global(blur_map, small_photo, confidence, smoothness=smoothness)
    if smoothness == 0:
        np.testing.assert_allclose(refined, blur_map, atol=1e-3)
    assert blur_map.min() - 1e-4 <= refined.min() <= refined.max() <= 9


def test_a_checkerboard_ties_nobody():
    rows, columns = np.mgrid[:64, :64]
    board = ((rows + columns) % 2).astype(np.float32)
    blur_map = np.random.default_rng(0).uniform(0, 9, board.shape)
    refined = refine_global(blur_map, board, guide_blur=0.0)
    assert np.isfinite(refined).all()


def test_what_is_given_stays_as_it_was(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    confidence = rng.random(blur_map.shape).astype(np.float32)
    before = blur_map.copy(), confidence.copy(), small_photo.copy()
    refine_global(blur_map, small_photo, confidence)
    for array, copy in zip((blur_map, confidence, small_photo), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_samples_bring_their_confidence_and_get_a_new_one(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    confidence = rng.random(blur_map.shape).astype(np.float32)
    sample = DefocusSample(small_photo, blur_map, confidence)
    refiner = GlobalRefiner(100.0, 0.1, map_sigma=None, disagreement=1.0)
    (refined,) = refiner.transform([sample])
    expected = refine_global(
        blur_map,
        small_photo,
        confidence,
        smoothness=100.0,
        color_sigma=0.1,
        map_sigma=None,
        disagreement=1.0,
        return_confidence=True,
    )
    np.testing.assert_array_equal(refined.blur_map, expected[0])
    np.testing.assert_array_equal(refined.confidence, expected[1])
    (unsure,) = refiner.transform([sample.replace(confidence=None)])
    assert unsure.confidence is None
    assert abs(unsure.blur_map - expected[0]).max() > 0.1


def test_a_weight_is_passed_on_and_never_becomes_a_probability(small_photo):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 9, small_photo.shape[:2]).astype(np.float32)
    weight = rng.random(blur_map.shape).astype(np.float32)
    sample = DefocusSample(small_photo, blur_map, weight, confidence_kind="weight")
    (refined,) = GlobalRefiner().transform([sample])
    np.testing.assert_array_equal(refined.confidence, weight)
    assert refined.confidence_kind == "weight"
    # It counts nevertheless.
    (even,) = GlobalRefiner().transform([sample.replace(confidence=None)])
    assert abs(refined.blur_map - even.blur_map).max() > 0.1


def test_a_weight_of_1_is_smoothed_in_every_unit():
    rng = np.random.default_rng(0)
    rough = rng.normal(8, 1, (64, 64)).astype(np.float32)
    flat = np.full(rough.shape, 0.5)
    ones = np.ones_like(rough)
    (refined,) = GlobalRefiner().transform(
        [DefocusSample(flat, rough, ones, confidence_kind="weight")]
    )
    (score,) = GlobalRefiner().transform(
        [DefocusSample(flat, rough / 20, ones, "relative")]
    )
    (certain,) = GlobalRefiner().transform([DefocusSample(flat, rough, ones)])
    assert refined.blur_map.std() < 0.1 * certain.blur_map.std()
    assert refined.blur_map.std() == pytest.approx(20 * score.blur_map.std(), rel=0.5)


def test_confidence_does_not_hang_on_the_scale_that_means_are_taken_on():
    rng = np.random.default_rng(0)
    rough = rng.normal(8, 1, (64, 64)).astype(np.float32)
    sample = DefocusSample(np.full(rough.shape, 0.5), rough, np.full_like(rough, 0.6))
    means = []
    for value_scale in ("log", "linear"):
        refiner = GlobalRefiner(
            map_sigma=None, disagreement=None, value_scale=value_scale
        )
        (refined,) = refiner.transform([sample])
        means.append(float(refined.confidence.mean()))
    assert means[1] == pytest.approx(means[0], abs=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smoothness": -1.0}, "'smoothness' parameter of refine_global"),
        ({"return_confidence": 1}, "'return_confidence' parameter of refine_global"),
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
