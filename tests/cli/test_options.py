"""Options of the verbs on photographs: what they stand for, and what is refused."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from skdefocus import (
    AdaptiveUnsharpMask,
    CombinedMapper,
    ContextMapper,
    DefocusSegmenter,
    GlobalRefiner,
    GuidedRefiner,
    PatchBlurClassifier,
    SDoFRenderer,
    SlidingWindowMapper,
    WGIFRefiner,
    estimate_blur_map,
)
from skdefocus.classifier import ContextNetwork
from skdefocus.cli.options import (
    add_batch_options,
    add_max_pixels,
    add_shared_options,
    build_steps,
)
from skdefocus.io import DEFAULT_MAX_PIXELS, read_image
from skdefocus.recipes import recommended_steps
from tests.cli.running import run


def parse(*words):
    """What the verb ``batch`` takes these words for."""
    parser = argparse.ArgumentParser()
    add_shared_options(parser)
    add_batch_options(parser)
    return parser.parse_args(["-o", "out", *map(str, words)])


def parameters(step):
    return type(step), step.get_params()


def test_the_limit_of_pixels_follows_from_memory():
    parser = argparse.ArgumentParser()
    add_max_pixels(parser)
    assert parser.parse_args([]).max_pixels is None
    # The literal in the help spares it an import.
    assert "200 million" in " ".join(parser.format_help().split())
    assert DEFAULT_MAX_PIXELS == 200_000_000
    assert parse().max_pixels is None
    assert parse("--max-pixels", 5).max_pixels == 5


class TestSteps:
    def test_the_defaults_are_what_we_recommend(self):
        steps = build_steps(parse())
        assert list(steps) == [
            "mapper",
            "sharpener",
            "renderer",
            "segmenter",
            "refiner",
        ]
        for name, step in recommended_steps():
            assert parameters(steps[name]) == parameters(step)
        assert parameters(steps["sharpener"]) == parameters(AdaptiveUnsharpMask())
        renderer = SDoFRenderer(smoothing="disc")
        assert parameters(steps["renderer"]) == parameters(renderer)
        assert parameters(steps["segmenter"]) == parameters(DefocusSegmenter())

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("global", GlobalRefiner), ("wgif", WGIFRefiner), ("guided", GuidedRefiner)],
    )
    def test_refiners_are_chosen_by_name(self, name, kind):
        refiner = build_steps(parse("--refiner", name))["refiner"]
        assert parameters(refiner) == parameters(kind())

    def test_a_refiner_that_is_not_there_has_no_parameters(self):
        assert "refiner" not in build_steps(parse("--refiner", "none"))
        wanted = ("--refiner", "none", "--set", "refiner__radius=4")
        with pytest.raises(
            ValueError,
            match=r"no step 'refiner' to set; known: mapper, renderer, segmenter, sha",
        ):
            build_steps(parse(*wanted))

    def test_the_step_and_the_network_are_the_mapper_s(self):
        mapper = build_steps(parse("--step", 7, "--model", "fast"))["mapper"]
        assert isinstance(mapper, SlidingWindowMapper)
        assert (mapper.step, mapper.classifier) == (7, "fast")
        # The rest stays what we recommend.
        expected = dict(recommended_steps("fast"))["mapper"].set_params(step=7)
        assert parameters(mapper) == parameters(expected)
        # A step alone says that it is patches that are measured.
        mapper = build_steps(parse("--step", 8))["mapper"]
        expected = dict(recommended_steps("default"))["mapper"].set_params(step=8)
        assert parameters(mapper) == parameters(expected)

    def test_without_a_model_it_is_what_we_recommend(self):
        mapper = build_steps(parse())["mapper"]
        expected = dict(recommended_steps())["mapper"]
        assert parameters(mapper) == parameters(expected)
        named = build_steps(parse("--mapper", "combined"))["mapper"]
        assert parameters(named) == parameters(expected)

    def test_patches_alone(self):
        mapper = build_steps(parse("--mapper", "windows"))["mapper"]
        expected = dict(recommended_steps("default"))["mapper"]
        assert parameters(mapper) == parameters(expected)

    def test_a_context_network_of_one_s_own_is_combined(self, tmp_path):
        ContextNetwork.pretrained().save(tmp_path / "own.zip")
        own = parse("--mapper", "combined", "--model", tmp_path / "own.zip")
        mapper = build_steps(own)["mapper"]
        assert isinstance(mapper, CombinedMapper)
        assert mapper.network.key == ContextNetwork.load(tmp_path / "own.zip").key

    def test_both_networks_can_be_kept(self, tmp_path, monkeypatch):
        shipped = ContextNetwork.pretrained()
        shipped.save(tmp_path / "context.zip")
        shipped.classifier.save(tmp_path / "patches.zip")
        # A later release ships another one.
        fast = PatchBlurClassifier.pretrained("fast")
        monkeypatch.setattr(PatchBlurClassifier, "pretrained", lambda: fast)
        kept = ("--mapper", "combined", "--model", tmp_path / "context.zip")
        with pytest.raises(ValueError, match="has learned with the patch network"):
            build_steps(parse(*kept))
        both = parse(*kept, "--patch-model", tmp_path / "patches.zip")
        assert build_steps(both)["mapper"].network.key == shipped.key

    @pytest.mark.parametrize(
        "others", [(), ("--model", "fast"), ("--mapper", "combined")]
    )
    def test_a_patch_network_needs_a_context_network(self, others):
        with pytest.raises(ValueError, match="--patch-model goes with the --model of"):
            build_steps(parse("--patch-model", "patches.zip", *others))

    def test_the_mapper_that_looks_around(self, tmp_path):
        mapper = build_steps(parse("--mapper", "context"))["mapper"]
        recommended = dict(recommended_steps())["mapper"]
        assert parameters(mapper) == parameters(
            ContextMapper("default", scale=recommended.scale, lights=True)
        )
        ContextNetwork.pretrained().save(tmp_path / "own.zip")
        own = parse("--mapper", "context", "--model", tmp_path / "own.zip")
        mapper = build_steps(own)["mapper"]
        assert mapper.network.key == ContextNetwork.load(tmp_path / "own.zip").key

    def test_files_of_the_other_kind_of_network_are_refused(self, tmp_path):
        PatchBlurClassifier.pretrained().save(tmp_path / "patches.zip")
        ContextNetwork.pretrained().save(tmp_path / "context.zip")
        with pytest.raises(ValueError, match=r"patches\.zip"):
            build_steps(
                parse("--mapper", "context", "--model", tmp_path / "patches.zip")
            )
        message = r"context\.zip is a context network: give --mapper combined or --ma"
        with pytest.raises(ValueError, match=message):
            build_steps(parse("--model", tmp_path / "context.zip"))


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1", 1),
            (" 0.5 ", 0.5),
            ("1e-3", 0.001),
            ("-2", -2),
            ("(1.0, 0.5)", (1.0, 0.5)),
            ("[1, 2]", [1, 2]),
            ("true", True),
            ("False", False),
            ("NONE", None),
            ("auto", "auto"),
            ("'auto'", "auto"),
            ("a=b", "a=b"),
            ("", ""),
            # Text stays text, whatever it says; nothing is run.
            ("__import__('os').getcwd()", "__import__('os').getcwd()"),
        ],
    )
    def test_values_are_python_s_or_text(self, text, value):
        ((name, found),) = parse("--set", f"step__parameter={text}").settings
        assert name == "step__parameter"
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize("text", ["", "radius", "radius=3", "mapper__step", "=3"])
    def test_what_names_no_parameter_is_refused(self, capsys, text):
        with pytest.raises(SystemExit, match="2"):
            parse("--set", text)
        told = f"{text!r} is not of the form step__parameter=value"
        assert told in capsys.readouterr().err

    def test_the_last_one_counts(self):
        words = [f"--set=sharpener__gain={gain}" for gain in (0.5, 1.5)]
        assert build_steps(parse(*words))["sharpener"].gain == 1.5
        # Behind an option for the same thing, too.
        words = ["--set=mapper__step=9", "--step", "5"]
        assert build_steps(parse(*words))["mapper"].step == 9

    def test_every_step_can_be_reached(self):
        values = {
            "mapper__n_jobs": 3,
            "refiner__smoothness": 5.0,
            "sharpener__gain": 0.25,
            "renderer__subject_gain": 0.75,
            "segmenter__threshold": 1.25,
        }
        words = [f"--set={name}={value}" for name, value in values.items()]
        steps = build_steps(parse(*words))
        assert {name.split("__")[0] for name in values} == set(steps)
        for name, value in values.items():
            step, parameter = name.split("__")
            assert steps[step].get_params()[parameter] == value

    def test_parameters_of_parameters_are_not_reached(self):
        with pytest.raises(ValueError, match="has no parameter 'classifier__epochs'"):
            build_steps(parse("--set", "mapper__classifier__epochs=1"))


class TestSubjects:
    @pytest.mark.parametrize(
        ("text", "subject"),
        [
            ("1,2,30,40", (1, 2, 30, 40)),
            ("0, 0, 5, 5", (0, 0, 5, 5)),
            ("330,200", (330, 200)),
            ("masks", "masks"),
            # A name with commas is a name.
            ("1,2,3", "1,2,3"),
            ("1,2,3,4,5", "1,2,3,4,5"),
            ("a,b,c,d.png", "a,b,c,d.png"),
            ("1,2,3,4.png", "1,2,3,4.png"),
        ],
    )
    def test_two_numbers_are_a_point_and_four_a_box(self, text, subject):
        assert parse("--subject", text).subject == subject

    def test_there_is_none_by_default(self):
        assert parse().subject is None


def test_pictures_may_be_repeated_and_are_known(capsys):
    words = ("--picture", "mask", "--picture", "overview")
    assert parse(*words).pictures == ["mask", "overview"]
    assert parse().pictures == []
    with pytest.raises(SystemExit, match="2"):
        parse("--picture", "map")
    assert "invalid choice: 'map'" in capsys.readouterr().err


def test_no_refiner(photo_file, out, small_photo):
    assert run("map", photo_file, "-o", out, "--refiner", "none") == 0
    expected = estimate_blur_map(small_photo, refine=False)
    np.testing.assert_array_equal(read_image(out / "bee_sigma.tif"), expected)


def test_every_parameter_can_be_set(photo_file, out, small_photo):
    settings = [
        *("mapper__lights=false", "mapper__scale=1.0"),
        *("refiner__smoothness=400", "renderer__literal=true"),
    ]
    set_all = [word for setting in settings for word in ("--set", setting)]
    assert run("map", photo_file, "-o", out, *set_all) == 0
    mapper = CombinedMapper(lights=False, scale=1.0)
    samples = mapper.transform([small_photo])
    expected = GlobalRefiner(400).transform(samples)[0].blur_map
    np.testing.assert_array_equal(read_image(out / "bee_sigma.tif"), expected)


def test_models_of_one_s_own(photo_file, out, tmp_path):
    PatchBlurClassifier.pretrained().save(tmp_path / "own.zip")
    assert run("map", photo_file, "-o", out, "--model", tmp_path / "own.zip") == 0
    other = tmp_path / "other"
    assert run("map", photo_file, "-o", other, "--mapper", "windows") == 0
    for name in ("bee_sigma.tif", "bee_map.png"):
        assert (out / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--step", "33"], "must be at most 'patch_size'"),
        (["--step", "0"], "'step' parameter"),
        (["--mapper", "combined", "--step", "8"], "windows; combined measures every 4"),
        (["--mapper", "context", "--step", "8"], "windows; context measures every 4"),
        (["--step", "four"], "invalid int value"),
        (
            ["--refiner", "magic"],
            "there is no refiner 'magic'; known: global, wgif, guided, none",
        ),
        (["--set", "refiner__map_sigma=0"], "'map_sigma' parameter of GlobalRefiner"),
        (["--set", "renderer__c0=7", "--set", "renderer__c1=3"], "c0 < c1 < pivot"),
        (["--set", "refiner__color=1"], "GlobalRefiner has no parameter 'color'"),
        (["--set", "blender__x=1"], "there is no step 'blender' to set"),
        (["--set", "radius"], "is not of the form step__parameter=value"),
        (
            ["--model", "none.zip"],
            "--model must be a model file, or one of the shipped networks default, "
            "fast, paper (fast and paper are for patches alone); got 'none.zip', "
            "which is no file.",
        ),
        (["--model", "none.zip", "--mapper", "combined"], "networks default, fast, pa"),
        (
            ["--model", "fast", "--mapper", "combined"],
            "--model fast is a network for patches alone: leave out --mapper, or give "
            "--mapper windows; got --mapper combined.",
        ),
        (["--model", "paper", "--mapper", "context"], "got --mapper context."),
        (["--jobs", "0"], "--jobs must be at least 1"),
    ],
)
def test_bad_options(photo_file, out, refused, arguments, message):
    refused(message, "all", photo_file, "-o", out, *arguments)


def test_no_model_file(photo_file, out, refused, tmp_path):
    (tmp_path / "m.zip").write_bytes(b"\x80\x04 pickled")
    arguments = ("all", photo_file, "-o", out, "--model", tmp_path / "m.zip")
    refused("is not a model file", *arguments)


def test_an_unknown_network(photo_file, out, refused):
    arguments = ("map", photo_file, "-o", out, "--model", "magic")
    refused("magic", *arguments)


class TestMapRange:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [("auto", "auto"), ("0,8", (0, 8)), ("0.5,2.25", (0.5, 2.25))],
    )
    def test_what_is_taken(self, text, expected):
        assert parse("--map-range", text).map_range == expected
        assert parse().map_range is None

    @pytest.mark.parametrize(
        "text", ["", "3", "2,1", "1,1", "-1,2", "a,b", "1,2,3", "0,inf", "nan,1"]
    )
    def test_what_is_refused(self, text, capsys):
        with pytest.raises(SystemExit) as caught:
            parse(f"--map-range={text}")
        assert caught.value.code == 2
        assert "is neither auto nor LOW,HIGH" in capsys.readouterr().err
