from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import guided_filter, unsharp_mask
from skdefocus.optics import sigma_from_distance
from skdefocus.render import (
    defocus_from_depth,
    lens_blur,
    sdof_weight,
    shallow_depth_of_field,
)


class TestRendering:
    @pytest.fixture
    def blur_map(self, small_photo):
        blur_map = np.full(small_photo.shape[:2], 0.5)
        blur_map[:, 64:] = 9.0
        return blur_map

    def test_is_eq_12(self, small_photo, blur_map):
        image = small_photo / np.float32(255)
        smooth = [np.ascontiguousarray(image[..., channel]) for channel in range(3)]
        for _ in range(5):
            smooth = [guided_filter(x, radius=33, eps=128 / 255**2) for x in smooth]
        smooth = np.stack(smooth, axis=-1)
        weight = sdof_weight(blur_map, 1, 7)[..., np.newaxis]
        expected = weight * unsharp_mask(image, 0.25) + (1 - weight) * smooth
        found = shallow_depth_of_field(small_photo, blur_map, 1, 7)
        np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-5)

    @pytest.mark.parametrize("smoothing", ["guided", "disc"])
    def test_subject_stays_and_background_is_smoothed(self, photo, smoothing):
        image = photo / np.float32(255)
        blur_map = np.full(image.shape[:2], 9.0)
        blur_map[:, :320] = 0.5
        found = shallow_depth_of_field(image, blur_map, 1, 7, smoothing=smoothing)
        assert found.dtype == np.float32
        assert 0 <= found.min() <= found.max() <= 1
        assert abs(found - image)[:, :310].mean() < 0.01
        detail = lambda x: abs(np.diff(x[:, 340:], axis=0)).mean()  # noqa: E731
        assert detail(found) < 0.6 * detail(image)
        # Smoothing changes detail, not color.
        np.testing.assert_allclose(
            found[:, 340:].mean(axis=(0, 1)),
            image[:, 340:].mean(axis=(0, 1)),
            atol=0.02,
        )

    def test_disc_scatters_no_light_of_the_subject(self):
        image = np.full((80, 80, 3), 0.2, dtype=np.float32)
        image[20:60, 20:60] = (1.0, 0.3, 0.1)
        blur_map = np.full((80, 80), 9.0)
        blur_map[20:60, 20:60] = 0.0
        found = shallow_depth_of_field(
            image, blur_map, 1, 7, smoothing="disc", disc_sigma=6.0, subject_gain=0.0
        )
        np.testing.assert_allclose(found, image, atol=0.01)

    def test_disc_sigma_is_a_share_of_the_diagonal_by_default(
        self, small_photo, blur_map
    ):
        expected = shallow_depth_of_field(
            small_photo, blur_map, smoothing="disc", disc_sigma=1.6
        )
        found = shallow_depth_of_field(small_photo, blur_map, smoothing="disc")
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_gray_photographs(self, small_photo, blur_map):
        gray = small_photo[..., 1]
        for smoothing in ("guided", "disc"):
            found = shallow_depth_of_field(gray, blur_map, smoothing=smoothing)
            assert found.shape == gray.shape

    def test_subject_masks_keep_a_subject(self, small_photo, blur_map):
        mask = np.ones(blur_map.shape, dtype=bool)
        found = shallow_depth_of_field(
            small_photo, blur_map, 1, 7, subject_mask=mask, subject_gain=0.0
        )
        np.testing.assert_allclose(found, small_photo / 255, atol=2e-3)

    def test_a_subject_mask_blurs_nothing_outside_it(self, small_photo):
        blur_map = np.full(small_photo.shape[:2], 0.9)
        blur_map[:, 64:] = 4.0
        mask = np.zeros(blur_map.shape, dtype=bool)
        mask[20:60, 70:100] = True
        plain = shallow_depth_of_field(small_photo, blur_map, smoothing="disc")
        found = shallow_depth_of_field(
            small_photo, blur_map, smoothing="disc", subject_mask=mask
        )
        np.testing.assert_allclose(found[:, :60], plain[:, :60], atol=1e-5)
        assert abs(found - plain)[mask].max() > 0.01

    def test_nearly_constant_maps_are_one_mode(self, small_photo):
        noise = np.random.default_rng(0).random(small_photo.shape[:2])
        with pytest.warns(UserWarning, match="nothing is blurred"):
            shallow_depth_of_field(small_photo, (3 + 1e-6 * noise).astype(np.float32))

    def test_one_end_given_and_the_other_automatic(self, small_photo, blur_map):
        for c0, c1 in ((2.0, "auto"), ("auto", 3.0), (9.7, "auto"), ("auto", 0.2)):
            found = shallow_depth_of_field(small_photo, blur_map, c0, c1)
            assert np.isfinite(found).all()

    def test_nothing_to_blur_is_left_alone(self, small_photo):
        with pytest.warns(UserWarning, match="nothing is blurred"):
            found = shallow_depth_of_field(
                small_photo, np.full((96, 128), 1.0), subject_gain=0.0
            )
        np.testing.assert_allclose(found, small_photo / 255, atol=2e-3)

    @pytest.mark.parametrize("smoothing", ["guided", "disc"])
    def test_colors_do_not_fade(self, smoothing):
        rng = np.random.default_rng(0)
        image = np.full((120, 160, 3), 0.4)
        image[:, :80] = (0.75, 0.25, 0.45)
        image[:, 80:] = (0.2, 0.5, 0.4)
        image = np.clip(image + rng.normal(0, 0.02, (120, 160, 1)), 0, 1)
        found = shallow_depth_of_field(
            image, np.full((120, 160), 9.0), 1, 7, smoothing=smoothing
        )
        for columns in (slice(10, 60), slice(100, 150)):
            np.testing.assert_allclose(
                found[:, columns].mean(axis=(0, 1)),
                image[:, columns].mean(axis=(0, 1)),
                atol=0.03,
            )

    @pytest.mark.parametrize("factor", [0.5, 1, 4, 20])
    def test_a_background_anywhere_is_rendered(self, small_photo, factor):
        blur_map = np.full(small_photo.shape[:2], 0.5)
        blur_map[:, 64:] = 6.0
        expected = shallow_depth_of_field(small_photo, blur_map, subject_gain=0.0)
        found = shallow_depth_of_field(small_photo, blur_map * factor, subject_gain=0.0)
        np.testing.assert_allclose(found, expected, atol=0.01)


