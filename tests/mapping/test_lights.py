from __future__ import annotations

import numpy as np
import pytest

from skdefocus import UNKNOWN, PatchBlurClassifier, SlidingWindowMapper
from skdefocus.filters import blur
from skdefocus.mapping import sliding_window_map
from skdefocus.mapping.lights import map_with_lights
from tests.mapping.discs import SHAPE, with_discs


@pytest.fixture
def night():
    return np.full(SHAPE, 0.1, np.float32)


def constant(sigma, sure):
    """A measurement that says the same of all, and notes what it was shown."""
    shown = []

    def measure(image):
        shown.append(image)
        shape = image.shape[:2]
        return np.full(shape, sigma, np.float32), np.full(shape, sure, np.float32)

    return measure, shown


class TestJudging:
    def test_a_photograph_without_lights_is_measured_as_it_is(self, night):
        measure, shown = constant(2.0, 0.5)
        blur_map, confidence = map_with_lights(night, measure)
        assert len(shown) == 1
        assert shown[0] is night
        assert (blur_map == 2).all()
        assert (confidence == 0.5).all()

    @pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.uint16])
    def test_before_surroundings_out_of_focus_a_light_is_its_disc(self, night, dtype):
        image = with_discs(night, (80, 90, 12))
        if dtype != np.float32:
            image = np.rint(image * np.iinfo(dtype).max).astype(dtype)
        kept = image.copy()
        measure, shown = constant(5.0, 0.5)
        blur_map, confidence = map_with_lights(image, measure)
        np.testing.assert_array_equal(image, kept)
        # It was measured without the light: nothing is left of it.
        (filled,) = shown
        assert filled.dtype == dtype
        assert filled.max() == image.min()
        assert blur_map[80, 90] == pytest.approx(6, rel=0.05)
        assert confidence[80, 90] > 0.8
        assert blur_map[80, 110] == 5
        assert np.mean(blur_map != 5) == pytest.approx(
            np.pi * 14**2 / image.size, rel=0.07
        )

    def test_in_sharp_surroundings_it_is_a_plate(self, night):
        image = with_discs(night, (80, 90, 12))
        measure, shown = constant(0.4, 0.5)
        blur_map, confidence = map_with_lights(image, measure)
        assert shown[-1] is image
        assert (blur_map == np.float32(0.4)).all()
        assert (confidence == 0.5).all()

    def test_one_alone_of_which_nothing_tells_is_unknown(self, night):
        image = with_discs(night, (80, 90, 12))
        measure, shown = constant(0.4, UNKNOWN / 2)
        _, confidence = map_with_lights(image, measure)
        assert shown[-1] is image
        # As far as windows see its rim.
        assert confidence[80, 90] == confidence[80, 110] == 0
        assert confidence[80, 130] == UNKNOWN / 2

    def test_beside_a_subject_in_focus_they_are_judged_by_each_other(self, night):
        places = [(30, 40), (80, 40), (130, 40)]
        image = with_discs(night, *[(*place, 12) for place in places])

        def measure(pixels):
            # To the right of column 60 all is sharp; to the left nothing is seen.
            sure = np.zeros(SHAPE, np.float32)
            sure[:, 60:] = 0.8
            return np.full(SHAPE, 0.3, np.float32), sure

        blur_map, confidence = map_with_lights(image, measure)
        for place in places:
            assert blur_map[place] == pytest.approx(6, rel=0.05)
            assert confidence[place] > UNKNOWN

    def test_beside_one_in_focus_those_alike_are_in_focus(self, night):
        places = [(30, 40), (80, 40), (130, 40), (80, 160)]
        image = with_discs(night, *[(*place, 12) for place in places])

        def measure(pixels):
            sure = np.zeros(SHAPE, np.float32)
            sure[:, 100:] = 0.8
            return np.full(SHAPE, 0.3, np.float32), sure

        blur_map, _ = map_with_lights(image, measure)
        assert (blur_map == np.float32(0.3)).all()

    def test_several_of_one_size_are_lights(self, night):
        places = [(40, 40), (50, 150), (120, 100)]
        measure, _ = constant(0.4, UNKNOWN / 2)
        alike = with_discs(night, *[(*place, 12) for place in places])
        blur_map, _ = map_with_lights(alike, measure)
        for place in places:
            assert blur_map[place] == pytest.approx(6, rel=0.05)
        others = with_discs(
            night, *[(*place, r) for place, r in zip(places, (7, 12, 20), strict=True)]
        )
        blur_map, confidence = map_with_lights(others, measure)
        assert (blur_map == np.float32(0.4)).all()
        assert not any(confidence[place] for place in places)

    def test_in_a_large_photograph_they_are_as_large_as_they_are(self):
        image = with_discs(np.full((1000, 3000), 0.1, np.float32), (501, 1203, 60))
        measure, _ = constant(20.0, 0.5)
        blur_map, _ = map_with_lights(image, measure)
        found = np.argwhere(blur_map != 20)
        assert len(found) == pytest.approx(np.pi * 60**2, rel=0.05)
        assert found.mean(axis=0) == pytest.approx([501, 1203], abs=1.5)
        assert blur_map[501, 1203] == pytest.approx(30, rel=0.05)


@pytest.fixture(scope="module")
def network():
    return PatchBlurClassifier.pretrained()


SETTINGS = {"step": 4, "estimate": "mean", "scale": "auto"}


def test_lights_before_a_blurred_ground(texture, network):
    ground = 0.5 * blur(np.tile(texture, (1, 2))[:160, :200], 6.0)
    image = with_discs(ground, (50, 60, 12), (110, 140, 12))
    plain, _ = sliding_window_map(image, network, **SETTINGS)
    found, confidence = sliding_window_map(image, network, lights=True, **SETTINGS)
    for place in ((50, 60), (110, 140)):
        assert found[place] == pytest.approx(6, rel=0.1)
        assert confidence[place] > UNKNOWN
    # Nor are their rims taken for sharp edges any more.
    rim = np.s_[50, 76]
    assert found[rim] > plain[rim]
    (sample,) = SlidingWindowMapper(network, lights=True, **SETTINGS).transform([image])
    np.testing.assert_array_equal(sample.blur_map, found)


def test_plates_in_focus_stay_sharp(texture, network):
    ground = 0.5 * np.tile(texture, (1, 2))[:160, :200]
    image = with_discs(ground, (50, 60, 12), (110, 140, 12))
    plain, _ = sliding_window_map(image, network, **SETTINGS)
    found, _ = sliding_window_map(image, network, lights=True, **SETTINGS)
    np.testing.assert_array_equal(found, plain)
    assert np.median(found) < 1


def test_lights_is_yes_or_no(texture, network):
    with pytest.raises(ValueError, match="'lights' parameter of sliding_window_map"):
        sliding_window_map(texture, network, lights="auto")
