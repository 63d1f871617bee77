from __future__ import annotations

import numpy as np
import pytest
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import edge_threshold, otsu_threshold
from tests.strategies import gray_images


class TestOtsu:
    def test_equals_skimage(self, photo):
        gray = photo[..., 1] / 255
        ours = gray >= otsu_threshold(gray)
        theirs = gray > skimage.filters.threshold_otsu(gray)
        assert (ours == theirs).mean() > 0.99

    @given(gray_images())
    def test_lies_within_the_values(self, image):
        assert image.min() <= otsu_threshold(image) <= image.max()

    def test_separates_two_groups_in_the_middle(self):
        values = np.array([[0.0, 0.1, 0.1, 4.0, 4.1, 4.2]])
        assert 1.5 < otsu_threshold(values) < 2.6


class TestEdgeThreshold:
    def test_equals_the_mean_level_of_contours_by_their_length(self, photo):
        gray = photo[:60, :80, 1] / 255
        slope = np.zeros(gray.shape)
        for (row, column), _ in np.ndenumerate(gray):
            # central differences, one-sided at the border
            up, down = max(row - 1, 0), min(row + 1, 59)
            left, right = max(column - 1, 0), min(column + 1, 79)
            vertical = (gray[down, column] - gray[up, column]) / (down - up)
            across = (gray[row, right] - gray[row, left]) / (right - left)
            slope[row, column] = np.hypot(vertical, across)
        expected = (slope * gray).sum() / slope.sum()
        assert edge_threshold(gray) == pytest.approx(expected, rel=1e-12)

    @given(gray_images())
    def test_lies_within_the_values(self, image):
        assert image.min() <= edge_threshold(image) <= image.max()

    def test_a_small_group_counts_as_much_as_a_large_one(self):
        values = np.full((50, 50), 1.0)
        values[20:23, 30:34] = 4.0
        assert edge_threshold(values) == pytest.approx(2.5, abs=0.4)

    def test_of_a_constant_it_is_the_constant(self):
        assert edge_threshold(np.full((1, 7), 0.3)) == 0.3


@pytest.mark.parametrize("threshold", [otsu_threshold, edge_threshold])
@given(image=gray_images(), factor=st.sampled_from([0.25, 8.0]))
def test_follows_the_scale_of_the_map(threshold, image, factor):
    expected = factor * threshold(image) + 3
    np.testing.assert_allclose(threshold(factor * image + 3), expected, rtol=1e-3)


@pytest.mark.parametrize("threshold", [otsu_threshold, edge_threshold])
def test_thresholds_refuse_what_is_no_map(threshold):
    with pytest.raises(ValueError, match="values must be finite"):
        threshold(np.array([[1.0, np.inf]]))
    with pytest.raises(ValueError, match=r"values must have shape \(H, W\)"):
        threshold(np.zeros(5))
    with pytest.raises(ValueError, match=r"values must have shape \(H, W\)"):
        threshold(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="must be real numbers; got dtype bool"):
        threshold(np.zeros((4, 4), bool))


@pytest.mark.parametrize("threshold", [otsu_threshold, edge_threshold])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32])
def test_integers_are_taken_as_they_are(threshold, dtype):
    values = np.array([[10, 10, 200, 200]], dtype)
    assert threshold(values) == pytest.approx(105, abs=1)


@pytest.mark.parametrize("n_bins", [0, 1, 2.0])
def test_otsu_refuses_fewer_than_two_bins(n_bins):
    with pytest.raises(ValueError, match="'n_bins' parameter of otsu_threshold"):
        otsu_threshold(np.eye(4), n_bins)
