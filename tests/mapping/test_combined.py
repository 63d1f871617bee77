from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from skdefocus import CombinedMapper, SlidingWindowMapper
from skdefocus.classifier import ContextNetwork
from skdefocus.classifier.context_features import context_conditions
from skdefocus.filters import blur, resize
from skdefocus.mapping import combined, combined_map, context_map
from skdefocus.mapping.classify_patches import classify_bands
from skdefocus.mapping.combination import combine_maps
from skdefocus.mapping.combined import measure_both, measure_patches
from skdefocus.mapping.map_means import MapMeans
from skdefocus.synthesis import defocus
from tests.mapping.discs import with_discs

WINDOWS = {"step": 4, "estimate": "mean", "lights": False}


class TestMap:
    def test_is_made_of_both_maps(self, small_photo):
        network = ContextNetwork.pretrained()
        photograph = small_photo.astype(np.float32) / 255
        conditions = context_conditions(photograph, 1 / 255)
        patches, surroundings = measure_both(photograph, conditions, network, 1)
        expected = combine_maps(*patches, *surroundings)
        found = combined_map(small_photo, scale=1.0, lights=False)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)

    def test_surroundings_are_those_of_the_other_mapper(self, small_photo):
        network = ContextNetwork.pretrained()
        photograph = small_photo.astype(np.float32) / 255
        conditions = context_conditions(photograph, 1 / 255)
        _, found = measure_both(photograph, conditions, network, 1)
        for one, other in zip(found, context_map(small_photo), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)

    @pytest.mark.parametrize("shape", [(96, 128), (97, 130), (40, 33)])
    def test_patches_are_windows_of_the_photograph_gone_on_with(self, texture, shape):
        network = ContextNetwork.pretrained()
        gray = np.tile(blur(texture, 1.0), (2, 2))[: shape[0], : shape[1]]
        conditions = context_conditions(gray)
        (sigma, confidence), _ = measure_both(gray, conditions, network, 1)
        # As windows that begin 14 px before the photograph.
        whole = np.pad(gray, [(14, 14 + -n % 4) for n in shape], mode="reflect")
        means = MapMeans(whole.shape, 32, 4, "mean")
        for windows in classify_bands(
            whole,
            network.classifier,
            patch_size=32,
            step=4,
            estimate="mean",
            n_threads=1,
            conditions=conditions.of_sizes[0],
        ):
            means.add(*windows)
        expected = means.finish(conditions.of_sizes[0], network.classifier)
        for found, plane in zip((sigma, confidence), expected, strict=True):
            inside = plane[14 : 14 + shape[0], 14 : 14 + shape[1]]
            np.testing.assert_allclose(found, inside, atol=1e-4)

    def test_patches_of_large_photographs_are_the_same(self, texture):
        network = ContextNetwork.pretrained()
        gray = np.tile(blur(texture, 1.0), (2, 2))[:97, :130]
        conditions = context_conditions(gray)
        patches, _ = measure_both(gray, conditions, network, 1)
        alone = measure_patches(gray, conditions, network, 1)
        for one, other in zip(patches, alone, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)

    @pytest.mark.parametrize(
        ("shape", "whole"), [((120, 800), [200, 400, 800]), ((120, 900), [225, 450])]
    )
    def test_of_large_photographs_half_the_size_shows_surroundings(
        self, monkeypatch, texture, shape, whole
    ):
        seen, alone = [], []

        def both(photograph, *others):
            seen.append(photograph.shape[1])
            return measure_both(photograph, *others)

        def patches(photograph, *others):
            alone.append(photograph.shape[1])
            return measure_patches(photograph, *others)

        monkeypatch.setattr(combined, "measure_both", both)
        monkeypatch.setattr(combined, "measure_patches", patches)
        image = np.tile(texture, (1, 5))[: shape[0], : shape[1]]
        blur_map, _ = combined_map(image, lights=False)
        assert (seen, alone) == (
            [side for side in whole if min(shape) * side / shape[1] >= 32],
            [] if shape[1] == 800 else [900],
        )
        assert np.median(blur_map) < 0.5

    def test_long_and_narrow_ones_have_no_half(self, texture):
        image = np.tile(texture[:40], (1, 6))[:, :1000]
        narrow, _ = combined_map(image, lights=False)
        plain, _ = combined_map(image, scale=1.0, lights=False)
        np.testing.assert_array_equal(narrow, plain)

    def test_measures_a_known_blur(self, texture):
        sigmas = (0.0, 1.0, 2.0, 4.0)
        found = [
            np.median(combined_map(blur(texture, sigma))[0][32:-32, 32:-32])
            for sigma in sigmas
        ]
        assert found[0] < 0.7
        np.testing.assert_allclose(found[1:], sigmas[1:], rtol=0.35)

    def test_borders_are_sharper_than_those_of_patches(self, photo):
        sharp = resize(photo[150:270, 280:400].astype(np.float32) / 255, (240, 240))
        sharp = np.tile(sharp[::2, ::2], (2, 4, 1))[:240, :480]
        truth = np.zeros(sharp.shape[:2], np.float32)
        truth[:, 240:] = 3.0
        image = defocus(sharp, truth)
        beside = np.s_[20:-20, 244:256]
        (patches,) = SlidingWindowMapper(**WINDOWS).transform([image])
        found, _ = combined_map(image, scale=1.0)
        error, before = (
            np.abs(blur_map[beside] - 3).mean()
            for blur_map in (found, patches.blur_map)
        )
        assert error < 0.8 * before

    def test_where_there_is_nothing_to_be_seen_nothing_is_known(self):
        for image in (np.full((200, 300), 0.5), np.zeros((200, 300, 3), np.uint8)):
            blur_map, confidence = combined_map(image)
            assert confidence.max() == 0
            assert blur_map.max() <= 19

    def test_lights_out_of_focus_are_their_discs(self, texture):
        ground = blur(np.tile(texture, (2, 2))[:300, :400], 6.0) * 0.5
        places = [(60, 80), (150, 90), (70, 200), (160, 210), (220, 320)]
        image = with_discs(ground, *[(*place, 12) for place in places])
        lit, sure = combined_map(image)
        plain, _ = combined_map(image, lights=False)
        for place in places:
            assert lit[place] == pytest.approx(6, rel=0.25)
            assert sure[place] > 0.8
        assert any(lit[place] != plain[place] for place in places)

    @pytest.mark.parametrize("shape", [(1, 1), (3, 50), (33, 17), (64, 64, 3)])
    @pytest.mark.parametrize("scale", [1.0, "auto", (2, 1)])
    def test_any_size(self, shape, scale):
        image = np.random.default_rng(1).random(shape)
        blur_map, confidence = combined_map(image, scale=scale)
        assert blur_map.shape == confidence.shape == shape[:2]
        assert np.isfinite(blur_map).all()
        assert 0 <= confidence.min() <= confidence.max() <= 1

    def test_gray_and_the_same_in_three_colors_are_alike(self, small_photo):
        gray = small_photo[..., 1]
        one, _ = combined_map(gray)
        three, _ = combined_map(np.stack([gray] * 3, axis=2))
        np.testing.assert_allclose(one, three, atol=0.02)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"network": "magic"}, "'network' parameter of combined_map"),
            ({"network": 3}, "'network' parameter of combined_map"),
            ({"scale": 0}, "'scale' parameter of combined_map"),
            ({"scale": []}, "'scale' parameter of combined_map"),
            ({"lights": "some"}, "'lights' parameter of combined_map"),
        ],
    )
    def test_refuses(self, settings, message):
        with pytest.raises(ValueError, match=message):
            combined_map(np.zeros((40, 40)), **settings)


