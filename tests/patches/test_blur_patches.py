from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters.conditions import CLEAN
from skdefocus.patches import REAL_LADDER, PatchSet, make_blur_patches

LADDER = (0.0, 1.0, 3.0)


def test_shapes_levels_and_groups(texture):
    photos = [texture, np.flipud(texture), np.zeros((100, 100))]
    X, y, groups = make_blur_patches(photos, LADDER, n_patches=90, random_state=3)
    assert X.shape == (60, 32, 32)
    assert X.dtype == np.uint8
    assert np.bincount(y).tolist() == [20, 20, 20]
    # The flat photograph holds no sharp patch.
    assert set(groups) == {0, 1}
    assert len(X) == len(y) == len(groups)


@pytest.mark.parametrize("blur_domain", ["image", "patch"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_set_knows_the_sigmas_that_it_was_blurred_by(
    texture, tmp_path, blur_domain, on_disk
):
    settings = {"n_patches": 40, "blur_domain": blur_domain, "min_sharpness": 60}
    settings |= {"augment": False, "out": tmp_path if on_disk else None}
    patches = make_blur_patches([texture], **settings)
    assert isinstance(patches, PatchSet)
    assert patches.ladder == REAL_LADDER
    other = make_blur_patches([texture], [0, np.float32(2.5)], **settings)
    assert other.ladder == (0.0, 2.5)
    # The second level is blurred, by so much: fine detail is gone.
    detail = [np.diff(other.X[other.y == y].astype(float)).std() for y in (0, 1)]
    assert detail[0] > 2 * detail[1]


def test_the_patches_of_a_seed_stay_as_they_are(photo):
    # Means, as a JPEG library may round otherwise; another draw is far from them.
    photos = [photo, np.flipud(photo), photo[:20], photo[:100, :90]]
    X, y, groups = make_blur_patches(photos, n_patches=200)
    np.testing.assert_array_equal(y, np.tile(np.repeat(np.arange(18), 3), 2))
    np.testing.assert_array_equal(groups, np.repeat([0, 1], 54))
    expected = [94.0, 67.9, 66.6, 130.2, 170.3, 133.9, 45.4, 163.1]
    np.testing.assert_allclose(X[::15].mean(axis=(1, 2)), expected, atol=1)


@pytest.mark.parametrize(
    "settings",
    [{"psf": "lens"}, {"psf": "motion"}, {"light": "linear"}, {"light": "mixed"}],
)
def test_patches_blurred_alone_are_the_paper_s(texture, settings):
    message = "blur_domain 'patch' blurs encoded values by 'gaussian', 'disc' or 'mix"
    with pytest.raises(ValueError, match=message):
        make_blur_patches([texture], blur_domain="patch", **settings)


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_set_knows_the_conditions_of_its_photographs(texture, tmp_path, on_disk):
    settings = {"n_patches": 400, "out": tmp_path if on_disk else None}
    plain = make_blur_patches([texture], LADDER, augment=False, **settings)
    np.testing.assert_array_equal(
        plain.conditions, np.tile(np.float32(CLEAN), (len(plain), 1))
    )
    varied = make_blur_patches([texture], LADDER, **settings)
    assert varied.conditions.shape == (len(varied), 4)
    assert varied.conditions.dtype == np.float32
    noise, half, blocks, span = varied.conditions.T
    # Cameras add noise, up to 25 levels, and compress; most have less contrast.
    assert np.quantile(noise, 0.9) > 10 * CLEAN[0]
    assert np.quantile(half, 0.9) > 10 * CLEAN[1]
    assert 5 / 255 < noise.max() < 60 / 255
    assert blocks.max() > 1 / 255
    assert np.quantile(span, 0.2) < 0.7
    # No two photographs are judged alike, even by one camera.
    assert len(np.unique(noise)) == len(noise)


def test_a_share_of_the_patches_may_be_smooth(texture):
    photo = np.where(np.arange(192) < 96, np.float32(0.4), texture)
    settings = {"n_patches": 400, "augment": False, "psf": "gaussian"}

    def share_of_flat(smooth_share):
        patches = make_blur_patches(
            [photo], (0.0, 1.0), smooth_share=smooth_share, **settings
        )
        return (patches.X[patches.y == 0].std(axis=(1, 2)) == 0).mean()

    assert share_of_flat(0.0) == 0
    # Corners lie at columns 0 to 160, and up to 64 they are of the left half alone.
    assert share_of_flat(1.0) == pytest.approx(65 / 161, abs=0.15)
    assert 0 < share_of_flat(0.4) < share_of_flat(1.0)


def test_even_a_smooth_photograph_then_has_patches():
    flat = np.full((70, 80), 0.5, np.float32)
    with pytest.raises(ValueError, match="none of the 1 photographs holds a patch"):
        make_blur_patches([flat], (0.0, 1.0), n_patches=8)
    patches = make_blur_patches([flat], (0.0, 1.0), n_patches=8, smooth_share=1.0)
    assert patches.y.tolist() == [0] * 4 + [1] * 4


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
        ({"smooth_share": -0.1}, "'smooth_share' parameter of make_blur_patches"),
        ({"smooth_share": 1.1}, "'smooth_share' parameter of make_blur_patches"),
        ({"smooth_share": None}, "'smooth_share' parameter of make_blur_patches"),
        ({"dtype": "float64"}, "'dtype' parameter of make_blur_patches"),
        (
            {"dtype": "float32"},
            "dtype must be 'uint8' when augment is True.* 'float32'",
        ),
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


@pytest.mark.parametrize("blur_domain", ["image", "patch"])
def test_patches_that_are_not_rounded(texture, tmp_path, blur_domain):
    settings = {"blur_domain": blur_domain, "augment": False, "min_sharpness": 60}
    settings |= {"n_patches": 90, "psf": "gaussian"}
    rounded = make_blur_patches([texture], LADDER, **settings)
    settings["dtype"] = "float32"
    exact = make_blur_patches([texture], LADDER, **settings)
    assert exact.X.dtype == np.float32
    assert exact.X.min() >= 0
    assert exact.X.max() <= 1
    np.testing.assert_array_equal(exact.y, rounded.y)
    difference = np.abs(255 * exact.X - rounded.X)
    assert 0.4 < difference.max() < 0.5 + 1e-4
    on_disk = make_blur_patches([texture], LADDER, **settings, out=tmp_path)
    assert on_disk.X.dtype == np.float32
    np.testing.assert_array_equal(on_disk.X, exact.X)
    on_disk.save(tmp_path / "again")
    np.testing.assert_array_equal(PatchSet.load(tmp_path / "again").X, exact.X)


def test_the_defaults_are_the_paper_s_but_for_the_ladder(texture):
    # Above the gate on the left only.
    photo = np.where(np.arange(192) < 96, texture > 0.5, texture).astype(np.float32)
    X, y, groups = make_blur_patches([photo], blur_domain="patch")
    assert 0 < len(X) < 18 * 30
    named = make_blur_patches(
        [photo],
        REAL_LADDER,
        blur_domain="patch",
        n_patches=None,
        psf="gaussian",
        augment=False,
        min_sharpness=1000,
        padding="nearest",
    )
    for given_, expected in zip((X, y, groups), named, strict=True):
        np.testing.assert_array_equal(given_, expected)
