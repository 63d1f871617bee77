from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import DefocusSample, LaplacianVarianceMapper
from skdefocus.filters import mutual_guided_filter
from skdefocus.refine import MutualGuidedRefiner, refine_mutual_guided
from tests.strategies import maps

UNITS = st.sampled_from(["px", "relative"])


def test_filters_on_a_fixed_logarithmic_scale(small_photo):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    log_range = np.log(19.8 / 0.8)
    scaled = np.log((blur_map + 0.8) / 0.8) / log_range
    filtered = mutual_guided_filter(scaled, small_photo, smoothness=0.1)
    expected = 0.8 * np.exp(filtered * log_range) - 0.8
    found = refine_mutual_guided(blur_map, small_photo, guide_channels="color")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_filters_a_relative_map_as_it_is(small_photo):
    gray = small_photo[..., 1]
    blur_map = np.random.default_rng(0).random(gray.shape).astype(np.float32)
    np.testing.assert_array_equal(
        refine_mutual_guided(blur_map, gray, unit="relative"),
        mutual_guided_filter(blur_map, gray, smoothness=0.1),
    )


@given(maps(np.float32), UNITS)
def test_constant_is_a_fixed_point_and_the_range_is_kept(pair, unit):
    image, blur_map = pair
    blur_map = blur_map / np.float32(19 if unit == "relative" else 1)
    constant = np.full(image.shape, 0.75, np.float32)
    np.testing.assert_allclose(
        refine_mutual_guided(constant, image, unit=unit), 0.75, rtol=1e-6
    )
    refined = refine_mutual_guided(blur_map, image, unit=unit)
    assert blur_map.min() <= refined.min() <= refined.max() <= blur_map.max()


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    image, blur_map = pair
    np.testing.assert_allclose(
        refine_mutual_guided(change(blur_map), change(image)),
        change(refine_mutual_guided(blur_map, image)),
        atol=1e-5,
    )


@given(maps(np.float32))
def test_no_smoothness_is_the_identity(pair):
    image, blur_map = pair
    found = refine_mutual_guided(blur_map, image, smoothness=0)
    np.testing.assert_allclose(found, blur_map, atol=1e-5)


def test_takes_the_map_to_the_photograph_s_edge():
    image = np.repeat([[0.2, 0.8]], 48, axis=1) * np.ones((96, 1))
    coarse = np.clip((np.arange(96) - 40) / 4, 1, 6) * np.ones((96, 1))
    row = refine_mutual_guided(coarse, image)[48]
    assert row[48] - row[47] > 1.5
    assert np.delete(np.diff(row), 47).max() < 0.2


def test_texture_is_not_transferred(texture):
    ramp = np.linspace(1, 5, texture.shape[1]) * np.ones((len(texture), 1))
    roughness = lambda m: abs(np.diff(m, axis=0)).mean()  # noqa: E731
    both = refine_mutual_guided(ramp, texture, guide_smoothness=0.05)
    static = refine_mutual_guided(ramp, texture, guide_smoothness=0)
    assert roughness(both) < roughness(static)


def test_every_parameter_is_free(small_photo):
    blur_map = np.random.default_rng(0).uniform(0, 9, small_photo.shape[:2])
    base = refine_mutual_guided(blur_map, small_photo)
    for changes in (
        {"smoothness": 0.01},
        {"guide_smoothness": 0.1},
        {"n_iter": 1},
        {"eps": 0.1},
        {"guide_eps": 0.1},
        {"guide_channels": "color"},
    ):
        found = refine_mutual_guided(blur_map, small_photo, **changes)
        assert not np.allclose(found, base)


class TestEstimator:
    def test_takes_both_units_and_keeps_the_rest(self, small_photo):
        relative = LaplacianVarianceMapper().transform([small_photo])[0]
        px = DefocusSample(small_photo, relative.blur_map * 9, relative.confidence)
        for sample in (relative, px):
            (refined,) = MutualGuidedRefiner(n_iter=1).transform([sample])
            assert refined.unit == sample.unit
            assert refined.image is sample.image
            assert refined.confidence is sample.confidence
            expected = refine_mutual_guided(
                sample.blur_map, small_photo, unit=sample.unit, n_iter=1
            )
            np.testing.assert_array_equal(refined.blur_map, expected)

    def test_refuses_photographs_and_samples_without_a_map(self, small_photo):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            MutualGuidedRefiner().transform([small_photo])
        with pytest.raises(ValueError, match=r"X\[0\] has no blur map"):
            MutualGuidedRefiner().transform([DefocusSample(small_photo)])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"smoothness": -1}, "'smoothness' parameter of MutualGuidedRefiner"),
            ({"guide_smoothness": -1}, "'guide_smoothness' parameter"),
            ({"n_iter": 0}, "'n_iter' parameter"),
            ({"eps": 0}, "'eps' parameter"),
            ({"guide_eps": 0}, "'guide_eps' parameter"),
            ({"guide_channels": "red"}, "'guide_channels' parameter"),
            ({"n_jobs": "two"}, "'n_jobs' parameter"),
        ],
    )
    def test_refuses_bad_parameters(self, small_photo, changes, message):
        sample = DefocusSample(small_photo, np.zeros(small_photo.shape[:2]))
        with pytest.raises(ValueError, match=message):
            MutualGuidedRefiner(**changes).transform([sample])


@pytest.mark.parametrize(
    ("blur_map", "changes", "message"),
    [
        (np.zeros((5, 5)), {}, "blur_map must have the photograph's shape"),
        (np.full((4, 4), 2.0), {"unit": "relative"}, r"blur_map must be in \[0, 1\]"),
        (np.zeros((4, 4)), {"unit": "mm"}, "'unit' parameter of refine_mutual_guided"),
        (np.zeros((4, 4)), {"n_iter": 0}, "'n_iter' parameter of refine_mutual_gui"),
    ],
)
def test_function_refuses_bad_input(blur_map, changes, message):
    with pytest.raises(ValueError, match=message):
        refine_mutual_guided(blur_map, np.zeros((4, 4)), **changes)


def test_logarithms_are_for_sigma_only(coarse):
    image, _, blur_map = coarse
    score = blur_map / 10
    sample = DefocusSample(image, score, unit="relative")
    (result,) = MutualGuidedRefiner().transform([sample])
    expected = refine_mutual_guided(score, image, unit="relative")
    np.testing.assert_array_equal(result.blur_map, expected)
    assert abs(refine_mutual_guided(score, image) - expected).max() > 0
