from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from skdefocus.filters import blur, disc_kernel
from skdefocus.filters._blur import sampled_sigma
from skdefocus.filters.conditions import CLEAN
from skdefocus.patches import (
    PAPER_LADDER,
    make_blur_patches,
    patch_domain,
    select_sharp_patches,
)

PADDINGS = ("reflect", "nearest", "constant")
NUMPY_MODES = {"reflect": "symmetric", "nearest": "edge", "constant": "constant"}


def make(images, ladder=PAPER_LADDER, **settings):
    settings = {"blur_domain": "patch", "n_patches": None, **settings}
    return make_blur_patches(images, ladder, **settings)


def gaussian_by_hand(patch, sigma, padding):
    """A kernel reaching to 4 sigma over a padded patch, as a sum over pixels."""
    reach = int(4 * sigma + 0.5)
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    padded = np.pad(patch.astype(float), reach, mode=NUMPY_MODES[padding])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("yxij,ij->yx", windows, kernel)


def assert_rounded(levels, exact):
    """Gray levels are the exact ones, rounded; at a tie either way will do."""
    assert levels.dtype == np.uint8
    assert abs(levels - exact).max() < 0.5 + 1e-6


@given(
    hnp.arrays(np.uint8, (8, 8)),
    st.floats(0.3, 19),
    st.sampled_from(PADDINGS),
)
def test_a_patch_is_blurred_as_if_it_were_an_image(patch, sigma, padding):
    X, y, groups = make(
        [patch], (0, sigma), padding=padding, patch_size=8, min_sharpness=0
    )
    assert y.tolist() == [0, 1]
    assert groups.tolist() == [0, 0]
    np.testing.assert_array_equal(X[0], patch)
    exact = ndimage.gaussian_filter(
        patch.astype(float), sampled_sigma(sigma), mode=padding
    )
    assert_rounded(X[1], exact)


@pytest.mark.parametrize("sigma", [0.2, 0.4, 0.7, 1.5])
def test_a_patch_is_blurred_as_a_photograph_is(texture, sigma):
    # Where a photograph goes on as a patch is continued.
    photograph = texture[:32, :32]
    patch = np.rint(photograph * 255).astype(np.uint8)
    X, _, _ = make([patch], (0, sigma), padding="reflect", min_sharpness=0)
    assert_rounded(X[1], 255.0 * blur(patch, sigma))


@pytest.mark.parametrize("padding", PADDINGS)
def test_kernels_wider_than_the_patch_are_exact(texture, padding):
    patch = np.rint(texture[:32, :32] * 255).astype(np.uint8)
    X, _, _ = make([patch], (0, 1, 7, 19), padding=padding, min_sharpness=0)
    for blurred, sigma in zip(X[1:], (1, 7, 19), strict=True):
        assert_rounded(blurred, gaussian_by_hand(patch, sigma, padding))


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_disc_is_exact_too(texture, padding):
    patch = np.rint(texture[:32, :32] * 255).astype(np.uint8)
    settings = {"padding": padding, "psf": "disc", "min_sharpness": 0}
    X, _, _ = make([patch], (0, 2, 12), **settings)
    for blurred, sigma in zip(X[1:], (2.0, 12.0), strict=True):
        kernel = disc_kernel(sigma)
        padded = np.pad(patch.astype(float), len(kernel) // 2, NUMPY_MODES[padding])
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
        assert_rounded(blurred, np.einsum("yxij,ij->yx", windows, kernel))


def test_every_sharp_patch_comes_once_at_all_levels(texture, photo):
    X, y, groups = make([texture, photo], min_sharpness=150)
    per_photograph = [
        select_sharp_patches(image, min_sharpness=150)[0] for image in (texture, photo)
    ]
    counts = [len(patches) for patches in per_photograph]
    assert min(counts) > 0
    assert np.bincount(groups).tolist() == [20 * count for count in counts]
    np.testing.assert_array_equal(y, np.tile(np.arange(20), sum(counts)))
    np.testing.assert_array_equal(X[y == 0], np.concatenate(per_photograph))
    assert X.dtype == np.uint8
    assert y.dtype == groups.dtype == np.int64


@pytest.mark.parametrize("augment", [False, True])
def test_a_patch_alone_does_not_tell_its_noise(texture, augment):
    patches = make([texture], (0, 2), min_sharpness=10, augment=augment)
    assert len(patches) > 2
    np.testing.assert_array_equal(
        patches.conditions, np.tile(np.float32(CLEAN), (len(patches), 1))
    )


def test_a_subset_is_drawn_evenly_and_whole(texture):
    photos = [texture, np.flipud(texture), texture[:32, :32], np.zeros((99, 99))]
    settings = {"ladder": (0, 1, 3), "min_sharpness": 10}
    X, y, groups = make(photos, n_patches=48, **settings)
    everything = make(photos, **settings)
    # 4 patches of each photograph, at 3 levels; the third has only one.
    assert np.bincount(groups).tolist() == [12, 12, 3]
    np.testing.assert_array_equal(y, np.tile([0, 1, 2], 9))
    blocks = X.reshape(-1, 3, 32, 32)
    n_all = np.bincount(everything.groups)[0] // 3
    of_first = everything.X.reshape(-1, 3, 32, 32)[:n_all]
    found = [(of_first == b).all(axis=(1, 2, 3)).argmax() for b in blocks[:4]]
    assert found == sorted(set(found))
    for block, index in zip(blocks[:4], found, strict=True):
        np.testing.assert_array_equal(block, of_first[index])
    other, _, _ = make(photos, n_patches=48, random_state=1, **settings)
    assert not np.array_equal(X, other)


def test_mixed_draws_a_shape_for_each_patch_and_level(texture):
    settings = {"ladder": (0, 2, 5), "min_sharpness": 10}
    mixed, y, _ = make([texture], psf="mixed", **settings)
    shapes = [make([texture], psf=psf, **settings).X for psf in ("gaussian", "disc")]
    is_one = [(mixed == X).all(axis=(1, 2)) for X in shapes]
    assert (is_one[0] | is_one[1]).all()
    for level in (1, 2):
        assert 0 < is_one[0][y == level].sum() < (y == level).sum()


def test_augmentation_varies_patches(texture):
    settings = {"ladder": (0, 2), "min_sharpness": 10}
    plain, _, _ = make([texture] * 4, **settings)
    X, y, groups = make([texture] * 4, augment=True, **settings)
    again, _, _ = make([texture] * 4, augment=True, n_jobs=2, **settings)
    np.testing.assert_array_equal(X, again)
    assert len(X) == len(y) == len(groups)
    # Some photographs are made smaller before their grid is laid.
    assert len(set(np.bincount(groups).tolist())) > 1
    assert not np.array_equal(X[: len(plain)], plain[: len(X)])


@pytest.mark.parametrize("padding", PADDINGS)
def test_many_patches_are_blurred_as_each_alone(padding):
    # More than are convolved at a time.
    patches = np.random.default_rng(0).uniform(0, 255, (131, 9, 9))
    many = patch_domain._blur_disc(patches, 2.0, padding)
    alone = [
        patch_domain._blur_disc(patch[np.newaxis], 2.0, padding) for patch in patches
    ]
    np.testing.assert_allclose(many, np.concatenate(alone), atol=1e-9)
