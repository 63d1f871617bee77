from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skdefocus import (
    AdaptiveUnsharpMask,
    CombinedMapper,
    DefocusSample,
    GlobalRefiner,
    SDoFRenderer,
    estimate_blur_map,
    shallow_focus,
    sharpen,
)
from skdefocus.io import write_photograph
from skdefocus.recipes import recommended_steps


def test_estimate_equals_the_pipeline(small_photo):
    mapper = CombinedMapper(scale="auto", lights=True)
    expected = GlobalRefiner().transform(mapper.transform([small_photo]))[0].blur_map
    np.testing.assert_array_equal(estimate_blur_map(small_photo), expected)
    raw = mapper.transform([small_photo])[0].blur_map
    np.testing.assert_array_equal(estimate_blur_map(small_photo, refine=False), raw)


def test_sharpen_and_shallow_focus_equal_the_estimators(small_photo):
    steps = make_pipeline(*[step for _, step in recommended_steps()])
    (sample,) = steps.fit_transform([small_photo])
    expected = AdaptiveUnsharpMask(gain=1.0).transform([sample])[0]
    np.testing.assert_array_equal(sharpen(small_photo, gain=1.0), expected)
    expected = SDoFRenderer(0.8, 5.0, smoothing="disc").transform([sample])[0]
    np.testing.assert_array_equal(shallow_focus(small_photo, c0=0.8, c1=5.0), expected)
    # Unknown pixels are filled, as the renderer does, unless one's own confidence says
    # otherwise.
    sure = np.ones(sample.blur_map.shape)
    (expected,) = SDoFRenderer(0.8, 5.0, smoothing="disc").transform(
        [sample.replace(confidence=None)]
    )
    found = shallow_focus(small_photo, c0=0.8, c1=5.0, confidence=sure)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("smoothing", "settings"),
    [
        ("disc", {"disc_sigma": 3.0}),
        ("lens", {"disc_sigma": 3.0, "n_layers": 4, "edge_radius": 1}),
        ("guided", {"radius": 5, "eps": 0.1, "n_iter": 2}),
    ],
)
def test_shallow_focus_passes_parameters_on(small_photo, smoothing, settings):
    blur_map = np.linspace(0, 9, 96 * 128).reshape(96, 128)
    sample = DefocusSample(small_photo, blur_map)
    settings = {"c0": 1.0, "c1": 7.0, "subject_gain": 0.5, **settings}
    renderer = SDoFRenderer(smoothing=smoothing, **settings)
    found = shallow_focus(small_photo, blur_map, smoothing=smoothing, **settings)
    np.testing.assert_array_equal(found, renderer.transform([sample])[0])


def test_shallow_focus_takes_depth(small_photo):
    depth = np.repeat([[2.0, 8.0]], 64, axis=1) * np.ones((96, 1))
    sample = DefocusSample(small_photo, depth, unit="depth")
    expected = SDoFRenderer(smoothing="lens", focus=2.0).transform([sample])[0]
    found = shallow_focus(small_photo, depth, smoothing="lens", unit="depth", focus=2.0)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("smoothing", "name"),
    [("disc", "radius"), ("lens", "eps"), ("guided", "disc_sigma"), ("disc", "gain")],
)
def test_parameters_of_another_smoothing_are_refused(small_photo, smoothing, name):
    blur_map = np.zeros(small_photo.shape[:2])
    message = f"smoothing='{smoothing}' has no parameter '{name}'; it has c0, c1, w0"
    with pytest.raises(TypeError, match=message):
        shallow_focus(small_photo, blur_map, smoothing=smoothing, **{name: 1})


def test_an_unknown_smoothing_is_refused(small_photo):
    with pytest.raises(ValueError, match="'smoothing' parameter of shallow_focus"):
        shallow_focus(small_photo, smoothing="box")


