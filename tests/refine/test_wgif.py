from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus import DefocusSample, LaplacianVarianceMapper, WGIFRefiner
from skdefocus.filters import weighted_guided_filter
from skdefocus.refine import refine_wgif
from tests.strategies import maps


def test_is_the_paper_s_scheme(small_photo):
    gray = (small_photo / np.float32(255)) @ np.array([0.299, 0.587, 0.114], np.float32)
    blur_map = np.linspace(0, 9, gray.size).reshape(gray.shape).astype(np.float32)
    guide = gray
    for _ in range(7):
        guide = weighted_guided_filter(guide, radius=16, eps=0.005)
    expected = weighted_guided_filter(blur_map, guide, radius=16, eps=0.005)
    np.testing.assert_allclose(
        refine_wgif(blur_map, small_photo), np.clip(expected, 0, 9), atol=1e-4
    )


def test_map_iterated_with_the_photograph_as_guide(small_photo):
    gray = small_photo[..., 1]
    blur_map = np.random.default_rng(0).random(gray.shape).astype(np.float32)
    expected = blur_map
    for _ in range(3):
        expected = weighted_guided_filter(expected, gray, radius=4, eps=0.01)
    found = refine_wgif(blur_map, gray, radius=4, eps=0.01, n_iter=3, iterate="map")
    np.testing.assert_allclose(found, expected, atol=1e-5)


@given(maps(np.float32), st.sampled_from(["guide", "map"]))
def test_constant_is_a_fixed_point_and_the_range_is_kept(pair, iterate):
    image, blur_map = pair
    settings = {"radius": 2, "n_iter": 2, "iterate": iterate}
    constant = np.full(image.shape, 4.5, np.float32)
    np.testing.assert_allclose(refine_wgif(constant, image, **settings), 4.5, rtol=1e-6)
    refined = refine_wgif(blur_map, image, **settings)
    assert blur_map.min() <= refined.min() <= refined.max() <= blur_map.max()


@given(maps(), st.sampled_from([np.flipud, np.fliplr, np.rot90]))
def test_commutes_with_flips_and_turns(pair, change):
    image, blur_map = pair
    settings = {"radius": 2, "n_iter": 1, "eps": 0.1}
    np.testing.assert_allclose(
        refine_wgif(change(blur_map), change(image), **settings),
        change(refine_wgif(blur_map, image, **settings)),
        atol=2e-3,
    )


def test_takes_the_map_to_the_photograph_s_edge():
    image = np.repeat([[0.2, 0.8]], 48, axis=1) * np.ones((96, 1))
    coarse = np.full(image.shape, 6.0)
    coarse[:, :60] = 1.0
    fine = refine_wgif(coarse, image)
    row = fine[48]
    assert row[52:58].mean() > coarse[48, 52:58].mean() + 1
    assert row[48] - row[47] > 0.8


def test_texture_is_not_transferred(texture):
    ramp = np.linspace(1, 5, texture.shape[1]) * np.ones((len(texture), 1))
    smooth = refine_wgif(ramp, texture)
    direct = refine_wgif(ramp, texture, iterate="map", n_iter=1, eps=1e-5)
    roughness = lambda m: abs(np.diff(m, axis=0)).mean()  # noqa: E731
    assert roughness(smooth) < roughness(direct)


def test_every_parameter_is_free(small_photo):
    blur_map = np.random.default_rng(0).random(small_photo.shape[:2])
    base = refine_wgif(blur_map, small_photo)
    for changes in (
        {"radius": 4},
        {"eps": 0.5},
        {"n_iter": 1},
        {"guide_channels": "color"},
        {"weight_smoothing": 2.0},
        {"iterate": "map"},
    ):
        assert not np.allclose(refine_wgif(blur_map, small_photo, **changes), base)


def test_radius_0_is_the_identity(small_photo):
    blur_map = np.random.default_rng(0).random(small_photo.shape[:2]).astype(np.float32)
    found = refine_wgif(blur_map, small_photo, radius=0, n_iter=1)
    np.testing.assert_allclose(found, blur_map, atol=1e-6)


class TestEstimator:
    def test_takes_both_units_and_keeps_the_rest(self, small_photo):
        sample = LaplacianVarianceMapper().transform([small_photo])[0]
        refined = WGIFRefiner().transform([sample])[0]
        assert refined.unit == "relative"
        assert refined.image is sample.image
        np.testing.assert_array_equal(
            refined.blur_map, refine_wgif(sample.blur_map, small_photo)
        )

    def test_refuses_photographs_and_samples_without_a_map(self, small_photo):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            WGIFRefiner().transform([small_photo])
        with pytest.raises(ValueError, match=r"X\[0\] has no blur map"):
            WGIFRefiner().transform([DefocusSample(small_photo)])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"eps": 0}, "'eps' parameter of WGIFRefiner"),
            ({"radius": -1}, "'radius' parameter of WGIFRefiner"),
            ({"n_iter": 1.5}, "'n_iter' parameter"),
            ({"guide_channels": "red"}, "'guide_channels' parameter"),
            ({"iterate": "both"}, "'iterate' parameter"),
            ({"weight_smoothing": -1}, "'weight_smoothing' parameter"),
            ({"n_jobs": "two"}, "'n_jobs' parameter"),
        ],
    )
    def test_refuses_bad_parameters(self, small_photo, changes, message):
        sample = DefocusSample(small_photo, np.zeros(small_photo.shape[:2]))
        with pytest.raises(ValueError, match=message):
            WGIFRefiner(**changes).transform([sample])
