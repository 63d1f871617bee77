from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters._lens_kernel import lens_kernel
from skdefocus.synthesis.motion import LENGTH_OF_SIGMA, draw_path


def axes(path):
    """Second moments along the long and the short axis."""
    rows, columns = np.mgrid[: path.shape[0], : path.shape[1]]
    return np.linalg.eigvalsh(
        np.cov(np.stack([rows.ravel(), columns.ravel()]), aweights=path.ravel(), ddof=0)
    )[::-1]


@given(st.integers(0, 10_000))
def test_a_path_is_thin_and_within_its_image(seed):
    path = draw_path(np.random.default_rng(seed))
    assert path.min() >= 0
    assert path.sum() == pytest.approx(1)
    border = np.concatenate([path[[0, -1]].ravel(), path[:, [0, -1]].ravel()])
    assert border.max() == 0
    long, short = axes(path)
    # A curve bends away from its chord, but not far.
    assert short < 0.04 * long
    np.testing.assert_array_equal(path, draw_path(np.random.default_rng(seed)))


def test_half_of_all_paths_are_straight_and_they_have_any_direction():
    paths = [draw_path(np.random.default_rng(seed)) for seed in range(200)]
    straight = [axes(path)[1] < 0.4 for path in paths]
    assert 0.35 < np.mean(straight) < 0.75
    rows, columns = np.mgrid[-30:31, -30:31]
    angles = [
        np.arctan2(2 * (p * rows * columns).sum(), (p * (columns**2 - rows**2)).sum())
        for p in paths
    ]
    assert np.histogram(angles, 6, (-np.pi, np.pi))[0].min() > 15


@pytest.mark.parametrize("length", [9, 21, 41])
def test_of_a_sigma_it_is_as_long_as_a_straight_path(length):
    paths = (draw_path(np.random.default_rng(seed)) for seed in range(40))
    straight = next(path for path in paths if axes(path)[1] < 0.3)
    kernel = lens_kernel(straight, length / LENGTH_OF_SIGMA)
    # Of one speed, the moment of a path is its length squared over 12.
    assert np.sqrt(12 * axes(kernel)[0]) == pytest.approx(length, rel=0.1)
