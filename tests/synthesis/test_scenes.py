from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import laplacian
from skdefocus.synthesis import compose_scene, random_scene, scenes


@given(st.integers(0, 10_000))
def test_sigmas_and_depths_are_in_range(small_photo, seed):
    blur_map, depth = random_scene(small_photo, seed)
    assert blur_map.shape == depth.shape == small_photo.shape[:2]
    assert blur_map.dtype == depth.dtype == np.float32
    assert 0 <= blur_map.min() <= blur_map.max() <= 16
    assert depth.min() >= 0


def test_the_same_seed_gives_the_same_scene(photo):
    first, second = (compose_scene(photo, (64, 96), 3) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(first[1], compose_scene(photo, (64, 96), 4)[1])


@pytest.mark.parametrize("kind", [scene for scene, _ in scenes._SCENES])
def test_every_kind_of_scene_is_finite_and_not_negative(kind):
    rng = np.random.default_rng(0)
    segments = np.repeat(np.arange(6), 10).reshape(6, 10).repeat(8, 0).repeat(8, 1)
    height = np.linspace(0, 1, 48)[:, None] * np.ones(segments.shape)
    for _ in range(20):
        blur_map, depth = kind(segments, height, rng)
        assert np.isfinite(blur_map).all()
        assert np.isfinite(depth).all()
        assert blur_map.min() >= 0


def test_subjects_end_where_segments_end():
    rng = np.random.default_rng(0)
    segments = np.arange(64).reshape(8, 8).repeat(6, 0).repeat(6, 1)
    for _ in range(10):
        subject = scenes._subject(segments, rng)
        shares = np.bincount(segments.ravel(), subject.ravel()) / 36
        assert set(shares) <= {0.0, 1.0}


def test_what_is_blurred_more_has_less_detail(texture):
    # The scene is defocused by the map that is returned with it.
    totals = np.zeros(2)
    counts = np.zeros(2)
    for seed in range(25):
        photograph, blur_map = compose_scene(texture, (160, 192), seed)
        detail = np.abs(laplacian(photograph))
        for index, region in enumerate((blur_map < 0.5, blur_map > 2)):
            totals[index] += detail[region].sum()
            counts[index] += region.sum()
    sharp, blurred = totals / counts
    # Of the noise of cameras both have as much.
    assert sharp > 1.5 * blurred


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (100, 40)])
def test_photographs_of_any_size_make_scenes(size):
    image = np.random.default_rng(0).random(size, dtype=np.float32)
    photograph, blur_map = compose_scene(image, (48, 64))
    assert photograph.shape == (48, 64, 3)
    assert blur_map.shape == (48, 64)


def test_says_what_is_missing(monkeypatch, small_photo):
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(ImportError, match=r"scenes need scikit-image: pip install"):
        random_scene(small_photo)


@pytest.mark.parametrize("shape", [(0, 10), (64.0, 64.0), (64,)])
def test_refuses_empty_shapes(texture, shape):
    with pytest.raises(ValueError, match="'shape' must be two positive integers"):
        compose_scene(texture, shape)
