from __future__ import annotations

import numpy as np
import pytest

from skdefocus.filters import unsharp_mask
from skdefocus.render import (
    defocus_from_depth,
    render_disc,
    render_guided,
    render_lens,
)
from skdefocus.render._scene import mix_sharp_and_smooth, read_scene

RENDERERS = [render_guided, render_disc, render_lens]
# They show the background by one smoothed copy, whatever its sigma.
MIXERS = [render_guided, render_disc]
each_renderer = pytest.mark.parametrize("render", RENDERERS)
each_mixer = pytest.mark.parametrize("render", MIXERS)


@pytest.fixture
def blur_map(small_photo):
    blur_map = np.full(small_photo.shape[:2], 0.5)
    blur_map[:, 64:] = 9.0
    return blur_map


class TestReadScene:
    READ = {"focus": "auto", "subject_mask": None}  # noqa: RUF012

    def test_a_blur_map_stays(self, small_photo, blur_map):
        scene = read_scene(small_photo, blur_map, 3.0, unit="px", **self.READ)
        np.testing.assert_array_equal(scene.image, small_photo / np.float32(255))
        np.testing.assert_array_equal(scene.defocus, blur_map)
        assert scene.largest_sigma == 3.0

    def test_the_largest_sigma_is_a_share_of_the_diagonal(self, small_photo, blur_map):
        scene = read_scene(small_photo, blur_map, None, unit="px", **self.READ)
        assert scene.largest_sigma == pytest.approx(1.6)

    @pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (8, 4000)])
    def test_but_its_disc_is_no_wider_than_the_photograph(self, shape):
        scene = read_scene(
            np.zeros(shape), np.zeros(shape), None, unit="px", **self.READ
        )
        assert scene.largest_sigma == max(min(shape) / 4, 0.25)

    @pytest.mark.parametrize("unit", ["depth", "disparity"])
    def test_distances_become_sigma(self, small_photo, depth, unit):
        mask = depth == 2
        values = depth if unit == "depth" else 1 / depth
        scene = read_scene(
            small_photo, values, 3.0, unit=unit, focus=0.5, subject_mask=mask
        )
        expected = defocus_from_depth(
            values, 3.0, unit=unit, focus=0.5, subject_mask=mask
        )
        np.testing.assert_array_equal(scene.defocus, expected)
        assert abs(scene.defocus).max() == pytest.approx(3)


class TestUnknown:
    """What is unknown of a blur map takes its sigma from what is known."""

    @pytest.fixture
    def confidence(self, blur_map):
        confidence = np.full(blur_map.shape, 0.9)
        confidence[:, 100:] = 0.0
        return confidence

    @each_renderer
    def test_is_filled_before_it_is_rendered(
        self, small_photo, blur_map, confidence, render
    ):
        broken = np.where(confidence < 0.25, 0.5, blur_map)
        found = render(small_photo, broken, 1.0, 7.0, confidence=confidence)
        expected = render(small_photo, blur_map, 1.0, 7.0)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert abs(found - render(small_photo, broken, 1.0, 7.0)).max() > 0.05
        # All of it is known to who asks for less.
        given = {"confidence": np.maximum(confidence, 0.1), "unknown_below": 0.05}
        found = render(small_photo, broken, 1.0, 7.0, **given)
        np.testing.assert_array_equal(found, render(small_photo, broken, 1.0, 7.0))

    @each_renderer
    def test_the_automatic_range_is_that_of_what_is_filled(
        self, small_photo, blur_map, confidence, render
    ):
        broken = np.where(confidence < 0.25, 30.0, blur_map)
        found = render(small_photo, broken, confidence=confidence)
        np.testing.assert_allclose(found, render(small_photo, blur_map), atol=1e-5)

    @each_renderer
    def test_a_subject_mask_goes_before_it(
        self, small_photo, blur_map, confidence, render
    ):
        subject = np.zeros(blur_map.shape, bool)
        subject[:, 90:] = True
        found = render(
            small_photo,
            blur_map,
            1.0,
            7.0,
            confidence=confidence,
            subject_mask=subject,
        )
        expected = render(small_photo, blur_map, 1.0, 7.0, subject_mask=subject)
        np.testing.assert_array_equal(found, expected)

    @each_renderer
    def test_where_nothing_is_known_the_map_stays(self, small_photo, blur_map, render):
        nothing = np.zeros(blur_map.shape)
        found = render(small_photo, blur_map, 1.0, 7.0, confidence=nothing)
        np.testing.assert_array_equal(found, render(small_photo, blur_map, 1.0, 7.0))

    @each_renderer
    def test_depth_has_none(self, small_photo, depth, confidence, render):
        found = render(small_photo, depth, unit="depth", confidence=confidence)
        np.testing.assert_array_equal(found, render(small_photo, depth, unit="depth"))

    @each_renderer
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"confidence": np.ones((4, 4))}, "confidence must have the photograph's"),
            (
                {"confidence": np.full((96, 128), 2.0)},
                r"confidence must be in \[0, 1\]",
            ),
            ({"unknown_below": 1.5}, "'unknown_below' parameter of render_"),
        ],
    )
    def test_refuses(self, small_photo, blur_map, render, settings, message):
        with pytest.raises(ValueError, match=message):
            render(small_photo, blur_map, **settings)


