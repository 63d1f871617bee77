from __future__ import annotations

import numpy as np
import pytest

from skdefocus import DefocusSample
from skdefocus.segment import subject_mask

SHAPE = (240, 360)


def rectangle(top, bottom, left, right):
    inside = np.zeros(SHAPE, bool)
    inside[top:bottom, left:right] = True
    return inside


BIRD, BEE = rectangle(60, 180, 40, 140), rectangle(80, 160, 220, 320)


@pytest.fixture(scope="module")
def two():
    """Two subjects before one background."""
    rough = np.random.default_rng(0).uniform(0.95, 1.05, SHAPE)
    sigma = rough * np.select([BIRD, BEE], [0.3, 0.35], 4.0)
    return DefocusSample(
        np.full((*SHAPE, 3), 0.5), sigma, confidence=np.full(SHAPE, 0.9)
    )


def test_a_point_chooses_between_subjects(two):
    for subject, point in ((BIRD, (90, 120)), (BEE, (270, 120))):
        np.testing.assert_array_equal(subject_mask(two, point), ~subject)
    both = subject_mask(two, [(90, 120), (270, 120)])
    np.testing.assert_array_equal(both, ~(BIRD | BEE))


@pytest.mark.parametrize("corner", [(46, 66), (134, 66), (46, 174), (134, 174)])
def test_a_point_near_the_border_does_as_well(two, corner):
    np.testing.assert_array_equal(subject_mask(two, corner), ~BIRD)


def test_a_box_holds_the_subject(two):
    mask = subject_mask(two, boxes=(210, 70, 120, 100))
    np.testing.assert_array_equal(mask, ~BEE)
    cut = subject_mask(two, boxes=(210, 70, 60, 100))
    np.testing.assert_array_equal(cut, ~(BEE & rectangle(70, 170, 210, 270)))
    several = subject_mask(two, boxes=[(20, 40, 140, 160), (210, 70, 120, 100)])
    np.testing.assert_array_equal(several, ~(BIRD | BEE))


def test_a_box_without_anything_in_focus_is_the_subject():
    flat = DefocusSample(np.zeros(SHAPE), np.full(SHAPE, 5.0))
    mask = subject_mask(flat, boxes=(21, 33, 50, 41))
    np.testing.assert_array_equal(mask, ~rectangle(33, 74, 21, 71))


def test_scribbles_tell_both_sides(two):
    scribble = np.zeros(SHAPE, np.uint8)
    scribble[120, 60:120] = 1
    np.testing.assert_array_equal(subject_mask(two, scribble=scribble), ~BIRD)
    # A part of the background that the map takes for sharp.
    scribble[120, 240:300] = 1
    scribble[60:180, 40:60] = 2
    mask = subject_mask(two, scribble=scribble)
    assert mask[60:180, 40:60].all()
    assert not mask[BEE].any()


def test_what_was_pointed_at_is_the_subject_even_if_it_is_out_of_focus(two):
    mask = subject_mask(two, (180, 20))
    assert not mask[20, 180]
    assert (mask == ~BIRD).mean() < 0.99


@pytest.mark.parametrize("times", [2, 3])
def test_holds_at_every_size(two, times):
    larger = DefocusSample(
        np.kron(two.image, np.ones((times, times, 1))),
        np.kron(two.blur_map * times, np.ones((times, times))),
        confidence=np.kron(two.confidence, np.ones((times, times))),
    )
    mask = subject_mask(larger, (90 * times, 120 * times))
    assert (mask[::times, ::times] != ~BIRD).mean() < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 4)])
def test_of_any_size(shape):
    item = DefocusSample(np.zeros(shape), np.ones(shape))
    assert not subject_mask(item, (0, 0))[0, 0]


def test_refuses(two):
    with pytest.raises(ValueError, match="needs a point, a box or a scribble"):
        subject_mask(two)
    with pytest.raises(ValueError, match="lies outside"):
        subject_mask(two, (360, 0))
    with pytest.raises(ValueError, match="has no blur map"):
        subject_mask(DefocusSample(np.zeros((4, 4))), (0, 0))
    with pytest.raises(ValueError, match="map of unit 'depth', which says how far"):
        subject_mask(two.replace(unit="depth"), (0, 0))
