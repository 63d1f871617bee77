from __future__ import annotations

import numpy as np
import pytest

from skdefocus import DefocusSample, DefocusSegmenter
from skdefocus.segment import automatic_mask, judge_focus

SHAPE = (240, 360)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def rough(rng):
    return rng.uniform(0.8, 1.2, SHAPE)


def sample(blur_map, confidence=0.9, image=None, **changes):
    image = np.full((*blur_map.shape, 3), 0.5) if image is None else image
    known = np.broadcast_to(np.float32(confidence), blur_map.shape)
    return DefocusSample(image, blur_map, confidence=known, **changes)


def rectangle(top, bottom, left, right):
    inside = np.zeros(SHAPE, bool)
    inside[top:bottom, left:right] = True
    return inside


class TestMask:
    def test_what_is_sharper_than_the_rest(self, rough):
        subject = rectangle(60, 180, 90, 240)
        mask = automatic_mask(sample(rough * np.where(subject, 0.3, 3.0)))
        np.testing.assert_array_equal(mask, ~subject)

    @pytest.mark.parametrize("times", [2, 4])
    def test_holds_at_every_size(self, rough, times):
        subject = rectangle(60, 180, 90, 240)
        blur_map = rough * np.where(subject, 0.4, 3.0)
        larger = np.kron(blur_map * times, np.ones((times, times)))
        mask = automatic_mask(sample(larger))
        assert (mask[::times, ::times] != ~subject).mean() < 0.01

    def test_small_parts_beside_a_large_one_are_left_out(self, rough):
        subject, speck = rectangle(60, 180, 90, 240), rectangle(10, 20, 300, 310)
        second = rectangle(40, 200, 270, 340)
        one = automatic_mask(sample(rough * np.where(subject | speck, 0.3, 3.0)))
        np.testing.assert_array_equal(one, ~subject)
        two = automatic_mask(sample(rough * np.where(subject | second, 0.3, 3.0)))
        np.testing.assert_array_equal(two, ~(subject | second))

    def test_colors_decide_what_the_map_leaves_open(self):
        subject, open_part = rectangle(60, 180, 90, 240), rectangle(60, 180, 240, 280)
        red = np.where((subject | open_part)[..., np.newaxis], [0.8, 0.2, 0.2], 0.4)
        confidence = np.where(open_part, 0.3, 0.9)
        between = 0.3 + 0.01 * np.clip(np.arange(360) - 240, 0, 40)
        sigma = np.select([subject, open_part], [0.3, between], 3.0)
        left_out = {}
        for name, image in (("red", red), ("gray", np.full((*SHAPE, 3), 0.4))):
            mask = automatic_mask(sample(sigma, confidence, image))
            left_out[name] = mask[open_part].mean()
            assert not mask[subject].any()
        assert left_out["red"] < left_out["gray"] - 0.3

    def test_of_relative_scores_and_gray_photographs(self, rough):
        subject = rectangle(60, 180, 90, 240)
        score = np.clip(rough * np.where(subject, 0.2, 0.7), 0, 1)
        item = sample(score, image=np.full(SHAPE, 0.5), unit="relative")
        np.testing.assert_array_equal(automatic_mask(item), ~subject)

    def test_the_segmenter_gives_the_same(self, rough):
        item = sample(rough * np.where(rectangle(60, 180, 90, 240), 0.3, 3.0))
        (mask,) = DefocusSegmenter("auto").predict([item])
        np.testing.assert_array_equal(mask, automatic_mask(item))
        assert DefocusSegmenter().describe([item]) == [judge_focus(item)]

    @pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 4)])
    def test_of_any_size(self, shape, rng):
        mask = automatic_mask(sample(rng.uniform(0.2, 4, shape)))
        assert (mask.shape, mask.dtype) == (shape, bool)


