from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.photograph_conditions import CONDITIONS


def change(name, photo, seed=0):
    return CONDITIONS[name].change(photo, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_gives_a_photograph_whose_pixels_are_found_again(photo, name):
    condition = CONDITIONS[name]
    before = photo.copy()
    found = change(name, photo)
    assert found.dtype == np.uint8
    assert found.ndim == 3
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_array_equal(found, change(name, photo))
    # Brightness of the photograph, put to its new place, is that of the other one.
    gray, other = (image.mean(axis=2) for image in (photo, found))
    assert condition.place(gray).shape == condition.cut(other).shape
    likeness = np.corrcoef(condition.place(gray).ravel(), condition.cut(other).ravel())
    assert likeness[0, 1] > 0.9


@pytest.mark.parametrize("level", [3, 10, 20])
def test_noise_has_its_level_in_the_gray(level):
    gray = np.full((100, 100, 3), 128, np.uint8)
    found = change(f"noise {level}", gray).mean(axis=2)
    assert found.std() == pytest.approx(level, rel=0.05)


def test_noises_differ_in_what_they_hang_on():
    image = np.repeat(np.uint8([[[30], [220]]]), 3, axis=2)
    image = image.repeat(80, axis=0).repeat(60, axis=1)
    grown = change("noise 10, by brightness", image)[..., 0].astype(float)
    assert grown[:, 60:].std() > 1.4 * grown[:, :60].std()
    flat = np.full((80, 80, 3), 128, np.uint8)
    smooth = change("noise 10, correlated", flat)[..., 0].astype(float)
    alike = np.corrcoef(smooth[:, 1:].ravel(), smooth[:, :-1].ravel())[0, 1]
    assert alike > 0.5
    assert smooth.std() == pytest.approx(10, rel=0.1)


def test_sharpening_does_not_wrap_around(photo):
    found = change("sharpened", photo).astype(int)
    assert abs(found - photo).mean() < 15
    assert found.std() > photo.std()


def test_what_is_added_is_cut_off(photo):
    for name in ("black bars", "caption"):
        found = change(name, photo)
        assert found.shape[0] > photo.shape[0]
        np.testing.assert_array_equal(CONDITIONS[name].cut(found), photo)


def test_lights_are_white_where_the_mask_says_so(photo):
    night = (photo // 8).astype(np.uint8)
    found = change("lights", night)
    nothing = np.zeros(photo.shape[:2], bool)
    lit = CONDITIONS["lights"].place(nothing)
    assert 0.005 < lit.mean() < 0.3
    white = found.min(axis=2) == 255
    assert white.sum() > 0.9 * lit.sum()
    assert not white[~ndimage.binary_dilation(lit, iterations=2)].any()


def test_lens_and_motion_blur_the_photograph(photo):
    before = np.diff(photo.mean(axis=2), axis=1).std()
    for name in ("lens 1.5 px", "moved 15 px"):
        after = np.diff(change(name, photo).mean(axis=2), axis=1).std()
        assert after < 0.8 * before
