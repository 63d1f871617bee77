from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from skdefocus.render.unmix import defocus_scale, steepen, unmix

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
DEFOCUS = hnp.arrays(np.float32, SHAPES, elements=st.floats(-8, 8, width=32))


def subject(radius, side=64):
    """A disc's share of every pixel, drawn fine and averaged: soft at its edge."""
    y, x = (np.mgrid[: side * 8, : side * 8] + 0.5) / 8 - side / 2
    fine = (np.hypot(y, x) <= radius).reshape(side, 8, side, 8)
    return fine.mean(axis=(1, 3)).astype(np.float32)


@given(DEFOCUS)
def test_the_scale_is_odd_and_rises(signed):
    scale = defocus_scale(signed)
    np.testing.assert_array_equal(defocus_scale(-signed), -scale)
    order = np.argsort(signed, axis=None)
    assert (np.diff(scale.ravel()[order]) >= 0).all()


@given(DEFOCUS, st.integers(0, 3))
def test_steepen_takes_values_from_around(signed, radius):
    found = steepen(signed, radius)
    if radius == 0:
        np.testing.assert_array_equal(found, signed)
    for y, x in np.ndindex(signed.shape):
        reach = 2 * radius
        rows = slice(max(y - reach, 0), y + reach + 1)
        window = signed[rows, max(x - reach, 0) : x + reach + 1]
        assert found[y, x] in window
        scale = defocus_scale(window)
        if np.ptp(scale) <= 0.5:
            assert found[y, x] == signed[y, x]


def test_steepen_makes_a_ramp_a_step():
    ramp = np.interp(np.arange(24), [10, 14], [0, 8]).astype(np.float32)
    found = steepen(np.tile(ramp, (6, 1)), 2)
    assert set(np.unique(found)) == {0, 8}
    assert (np.diff(found, axis=1) >= 0).all()


def test_steepen_leaves_slopes():
    slope = np.tile(np.linspace(0, 8, 200, dtype=np.float32), (5, 1))
    np.testing.assert_array_equal(steepen(slope, 2), slope)


def test_unmix_finds_the_share_of_the_subject():
    alpha = subject(20.3)
    front, back = np.array([0.9, 0.5, 0.1]), np.array([0.05, 0.2, 0.3])
    light = alpha[..., None] * front + (1 - alpha[..., None]) * back
    signed = np.where(alpha >= 1, 0, 6).astype(np.float32)
    found = unmix(light.astype(np.float32), signed, 2)
    mixed = (alpha > 0) & (alpha < 1)
    assert not found.pure[mixed].any()
    np.testing.assert_allclose(found.share[mixed], alpha[mixed], atol=0.02)
    np.testing.assert_allclose(found.share[alpha == 0], 0, atol=1e-5)
    np.testing.assert_allclose(
        found.ahead[mixed], np.tile(front, (mixed.sum(), 1)), atol=0.02
    )
    np.testing.assert_allclose(
        found.own[mixed], np.tile(back, (mixed.sum(), 1)), atol=0.02
    )
    np.testing.assert_array_equal(found.own[found.pure], light.astype("f4")[found.pure])
    # It belongs to the subject's surface.
    assert (signed.ravel()[found.front[mixed]] == 0).all()
    near = ndimage.binary_dilation(alpha >= 1, np.ones((5, 5)))
    np.testing.assert_array_equal(found.pure, ~near | (alpha >= 1))


@pytest.mark.parametrize("radius", [0, 2])
def test_nothing_is_mixed_without_a_step(radius):
    rng = np.random.default_rng(0)
    light = rng.random((9, 11, 3)).astype(np.float32)
    signed = np.zeros((9, 11), dtype=np.float32)
    if radius == 0:
        signed[:, 5:] = 6
    found = unmix(light, signed, radius)
    assert found.pure.all()
    assert not found.share.any()
    np.testing.assert_array_equal(found.front.ravel(), np.arange(99))
    np.testing.assert_array_equal(found.ahead, light)
    np.testing.assert_array_equal(found.own, light)


def test_surfaces_of_one_color_are_not_told_apart():
    light = np.full((8, 12, 1), 0.4, dtype=np.float32)
    signed = np.zeros((8, 12), dtype=np.float32)
    signed[:, 6:] = 6
    assert not unmix(light, signed, 2).share.any()


def test_no_more_of_the_subject_than_there_is_light_for():
    signed = np.zeros((9, 12), dtype=np.float32)
    signed[:, 6:] = 6
    light = np.zeros((9, 12, 3), dtype=np.float32)
    light[:, :6] = (0.9, 0.3, 0.1)
    # Behind, green and blue come near to the subject's, but there is no red at all.
    light[:, 6:, 1:] = 0.6 * np.random.default_rng(0).random((9, 6, 2))
    assert unmix(light, signed, 2).share.max() == 0