def test_a_map_given_is_used(small_photo):
    blur_map = np.zeros(small_photo.shape[:2])
    np.testing.assert_allclose(
        sharpen(small_photo, blur_map, gain=0.0), small_photo / 255, atol=1e-6
    )
    found = shallow_focus(small_photo, blur_map, c0=1, c1=7, subject_gain=0.0)
    np.testing.assert_allclose(found, small_photo / 255, atol=2e-3)


@pytest.mark.parametrize("given", [{"step": 8}, {"estimate": "mode"}])
def test_a_step_or_an_estimate_is_that_of_patches_alone(small_photo, given):
    (_, mapper), (_, refiner) = recommended_steps("default")
    samples = mapper.set_params(**given).transform([small_photo])
    raw = estimate_blur_map(small_photo, refine=False, **given)
    np.testing.assert_array_equal(raw, samples[0].blur_map)
    (sample,) = refiner.transform(samples)
    found = estimate_blur_map(small_photo, **given)
    np.testing.assert_array_equal(found, sample.blur_map)


@pytest.mark.parametrize("step", [0, 33, 2.5])
def test_bad_steps_are_refused_in_a_sentence(small_photo, step):
    with pytest.raises(ValueError, match="'step' parameter"):
        estimate_blur_map(small_photo, step=step)


def test_a_map_belongs_to_who_asked_for_it(small_photo):
    for refine in (False, True):
        assert estimate_blur_map(small_photo, refine=refine).flags.writeable


def test_a_photograph_comes_as_a_file_or_with_alpha(small_photo, tmp_path):
    path = tmp_path / "flower.png"
    write_photograph(path, small_photo)
    blur_map = estimate_blur_map(small_photo)
    clear = np.dstack([small_photo, small_photo[..., 0]])
    for other in (path, clear):
        np.testing.assert_array_equal(estimate_blur_map(other), blur_map)
        for shortcut in (sharpen, shallow_focus):
            np.testing.assert_array_equal(
                shortcut(other, blur_map), shortcut(small_photo, blur_map)
            )


def test_bad_images_are_refused(small_photo):
    with pytest.raises(ValueError, match="image must have shape"):
        estimate_blur_map(np.zeros((4, 4, 5)))
    with pytest.raises(ValueError, match="'estimate' parameter"):
        estimate_blur_map(small_photo, estimate="median")


@pytest.mark.parametrize("unit", ["depth", "disparity"])
def test_another_unit_needs_a_map(small_photo, unit):
    with pytest.raises(ValueError, match=f"unit='{unit}' needs a map of {unit} in 'b"):
        shallow_focus(small_photo, unit=unit)


def refused_before_a_map(monkeypatch, error, message, call):
    def fail(*_):
        pytest.fail("a map was estimated")

    monkeypatch.setattr("skdefocus.shortcuts.recommended_steps", fail)
    with pytest.raises(error, match=message):
        call()


def test_nothing_is_estimated_for_what_is_refused(monkeypatch, small_photo):
    for error, message, given in (
        (TypeError, "^sharpen has no parameter 'gian'; it has alpha1", {"gian": 1.0}),
        (ValueError, "'gain' parameter of adaptive_unsharp_mask", {"gain": -1.0}),
        (ValueError, "subject_mask must have the", {"subject_mask": np.ones((3, 3))}),
    ):
        refused_before_a_map(
            monkeypatch,
            error,
            message,
            lambda given=given: sharpen(small_photo, **given),
        )
    for message, given in (
        ("'c0' parameter of render_disc", {"c0": -1.0}),
        ("subject_mask must have the", {"subject_mask": np.ones((3, 3))}),
    ):
        refused_before_a_map(
            monkeypatch,
            ValueError,
            message,
            lambda given=given: shallow_focus(small_photo, **given),
        )


def test_refine_is_yes_or_no(small_photo):
    with pytest.raises(ValueError, match="'refine' parameter of estimate_blur_map"):
        estimate_blur_map(small_photo, refine="no")
