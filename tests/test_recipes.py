"""What we recommend is the same wherever it is used."""

from __future__ import annotations

import argparse
import shlex

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from skdefocus import (
    CombinedMapper,
    GlobalRefiner,
    SlidingWindowMapper,
    estimate_blur_map,
)
from skdefocus.app.opened import open_photograph
from skdefocus.app.recipe import command_line, python_code
from skdefocus.app.settings import Settings
from skdefocus.cli.main import main
from skdefocus.cli.options import add_shared_options
from skdefocus.io import read_image, write_photograph
from skdefocus.recipes import recommended_steps


@pytest.fixture(scope="module")
def expected(small_photo):
    """The map that the recommended steps give, in a pipeline of one's own."""
    (sample,) = Pipeline(recommended_steps()).fit_transform([small_photo])
    return sample.blur_map


@pytest.fixture
def photo_file(tmp_path, small_photo):
    path = tmp_path / "in" / "bee.png"
    write_photograph(path, small_photo)
    return path


def test_a_mapper_and_a_refiner():
    (mapper_name, mapper), (refiner_name, refiner) = recommended_steps()
    assert (mapper_name, refiner_name) == ("mapper", "refiner")
    assert isinstance(mapper, CombinedMapper)
    assert isinstance(refiner, GlobalRefiner)
    assert (mapper.scale, mapper.lights) == ("auto", True)


@pytest.mark.parametrize(("factor", "offset"), [(0.25, 0.0), (0.25, 0.4), (0.8, 0.1)])
def test_contrast_and_exposure_change_no_sigma(small_photo, factor, offset):
    steps = make_pipeline(*[step for _, step in recommended_steps()])
    photograph = small_photo / np.float32(255)
    changed = photograph * np.float32(factor) + np.float32(offset)
    one, other = steps.fit_transform([photograph, changed])
    np.testing.assert_allclose(other.blur_map, one.blur_map, rtol=0.01, atol=0.01)
    np.testing.assert_allclose(other.confidence, one.confidence, atol=0.01)


def test_patches_alone_have_the_same_settings():
    (_, mapper), (_, refiner) = recommended_steps("fast")
    assert isinstance(mapper, SlidingWindowMapper)
    assert mapper.classifier == "fast"
    (_, recommended), (_, other) = recommended_steps()
    # As the documentation describes them: every fourth pixel, expected sigma.
    assert (mapper.step, mapper.estimate) == (4, "mean")
    for name in ("scale", "lights"):
        assert getattr(mapper, name) == getattr(recommended, name)
    assert refiner.get_params() == other.get_params()


def test_they_are_new_at_each_call():
    first, second = recommended_steps(), recommended_steps()
    assert first is not second
    for (_, one), (_, other) in zip(first, second, strict=True):
        assert one is not other
        assert one.get_params() == other.get_params()


def test_what_one_changes_another_does_not_get():
    before = [step.get_params() for _, step in recommended_steps()]
    steps = recommended_steps()
    Pipeline(steps).set_params(mapper__lights=False, refiner__smoothness=3.0)
    steps.clear()
    assert [step.get_params() for _, step in recommended_steps()] == before


def test_they_are_steps_that_can_be_cloned_and_named():
    pipeline = Pipeline(recommended_steps())
    copy = clone(pipeline)
    for name in ("mapper", "refiner"):
        assert copy[name].get_params() == pipeline[name].get_params()
    assert "mapper__scale" in pipeline.get_params()


def test_the_function_does_the_same(small_photo, expected):
    np.testing.assert_array_equal(estimate_blur_map(small_photo), expected)
    # The refiner has its share in it.
    raw = estimate_blur_map(small_photo, refine=False)
    assert abs(raw - expected).max() > 0.1


def test_the_steps_need_no_names(small_photo, expected):
    steps = make_pipeline(*[step for _, step in recommended_steps()])
    (sample,) = steps.fit_transform([small_photo])
    np.testing.assert_array_equal(sample.blur_map, expected)
    assert sample.unit == "px"


def test_the_command_line_does_the_same(photo_file, tmp_path, expected):
    assert main(["map", str(photo_file), "-o", str(tmp_path / "out"), "--quiet"]) == 0
    found = read_image(tmp_path / "out" / "bee_sigma.tif")
    np.testing.assert_array_equal(found, expected)


def test_the_command_line_s_help_says_the_same():
    parser = argparse.ArgumentParser()
    add_shared_options(parser)
    arguments = parser.parse_args(["-o", "out"])
    steps = dict(recommended_steps())
    windows = dict(recommended_steps("fast"))["mapper"]
    assert f"(default {windows.step})" in parser.format_help()
    assert arguments.model == steps["mapper"].network
    assert (arguments.refiner, type(steps["refiner"])) == ("global", GlobalRefiner)


def test_the_page_does_the_same(photo_file, tmp_path, expected, monkeypatch):
    opened = open_photograph(photo_file, max_pixels=100_000)
    np.testing.assert_array_equal(opened.sample.blur_map, expected)
    # And so does what it tells to do without it.
    monkeypatch.chdir(tmp_path)
    exec(compile(python_code(opened, Settings(), "sigma"), "recipe.py", "exec"), {})
    np.testing.assert_array_equal(read_image("bee_sigma.tif"), expected)
    words = shlex.split(command_line(opened, Settings(), "sigma"))
    assert words == ["skdefocus", "map", str(photo_file), "-o", "out"]


@pytest.mark.parametrize("classifier", ["nope", 3, object()])
def test_refuses_what_is_no_classifier_at_once(classifier):
    message = "'classifier' parameter of recommended_steps must be a str among"
    with pytest.raises(ValueError, match=message):
        recommended_steps(classifier)
