from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from skdefocus.patches import image_domain, make_blur_patches, sharpness
from skdefocus.patches import settings as patch_settings
from skdefocus.patches.image_domain import cut_blurred
from skdefocus.patches.settings import PatchSettings
from skdefocus.synthesis.camera import Camera


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


@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_light_is_blurred_where_it_is_to_be(texture, sigma):
    plain = {"n_patches": 20, "augment": False, "psf": "gaussian"}
    X, y, _ = make_blur_patches([texture], (0.0, sigma + 1), light="linear", **plain)
    light = blur(srgb_to_linear(texture), sigma + 1)
    windows = np.lib.stride_tricks.sliding_window_view(
        linear_to_srgb(light) * 255, (32, 32)
    )
    for patch in X[y == 1][:5]:
        assert abs(windows - patch).max(axis=(2, 3)).min() < 0.6


def test_lenses_that_are_given_are_used(texture, monkeypatch):
    seen = []

    def draw(rng, measured):
        seen.append(measured)
        return "gaussian"

    monkeypatch.setattr(patch_settings, "draw_psf", draw)
    lens = np.arange(12).reshape(3, 4)
    make_blur_patches([texture], (0.0, 2.0), n_patches=20, psf="lens", lenses=[lens])
    ((found,),) = {len(measured): measured for measured in seen}.values()
    np.testing.assert_allclose(found, lens / lens.sum())


def test_motion_blurs_in_one_direction(texture):
    plain = {"n_patches": 400, "augment": False, "light": "encoded"}
    shares = {}
    for psf in ("gaussian", "motion"):
        X, y, _ = make_blur_patches([texture], (0.0, 3.0), psf=psf, **plain)
        patches = X[y == 1].astype(float)
        steps = [np.diff(patches, axis=axis).std(axis=(1, 2)) for axis in (1, 2)]
        shares[psf] = np.median(np.abs(np.log(steps[0] / steps[1])))
    assert shares["motion"] > 1.5 * shares["gaussian"]


def test_lenses_are_checked(texture):
    with pytest.raises(ValueError, match="psf must hold finite numbers of at least 0"):
        make_blur_patches([texture], lenses=[-np.ones((3, 3))])


class TestLights:
    @pytest.fixture
    def regions(self, texture):
        """Regions of one photograph, as light was or was not added."""
        found = []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            found.append(
                image_domain._blur_region(
                    texture, 4.0, settings(augment=True, light="linear"), rng
                )
            )
        return found

    def test_some_regions_have_lights_that_are_white_after_the_blur(
        self, regions, texture
    ):
        lit = [b for region, b in regions if abs(region - texture).max() > 1e-3]
        assert 5 < len(lit) < 30
        white = [np.mean(blurred > 0.99) for blurred in lit]
        assert np.median(white) > 0
        for region, blurred in regions:
            assert region.dtype == blurred.dtype == np.float32
            assert region.min() >= 0 <= blurred.min()
            assert region.max() <= 1 >= blurred.max()

    def test_others_are_the_photograph(self, regions, texture):
        plain = [(r, b) for r, b in regions if abs(r - texture).max() < 1e-3]
        expected = linear_to_srgb(blur(srgb_to_linear(texture), 4.0))
        np.testing.assert_allclose(plain[0][1], expected, atol=1e-5)

    def test_without_augmentation_there_are_none(self, texture):
        for seed in range(30):
            region, _ = image_domain._blur_region(
                texture, 4.0, settings(light="linear"), np.random.default_rng(seed)
            )
            np.testing.assert_allclose(region, texture, atol=1e-5)


def test_tiny_photographs_contribute_none(texture):
    _, _, groups = make_blur_patches(
        [texture[:20, :20], texture[:40, :40]], (0.0, 19.0), n_patches=20
    )
    assert set(groups) == {1}


def settings(**changes):
    plain = {
        **{"ladder": (0.0, 2.0), "patch_size": 16, "padding": "nearest"},
        **{"n_patches": 1, "psf": "gaussian", "augment": False, "min_sharpness": 20.0},
        "smooth_share": 0.0,
    }
    return PatchSettings(**{**plain, **changes})


def test_each_level_gets_what_is_asked_level_by_level(texture):
    # More than a region gives at a time, so that several are cut.
    X, y, conditions = cut_blurred(texture, settings(), 60, np.random.default_rng(0))
    assert X.shape == (120, 16, 16)
    assert conditions.shape == (120, 4)
    assert conditions.dtype == np.float32
    assert X.dtype == np.uint8
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, np.repeat([0, 1], 60))


