from __future__ import annotations

import numpy as np
import pytest

from skdefocus.mapping.cepstrum import (
    WINDOW,
    WindowSpectra,
    cepstrum_of,
    deepest_dip,
    depth_of,
)
from tests.mapping.moved import make_scene, moved


@pytest.fixture(scope="module")
def scene():
    return make_scene()


def test_windows_cover_the_photograph(scene):
    spectra = WindowSpectra(scene)
    for middles, length in zip(
        (spectra.rows, spectra.columns), scene.shape, strict=True
    ):
        assert middles[0] == WINDOW // 2
        assert middles[-1] + WINDOW // 2 == length
        assert np.diff(middles).max() <= 64


@pytest.mark.parametrize("width", [128, 129, 191, 192, 193, 255, 511])
def test_windows_lie_alike_in_a_mirrored_photograph(width):
    columns = WindowSpectra(np.zeros((128, width), np.float32)).columns
    assert abs(columns - (width - columns[::-1])).max() <= 1


def test_there_are_not_too_many():
    spectra = WindowSpectra(np.zeros((1200, 1600), np.float32))
    assert len(spectra.rows) * len(spectra.columns) <= 260


def test_a_mean_is_that_of_the_neighbors(scene):
    spectra = WindowSpectra(scene[:192, :256])
    assert (len(spectra.rows), len(spectra.columns)) == (2, 3)
    np.testing.assert_allclose(spectra.mean(0, 1), spectra.mean(), rtol=1e-5)
    assert abs(spectra.mean(0, 0) - spectra.mean()).max() > 0.1


def test_the_dip_is_where_the_copy_is(scene):
    # Two pictures of one thing, 12 px apart, are the same to the cepstrum, but
    # that it rises there.
    double = (scene + np.roll(scene, (0, 12), axis=(0, 1))) / 2
    cepstrum = cepstrum_of(WindowSpectra(double).mean())
    assert depth_of(cepstrum, 0, 12) < -5
    down, across = deepest_dip(cepstrum_of(WindowSpectra(moved(scene, 0, 12)).mean()))
    assert (down, abs(across)) == pytest.approx((0, 12), abs=1)
