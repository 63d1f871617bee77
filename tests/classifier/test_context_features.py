from __future__ import annotations

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier
from skdefocus._shared.validation import to_gray
from skdefocus.classifier.context_features import (
    cell_means,
    cell_probabilities,
    context_conditions,
    context_features,
    count_features,
    pad_to_cells,
)
from skdefocus.filters import measure_conditions


def test_cell_means_equal_a_loop():
    image = np.random.default_rng(0).random((10, 7))
    means = cell_means(image)
    assert means.shape == (3, 2)
    padded = np.pad(image, ((0, 2), (0, 1)), mode="edge")
    for row, column in np.ndindex(3, 2):
        cell = padded[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        assert means[row, column] == pytest.approx(cell.mean())


def test_features_hold_the_probabilities_of_the_patch_around_a_cell(texture):
    classifier = PatchBlurClassifier.pretrained()
    features = context_features(texture, classifier)
    assert features.shape == (count_features(18), 40, 48)
    # The cell at rows 40 to 43 is in the middle of the patch at rows 26 to 57.
    patch = texture[26:58, 66:98]
    told = context_conditions(texture).of_sizes[:1]
    expected = np.log(np.maximum(classifier.predict_proba([patch], told)[0], 1e-30))
    found = (features[:18, 10, 20] - 1) * 4
    np.testing.assert_allclose(found, np.maximum(expected, -7), atol=1e-3)


def test_colors_are_those_of_the_cells(small_photo):
    photograph = small_photo.astype(np.float32) / 255
    features = context_features(photograph, PatchBlurClassifier.pretrained())
    colors = np.moveaxis(features[-5:-2], 0, -1)
    # On a scale on which the gray of cells is in 0 to 1.
    gray = cell_means(to_gray(photograph))
    expected = (cell_means(photograph) - gray.min()) / np.ptp(gray) * 2 - 1
    np.testing.assert_allclose(colors, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (31, 33), (97, 5, 3)])