def test_patches_begin_only_where_the_photograph_was_sharp(texture):
    photograph = texture.copy()
    photograph[:, :100] = 0.5
    X, y, _ = cut_blurred(photograph, settings(), 50, np.random.default_rng(1))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.rint(photograph * 255), (16, 16)
    )
    for patch in X[y == 0]:
        places = np.argwhere((windows == patch).all(axis=(2, 3)))
        # Eq. 5 looks at the two pixels around a patch, too.
        assert places[:, 1].max() + 16 + 2 > 100


def test_a_photograph_of_one_patch_gives_it_whole(texture):
    photograph = texture[:16, :16]
    X, y, _ = cut_blurred(photograph, settings(), 3, np.random.default_rng(0))
    expected = (np.rint(blur(photograph, s) * 255) for s in (0.0, 2.0))
    assert y.tolist() == [0, 0, 0, 1, 1, 1]
    for level, patch in enumerate(expected):
        np.testing.assert_array_equal(X[y == level], [patch] * 3)


@pytest.mark.parametrize("shape", [(15, 40), (40, 15), (1, 1), (60, 60)])
def test_small_and_flat_photographs_give_none(shape):
    flat = np.full(shape, 0.5, np.float32)
    X, y, conditions = cut_blurred(flat, settings(), 5, np.random.default_rng(0))
    assert X.shape == (0, 16, 16)
    assert X.dtype == np.uint8
    assert y.shape == (0,)
    assert conditions.shape == (0, 4)


def conditions_of(monkeypatch, photograph, **changes):
    """Conditions of patches that one camera took, and their medians in levels."""
    camera = {
        **{"contrast": 1.0, "brightness": 0.0, "gamma": 1.0, "vignetting": 0.0},
        **{"balance": 1.0, "noise": 0.0, "grows": False, "quality": 0},
        **{"sharpening": 0.0, "radius": 1.0, **changes},
    }
    deviation = camera.pop("noise")

    def draw(rng, shape, *, vignetting):
        assert not vignetting
        noise = rng.normal(0, deviation, shape)
        return Camera(noise=noise, **camera)

    monkeypatch.setattr(image_domain, "draw_camera", draw)
    rng = np.random.default_rng(0)
    *_, conditions = cut_blurred(photograph, settings(augment=True), 100, rng)
    assert conditions.shape == (200, 4)
    return conditions, 255 * np.median(conditions, axis=0)


def test_conditions_are_those_of_the_camera(monkeypatch, texture):
    found, plain = conditions_of(monkeypatch, texture)
    # Rounding; what is estimated on whole photographs is less sure.
    assert plain[:2] == pytest.approx([0.35, 0.25], rel=0.5)
    assert (found[:, :2] > 0).all()
    span = 255 * np.ptp(np.quantile(texture, [0.005, 0.995]))
    assert plain[3] == pytest.approx(span, rel=0.1)
    assert 0.05 < np.log(found[:, 3]).std() < 0.2

    for noise in (4, 12):
        _, medians = conditions_of(monkeypatch, texture, noise=noise / 255)
        assert medians[:2] == pytest.approx([noise, noise / 2], rel=0.25)
    found, _ = conditions_of(monkeypatch, texture, noise=12 / 255)
    assert 0.1 < np.log(found[:, 0]).std() < 0.4

    _, gray = conditions_of(monkeypatch, texture, contrast=0.3)
    assert gray[3] == pytest.approx(0.3 * span, rel=0.1)
    # Noise that pixels share with their neighbors.
    noisy = {"noise": 4 / 255}
    blocks = [
        conditions_of(monkeypatch, texture, quality=quality, **noisy)[1][2]
        for quality in (0, 90, 60, 20)
    ]
    assert blocks == sorted(blocks)
    assert blocks[3] > 4 * blocks[0]


def test_smooth_patches_come_from_anywhere(texture):
    photograph = texture.copy()
    photograph[:, :100] = 0.5
    rng = np.random.default_rng(0)
    X, y, _ = cut_blurred(photograph, settings(smooth_share=1.0), 100, rng)
    flat = X[y == 0].std(axis=(1, 2)) == 0
    assert 0.25 < flat.mean() < 0.75
