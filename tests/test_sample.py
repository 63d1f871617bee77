from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import skdefocus
from skdefocus import (
    UNKNOWN,
    AdaptiveUnsharpMask,
    DefocusSample,
    DefocusSegmenter,
    GlobalRefiner,
    SDoFRenderer,
)
from skdefocus.batch import measure_map
from skdefocus.sample import unknown_pixels


def test_holds_what_it_is_given():
    image, blur_map = np.zeros((4, 6, 3), np.uint8), np.ones((4, 6), np.float32)
    sample = DefocusSample(image, blur_map)
    assert np.shares_memory(sample.image, image)
    assert np.shares_memory(sample.blur_map, blur_map)
    assert sample.confidence is None
    assert sample.unit == "px"
    assert sample.name is None
    assert sample.confidence_kind == "probability"


def test_arrays_cannot_be_written_to_by_way_of_it():
    image, ones = np.zeros((4, 6)), np.ones((4, 6))
    sample = DefocusSample(image, ones, confidence=ones, motion=ones)
    for name in ("image", "blur_map", "confidence", "motion"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(sample, name)[0, 0] = 0.5
    for copied in (pickle.loads(pickle.dumps(sample)), copy.deepcopy(sample)):
        assert not copied.image.flags.writeable
        np.testing.assert_array_equal(copied.blur_map, ones)
    # Those of the caller still can.
    ones[0, 0] = 0.25
    assert sample.blur_map[0, 0] == 0.25


def test_a_weight_is_no_probability():
    confidence = np.array([[0.1, 0.9]])
    sample = DefocusSample(np.zeros((1, 2)), np.ones((1, 2)), confidence=confidence)
    assert unknown_pixels(sample).tolist() == [[True, False]]
    assert sample.probability is sample.confidence
    weighted = sample.replace(confidence_kind="weight")
    assert not unknown_pixels(weighted).any()
    assert weighted.probability is None
    assert weighted.confidence is sample.confidence
    # How often a score is right means nothing.
    assert sample.replace(blur_map=[[0.1, 0.2]], unit="relative").probability is None
    with pytest.raises(
        ValueError, match=r"confidence_kind must be .*; got 'certainty'\."
    ):
        sample.replace(confidence_kind="certainty")


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8"])
def test_the_other_byte_order_is_taken(dtype):
    pixels = np.array([[0, 1], [1, 0]])
    sample = DefocusSample(pixels.astype(dtype))
    assert sample.image.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(sample.image, pixels)


def test_is_frozen_and_compared_by_identity():
    one, other = (DefocusSample(np.zeros((4, 6))) for _ in range(2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.unit = "relative"
    assert one == one
    assert one != other
    assert len({one, other}) == 2


def test_replace_checks_again():
    sample = DefocusSample(np.zeros((4, 6)))
    mapped = sample.replace(blur_map=np.full((4, 6), 0.5), unit="relative")
    assert mapped.unit == "relative"
    assert mapped.image is sample.image
    assert sample.blur_map is None
    with pytest.raises(ValueError, match=r"blur_map must have the photograph's shape"):
        sample.replace(blur_map=np.zeros((6, 4)))


def test_name_stays():
    sample = DefocusSample(np.zeros((4, 6)), name="bird.jpg")
    assert sample.replace(blur_map=np.ones((4, 6))).name == "bird.jpg"
    with pytest.raises(ValueError, match="name must be a string or None; got 3"):
        DefocusSample(np.zeros((4, 6)), name=3)


def test_gives_its_map_or_says_what_to_do():
    blur_map = np.ones((4, 6))
    sample = DefocusSample(np.zeros((4, 6)), blur_map)
    assert sample.require_map() is sample.blur_map
    without = DefocusSample(np.zeros((4, 6)))
    sentence = r"has no blur map; pass it through a mapper first\.$"
    with pytest.raises(ValueError, match=f"^the sample {sentence}"):
        without.require_map()
    with pytest.raises(ValueError, match=rf"^X\[3\] {sentence}"):
        without.require_map("X[3]")


def test_all_that_need_a_map_say_so_alike():
    without = DefocusSample(np.zeros((4, 6)))
    steps = [GlobalRefiner(), AdaptiveUnsharpMask(), SDoFRenderer(smoothing="disc")]
    calls = [step.transform for step in steps]
    calls += [DefocusSegmenter().predict, DefocusSegmenter().decision_function]
    sentence = r"^X\[0\] has no blur map; pass it through a mapper first\.$"
    for call in calls:
        with pytest.raises(ValueError, match=sentence):
            call([without])
    with pytest.raises(ValueError, match="the sample has no blur map"):
        measure_map(without)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros(4)}, "image must have shape"),
        ({"image": np.zeros((4, 4, 4))}, "image must have shape"),
        ({"image": np.zeros((4, 4), int)}, "uint16, or float .*; got dtype int64"),
        ({"image": np.zeros((4, 4), bool)}, "got dtype bool"),
        ({"unit": "m"}, "'depth' or 'disparity'; got 'm'"),
        ({"blur_map": np.full((4, 4), 2.0), "unit": "relative"}, r"in \[0, 1\]"),
        ({"confidence": np.full((4, 4), 2.0)}, r"confidence must be in \[0, 1\]"),
        ({"blur_map": np.full((4, 4), -1.0)}, "non-negative"),
    ],
)
def test_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        DefocusSample(**{"image": np.zeros((4, 4)), **arguments})


@pytest.mark.parametrize("unit", ["depth", "disparity"])
def test_a_map_of_distances_has_no_upper_end(unit):
    sample = DefocusSample(np.zeros((4, 6)), np.full((4, 6), 5000.0), unit=unit)
    assert sample.unit == unit
    assert sample.blur_map.max() == 5000


class TestUnknownPixels:
    CONFIDENCE = np.array([[0.0, 0.2499, 0.25, 1.0]])

    def sample(self, **fields):
        return DefocusSample(np.zeros((1, 4)), np.ones((1, 4)), **fields)

    def test_are_those_below_one_constant(self):
        assert UNKNOWN == skdefocus.UNKNOWN == 0.25
        unknown = unknown_pixels(self.sample(confidence=self.CONFIDENCE))
        assert unknown.dtype == bool
        assert unknown.tolist() == [[True, True, False, False]]

    def test_the_limit_may_be_another(self):
        sample = self.sample(confidence=self.CONFIDENCE)
        assert unknown_pixels(sample, 0.0).sum() == 0
        assert unknown_pixels(sample, 1.0).sum() == 3
        for below in (-0.1, 1.5, "low"):
            with pytest.raises(ValueError, match="'below' parameter of unknown_pixels"):
                unknown_pixels(sample, below)

    @pytest.mark.parametrize("unit", ["relative", "depth", "disparity"])
    def test_other_maps_have_none(self, unit):
        sample = self.sample(confidence=self.CONFIDENCE, unit=unit)
        assert unknown_pixels(sample).tolist() == [[False] * 4]

    def test_nothing_is_unknown_without_a_confidence(self):
        for image in (np.zeros((2, 3)), np.zeros((2, 3, 3))):
            unknown = unknown_pixels(DefocusSample(image))
            assert unknown.dtype == bool
            assert unknown.shape == (2, 3)
            assert not unknown.any()
