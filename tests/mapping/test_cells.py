from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier import ContextNetwork
from skdefocus.classifier.context_features import (
    context_conditions,
    context_features,
    pad_to_cells,
)
from skdefocus.filters import blur
from skdefocus.mapping.cells import cells_to_pixels, classify_cells


@pytest.fixture(scope="module")
def network():
    return ContextNetwork.pretrained()


def joined(image, network, **settings):
    bands = classify_cells(image, network, 1, context_conditions(image), **settings)
    parts = [(band.of_patches, band.of_surroundings) for band in bands]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


@pytest.mark.parametrize("band", [1, 2560])
def test_bands_do_not_change_a_cell(band, network):
    image = np.random.default_rng(0).random((1500, 40), dtype=np.float32)
    image = blur(image, 1.0)
    image[600:900] = blur(image[600:900], 3.0)
    whole = joined(image, network)
    banded = joined(image, network, band_cells=band)
    for one, other in zip(whole, banded, strict=True):
        np.testing.assert_array_equal(one, other)


def test_pixels_are_those_of_the_patches(network):
    image = np.random.default_rng(0).random((1500, 41), dtype=np.float32)
    conditions = context_conditions(image)
    whole = pad_to_cells(image, 32)
    first = 0
    for band in classify_cells(image, network, 1, conditions, band_cells=1):
        n_down, n_across, _ = band.of_patches.shape
        rows = slice(first * 4, (first + n_down) * 4 + 28)
        assert band.pixels.shape == (4 * n_down + 28, 4 * n_across + 28)
        np.testing.assert_array_equal(band.pixels, whole[rows])
        # What was asked about a patch that is cut out.
        patch = band.pixels[:32, 4:36]
        (asked,) = network.classifier.predict_proba(
            patch.reshape(1, -1), conditions.of_sizes[:1]
        )
        np.testing.assert_allclose(band.of_patches[0, 1], asked, atol=1e-4)
        first += n_down
    assert first == 375


def test_surroundings_are_told_what_patches_say(network, small_photo):
    photograph = small_photo.astype(np.float32) / 255
    conditions = context_conditions(photograph)
    features = context_features(photograph, network.classifier, 1, conditions)
    expected = np.moveaxis(network.run(features, 1), 0, -1)
    (band,) = classify_cells(photograph, network, 1, conditions)
    np.testing.assert_allclose(band.of_surroundings, expected, atol=1e-5)
    np.testing.assert_allclose(band.of_patches.sum(axis=-1), 1, atol=1e-5)


def test_pixels_lie_between_cells():
    cells = np.tile(np.arange(5, dtype=np.float32), (3, 1))
    pixels = cells_to_pixels(cells, (11, 18))
    assert pixels.shape == (11, 18)
    np.testing.assert_allclose(pixels[5], np.sort(pixels[5]))
    # The middle of a cell lies between its second and third pixel.
    np.testing.assert_allclose(pixels[5, 5:7].mean(), 1, atol=0.02)
    np.testing.assert_array_equal(cells_to_pixels(np.full((3, 5), 2.5), (9, 17)), 2.5)