class TestLens:
    @pytest.fixture
    def blur_map(self, small_photo):
        return np.tile(np.linspace(0.5, 9, 128), (96, 1))

    def test_the_weight_becomes_a_radius(self, small_photo, blur_map):
        defocus = 3.0 * (1 - sdof_weight(blur_map, 1, 7))
        found = shallow_depth_of_field(
            small_photo,
            blur_map,
            1,
            7,
            smoothing="lens",
            disc_sigma=3.0,
            subject_gain=0.0,
        )
        np.testing.assert_allclose(found, lens_blur(small_photo, defocus), atol=1e-6)

    def test_only_what_is_in_focus_is_sharpened(self, small_photo, blur_map):
        plain, sharp = (
            shallow_depth_of_field(
                small_photo, blur_map, 1, 7, smoothing="lens", subject_gain=gain
            )
            for gain in (0.0, 2.0)
        )
        change = abs(sharp - plain).mean(axis=(0, 2))
        assert change[:10].mean() > 0.002
        assert change[100:].max() < 2e-4

    def test_no_halo_where_the_plain_disc_has_one(self):
        image = np.full((80, 80, 3), 0.2)
        image[20:60, 20:60] = (1.0, 0.3, 0.1)
        blur_map = np.full((80, 80), 9.0)
        # The map is a pixel short of the subject all around.
        blur_map[21:59, 21:59] = 0.0
        errors = {}
        for smoothing in ("disc", "lens"):
            found = shallow_depth_of_field(
                image,
                blur_map,
                1,
                7,
                smoothing=smoothing,
                disc_sigma=6.0,
                subject_gain=0.0,
            )
            outside = np.ones((80, 80), dtype=bool)
            outside[20:60, 20:60] = False
            errors[smoothing] = abs(found - image)[outside].max()
        assert errors["lens"] < 0.01
        assert errors["disc"] > 0.05

    def test_settings_reach_the_lens(self, small_photo, blur_map):
        for setting in ({"n_layers": 2}, {"edge_radius": 0}):
            defocus = np.where(blur_map < 4, 0.0, 1.6)
            defocus[:, 100:] = 0.8
            weight = np.where(blur_map < 4, 0.0, 9.0)
            weight[:, 100:] = 4.0
            found, expected = (
                shallow_depth_of_field(
                    small_photo, weight, 1, 7, smoothing="lens", **more
                )
                for more in (setting, {})
            )
            assert abs(found - expected).max() > 1e-3


