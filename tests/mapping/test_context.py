from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from skdefocus import UNKNOWN, ContextMapper
from skdefocus.classifier import ContextNetwork
from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import blur, measure_conditions, resize
from skdefocus.mapping import context, context_map
from skdefocus.mapping.context import judge_surroundings, shows_anything
from tests.mapping.discs import with_discs


class TestMap:
    def test_measures_a_known_blur(self, texture):
        sigmas = (0.0, 1.0, 2.0, 4.0)
        found = [
            np.median(context_map(blur(texture, sigma))[0][32:-32, 32:-32])
            for sigma in sigmas
        ]
        assert found[0] < 0.7
        np.testing.assert_allclose(found[1:], sigmas[1:], rtol=0.35)
        assert found == sorted(found)

    def test_tells_subject_from_background(self, photo):
        blur_map, confidence = context_map(photo)
        assert blur_map.dtype == confidence.dtype == np.float32
        assert 0 <= confidence.min() <= confidence.max() <= 1
        # the middle of the flower, and the upper left of the background
        assert blur_map[190:230, 320:350].mean() < 1.2
        assert blur_map[20:60, 20:60].mean() > 3

    @pytest.mark.parametrize("shape", [(1, 1), (3, 50), (33, 17), (64, 64, 3)])
    @pytest.mark.parametrize("scale", [1.0, "auto", (2, 1)])
    def test_any_size(self, shape, scale):
        image = np.random.default_rng(1).random(shape)
        blur_map, confidence = context_map(image, scale=scale)
        assert blur_map.shape == confidence.shape == shape[:2]
        assert np.isfinite(blur_map).all()

    def test_photographs_that_are_long_and_narrow(self, texture):
        # Reduced to 10 px they would be padding alone.
        sharp = np.tile(texture[:40], (1, -(-6600 // texture.shape[1])))[:, :6600]
        assert np.median(context_map(sharp, scale="auto")[0]) < 0.5

    def test_automatic_scale_halves_with_the_photograph(self, photo):
        half = resize(photo, (213, 320))
        large = resize(photo, (854, 1280))
        means = [context_map(x, scale="auto")[0].mean() for x in (half, large)]
        assert means[1] / means[0] == pytest.approx(4, rel=0.25)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"network": "magic"}, "'network' parameter of context_map"),
            ({"network": 3}, "'network' parameter of context_map"),
            ({"scale": 0}, "'scale' parameter of context_map"),
            ({"scale": []}, "'scale' parameter of context_map"),
        ],
    )
    def test_refuses(self, settings, message):
        with pytest.raises(ValueError, match=message):
            context_map(np.zeros((40, 40)), **settings)


class TestMapper:
    def test_equals_the_function(self, small_photo):
        mapper = ContextMapper(network=ContextNetwork.pretrained())
        (sample,) = mapper.transform([small_photo])
        blur_map, confidence = context_map(small_photo)
        np.testing.assert_array_equal(sample.blur_map, blur_map)
        np.testing.assert_array_equal(sample.confidence, confidence)
        assert sample.unit == "px"

    def test_bit_equal_for_every_number_of_jobs(self, photo, small_photo):
        one, two = (
            ContextMapper(n_jobs=jobs).transform([photo, small_photo])
            for jobs in (1, 2)
        )
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a.blur_map, b.blur_map)

    def test_memory_measures_once(self, monkeypatch, tmp_path, small_photo):
        mapper = ContextMapper(memory=tmp_path)
        (first,) = mapper.transform([small_photo])
        monkeypatch.setattr(context, "classify_cells", None)
        (second,) = clone(mapper).transform([small_photo])
        np.testing.assert_array_equal(first.blur_map, second.blur_map)
        assert len(list(tmp_path.glob("*.npz"))) == 1

    def test_names_the_item(self):
        with pytest.raises(ValueError, match=r"X\[1\]"):
            ContextMapper().transform([np.zeros((40, 40)), np.zeros((2, 2, 2, 2))])

    def test_refuses_a_scale_that_is_none(self):
        with pytest.raises(ValueError, match="'scale' parameter of ContextMapper"):
            ContextMapper(scale=()).fit([])


def test_the_shipped_network_belongs_to_the_shipped_classifier():
    network = ContextNetwork.pretrained()
    classifier = network.classifier
    assert network.card["classifier"] == classifier.network_.sha256
    assert network.key.split() == [network.sha256, classifier.network_.sha256]


def test_lights_before_a_blurred_ground(texture):
    ground = 0.5 * blur(np.tile(texture, (1, 2))[:160, :200], 6.0)
    image = with_discs(ground, (50, 60, 12), (110, 140, 12))
    found, confidence = context_map(image, lights=True)
    for place in ((50, 60), (110, 140)):
        assert found[place] == pytest.approx(6, rel=0.1)
        assert confidence[place] > UNKNOWN
    (sample,) = ContextMapper(lights=True).transform([image])
    np.testing.assert_array_equal(sample.blur_map, found)


def test_without_lights_nothing_changes(texture):
    gray = 0.5 * texture
    plain, sure = context_map(gray)
    found, also = context_map(gray, lights=True)
    np.testing.assert_array_equal(found, plain)
    np.testing.assert_array_equal(also, sure)


def test_noise_alone_shows_nothing():
    rng = np.random.default_rng(0)
    noise = (0.5 + rng.normal(0, 10 / 255, (128, 160))).astype(np.float32)
    textured = noise.copy()
    textured[32:64, 32:64] = rng.random((32, 32))
    for image, shown in ((noise, False), (textured, True)):
        assert shows_anything(image, measure_conditions(image)) == shown


def test_confidence_without_reliability_is_agreement():
    network = ContextNetwork.pretrained()
    known = ContextNetwork(network._network.onnx, network.card, network.classifier)
    known.card = {**network.card}
    del known.card["reliability"]
    sure, torn = np.zeros((2, 18), np.float32)
    sure[4], torn[[0, 17]] = 1, 0.5
    log_sigma, confidence = judge_surroundings(np.stack([sure, torn]), known)
    np.testing.assert_allclose(log_sigma[0], np.log(known.classifier.sigmas_[4] + 0.8))
    assert confidence[0] == 1
    assert confidence[1] < 0.1
    _, told = judge_surroundings(np.stack([sure, torn]), network)
    assert told[0] > told[1]


def test_a_corner_reads_the_same_turned_by_90_degrees():
    # Its cells are no multiple of what the network reduces by, on either side.
    part = load_sample_photograph()[100:301, 200:433]
    (upright, turned) = ContextMapper().transform([part, np.rot90(part).copy()])
    back = np.rot90(turned.blur_map, -1)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert back[corner] == pytest.approx(upright.blur_map[corner], abs=0.5)