def test_photographs_of_any_size_have_features(shape):
    photograph = np.random.default_rng(0).random(shape, dtype=np.float32)
    features = context_features(photograph, PatchBlurClassifier.pretrained())
    assert features.dtype == np.float32
    assert features.shape[1:] == (-(-shape[0] // 4), -(-shape[1] // 4))
    assert np.isfinite(features).all()


@pytest.mark.parametrize("side", [1, 2, 4, 7])
def test_cells_of_any_side_average_colors_too(side):
    image = np.random.default_rng(0).random((9, 14, 3))
    means = cell_means(image, side)
    assert means.shape == (-(-9 // side), -(-14 // side), 3)
    np.testing.assert_allclose(
        means[..., 1], cell_means(image[..., 1], side), rtol=1e-12
    )
    np.testing.assert_allclose(
        means[0, 0], image[:side, :side].mean(axis=(0, 1)), rtol=1e-12
    )


def test_counts_the_features_of_a_classifier_of_few_levels(trained, texture):
    features = context_features(texture, trained)
    assert features.shape[0] == count_features(len(trained.classes_))


def test_probabilities_are_those_of_the_patch_around_each_cell(texture):
    classifier = PatchBlurClassifier.pretrained()
    conditions = context_conditions(texture)
    found = cell_probabilities(texture, classifier, 1, conditions.of_sizes[0])
    assert found.shape == (40, 48, 18)
    # Cells in the middle of patches, as above.
    for row, column in ((10, 20), (4, 4), (30, 40)):
        top, left = 4 * row - 14, 4 * column - 14
        patch = texture[top : top + 32, left : left + 32]
        (expected,) = classifier.predict_proba([patch], conditions.of_sizes[:1])
        np.testing.assert_allclose(found[row, column], expected, atol=1e-4)
    # Known ones are not asked for again.
    features = context_features(texture, classifier, 1, conditions)
    given = context_features(texture, classifier, 1, conditions, found)
    np.testing.assert_array_equal(given, features)
    other = context_features(texture, classifier, 1, conditions, found[::-1])
    assert np.abs(other - features)[:18].max() > 0.1
    np.testing.assert_array_equal(other[19:], features[19:])


@pytest.mark.parametrize(("shape", "mode"), [((19, 30), "reflect"), ((18, 30), "edge")])
def test_a_photograph_goes_on_mirrored_beyond_its_borders(shape, mode):
    gray = np.random.default_rng(0).random(shape)
    padded = pad_to_cells(gray, 32)
    widths = [(14, 14 + -length % 4) for length in shape]
    np.testing.assert_array_equal(padded, np.pad(gray, widths, mode=mode))


class TestConditions:
    @pytest.fixture
    def noisy(self, texture):
        noise = np.random.default_rng(0).normal(0, 8 / 255, texture.shape)
        return np.clip(0.2 + 0.6 * texture + noise, 0, 1).astype(np.float32)

    def test_are_those_of_the_photograph_and_of_half_of_it(self, noisy):
        found, darkest, brightest = context_conditions(noisy)
        cells = cell_means(noisy)
        assert (darkest, brightest) == (cells.min(), cells.max())
        assert found.shape == (2, 4)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[0], measure_conditions(noisy))
        halved = cell_means(noisy, 2)
        np.testing.assert_array_equal(found[1], measure_conditions(halved))
        assert 255 * found[0, 0] == pytest.approx(8, rel=0.3)
        assert found[1, 0] < 0.75 * found[0, 0]

    def test_are_those_of_the_gray_of_colors(self, small_photo):
        photograph = small_photo / np.float32(255)
        found = context_conditions(photograph)
        expected = context_conditions(to_gray(photograph))
        np.testing.assert_array_equal(found.of_sizes, expected.of_sizes)
        assert found[1:] == expected[1:]

    def test_of_a_clean_photograph_are_its_rounding(self):
        flat = np.full((80, 90), 0.5, np.float32)
        found = context_conditions(flat, 1 / 255).of_sizes
        deviation = 12**-0.5 / 255
        np.testing.assert_allclose(found[0, :2], [deviation, deviation / 2], rtol=1e-6)
        np.testing.assert_allclose(found[1], found[0] / [2, 2, 1, 1], rtol=1e-6)

    def test_are_measured_by_default(self, noisy, trained):
        measured = context_features(noisy, trained)
        given = context_features(noisy, trained, conditions=context_conditions(noisy))
        np.testing.assert_array_equal(measured, given)

    @pytest.mark.parametrize("halving", [0, 1])
    def test_each_is_told_of_its_own_size(self, noisy, trained, halving):
        conditions = context_conditions(noisy)
        expected = context_features(noisy, trained, conditions=conditions)
        conditions.of_sizes[halving, :3] *= 4
        found = context_features(noisy, trained, conditions=conditions)
        n_levels = len(trained.classes_)
        changed = np.abs(found - expected).max(axis=(1, 2)) > 1e-3
        # Logarithms of the probabilities, and the sigma that they expect.
        of_size = [changed[:n_levels].any(), changed[n_levels + 1 : -5].any()]
        assert of_size == [halving == 0, halving == 1]
        assert not changed[-5:].any()

    def test_of_a_part_are_those_of_the_whole(self, noisy, trained):
        conditions = context_conditions(noisy)
        whole = context_features(noisy, trained, conditions=conditions)
        part = context_features(noisy[:96], trained, conditions=conditions)
        np.testing.assert_allclose(
            part[:, :8, 8:-8], whole[:, :8, 8:-8], atol=1e-3, rtol=1e-4
        )

    @pytest.mark.parametrize(("factor", "offset"), [(0.25, 0.5), (0.25, 0), (1, -0.1)])
    def test_contrast_and_exposure_change_no_feature(
        self, noisy, trained, factor, offset
    ):
        expected = context_features(noisy, trained)
        changed = np.float32(factor) * noisy + np.float32(offset)
        found = context_features(changed, trained)
        np.testing.assert_allclose(found, expected, atol=5e-3)

    def test_a_small_subject_is_within_the_range(self, trained):
        sky = np.random.default_rng(0).uniform(0.6, 0.62, (160, 192))
        sky[80:84, 80:84] = 0.1
        features = context_features(sky.astype(np.float32), trained)
        np.testing.assert_allclose(features[-5:-2, 20, 20], -1, atol=1e-6)
        assert np.abs(features[-5:-2]).max() <= 1 + 1e-6

    @pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
    def test_a_uniform_frame_has_features(self, trained, value):
        features = context_features(np.full((64, 80), value, np.float32), trained)
        assert np.isfinite(features).all()
        assert np.abs(features[-5:]).max() <= 1.01
