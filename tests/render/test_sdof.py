from __future__ import annotations

from inspect import signature

import numpy as np
import pytest

from skdefocus import AdaptiveUnsharpMask, DefocusSample, DefocusSegmenter, SDoFRenderer
from skdefocus.render import render_disc, render_guided, render_lens
from skdefocus.render.sdof import RENDERERS


def test_each_smoothing_has_its_renderer():
    expected = {"guided": render_guided, "disc": render_disc, "lens": render_lens}
    assert expected == RENDERERS


def test_equals_the_function(small_photo):
    blur_map = np.linspace(0, 9, 96 * 128).reshape(96, 128)
    sample = DefocusSample(small_photo, blur_map)
    renderer = SDoFRenderer(1.0, 7.0, smoothing="disc", disc_sigma=2.0)
    expected = render_disc(small_photo, blur_map, 1.0, 7.0, disc_sigma=2.0)
    np.testing.assert_array_equal(renderer.transform([sample])[0], expected)
    mask = np.ones((96, 128))
    masked = renderer.transform([sample], subject_masks=[mask])[0]
    assert not np.array_equal(masked, expected)


def test_refuses_relative_maps(small_photo):
    sample = DefocusSample(small_photo, np.zeros((96, 128)), unit="relative")
    with pytest.raises(ValueError, match="CalibratedMapper"):
        SDoFRenderer().transform([sample])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"c0": 7.0, "c1": 1.0}, "0 <= c0 < c1 < pivot"),
        ({"c0": "low"}, "'c0' parameter of SDoFRenderer"),
        ({"c1": 12.0}, "Got c0=0, c1=12, pivot=10"),
        ({"w0": 0.1, "w1": 0.5}, "0 < w1 < w0 < 1"),
        ({"eps": 0.0}, "'eps' parameter"),
        ({"smoothing": "gaussian"}, "'smoothing' parameter"),
        ({"n_iter": -1}, "'n_iter' parameter"),
        ({"disc_sigma": 0.0}, "'disc_sigma' parameter"),
        ({"literal": "yes"}, "'literal' parameter"),
        ({"focus": -1.0}, "'focus' parameter of SDoFRenderer"),
        ({"focus": "near"}, "'focus' parameter"),
        ({"n_layers": 2}, "'n_layers' parameter"),
        ({"edge_radius": 1.5}, "'edge_radius' parameter"),
        ({"unknown_below": -1}, "'unknown_below' parameter of SDoFRenderer"),
    ],
)
def test_refuses_bad_parameters(small_photo, changes, message):
    sample = DefocusSample(small_photo, np.zeros((96, 128)))
    with pytest.raises(ValueError, match=message):
        SDoFRenderer(**changes).transform([sample])


def test_samples_carry_the_unit(small_photo, depth):
    mask = depth == 2
    sample = DefocusSample(small_photo, depth, unit="depth")
    disparity = DefocusSample(small_photo, 1 / depth, unit="disparity")
    renderer = SDoFRenderer(smoothing="lens", disc_sigma=3.0)
    first, second = renderer.transform([sample, disparity], subject_masks=[mask, mask])
    expected = render_lens(
        small_photo, depth, unit="depth", disc_sigma=3.0, subject_mask=mask
    )
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_allclose(second, first, atol=1e-4)


def test_other_steps_refuse_it(small_photo, depth):
    sample = DefocusSample(small_photo, depth, unit="depth")
    for step in (AdaptiveUnsharpMask(), DefocusSegmenter()):
        run = getattr(step, "predict", None) or step.transform
        with pytest.raises(
            ValueError, match=r"X\[0\] has a map of unit 'depth', which says how"
        ):
            run([sample])


def test_names_the_item(small_photo, depth):
    depth[3, 3] = 0
    sample = DefocusSample(small_photo, depth, unit="depth")
    with pytest.raises(ValueError, match=r"X\[0\]: the depth map must be above 0"):
        SDoFRenderer().transform([sample])