class TestMapper:
    def test_equals_the_function(self, small_photo):
        mapper = CombinedMapper(network=ContextNetwork.pretrained())
        (sample,) = mapper.transform([small_photo])
        blur_map, confidence = combined_map(small_photo)
        np.testing.assert_array_equal(sample.blur_map, blur_map)
        np.testing.assert_array_equal(sample.confidence, confidence)
        assert sample.unit == "px"

    def test_bit_equal_for_every_number_of_jobs(self, photo, small_photo):
        one, two = (
            CombinedMapper(n_jobs=jobs).transform([photo, small_photo])
            for jobs in (1, 2)
        )
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a.blur_map, b.blur_map)
            np.testing.assert_array_equal(a.confidence, b.confidence)

    def test_memory_measures_once(self, monkeypatch, tmp_path, small_photo):
        mapper = CombinedMapper(memory=tmp_path)
        (first,) = mapper.transform([small_photo])
        monkeypatch.setattr(combined, "measure_both", None)
        (second,) = clone(mapper).transform([small_photo])
        np.testing.assert_array_equal(first.blur_map, second.blur_map)
        assert len(list(tmp_path.glob("*.npz"))) == 1

    def test_names_the_item(self):
        with pytest.raises(ValueError, match=r"X\[1\]"):
            CombinedMapper().transform([np.zeros((40, 40)), np.zeros((2, 2, 2, 2))])

    @pytest.mark.parametrize("settings", [{"scale": ()}, {"scale": -1.0}])
    def test_refuses_when_it_is_fitted(self, settings):
        (name,) = settings
        with pytest.raises(ValueError, match=f"'{name}' parameter of CombinedMapper"):
            CombinedMapper(**settings).fit([])
