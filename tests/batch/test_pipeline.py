"""What a pipeline makes of a photograph, what it must be, and what went wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skdefocus import (
    AdaptiveUnsharpMask,
    CalibratedMapper,
    DefocusSample,
    DefocusSegmenter,
    GuidedRefiner,
    LaplacianVarianceMapper,
    SDoFRenderer,
)
from skdefocus._base import ImageTransformer
from skdefocus.batch.pipeline import (
    apply_step,
    check_steps,
    describe_error,
    makes_more,
    pipeline_steps,
    run_pipeline,
)
from skdefocus.io import Photograph
from skdefocus.segment.hints import SubjectHint
from tests.batch.results import SHAPE, an_image, made
from tests.batch.steps import Inverter


class TestPipelines:
    def test_steps_are_those_of_pipelines_within_too(self):
        one, two, three = Inverter(), GuidedRefiner(), DefocusSegmenter()
        nested = make_pipeline(one, make_pipeline("passthrough", two, None), three)
        assert pipeline_steps(nested) == [one, two, three]
        assert pipeline_steps(one) == [one]
        for nothing in (None, "passthrough", make_pipeline(None)):
            assert pipeline_steps(nothing) == []

    def test_steps_are_checked_before_any_work(self):
        mapper = LaplacianVarianceMapper()
        check_steps(make_pipeline(mapper, GuidedRefiner()), {"a": SDoFRenderer()})
        for pipeline, pictures, message in (
            (make_pipeline(None), {"a": SDoFRenderer()}, "must have a step at least"),
            (LaplacianVarianceMapper, {}, "must be an estimator with"),
            (mapper, {"a": 3}, "must be an estimator with .*; got 3"),
            (mapper, {"a": SDoFRenderer(7.0, 3.0)}, "c0 < c1 < pivot"),
            (
                make_pipeline(mapper, DefocusSegmenter()),
                {"mask": DefocusSegmenter("auto")},
                "the pipeline itself makes what is called 'mask'",
            ),
            (
                make_pipeline(mapper, AdaptiveUnsharpMask()),
                {"picture": Inverter()},
                "the pipeline itself makes what is called 'picture'",
            ),
        ):
            with pytest.raises(ValueError, match=message):
                check_steps(pipeline, pictures)
        with pytest.raises(NotFittedError):
            check_steps(CalibratedMapper(mapper), {})

    def test_what_makes_more_than_a_map(self):
        maps = make_pipeline(LaplacianVarianceMapper(), GuidedRefiner())
        assert not makes_more(maps)
        for last in (AdaptiveUnsharpMask(), DefocusSegmenter(), Inverter()):
            assert makes_more(make_pipeline(maps, last))

    def test_a_step_transforms_or_predicts_one_item(self):
        results = made()
        picture = apply_step(Inverter(), results.sample)
        np.testing.assert_array_equal(picture, 1 - np.float32(an_image()) / 255)
        mask = apply_step(DefocusSegmenter(3.0, reference="absolute"), results.sample)
        np.testing.assert_array_equal(mask, results.sample.blur_map > 3)

    @pytest.mark.parametrize("unknown", ["guess", "class"])
    def test_a_mask_for_a_file_has_no_third_class(self, unknown):
        sample = made().sample.replace(confidence=np.zeros(SHAPE))
        step = DefocusSegmenter(3.0, reference="absolute", unknown=unknown)
        mask = apply_step(step, sample)
        assert mask.dtype == bool
        np.testing.assert_array_equal(mask, sample.blur_map > 3)

    def test_the_name_goes_to_our_own_steps_alone(self):
        seen = []

        class Own(ImageTransformer):
            _needs = "image"

            def transform(self, X):
                seen.extend(X)
                return [DefocusSample(an_image(), np.ones(SHAPE))]

        class Another(BaseEstimator):
            transform = Own.transform

        original = Photograph(an_image())
        run_pipeline(Own(), {}, original, "bird.jpg")
        run_pipeline(Own(), {}, original)
        run_pipeline(make_pipeline(Another()), {}, original, "bird.jpg")
        assert seen[0].name == "bird.jpg"
        assert seen[1] is seen[2] is original.image
        assert np.shares_memory(seen[0].image, original.image)

    def test_own_results_and_pictures_are_kept_apart(self):
        class Mapper(BaseEstimator):
            def transform(self, X):
                return [DefocusSample(X[0], np.full(SHAPE, 4.0))]

        original = Photograph(an_image())
        pictures = {"negative": Inverter()}
        segmenter = DefocusSegmenter(3.0, reference="absolute")
        for last, own in ((Inverter(), "picture"), (segmenter, "mask")):
            found = run_pipeline(make_pipeline(Mapper(), last), pictures, original)
            assert list(found.own) == [own]
            assert list(found.pictures) == ["negative"]
            assert found.original is original
            assert (found.sample.blur_map == 4).all()
        assert found.own["mask"].all()
        assert run_pipeline(Mapper(), {}, original).own == {}

    @pytest.mark.parametrize("kind", ["point", "box", "mask"])
    def test_the_subject_is_spared_and_is_the_mask_if_it_was_hinted_at(self, kind):
        halves = np.where(np.arange(SHAPE[1]) < 15, 0.3, 6.0)
        subject = np.broadcast_to(halves < 1, SHAPE)

        class Mapper(BaseEstimator):
            def transform(self, X):
                return [DefocusSample(X[0], np.broadcast_to(halves, SHAPE))]

        said = {
            "point": SubjectHint(points=((5, 5),)),
            "box": SubjectHint(boxes=((0, 0, 20, 24),)),
            "mask": subject[:, ::-1],
        }[kind]
        expected = said if kind == "mask" else subject
        original = Photograph(an_image())
        renderer = SDoFRenderer(0.1, 8.0)
        pictures = {"shallow": renderer, "mask": DefocusSegmenter()}
        found = run_pipeline(Mapper(), pictures, original, None, said)
        np.testing.assert_array_equal(found.subject, expected)
        (spared,) = renderer.transform([found.sample], subject_masks=[expected])
        np.testing.assert_array_equal(found.pictures["shallow"], spared)
        assert not np.array_equal(spared, renderer.transform([found.sample])[0])
        # What is in focus, of a mask of the subject; else the subject.
        np.testing.assert_array_equal(found.pictures["mask"], ~subject)
        for last, own in ((renderer, "picture"), (DefocusSegmenter(), "mask")):
            whole = run_pipeline(
                make_pipeline(Mapper(), last), {}, original, None, said
            )
            name = "shallow" if own == "picture" else "mask"
            np.testing.assert_array_equal(whole.own[own], found.pictures[name])

    @pytest.mark.parametrize("steps", [(), ("passthrough",), (Inverter(),)])
    def test_a_pipeline_must_give_a_map(self, steps):
        class Bare(BaseEstimator):
            def transform(self, X):
                return [DefocusSample(X[0])]

        with pytest.raises(ValueError, match="gives no blur map: it must begin with"):
            run_pipeline(make_pipeline(Bare(), *steps), {}, Photograph(an_image()))


class TestErrors:
    PHOTO = Path("in", "bird.jpg")

    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (MemoryError(), "{photo}: there is not enough memory for it."),
            (
                MemoryError("Unable to allocate 3 GiB"),
                "{photo}: Unable to allocate 3 GiB",
            ),
            (ValueError("c0 must be below c1."), "{photo}: c0 must be below c1."),
            (ValueError("X[0]: the map is empty."), "{photo}: the map is empty."),
            (ValueError("X[0] must have 3 channels."), "{photo} must have 3 channels."),
            (ValueError("bird.jpg is empty."), "bird.jpg is empty."),
            (ValueError("{photo}: it is."), "{photo}: it is."),
            (OSError("the disk is full."), "{photo}: the disk is full."),
            (FileNotFoundError("{photo} does not exist."), "{photo} does not exist."),
            (RuntimeError("defect"), "{photo}: RuntimeError: defect"),
            (ZeroDivisionError(), "{photo}: ZeroDivisionError: "),
            (KeyError("a"), "{photo}: KeyError: 'a'"),
        ],
    )
    def test_one_sentence_with_the_photograph_s_name(self, error, sentence):
        photo = str(self.PHOTO)
        told = type(error)(*(text.replace("{photo}", photo) for text in error.args))
        found = describe_error(told, self.PHOTO)
        assert found == sentence.replace("{photo}", photo)
        assert found.count("bird.jpg") == 1
        assert "X[0]" not in found

    def test_a_mask_of_the_same_name_does_not_name_the_photograph(self):
        found = describe_error(ValueError("masks/bird.jpg is black."), self.PHOTO)
        assert found == f"{self.PHOTO}: masks/bird.jpg is black."