def test_samples_carry_their_confidence(small_photo):
    blur_map = np.linspace(0, 9, 96 * 128).reshape(96, 128)
    confidence = np.full(blur_map.shape, 0.9)
    confidence[30:60, 40:80] = 0.4
    sample = DefocusSample(small_photo, blur_map, confidence)
    plain = render_disc(small_photo, blur_map, 1.0, 7.0)
    found = {
        below: SDoFRenderer(1.0, 7.0, smoothing="disc", unknown_below=below).transform(
            [sample]
        )[0]
        for below in (0.25, 0.5)
    }
    np.testing.assert_array_equal(found[0.25], plain)
    expected = render_disc(
        small_photo, blur_map, 1.0, 7.0, confidence=confidence, unknown_below=0.5
    )
    np.testing.assert_array_equal(found[0.5], expected)
    assert not np.array_equal(expected, plain)


@pytest.mark.parametrize(
    "settings",
    [
        {"w0": 0.9, "w1": 0.1},
        {"pivot": 15.0},
        {"literal": True},
        {"radius": 5},
        {"eps": 0.1},
        {"n_iter": 1},
        {"subject_gain": 2.0},
        {"smoothing": "disc", "disc_sigma": 4.0},
        {"smoothing": "lens", "n_layers": 3},
        {"smoothing": "lens", "edge_radius": 0},
    ],
)
def test_every_parameter_reaches_the_function(small_photo, settings):
    # Beyond the pivot, too, where the equation as printed rises again.
    blur_map = np.linspace(0, 14, 96 * 128).reshape(96, 128)
    blur_map[:, :60] = 0.5
    sample = DefocusSample(small_photo, blur_map)
    (found,) = SDoFRenderer(1.0, 7.0, **settings).transform([sample])
    own = {name: value for name, value in settings.items() if name != "smoothing"}
    render = RENDERERS[settings.get("smoothing", "guided")]
    expected = render(small_photo, blur_map, 1.0, 7.0, **own)
    np.testing.assert_array_equal(found, expected)
    plain = render(small_photo, blur_map, 1.0, 7.0)
    assert abs(found - plain).max() > 1e-3


def test_disc_sigma_is_the_largest_one_of_depth_without_a_disc(small_photo, depth):
    sample = DefocusSample(small_photo, depth, unit="depth")
    settings = {"c1": 7.0, "radius": 5, "focus": 2.0}
    (found,) = SDoFRenderer(disc_sigma=8.0, **settings).transform([sample])
    expected = render_guided(
        small_photo, depth, unit="depth", largest_sigma=8.0, **settings
    )
    np.testing.assert_array_equal(found, expected)
    plain = render_guided(small_photo, depth, unit="depth", **settings)
    assert abs(found - plain).max() > 1e-3


@pytest.mark.parametrize("smoothing", RENDERERS)
def test_the_renderer_has_every_parameter_of_its_functions(smoothing):
    names = set(signature(RENDERERS[smoothing]).parameters)
    per_photograph = {"image", "blur_map", "unit", "subject_mask", "confidence"}
    renamed = {"largest_sigma"}
    known = set(SDoFRenderer().get_params())
    assert names - per_photograph - renamed <= known


@pytest.mark.parametrize(
    ("c0", "c1", "pivot"),
    [("auto", "auto", 10.0), (9.9, "auto", 10.0), ("auto", 0.5, 1.0), ("auto", 9, 10)],
)
def test_what_is_automatic_is_made_to_fit(small_photo, c0, c1, pivot):
    blur_map = np.where(np.arange(128) < 50, 0.5, 8.0) * np.ones((96, 1))
    renderer = SDoFRenderer(c0, c1, pivot=pivot, radius=3)
    (found,) = renderer.transform([DefocusSample(small_photo, blur_map)])
    assert np.isfinite(found).all()


def test_the_focus_is_on_the_scale_of_the_map(small_photo, depth):
    sample = DefocusSample(small_photo, depth, unit="depth")
    settings = {"smoothing": "lens", "disc_sigma": 3.0}
    (near,) = SDoFRenderer(focus=1.0, **settings).transform([sample])
    (far,) = SDoFRenderer(focus=8.0, **settings).transform([sample])
    image = small_photo / np.float32(255)
    for found, sharp, soft in (
        (near, np.s_[:, 100:], np.s_[:, :30]),
        (far, np.s_[:, :30], np.s_[:, 100:]),
    ):
        # What is in focus is sharpened a little, what is not loses its detail.
        def detail(x, place):
            return abs(np.diff(x[place], axis=0)).mean()

        assert detail(found, sharp) > 0.99 * detail(image, sharp)
        assert detail(found, soft) < 0.6 * detail(image, soft)
