from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.filters import blur
from skdefocus.mapping.peers import just_noticeable_map, learn_blur_dictionary
from skdefocus.mapping.peers.blur_dictionary import centered

EYE = np.eye(64, dtype=np.float32)


def test_atoms_are_learned_alike_from_one_seed(small_photo):
    settings = {"n_atoms": 5, "n_patches": 300, "random_state": 3}
    one = learn_blur_dictionary([small_photo, small_photo[:40]], **settings)
    other = learn_blur_dictionary([small_photo, small_photo[:40]], **settings)
    np.testing.assert_array_equal(one, other)
    assert one.shape == (5, 64)
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    assert just_noticeable_map(small_photo, dictionary=one).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": [np.zeros((7, 20))]}, r"images\[0\] must be at least 8 x 8"),
        (
            {"images": [np.zeros((20, 20)), "photo.jpg"]},
            r"images\[1\] must be an array",
        ),
        ({"images": []}, "images must hold at least one"),
        ({"images": [EYE], "sigma": 0}, "'sigma' parameter of learn_blur_dictionary"),
        ({"images": [EYE], "n_atoms": 0}, "'n_atoms' parameter of"),
        ({"images": [EYE], "n_patches": 0}, "'n_patches' parameter of"),
    ],
)
def test_learning_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        learn_blur_dictionary(**arguments)


def test_seeds_give_other_atoms_of_mean_0(small_photo):
    settings = {"n_atoms": 4, "n_patches": 200}
    one, other = (
        learn_blur_dictionary([small_photo], random_state=seed, **settings)
        for seed in (0, 1)
    )
    assert one.dtype == np.float32
    np.testing.assert_allclose(one.mean(axis=1), 0, atol=1e-6)
    assert abs(one - other).max() > 0.01


def test_atoms_are_of_what_is_blurred():
    noise = np.random.default_rng(0).random((80, 90))

    def roughness(sigma):
        settings = {"n_atoms": 6, "n_patches": 300, "random_state": 0}
        atoms = learn_blur_dictionary([noise], sigma=sigma, **settings)
        return abs(np.diff(atoms.reshape(-1, 8, 8), axis=2)).mean()

    sharp, soft, softest = roughness(0.1), roughness(2.0), roughness(6.0)
    assert softest < 0.9 * soft
    assert soft < 0.9 * sharp


def test_atoms_make_up_blurred_patches_better_than_chance(texture):
    atoms = learn_blur_dictionary(
        [texture], n_atoms=16, n_patches=800, random_state=0
    ).astype(np.float64)
    rng = np.random.default_rng(0)
    chance = centered(rng.standard_normal((16, 64)))
    view = np.lib.stride_tricks.sliding_window_view(blur(texture, 2.0), (8, 8))
    patches = centered(view[::5, ::5].reshape(-1, 64).astype(np.float64))

    def left_over(basis):
        codes = np.linalg.lstsq(basis.T, patches.T, rcond=None)[0]
        return ((patches.T - basis.T @ codes) ** 2).sum() / (patches**2).sum()

    assert left_over(atoms) < 0.05 < 0.5 < left_over(chance)


@given(hnp.arrays(np.float64, (3, 64), elements=st.floats(-1, 1)))
def test_centering_takes_the_mean_off_and_nothing_else(patches):
    found = centered(patches)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(found), np.diff(patches), atol=1e-12)


def test_the_smallest_photographs_are_one_patch():
    rows, columns = np.mgrid[:8, :8] / 8
    photographs = [rows, columns, rows * columns]
    settings = {"n_atoms": 2, "n_patches": 9, "random_state": 0}
    atoms = learn_blur_dictionary(photographs, **settings)
    assert atoms.shape == (2, 64)
    assert np.isfinite(atoms).all()
