from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb

from skdefocus.io.color import cmyk_to_rgb, in_srgb, lab_to_rgb, suits, to_srgb
from tests.io.metadata import PROFILE, swapped_profile


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_inks_of_any_depth(dtype):
    shares = np.random.default_rng(0).random((5, 7, 4))
    limit = 1 if dtype == np.float32 else np.iinfo(dtype).max
    inks = (shares * limit).astype(dtype)
    found = cmyk_to_rgb(inks, None)
    assert found.dtype == dtype
    expected = (1 - shares[..., :3]) * (1 - shares[..., 3:])
    np.testing.assert_allclose(found / limit, expected, atol=2.1 / 255)


def test_paper_is_white_and_all_inks_are_black():
    inks = np.array([[[0, 0, 0, 0], [255, 255, 255, 255]]], np.uint8)
    assert cmyk_to_rgb(inks, None).tolist() == [[[255] * 3, [0] * 3]]


@pytest.mark.parametrize("profile", [b"no profile", PROFILE])
def test_a_profile_that_does_not_fit_is_ignored(profile):
    inks = np.full((3, 3, 4), 60, np.uint8)
    found = cmyk_to_rgb(inks, profile)
    np.testing.assert_array_equal(found, cmyk_to_rgb(inks, None))
    picture = to_srgb(Image.new("CMYK", (3, 3), (60, 60, 60, 60)), profile)
    np.testing.assert_array_equal(np.asarray(picture), found)


def test_measured_colors_of_both_kinds():
    lab = np.array([[[50, 20, -30], [80, -40, 20], [30, 0, 0]]], float)
    expected = lab2rgb(lab) * 255
    shifted = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).astype(np.uint8)
    signed = shifted ^ np.array([0, 128, 128], np.uint8)
    for stored, is_signed in ((shifted, False), (signed, True)):
        found = lab_to_rgb(stored, is_signed=is_signed)
        np.testing.assert_allclose(found, expected, atol=10)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colors_of_a_profile_are_shown_in_srgb(dtype):
    limit = 1 if dtype == np.float32 else np.iinfo(dtype).max
    red = np.full((3, 4, 3), [limit, 0, 0], dtype)
    assert in_srgb(red, swapped_profile())[1, 1].tolist() == [0, 255, 0]
    np.testing.assert_allclose(in_srgb(red, PROFILE), [[[255, 0, 0]] * 4] * 3, atol=1)
    assert in_srgb(red, None) is red
    # One that is not for such pixels is ignored.
    gray = in_srgb(red[..., 0], PROFILE)
    np.testing.assert_array_equal(gray, np.full((3, 4, 3), 255))


def test_profiles_are_of_gray_or_of_colors():
    assert suits(PROFILE, is_gray=False)
    assert suits(PROFILE, is_gray=True)
    of_gray = PROFILE[:16] + b"GRAY" + PROFILE[20:]
    assert suits(of_gray, is_gray=True)
    assert not suits(of_gray, is_gray=False)
    assert not suits(b"no profile", is_gray=False)