class TestMix:
    @pytest.mark.parametrize("channels", [(), (3,)])
    def test_is_eq_12(self, channels):
        rng = np.random.default_rng(0)
        shape = (9, 11, *channels)
        image, smooth = rng.random((2, *shape), dtype=np.float32)
        weight = rng.random((9, 11), dtype=np.float32)
        found = mix_sharp_and_smooth(image, smooth, weight, 0.5)
        sharp = unsharp_mask(image, 0.5)
        share = weight.reshape(9, 11, *(1 for _ in channels))
        expected = np.clip(share * sharp + (1 - share) * smooth, 0, 1)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert found.dtype == np.float32


class TestRendering:
    @each_mixer
    def test_subject_stays_and_background_is_smoothed(self, photo, render):
        image = photo / np.float32(255)
        blur_map = np.full(image.shape[:2], 9.0)
        blur_map[:, :320] = 0.5
        found = render(image, blur_map, 1, 7)
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

    @each_renderer
    def test_gray_photographs(self, small_photo, blur_map, render):
        gray = small_photo[..., 1]
        found = render(gray, blur_map)
        assert found.shape == gray.shape

    @each_renderer
    def test_subject_masks_keep_a_subject(self, small_photo, blur_map, render):
        mask = np.ones(blur_map.shape, dtype=bool)
        found = render(small_photo, blur_map, 1, 7, subject_mask=mask, subject_gain=0.0)
        np.testing.assert_allclose(found, small_photo / 255, atol=2e-3)

    @each_renderer
    def test_nearly_constant_maps_are_one_mode(self, small_photo, render):
        noise = np.random.default_rng(0).random(small_photo.shape[:2])
        with pytest.warns(UserWarning, match="nothing is blurred"):
            render(small_photo, (3 + 1e-6 * noise).astype(np.float32))

    @each_renderer
    def test_one_end_given_and_the_other_automatic(self, small_photo, blur_map, render):
        for c0, c1 in ((2.0, "auto"), ("auto", 3.0), (9.7, "auto"), ("auto", 0.2)):
            found = render(small_photo, blur_map, c0, c1)
            assert np.isfinite(found).all()

    @each_renderer
    def test_nothing_to_blur_is_left_alone(self, small_photo, render):
        with pytest.warns(UserWarning, match="nothing is blurred"):
            found = render(small_photo, np.full((96, 128), 1.0), subject_gain=0.0)
        np.testing.assert_allclose(found, small_photo / 255, atol=2e-3)

    @each_mixer
    def test_colors_do_not_fade(self, render):
        rng = np.random.default_rng(0)
        image = np.full((120, 160, 3), 0.4)
        image[:, :80] = (0.75, 0.25, 0.45)
        image[:, 80:] = (0.2, 0.5, 0.4)
        image = np.clip(image + rng.normal(0, 0.02, (120, 160, 1)), 0, 1)
        found = render(image, np.full((120, 160), 9.0), 1, 7)
        for columns in (slice(10, 60), slice(100, 150)):
            np.testing.assert_allclose(
                found[:, columns].mean(axis=(0, 1)),
                image[:, columns].mean(axis=(0, 1)),
                atol=0.03,
            )

    @each_renderer
    @pytest.mark.parametrize("factor", [0.5, 1, 4, 20])
    def test_a_background_anywhere_is_rendered(self, small_photo, factor, render):
        blur_map = np.full(small_photo.shape[:2], 0.5)
        blur_map[:, 64:] = 6.0
        expected = render(small_photo, blur_map, subject_gain=0.0)
        found = render(small_photo, blur_map * factor, subject_gain=0.0)
        np.testing.assert_allclose(found, expected, atol=0.01)


