from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from skdefocus.filters import blur, disc_kernel, linear_to_srgb, srgb_to_linear
from skdefocus.optics import sigma_from_distance
from skdefocus.render import lens_blur, render_disc, render_lens, sdof_weight
from skdefocus.synthesis import defocus as synthesize


def fold(index, length):
    """Index beyond a border, reflected with the border pixel repeated."""
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


def brute_force(image, defocus):
    """Every pixel by itself: layer after layer, from the nearest, under its disc."""
    light = srgb_to_linear(image).astype(float)
    result = np.zeros(light.shape)
    for y, x in np.ndindex(defocus.shape):
        left = 1.0
        for sigma in np.unique(defocus):
            weights = under_disc(defocus.shape, y, x, sigma)
            own = weights * (defocus == sigma)
            not_nearer = (weights * (defocus >= sigma)).sum()
            if own.sum() > 1e-5:
                share = own.sum() / not_nearer
                mean = np.tensordot(own, light) / own.sum()
                result[y, x] += left * share * mean
                left *= 1 - share
        if left > 1e-4:
            weights = under_disc(defocus.shape, y, x, defocus[y, x])
            farther = weights * (defocus > defocus[y, x])
            result[y, x] += left * np.tensordot(farther, light) / farther.sum()
    return linear_to_srgb(np.clip(result, 0, 1))


def under_disc(shape, y, x, sigma):
    """Weight of every pixel in the disc around one, of one sigma."""
    kernel = disc_kernel(float(abs(sigma)))
    half = kernel.shape[0] // 2
    weights = np.zeros(shape)
    for (i, j), weight in np.ndenumerate(kernel):
        weights[fold(y + i - half, shape[0]), fold(x + j - half, shape[1])] += weight
    return weights


