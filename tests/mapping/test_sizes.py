from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.gray_rows import GrayRows
from skdefocus.classifier import ContextNetwork
from skdefocus.filters import resize
from skdefocus.mapping.sizes import PhotographSizes, measure_cells_at


class TestSizes:
    def test_colors_and_gray_at_every_factor(self, small_photo):
        photograph = small_photo.astype(np.float32) / 255
        sizes = PhotographSizes(small_photo, (1, 0.5))
        np.testing.assert_array_equal(sizes.in_color(1.0), photograph)
        height, width = (round(n / 2) for n in photograph.shape[:2])
        half = resize(photograph, (height, width))
        np.testing.assert_allclose(sizes.in_color(0.5), half, atol=1e-6)
        gray = GrayRows(small_photo)
        np.testing.assert_array_equal(sizes.in_gray(1.0).whole(), gray.whole())
        expected = resize(gray.whole(), (height, width))
        np.testing.assert_allclose(sizes.in_gray(0.5), expected, atol=1e-6)

    def test_gray_photographs_stay_gray(self, texture):
        sizes = PhotographSizes(texture, (1, 0.5))
        assert sizes.in_color(0.5).ndim == 2
        np.testing.assert_array_equal(sizes.in_color(0.5), sizes.in_gray(0.5))

    def test_rounding_is_averaged_away(self):
        image = np.zeros((64, 64), np.uint8)
        sizes = PhotographSizes(image, (2, 1, 0.5))
        for factor, expected in ((2.0, 1), (1.0, 1), (0.5, 0.5)):
            assert sizes.rounding(factor) == pytest.approx(expected / 255)
        assert PhotographSizes(image / 255, 1.0).rounding(1.0) == 0


class TestMeasure:
    @pytest.fixture
    def asked(self):
        """What is measured, and what measures 1 px everywhere."""
        shown = []

        def measure(photograph, conditions):
            assert conditions.of_sizes.shape == (2, 4)
            shown.append(photograph.shape)
            sigma, sure = np.ones((2, *photograph.shape[:2]), np.float32)
            return sigma, sure, sigma, sure

        return shown, measure

    def test_large_photographs_are_seen_in_color_up_to_1600_px(self, asked, texture):
        shown, measure = asked
        image = np.stack([np.tile(texture, (3, 10))[:400, :1800]] * 3, axis=2)
        network = ContextNetwork.pretrained()
        sigma, confidence = measure_cells_at(
            image, network, "auto", False, lambda: measure
        )
        # Above it patches alone are asked, where half the size reads sharp.
        assert shown == [(50, 225, 3), (100, 450, 3), (200, 900, 3)]
        assert sigma.shape == confidence.shape == (400, 1800)
        assert np.median(sigma) < 0.5

    def test_each_size_of_a_list_is_measured(self, asked, texture):
        shown, measure = asked
        network = ContextNetwork.pretrained()
        image = texture[:96, :128]
        sigma, _ = measure_cells_at(image, network, (1, 0.5), False, lambda: measure)
        assert shown == [(96, 128), (48, 64)]
        # 1 px of half the size is 2 px, and means are taken of logarithms.
        expected = np.exp(np.log([1.8, 2.8]).mean()) - 0.8
        np.testing.assert_allclose(sigma, expected, rtol=1e-5)

    def test_where_lights_are_hidden_conditions_are_the_photograph_s(
        self, monkeypatch, texture
    ):
        told, shown = [], []

        def measure(photograph, conditions):
            shown.append(photograph)
            told.append(conditions)
            sigma, sure = np.ones((2, *photograph.shape[:2]), np.float32)
            return sigma, sure, sigma, sure

        def without_half(image, measure_one):
            hidden = image.copy()
            hidden[:, :64] = 0.5
            measure_one(image)
            return measure_one(hidden)

        monkeypatch.setattr("skdefocus.mapping.sizes.map_with_lights", without_half)
        image = texture[:96, :128]
        network = ContextNetwork.pretrained()
        measure_cells_at(image, network, 1.0, True, lambda: measure)
        np.testing.assert_array_equal(told[0].of_sizes, told[1].of_sizes)
        assert told[0][1:] == told[1][1:]
        assert np.ptp(shown[1][:, :64]) == 0
        np.testing.assert_array_equal(shown[0], image)