class TestDepth:
    @each_renderer
    def test_disparity_is_the_same_picture(self, small_photo, depth, render):
        expected = render(small_photo, depth, unit="depth", focus=2.0)
        found = render(small_photo, 3 / depth, unit="disparity", focus=1.5)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        image = small_photo / np.float32(255)
        assert abs(found - image)[:, 50:80].mean() < 0.01
        assert abs(found - image)[:, 100:].mean() > 0.01

    @pytest.mark.parametrize(
        ("render", "largest", "arguments"),
        [
            (render_guided, {"largest_sigma": 6.0}, {}),
            (render_disc, {"disc_sigma": 6.0}, {"disc_sigma": 6.0}),
        ],
    )
    def test_stands_in_for_the_blur_map(
        self, small_photo, depth, render, largest, arguments
    ):
        blur_map = abs(defocus_from_depth(depth, 6.0, focus=2.0))
        found = render(small_photo, depth, unit="depth", focus=2.0, **largest)
        expected = render(small_photo, blur_map, **arguments)
        np.testing.assert_array_equal(found, expected)

    @each_renderer
    def test_refuses_an_unknown_unit(self, small_photo, depth, render):
        with pytest.raises(ValueError, match=f"'unit' parameter of {render.__name__}"):
            render(small_photo, depth, unit="relative")


@each_renderer
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blur_map": np.zeros((5, 5))}, "blur_map must have the photograph's shape"),
        ({"blur_map": np.full((8, 9), -1.0)}, "blur_map must be non-negative"),
        ({"image": np.full((8, 9), 2.0)}, r"float in \[0, 1\]; its values span"),
        ({"c0": 7.0, "c1": 2.0}, "Got c0=7, c1=2, pivot=10"),
        ({"c0": -1.0}, "'c0' parameter of {name}"),
        ({"c1": "far"}, "'c1' parameter of {name}"),
        ({"w0": 1.0}, "'w0' parameter of {name}"),
        ({"w1": 0.0}, "'w1' parameter of {name}"),
        ({"pivot": 0.0}, "'pivot' parameter of {name}"),
        ({"literal": "yes"}, "'literal' parameter of {name}"),
        ({"focus": "near"}, "'focus' parameter of {name}"),
        ({"subject_gain": -0.1}, "'subject_gain' parameter of {name}"),
        ({"subject_mask": np.ones((5, 5), bool)}, "mask must have the photograph's"),
        ({"unit": "depth"}, "the depth map must be above 0"),
    ],
)
def test_refuses(render, changes, message):
    arguments = {"image": np.zeros((8, 9)), "blur_map": np.zeros((8, 9))}
    arguments |= {"c0": 1.0, "c1": 7.0, **changes}
    with pytest.raises(ValueError, match=message.replace("{name}", render.__name__)):
        render(**arguments)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@each_renderer
def test_photographs_of_any_depth_are_rendered_alike(small_photo, dtype, render):
    blur_map = np.tile(np.linspace(0, 12, 128), (96, 1))
    image = small_photo.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    expected = render(small_photo / 255, blur_map, 1, 7)
    found = render(image, blur_map, 1, 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-4)
