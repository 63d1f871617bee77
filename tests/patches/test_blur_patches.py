from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import blur, laplacian
from skdefocus.io import read_image, write_photograph
from skdefocus.patches import REAL_LADDER, make_blur_patches
from skdefocus.patches import sharpness

LADDER = (0.0, 1.0, 3.0)


def test_sharpness_is_the_variance_of_the_laplacian(texture):
    patch = texture[:32, :32]
    values = laplacian(patch, smooth=True).astype(np.float64)
    expected = ((values - values.mean()) ** 2).mean()
    assert sharpness(patch) == pytest.approx(expected)
    assert sharpness(np.full((32, 32), 77, np.uint8)) == 0


def test_sharpness_tells_the_paper_s_gate(texture):
    assert sharpness(np.indices((32, 32))[0] // 2 % 2 * 1.0) > 1000
    assert sharpness(blur(texture, 4.0)[:32, :32]) < 60


def test_shapes_levels_and_groups(texture):
    photos = [texture, np.flipud(texture), np.zeros((100, 100))]
    X, y, groups = make_blur_patches(photos, LADDER, n_patches=90, random_state=3)
    assert X.shape == (60, 32, 32)
    assert X.dtype == np.uint8
    assert np.bincount(y).tolist() == [20, 20, 20]
    # The flat photograph holds no sharp patch.
    assert set(groups) == {0, 1}
    assert len(X) == len(y) == len(groups)


def test_more_blur_is_less_sharp(texture):
    # Many, since the patches of one region share what the camera did to it.
    X, y, _ = make_blur_patches([texture], (0.0, 1.0, 2.0, 5.0), n_patches=2000)
    medians = [np.median([sharpness(x) for x in X[y == level]]) for level in range(4)]
    assert medians == sorted(medians, reverse=True)


def test_without_augmentation_level_0_is_the_photograph(texture):
    X, y, _ = make_blur_patches(
        [texture], (0.0, 2.0), n_patches=20, augment=False, psf="gaussian"
    )
    levels = np.rint(texture * 255)
    windows = np.lib.stride_tricks.sliding_window_view(levels, (32, 32))
    for patch in X[y == 0]:
        assert (windows == patch).all(axis=(2, 3)).any()
        assert sharpness(patch) > 20


def test_the_photograph_is_blurred_before_the_patch_is_cut(texture):
    X, y, _ = make_blur_patches(
        [texture], (0.0, 2.0), n_patches=20, augment=False, psf="disc"
    )
    windows = np.lib.stride_tricks.sliding_window_view(
        blur(texture, 2.0, "disc") * 255, (32, 32)
    )
    for patch in X[y == 1][:5]:
        assert abs(windows - patch).max(axis=(2, 3)).min() < 0.6


def test_the_seed_decides_for_every_number_of_workers(texture):
    settings = {"ladder": LADDER, "n_patches": 30}
    one = make_blur_patches([texture] * 2, **settings, random_state=5)
    two = make_blur_patches([texture] * 2, **settings, random_state=5, n_jobs=2)
    other = make_blur_patches([texture] * 2, **settings, random_state=6)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[0], other[0])


def test_photographs_are_read_in_the_worker(tmp_path, texture):
    path = tmp_path / "x.png"
    write_photograph(path, texture)
    X, _, _ = make_blur_patches([path], LADDER, n_patches=12, read=read_image)
    assert len(X) == 12


def test_the_patches_of_a_seed_stay_as_they_are(photo):
    # Means, as a JPEG library may round otherwise; another draw is far from them.
    photos = [photo, np.flipud(photo), photo[:20], photo[:100, :90]]
    X, y, groups = make_blur_patches(photos, n_patches=200)
    np.testing.assert_array_equal(y, np.tile(np.repeat(np.arange(18), 3), 2))
    np.testing.assert_array_equal(groups, np.repeat([0, 1], 54))
    expected = [133.3, 148.0, 89.4, 96.2, 131.3, 73.9, 142.6, 161.4]
    np.testing.assert_allclose(X[::15].mean(axis=(1, 2)), expected, atol=1)


def test_tiny_photographs_contribute_none(texture):
    _, _, groups = make_blur_patches(
        [texture[:20, :20], texture[:40, :40]], (0.0, 19.0), n_patches=20
    )
    assert set(groups) == {1}


def test_the_real_ladder_is_ascending_from_0():
    assert REAL_LADDER[0] == 0
    assert len(REAL_LADDER) == 18
    assert list(REAL_LADDER) == sorted(set(REAL_LADDER))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_patches": 0}, "'n_patches' parameter of make_blur_patches"),
        ({"psf": "box"}, "'psf' parameter of make_blur_patches"),
        ({"min_sharpness": -1}, "'min_sharpness' parameter"),
        ({"random_state": -1}, "'random_state' parameter"),
        (
            {"images": [np.full((50, 50), 2.0)]},
            r"images\[0\] must be float in \[0, 1\]",
        ),
        ({"images": [np.zeros((50, 50))]}, "none of the 1 photographs holds a patch"),
        ({"images": []}, "none of the 0 photographs"),
        ({"images": iter([])}, "none of the 0 photographs"),
        ({"images": "photo.jpg"}, "images must be a batch of images"),
        ({"images": 3}, "images must be a batch of images"),
        ({"images": np.zeros((50, 50, 3))}, "images must be a batch .* one color"),
        ({"blur_domain": "photo"}, "'blur_domain' parameter of make_blur_patches"),
        ({"padding": "wrap"}, "'padding' parameter of make_blur_patches"),
        ({"patch_size": 0}, "'patch_size' parameter of make_blur_patches"),
        ({"augment": 2}, "'augment' parameter of make_blur_patches"),
        ({"n_patches": None}, "n_patches must be a number when blur_domain is 'image'"),
        ({"ladder": (0, 2, 1)}, "'ladder' parameter of make_blur_patches must be"),
        ({"ladder": (-1, 2)}, "'ladder' parameter of make_blur_patches must be"),
        ({"ladder": (0, np.nan)}, "'ladder' parameter of make_blur_patches must be"),
        ({"ladder": "ab"}, "'ladder' parameter of make_blur_patches must be"),
    ],
)
def test_refuses_bad_input(texture, changes, message):
    with pytest.raises(ValueError, match=message):
        make_blur_patches(**{"images": [texture], "n_patches": 5, **changes})
