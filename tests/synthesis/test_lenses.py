from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.synthesis.lenses import draw_aperture, draw_psf


def drawn(n, measured=()):
    return [draw_psf(np.random.default_rng(seed), measured) for seed in range(n)]


@given(st.integers(0, 10_000))
def test_an_aperture_is_light_within_its_image(seed):
    aperture = draw_aperture(np.random.default_rng(seed))
    assert aperture.shape == (61, 61)
    assert np.isfinite(aperture).all()
    assert aperture.min() >= 0
    assert np.mean(aperture > 0) > 0.05
    border = np.concatenate([aperture[[0, -1]].ravel(), aperture[:, [0, -1]].ravel()])
    assert border.max() == 0
    np.testing.assert_array_equal(aperture, draw_aperture(np.random.default_rng(seed)))


def test_apertures_are_of_many_kinds():
    apertures = [draw_aperture(np.random.default_rng(seed)) for seed in range(300)]
    shares = np.array([np.mean(aperture > 0) for aperture in apertures])
    assert shares.min() < 0.35 < 0.7 < shares.max()
    # In some the middle is dark, as behind a mirror; in some the rim is brighter than
    # the rest, in some the middle.
    dark = np.mean([aperture[30, 30] == 0 for aperture in apertures])
    assert 0.1 < dark < 0.35
    peaks = [aperture[28:33, 28:33].mean() / aperture.max() for aperture in apertures]
    assert np.mean(np.array(peaks) > 0.95) > 0.15
    assert 0.15 < np.mean((np.array(peaks) > 0) & (np.array(peaks) < 0.8)) < 0.7


def test_shares_of_the_shapes():
    kinds = [psf if isinstance(psf, str) else "aperture" for psf in drawn(1000)]
    assert kinds.count("gaussian") == pytest.approx(250, abs=50)
    assert kinds.count("disc") == pytest.approx(200, abs=50)


def test_measured_ones_are_drawn_and_turned():
    corner = np.zeros((21, 21))
    corner[10, 10:] = 1
    measured = [
        psf
        for psf in drawn(400, (corner,))
        if not isinstance(psf, str) and psf.shape != (61, 61)
    ]
    assert len(measured) == pytest.approx(100, abs=30)
    angles = []
    for psf in measured:
        assert psf.min() >= 0
        rows, columns = np.mgrid[: psf.shape[0], : psf.shape[1]]
        shift = [
            np.average(p, weights=psf) - (n - 1) / 2
            for p, n in zip((rows, columns), psf.shape, strict=True)
        ]
        angles.append(np.arctan2(*shift))
    assert np.histogram(angles, 4, (-np.pi, np.pi))[0].min() > 5
