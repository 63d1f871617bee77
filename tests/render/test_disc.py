from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from skdefocus.render import render_disc


@pytest.fixture
def blur_map(small_photo):
    blur_map = np.full(small_photo.shape[:2], 0.5)
    blur_map[:, 64:] = 9.0
    return blur_map


def test_scatters_no_light_of_the_subject():
    image = np.full((80, 80, 3), 0.2, dtype=np.float32)
    image[20:60, 20:60] = (1.0, 0.3, 0.1)
    blur_map = np.full((80, 80), 9.0)
    blur_map[20:60, 20:60] = 0.0
    found = render_disc(image, blur_map, 1, 7, disc_sigma=6.0, subject_gain=0.0)
    np.testing.assert_allclose(found, image, atol=0.01)


def test_a_background_alone_is_the_disc_in_linear_light(small_photo):
    sigma = np.full(small_photo.shape[:2], 20.0)
    found = render_disc(small_photo, sigma, 1, 7, disc_sigma=2.5)
    expected = linear_to_srgb(blur(srgb_to_linear(small_photo), 2.5, "disc"))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_disc_sigma_is_a_share_of_the_diagonal_by_default(small_photo, blur_map):
    expected = render_disc(small_photo, blur_map, disc_sigma=1.6)
    found = render_disc(small_photo, blur_map)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_subject_mask_blurs_nothing_outside_it(small_photo):
    blur_map = np.full(small_photo.shape[:2], 0.9)
    blur_map[:, 64:] = 4.0
    mask = np.zeros(blur_map.shape, dtype=bool)
    mask[20:60, 70:100] = True
    plain = render_disc(small_photo, blur_map)
    found = render_disc(small_photo, blur_map, subject_mask=mask)
    np.testing.assert_allclose(found[:, :60], plain[:, :60], atol=1e-5)
    assert abs(found - plain)[mask].max() > 0.01


def test_refuses_a_disc_without_size():
    with pytest.raises(ValueError, match="'disc_sigma' parameter of render_disc"):
        render_disc(np.zeros((8, 9)), np.zeros((8, 9)), 1, 7, disc_sigma=0.0)


@pytest.mark.parametrize("disc_sigma", [5.0, 20.0])
def test_a_gap_in_the_subject_gets_no_light_of_it(disc_sigma):
    gap = np.s_[58:62, 58:62]
    image, blur_map = np.full((120, 120), 0.95), np.ones((120, 120))
    image[gap], blur_map[gap] = 0.1, 8.0
    found = render_disc(image, blur_map, 1, 7, disc_sigma=disc_sigma)
    np.testing.assert_allclose(found[gap], 0.1, atol=0.01)
