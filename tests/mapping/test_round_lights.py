from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from skdefocus.mapping.round_lights import find_round_lights
from tests.mapping.discs import SHAPE, with_discs
from tests.strategies import color_images, gray_images


@pytest.fixture
def night():
    return np.full(SHAPE, 0.1, np.float32)


class TestFinding:
    @pytest.mark.parametrize("radius", [6, 10, 25])
    def test_a_disc_has_half_its_radius_as_sigma(self, night, radius):
        (light,) = find_round_lights(with_discs(night, (80, 90, radius)))
        assert light.sigma == pytest.approx(radius / 2, rel=0.05)
        assert light.mask.sum() == pytest.approx(np.pi * radius**2, rel=0.05)
        middle = (light.rows.start + light.rows.stop - 1) / 2
        assert middle == pytest.approx(80, abs=0.5)

    def test_a_ring_and_a_cat_s_eye_are_found_whole(self, night):
        ring = with_discs(night, (80, 50, 14))
        ring[77:84, 47:54] = 0.1
        rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
        eye = (np.hypot(rows - 80, columns - 140) < 16) & (
            np.hypot(rows - 80, columns - 149) < 16
        )
        ring[eye] = 1
        first, second = sorted(find_round_lights(ring), key=lambda x: x.columns.start)
        assert first.mask[14, 14]
        assert first.sigma == pytest.approx(7, rel=0.05)
        points = np.argwhere(eye)
        assert second.sigma == pytest.approx(np.sqrt(points.var(axis=0).mean()))

    @pytest.mark.parametrize("distance", [14, 20, 23])
    def test_discs_that_overlap_are_told_apart(self, night, distance):
        image = with_discs(night, (80, 60, 12), (84, 60 + distance, 12))
        first, second = find_round_lights(image)
        for light in (first, second):
            assert light.sigma == pytest.approx(6, rel=0.1)
        union = image == 1
        both = np.zeros(SHAPE, bool)
        for light in (first, second):
            both[light.rows, light.columns] |= light.mask
        assert (both & union).sum() > 0.95 * union.sum()
        assert not (both & ~union).any()

    def test_of_a_color_photograph_one_clipped_color_is_enough(self, night):
        image = np.stack([night, with_discs(night, (80, 90, 10)), night], axis=-1)
        assert len(find_round_lights(image)) == 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda image: with_discs(image, (80, 90, 3)),  # Too small.
            lambda image: with_discs(image, (80, 90, 40)),  # Too large.
            lambda image: with_discs(image, (80, 90, 10), value=0.7),  # Not white.
            lambda image: with_discs(image, (4, 90, 10)),  # Cut off by the border.
            lambda image: with_discs(image + 0.75, (80, 90, 10)),  # No rim.
            lambda image: np.where(np.eye(*SHAPE) > 0, 1, image),
            lambda image: np.ones_like(image),
        ],
    )
    def test_what_is_no_light(self, night, change):
        assert find_round_lights(change(night).astype(np.float32)) == []

    @pytest.mark.parametrize("size", [(8, 40), (20, 21)])
    def test_bars_and_frames_are_not_round(self, night, size):
        image = night.copy()
        image[60 : 60 + size[0], 60 : 60 + size[1]] = 1
        if size == (20, 21):
            image[65:75, 65:90] = 0.1  # A letter C.
        assert find_round_lights(image) == []

    @given(gray_images(np.float32) | color_images(np.float32))
    def test_any_image_is_looked_at(self, image):
        find_round_lights(image)