class TestAnswer:
    def test_all_sharp(self, rough):
        found = sample(rough * 0.4)
        assert judge_focus(found) == ("all sharp", 1.0)
        assert not automatic_mask(found).any()

    def test_a_sky_leaves_the_rest_sharp(self, rough):
        sky = rectangle(0, 100, 0, 360)
        blur_map = rough * np.where(sky, 12.0, 0.4)
        unknown = sample(blur_map, np.where(sky, 0.05, 0.9))
        assert judge_focus(unknown).answer == "all sharp"
        assert not automatic_mask(unknown).any()
        # The same where it is known to be out of focus, and where it is all around.
        assert judge_focus(sample(blur_map)).answer == "mixed"
        backdrop = ~rectangle(60, 180, 90, 240)
        around = sample(
            rough * np.where(backdrop, 12.0, 0.4), np.where(backdrop, 0.05, 0.9)
        )
        assert judge_focus(around).answer == "mixed"
        np.testing.assert_array_equal(automatic_mask(around), backdrop)
        # A caption below a backdrop does not make it a sky.
        backdrop[-24:] = False
        captioned = sample(
            rough * np.where(backdrop, 12.0, 0.4), np.where(backdrop, 0.05, 0.9)
        )
        assert judge_focus(captioned).answer == "mixed"

    def test_what_is_hardly_blurred_is_sharp_beside_what_is_unknown(self, rough):
        side = rectangle(0, 240, 0, 140)
        confidence = np.where(side, 0.2, 0.9)
        even = rough * np.where(side, 0.35, 0.15)
        assert judge_focus(sample(even, confidence)).answer == "all sharp"
        # Not where the sides are far apart, little is known, or some is blurred.
        far = rough * np.where(side, 1.2, 0.1)
        assert judge_focus(sample(far, confidence)).answer == "mixed"
        little = np.where(rectangle(0, 240, 0, 200), 0.2, 0.9)
        assert judge_focus(sample(even, little)).answer == "mixed"
        blurred = np.where(rectangle(100, 160, 300, 360), 1.5, even)
        assert judge_focus(sample(blurred, confidence)).answer == "mixed"

    def test_by_a_weight_nothing_is_unknown(self, rough):
        faint = sample(rough * 0.4, np.full(rough.shape, 0.2))
        assert judge_focus(faint) == ("mixed", 0.0)
        weighted = faint.replace(confidence_kind="weight")
        assert judge_focus(weighted).certainty > 0.5

    def test_a_sky_whose_clouds_are_known(self, rough):
        sky, cloud = rectangle(0, 120, 0, 360), rectangle(0, 30, 0, 100)
        # In pixels of photographs of 770 px of diagonal 1.8 times as much.
        even = rough * np.where(sky, 0.4, 0.2)
        even[cloud] = 0.9
        known = np.where(sky, 0.5, 0.9)
        assert judge_focus(sample(even, known)).answer == "all sharp"
        # Not below, nor where more of it is out of focus, or far from the rest.
        assert judge_focus(sample(even[::-1], known[::-1])).answer == "mixed"
        far = np.where(sky & ~cloud, 3 * even, even)
        assert judge_focus(sample(far, known)).answer == "mixed"
        cloudy = np.where(rectangle(0, 90, 0, 200), 0.9, even)
        assert judge_focus(sample(cloudy, known)).answer == "mixed"

    @pytest.mark.parametrize("sigma", [3.5, 6.0, 12.0])
    def test_nothing_sharp(self, rough, sigma):
        found = sample(rough * sigma)
        assert judge_focus(found) == ("nothing sharp", 1.0)
        assert automatic_mask(found).all()

    def test_what_is_not_known_is_no_answer(self, rough):
        found = judge_focus(sample(rough * 9.0, 0.1))
        assert found == ("mixed", 0.0)

    def test_certainty_falls_with_what_lies_between(self, rough):
        clear = rough * np.where(rectangle(0, 240, 0, 180), 0.3, 5.0)
        gradual = rough * np.geomspace(0.1, 6, 360)
        sure, unsure = (judge_focus(sample(m)).certainty for m in (clear, gradual))
        assert 0 <= unsure < 0.9 < 0.95 < sure <= 1

    def test_scores_do_not_tell_how_sharp(self, rough):
        item = sample(np.clip(rough * 0.1, 0, 1), unit="relative")
        assert judge_focus(item).answer == "mixed"

    def test_needs_a_map(self):
        with pytest.raises(ValueError, match="has no blur map"):
            judge_focus(DefocusSample(np.zeros((4, 4))))
        with pytest.raises(ValueError, match="has no blur map"):
            automatic_mask(DefocusSample(np.zeros((4, 4))))

    @pytest.mark.parametrize("unit", ["depth", "disparity"])
    def test_distances_say_nothing_of_focus(self, rough, unit):
        for call in (judge_focus, automatic_mask):
            with pytest.raises(
                ValueError, match=f"the sample has a map of unit '{unit}"
            ):
                call(sample(rough, unit=unit))

    def test_without_any_weight_there_is_no_answer_for_all_of_it(self, rough):
        item = sample(rough * 9.0, 0.0, confidence_kind="weight")
        assert judge_focus(item).answer == "mixed"
        assert automatic_mask(item).shape == rough.shape

    def test_a_photograph_that_is_none_is_named(self, rough):
        item = sample(rough, image=np.full((*SHAPE, 3), np.nan))
        with pytest.raises(ValueError, match=r"^X\[0\]: image must be finite"):
            DefocusSegmenter("auto").predict([item])
