from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import DefocusSample, LaplacianVarianceMapper
from skdefocus.filters import guided_filter
from skdefocus.refine import GuidedRefiner, refine_guided, refine_wgif
from tests.strategies import maps


@pytest.mark.parametrize("guide", ["gray", "color"])
def test_is_one_pass_of_the_guided_filter(small_photo, guide):
    unit = small_photo / np.float32(255)
    blur_map = np.random.default_rng(0).uniform(0, 9, unit.shape[:2])
    expected = guided_filter(
        blur_map,
        unit @ np.array([0.299, 0.587, 0.114]) if guide == "gray" else unit,
        radius=16,
        eps=0.005,
    )
    found = refine_guided(blur_map, small_photo, guide_channels=guide)
    assert found.dtype == np.float32
    expected = np.clip(expected, blur_map.min(), blur_map.max())
    np.testing.assert_allclose(found, expected, atol=1e-4)


@given(maps(np.float32), st.integers(0, 3))
def test_constant_is_a_fixed_point_and_the_range_is_kept(pair, radius):
    image, blur_map = pair
    constant = np.full(image.shape, 4.5, np.float32)
    np.testing.assert_allclose(
        refine_guided(constant, image, radius=radius), 4.5, rtol=1e-6
    )
    refined = refine_guided(blur_map, image, radius=radius)
    assert blur_map.min() <= refined.min() <= refined.max() <= blur_map.max()


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    image, blur_map = pair
    np.testing.assert_allclose(
        refine_guided(change(blur_map), change(image), radius=2),
        change(refine_guided(blur_map, image, radius=2)),
        atol=2e-3,
    )


def test_radius_0_is_the_identity(small_photo):
    blur_map = np.random.default_rng(0).random(small_photo.shape[:2]).astype(np.float32)
    found = refine_guided(blur_map, small_photo, radius=0)
    np.testing.assert_allclose(found, blur_map, atol=1e-6)


def test_takes_the_map_to_the_photograph_s_edge():
    image = np.repeat([[0.2, 0.8]], 48, axis=1) * np.ones((96, 1))
    coarse = np.full(image.shape, 6.0)
    coarse[:, :60] = 1.0
    row = refine_guided(coarse, image)[48]
    assert row[48] - row[47] > 0.8


def test_transfers_texture_that_wgif_does_not(texture):
    ramp = np.linspace(1, 5, texture.shape[1]) * np.ones((len(texture), 1))
    roughness = lambda m: abs(np.diff(m, axis=0)).mean()  # noqa: E731
    plain = refine_guided(ramp, texture)
    assert roughness(refine_wgif(ramp, texture)) < roughness(plain)


class TestEstimator:
    def test_takes_both_units_and_keeps_the_rest(self, small_photo):
        relative = LaplacianVarianceMapper().transform([small_photo])[0]
        px = DefocusSample(small_photo, relative.blur_map * 9, relative.confidence)
        for sample in (relative, px):
            (refined,) = GuidedRefiner(radius=4).transform([sample])
            assert refined.unit == sample.unit
            assert refined.image is sample.image
            assert refined.confidence is sample.confidence
            np.testing.assert_array_equal(
                refined.blur_map, refine_guided(sample.blur_map, small_photo, radius=4)
            )

    def test_refuses_photographs_and_samples_without_a_map(self, small_photo):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            GuidedRefiner().transform([small_photo])
        with pytest.raises(ValueError, match=r"X\[0\] has no blur map"):
            GuidedRefiner().transform([DefocusSample(small_photo)])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"eps": 0}, "'eps' parameter of GuidedRefiner"),
            ({"radius": -1}, "'radius' parameter of GuidedRefiner"),
            ({"guide_channels": "red"}, "'guide_channels' parameter of GuidedRefiner"),
            ({"n_jobs": "two"}, "'n_jobs' parameter"),
        ],
    )
    def test_refuses_bad_parameters(self, small_photo, changes, message):
        sample = DefocusSample(small_photo, np.zeros(small_photo.shape[:2]))
        with pytest.raises(ValueError, match=message):
            GuidedRefiner(**changes).transform([sample])


def test_function_refuses_a_map_that_does_not_fit(small_photo):
    with pytest.raises(ValueError, match="blur_map must have the photograph's shape"):
        refine_guided(np.zeros((5, 5)), small_photo)
    with pytest.raises(ValueError, match="'radius' parameter of refine_guided"):
        refine_guided(np.zeros(small_photo.shape[:2]), small_photo, radius=1.5)


def test_radius_and_ridge_are_those_of_the_guided_filter(coarse):
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