class TestDepth:
    def test_a_lens_focused_on_the_subject(self, small_photo, depth):
        lens = {"focal_length": 0.05, "aperture_diameter": 0.0005}
        sigma = sigma_from_distance(depth, focus_distance=2.0, pixel_pitch=2e-6, **lens)
        signed = np.where(depth < 2, -sigma, sigma)
        found = shallow_depth_of_field(
            small_photo,
            depth,
            unit="depth",
            focus=2.0,
            smoothing="lens",
            disc_sigma=float(sigma.max()),
            subject_gain=0.0,
        )
        np.testing.assert_allclose(found, lens_blur(small_photo, signed), atol=1e-5)

    @pytest.mark.parametrize("smoothing", ["guided", "disc", "lens"])
    def test_disparity_is_the_same_picture(self, small_photo, depth, smoothing):
        expected = shallow_depth_of_field(
            small_photo, depth, unit="depth", focus=2.0, smoothing=smoothing
        )
        found = shallow_depth_of_field(
            small_photo, 3 / depth, unit="disparity", focus=1.5, smoothing=smoothing
        )
        np.testing.assert_allclose(found, expected, atol=1e-4)
        image = small_photo / np.float32(255)
        assert abs(found - image)[:, 50:80].mean() < 0.01
        assert abs(found - image)[:, 100:].mean() > 0.01

    @pytest.mark.parametrize("smoothing", ["guided", "disc"])
    def test_stands_in_for_the_blur_map(self, small_photo, depth, smoothing):
        blur_map = abs(defocus_from_depth(depth, 6.0, focus=2.0))
        arguments = {"smoothing": smoothing, "disc_sigma": 6.0}
        found = shallow_depth_of_field(
            small_photo, depth, unit="depth", focus=2.0, **arguments
        )
        expected = shallow_depth_of_field(small_photo, blur_map, **arguments)
        np.testing.assert_array_equal(found, expected)

    def test_refuses_an_unknown_unit(self, small_photo, depth):
        with pytest.raises(ValueError, match="'unit' parameter of shallow_depth_of"):
            shallow_depth_of_field(small_photo, depth, unit="relative")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blur_map": np.zeros((5, 5))}, "blur_map must have the photograph's shape"),
        ({"blur_map": np.full((8, 9), -1.0)}, "blur_map must be non-negative"),
        ({"image": np.full((8, 9), 2.0)}, r"float in \[0, 1\]; its values span"),
        ({"c0": 7.0, "c1": 2.0}, "Got c0=7, c1=2, pivot=10"),
        ({"c0": -1.0}, "'c0' parameter of shallow_depth_of_field"),
        ({"c1": "far"}, "'c1' parameter of shallow_depth_of_field"),
        ({"smoothing": "box"}, "'smoothing' parameter of shallow_depth_of_field"),
        ({"subject_gain": -0.1}, "'subject_gain' parameter of shallow_depth_of"),
        ({"subject_mask": np.ones((5, 5), bool)}, "mask must have the photograph's"),
        ({"unit": "depth"}, "the depth map must be above 0"),
    ],
)
def test_refuses(changes, message):
    arguments = {"image": np.zeros((8, 9)), "blur_map": np.zeros((8, 9))}
    arguments |= {"c0": 1.0, "c1": 7.0, **changes}
    with pytest.raises(ValueError, match=message):
        shallow_depth_of_field(**arguments)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("smoothing", ["guided", "disc", "lens"])
def test_photographs_of_any_depth_are_rendered_alike(small_photo, dtype, smoothing):
    blur_map = np.tile(np.linspace(0, 12, 128), (96, 1))
    image = small_photo.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    expected = shallow_depth_of_field(
        small_photo / 255, blur_map, 1, 7, smoothing=smoothing
    )
    found = shallow_depth_of_field(image, blur_map, 1, 7, smoothing=smoothing)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-4)