def planes(*sigmas, seed=0):
    """A map of a few planes on 14 x 18 pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice(sigmas, (3, 3))
    return np.kron(coarse, np.ones((5, 6)))[:14]


@pytest.mark.parametrize(
    "defocus",
    [
        planes(0.0, 2.0),
        planes(0.0, 1.0, 2.5, seed=1),
        planes(-2.0, 3.0, seed=2),
        planes(0.6, 2.0, 2.2, seed=3),
        planes(-1.5, -0.4, 0.8, seed=4),
    ],
)
def test_against_brute_force(defocus):
    image = np.random.default_rng(5).random((*defocus.shape, 3))
    found = lens_blur(image, defocus, edge_radius=0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, brute_force(image, defocus), atol=2e-4)
    gray = lens_blur(image[..., 0], defocus, edge_radius=0)
    np.testing.assert_allclose(gray, found[..., 0], atol=1e-6)


def test_against_brute_force_where_a_foreground_uncovers():
    defocus = np.zeros((13, 13))
    defocus[4:9, 4:9] = -1.5
    image = np.random.default_rng(0).random((13, 13, 3))
    found = lens_blur(image, defocus, edge_radius=0)
    np.testing.assert_allclose(found, brute_force(image, defocus), atol=2e-4)
    # The foreground's edge is half transparent on both of its sides.
    assert abs(found - image)[4:9, 4:9].max() > 0.05
    assert abs(found - image)[3, 4:9].max() > 0.05


def test_one_sigma_is_the_disc_in_linear_light(small_photo):
    expected = linear_to_srgb(blur(srgb_to_linear(small_photo), 2.5, "disc"))
    for sigma in (2.5, -2.5):
        found = lens_blur(small_photo, np.full(small_photo.shape[:2], sigma))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_in_focus_is_the_photograph(small_photo):
    found = lens_blur(small_photo, np.zeros(small_photo.shape[:2]))
    np.testing.assert_allclose(found, small_photo / 255, atol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_slope_is_a_disc_of_the_pixel_s_own_sigma(photo, sign):
    image = photo[100:200, 150:350]
    slope = np.tile(np.linspace(1, 5, 200), (100, 1))
    found = lens_blur(image, sign * slope, n_layers=64)
    light = srgb_to_linear(image)
    for column in (40, 100, 160):
        expected = blur(light, float(slope[0, column]), "disc")[:, column]
        np.testing.assert_allclose(
            found[:, column], linear_to_srgb(expected), atol=0.06
        )
        error = np.mean((found[:, column] - linear_to_srgb(expected)) ** 2)
        assert error < 1e-4


def scene(side=72, radius=18.3):
    """A subject with a soft edge over a background, both known whole."""
    y, x = (np.mgrid[: side * 8, : side * 8] + 0.5) / 8 - side / 2
    fine = (np.hypot(y, x) <= radius).reshape(side, 8, side, 8)
    alpha = fine.mean(axis=(1, 3))[..., np.newaxis].astype(np.float32)
    rng = np.random.default_rng(3)
    coarse = rng.random((side // 6, side // 6, 3)) * (0.0, 0.5, 0.5)
    behind = np.kron(coarse, np.ones((6, 6, 1))).astype(np.float32)
    front = np.full((side, side, 3), (0.9, 0.15, 0.0), dtype=np.float32)
    front[..., 1] += 0.1 * rng.random((side, side), dtype=np.float32)
    return alpha, front, behind


def test_no_light_of_the_subject_leaks_and_its_edge_stays():
    alpha, front, behind = scene()
    light = alpha * front + (1 - alpha) * behind
    sigma = np.where(alpha[..., 0] >= 0.5, 0.0, 5.0)
    found = srgb_to_linear(lens_blur(linear_to_srgb(light), sigma))
    truth = alpha * front + (1 - alpha) * blur(behind, 5.0, "disc")
    inside = alpha[..., 0] >= 0.5
    np.testing.assert_allclose(found[inside], light[inside], atol=1e-5)
    # The background has no red at all: any red outside would be a halo.
    outside = alpha[..., 0] == 0
    assert found[outside, 0].max() < 0.002
    mixed = ~inside & ~outside
    np.testing.assert_allclose(found[mixed, 0], truth[mixed, 0], atol=0.06)
    far = ndimage.distance_transform_edt(outside) > 13
    np.testing.assert_allclose(found[far], truth[far], atol=1e-3)
    assert np.abs(found - truth)[outside].mean() < 0.01
    # Without edge_radius the mixed pixels are spread: the halo it is there against.
    plain = srgb_to_linear(lens_blur(linear_to_srgb(light), sigma, edge_radius=0))
    assert plain[outside, 0].max() > 0.01


def test_a_soft_or_displaced_edge_of_the_map_leaves_no_halo():
    alpha, front, behind = scene()
    photograph = linear_to_srgb(alpha * front + (1 - alpha) * behind)
    outside = ndimage.distance_transform_edt(alpha[..., 0] == 0) > 2
    exact = np.where(alpha[..., 0] >= 0.5, 0.0, 5.0)
    soft = ndimage.uniform_filter(exact, 3)
    smaller = np.where(ndimage.binary_erosion(exact == 0), 0.0, 5.0)
    for sigma in (soft, smaller):
        found = srgb_to_linear(lens_blur(photograph, sigma))
        assert found[outside, 0].max() < 0.002


def test_a_third_surface_elsewhere_does_not_show_around_the_subject():
    image = np.full((60, 90, 3), (0.1, 0.2, 0.4))
    image[20:40, 20:40] = (0.8, 0.3, 0.1)
    image[:, 70:] = (0.1, 0.9, 0.1)
    sigma = np.full((60, 90), 6.0)
    sigma[20:40, 20:40] = 0.0
    sigma[:, 70:] = 3.0
    found = lens_blur(image, sigma)
    np.testing.assert_allclose(found[:, :50], image[:, :50], atol=1e-3)
    # The defocus of sharp scenes is not made for this.
    assert abs(synthesize(image, sigma, psf="disc")[:, :50] - image[:, :50]).max() > 0.1


def test_a_foreground_spreads_over_what_is_in_focus():
    image = np.zeros((40, 60))
    image[:, 30:] = 1.0
    defocus = np.zeros((40, 60))
    defocus[:, 30:] = -4.0
    light = srgb_to_linear(lens_blur(image, defocus))
    # Half covered at its edge, and gone after a radius of 2 sigma.
    assert light[20, 29:31].mean() == pytest.approx(0.5, abs=0.02)
    assert (np.diff(light[20]) >= -1e-4).all()
    np.testing.assert_allclose(light[20, :21], 0, atol=1e-4)
    behind = lens_blur(image, -defocus)
    np.testing.assert_allclose(behind[:, :30], 0, atol=1e-5)


def test_many_sigmas_are_rounded_to_layers(small_photo):
    slope = np.tile(np.linspace(0, 4, 128), (96, 1))
    fine = lens_blur(small_photo, slope, n_layers=128)
    errors = [
        np.abs(lens_blur(small_photo, slope, n_layers=n) - fine).mean()
        for n in (3, 8, 32)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.005


@pytest.mark.parametrize(
    ("defocus", "changes", "message"),
    [
        (np.zeros((4, 4)), {"n_layers": 2}, "'n_layers' parameter of lens_blur"),
        (np.zeros((4, 4)), {"edge_radius": -1}, "'edge_radius' parameter of lens_blur"),
        (np.zeros((4, 5)), {}, r"defocus must have the photograph's shape \(4, 4\)"),
        (np.full((4, 4), np.nan), {}, "defocus must be finite"),
        (np.zeros((4, 4), bool), {}, "defocus must hold real numbers; got dtype bool"),
    ],
)
def test_refuses_what_does_not_fit(defocus, changes, message):
    with pytest.raises(ValueError, match=message):
        lens_blur(np.zeros((4, 4)), defocus, **changes)


class TestRendering:
    @pytest.fixture
    def blur_map(self, small_photo):
        return np.tile(np.linspace(0.5, 9, 128), (96, 1))

    def test_the_weight_becomes_a_radius(self, small_photo, blur_map):
        defocus = 3.0 * (1 - sdof_weight(blur_map, 1, 7))
        found = render_lens(
            small_photo, blur_map, 1, 7, disc_sigma=3.0, subject_gain=0.0
        )
        np.testing.assert_allclose(found, lens_blur(small_photo, defocus), atol=1e-6)

    def test_only_what_is_in_focus_is_sharpened(self, small_photo, blur_map):
        plain, sharp = (
            render_lens(small_photo, blur_map, 1, 7, subject_gain=gain)
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
        for render in (render_disc, render_lens):
            found = render(image, blur_map, 1, 7, disc_sigma=6.0, subject_gain=0.0)
            outside = np.ones((80, 80), dtype=bool)
            outside[20:60, 20:60] = False
            errors[render] = abs(found - image)[outside].max()
        assert errors[render_lens] < 0.01
        assert errors[render_disc] > 0.05

    def test_settings_reach_the_lens(self, small_photo, blur_map):
        for setting in ({"n_layers": 3}, {"edge_radius": 0}):
            defocus = np.where(blur_map < 4, 0.0, 1.6)
            defocus[:, 100:] = 0.8
            weight = np.where(blur_map < 4, 0.0, 9.0)
            weight[:, 100:] = 4.0
            weight[:, 110:] = 5.0
            found, expected = (
                render_lens(small_photo, weight, 1, 7, **more) for more in (setting, {})
            )
            assert abs(found - expected).max() > 1e-3

    def test_a_lens_focused_on_the_subject(self, small_photo, depth):
        lens = {"focal_length": 0.05, "aperture_diameter": 0.0005}
        sigma = sigma_from_distance(depth, focus_distance=2.0, pixel_pitch=2e-6, **lens)
        signed = np.where(depth < 2, -sigma, sigma)
        found = render_lens(
            small_photo,
            depth,
            unit="depth",
            focus=2.0,
            disc_sigma=float(sigma.max()),
            subject_gain=0.0,
        )
        np.testing.assert_allclose(found, lens_blur(small_photo, signed), atol=1e-5)

    def test_by_depth_only_what_is_in_focus_is_sharpened(self, small_photo, depth):
        plain, sharp = (
            render_lens(small_photo, depth, unit="depth", focus=2.0, subject_gain=gain)
            for gain in (0.0, 2.0)
        )
        change = abs(sharp - plain).mean(axis=(0, 2))
        assert change[50:80].mean() > 0.002
        assert change[:30].max() < 2e-4

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"disc_sigma": 0.0}, "'disc_sigma' parameter of render_lens"),
            ({"n_layers": 2}, "'n_layers' parameter of render_lens"),
            ({"edge_radius": 1.5}, "'edge_radius' parameter of render_lens"),
        ],
    )
    def test_refuses_bad_parameters(self, changes, message):
        with pytest.raises(ValueError, match=message):
            render_lens(np.zeros((8, 9)), np.zeros((8, 9)), 1, 7, **changes)


def test_in_focus_stays_in_focus_between_front_and_back(small_photo):
    across = np.linspace(-4, 4, 128)
    defocus = np.where(abs(across) < 1, 0, across) * np.ones((96, 1))
    found = lens_blur(small_photo, defocus, n_layers=3, edge_radius=0)
    middle = np.s_[:, 60:68]
    np.testing.assert_allclose(found[middle], small_photo[middle] / 255, atol=0.05)


def test_gray_is_drawn_as_it_is_in_three_channels(photo):
    gray = photo[100:200, 200:300, 1]
    blur_map = np.where(np.hypot(*np.mgrid[-50:50, -50:50]) < 30, 0.5, 8.0)
    colored = render_lens(np.dstack([gray] * 3), blur_map, 1, 7)
    found = render_lens(gray, blur_map, 1, 7)
    np.testing.assert_allclose(colored, np.dstack([found] * 3), atol=1e-5)


def test_a_disc_is_as_large_as_the_photograph_has_room_for():
    # What is out of focus is a narrow part of it.
    image = np.random.default_rng(0).random((80, 600), np.float32)
    blur_map = np.where(np.arange(600) < 20, 9.0, 0.0) * np.ones((80, 1))
    assert render_lens(image, blur_map, 1, 7, disc_sigma=50.0).shape == (80, 600)
    message = (
        r"must be at most 64 px, so that it is no larger than an image of 600 x 80"
    )
    with pytest.raises(ValueError, match=message):
        lens_blur(image, 7.5 * blur_map)
