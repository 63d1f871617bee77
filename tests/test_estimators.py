"""The estimator contract: scikit-learn's checks by name, and twins for images."""

from __future__ import annotations

import inspect
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from skdefocus import (
    AdaptiveScaleEdgeMapper,
    AdaptiveUnsharpMask,
    CalibratedMapper,
    CombinedMapper,
    ContextMapper,
    ContrastAdaptiveSharpening,
    DefocusSample,
    DefocusSegmenter,
    EdgeRatioMapper,
    EntropyMapper,
    FastDefocusMapper,
    GeneralizedUnsharpMask,
    GlobalRefiner,
    GuidedRefiner,
    HiFSTMapper,
    JustNoticeableMapper,
    LaplacianVarianceMapper,
    LBPMapper,
    MattingRefiner,
    MotionDetector,
    MutualGuidedRefiner,
    PatchBlurClassifier,
    PrecomputedMapper,
    SDoFRenderer,
    SlidingWindowMapper,
    StandardDeviationMapper,
    UnsharpMask,
    WGIFRefiner,
)

# scikit-learn's own checks that need no rows of features. Those that do are turned
# off by the tags of image input, nearly all silently; their twins follow below.
CHECKS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)
MAPPERS = [
    SlidingWindowMapper(),
    CombinedMapper(),
    ContextMapper(),
    EntropyMapper(),
    EdgeRatioMapper(),
    AdaptiveScaleEdgeMapper(),
    FastDefocusMapper(),
    HiFSTMapper(step=16),
    JustNoticeableMapper(step=16),
    LBPMapper(),
    StandardDeviationMapper(),
    LaplacianVarianceMapper(),
]
REFINERS = [
    WGIFRefiner(radius=4, n_iter=2),
    GuidedRefiner(radius=4),
    GlobalRefiner(),
    MutualGuidedRefiner(n_iter=1),
]
APPLICATIONS = [AdaptiveUnsharpMask(), SDoFRenderer()]
# They take photographs, and samples whose maps they do not use.
DETECTORS = [MotionDetector()]
SHARPENERS = [UnsharpMask(), ContrastAdaptiveSharpening(), GeneralizedUnsharpMask()]
STEPS = [*MAPPERS, *REFINERS, *APPLICATIONS, *SHARPENERS, *DETECTORS]
# Fitted, or with results of another kind, or photographs by name, or (matting) too slow
# for all twins: tests of their own hold them to the same.
OTHERS = [
    PatchBlurClassifier(),
    CalibratedMapper(LaplacianVarianceMapper()),
    PrecomputedMapper("maps"),
    DefocusSegmenter(),
    MattingRefiner(),
]
ESTIMATORS = [*STEPS, *OTHERS]
# It predicts without fit, which the check does not allow for.
WITHOUT_FIT = {("DefocusSegmenter", "check_estimators_unfitted")}
name_of = lambda estimator: type(estimator).__name__  # noqa: E731


def test_all_public_estimators_are_checked():
    import skdefocus

    public = {
        name
        for name in skdefocus.__all__
        if inspect.isclass(getattr(skdefocus, name)) and name != "DefocusSample"
    }
    assert {name_of(estimator) for estimator in ESTIMATORS} == public


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_scikit_learn_check(estimator, check):
    if (name_of(estimator), check) in WITHOUT_FIT:
        assert not estimator.__sklearn_tags__().requires_fit
    else:
        getattr(estimator_checks, check)(name_of(estimator), clone(estimator))


@pytest.fixture(scope="module")
def batch(photo):
    """Photographs that differ in size and kind."""
    small = photo[100:196, 100:228]
    return [
        small.copy(),
        (small[:80, :70, 0] / 255).astype(np.float32),
        small[:40, :60],
    ]


@pytest.fixture(scope="module")
def samples(batch):
    rng = np.random.default_rng(0)
    return [
        DefocusSample(image, np.sort(rng.uniform(0, 9, image.shape[:2]), axis=1))
        for image in batch
    ]


@pytest.fixture
def feed(batch, samples):
    """Give each estimator what it takes."""
    return lambda step: (
        batch if step in [*MAPPERS, *SHARPENERS, *DETECTORS] else samples
    )


def arrays(results):
    """Flatten what steps return into arrays."""
    for result in results:
        if isinstance(result, DefocusSample):
            yield from (
                value
                for value in (result.blur_map, result.confidence, result.motion)
                if value is not None
            )
        else:
            yield result


def assert_same(one, other):
    one, other = list(arrays(one)), list(arrays(other))
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("step", STEPS, ids=name_of)
class TestTwins:
    def test_works_without_fit_and_fit_changes_nothing(self, step, feed):
        X = feed(step)
        expected = step.transform(X)
        fitted = clone(step).fit(X).fit(X)
        assert_same(fitted.transform(X), expected)
        assert_same(clone(step).fit_transform(X), expected)
        assert [name for name in vars(fitted) if name.endswith("_")] == []

    def test_float32_out(self, step, feed):
        for array in arrays(step.transform(feed(step))):
            assert array.dtype == np.float32

    def test_input_stays_as_it_was_even_if_read_only(self, step, feed):
        X = feed(step)
        images = [getattr(item, "image", item) for item in X]
        kept = [image.copy() for image in images]
        for image in images:
            image.setflags(write=False)
        step.transform(X)
        for image, copy in zip(images, kept, strict=True):
            np.testing.assert_array_equal(image, copy)

    def test_order_and_subset_do_not_matter(self, step, feed):
        X = feed(step)
        expected = step.transform(X)
        assert_same(step.transform(X[::-1])[::-1], expected)
        assert_same([step.transform([item])[0] for item in X], expected)

    @pytest.mark.slow
    def test_workers_do_not_matter(self, step, feed):
        X = feed(step)
        expected = step.transform(X)
        assert_same(clone(step).set_params(n_jobs=2).transform(X), expected)
        with joblib.parallel_config(backend="loky", n_jobs=2):
            assert_same(clone(step).transform(X), expected)

    def test_copies(self, step, feed):
        X = feed(step)
        expected = step.transform(X)
        for copy in (clone(step), pickle.loads(pickle.dumps(step))):
            assert copy.get_params() == step.get_params()
            assert_same(copy.transform(X), expected)

    def test_batches_as_arrays(self, step, feed):
        item = feed(step)[0]
        if step in [*MAPPERS, *SHARPENERS, *DETECTORS]:
            gray = item[..., 0]
            assert_same(
                step.transform(np.stack([item] * 2)), step.transform([item] * 2)
            )
            assert_same(
                step.transform(np.stack([gray] * 2)), step.transform([gray] * 2)
            )

    def test_refuses_what_is_no_batch(self, step, batch):
        for X in (batch[0], batch[0][..., 0]):
            with pytest.raises(ValueError, match=r"wrap one photograph in a list"):
                step.transform(X)
        for X in ([], None, "photo.jpg"):
            with pytest.raises(ValueError, match="X must"):
                step.transform(X)

    def test_does_not_read_y(self, step, feed):
        X = feed(step)
        assert_same(clone(step).fit_transform(X, [object()]), step.transform(X))


def test_chain_works_out_of_the_box(photo):
    steps = make_pipeline(SlidingWindowMapper(), WGIFRefiner(), AdaptiveUnsharpMask())
    (result,) = steps.fit_transform([photo])
    assert result.shape == photo.shape
    assert result.dtype == np.float32
    assert_same(pickle.loads(pickle.dumps(steps)).transform([photo]), [result])
    assert_same(clone(steps).transform([photo]), [result])


@pytest.mark.filterwarnings("ignore:the blur map has no clear distinction")
def test_every_chain_of_steps(batch):
    for mapper in MAPPERS:
        for refiner in REFINERS:
            refined = make_pipeline(mapper, refiner).transform(batch)
            assert all(isinstance(sample, DefocusSample) for sample in refined)
            masks = make_pipeline(mapper, refiner, DefocusSegmenter()).predict(batch)
            assert all(mask.dtype == bool for mask in masks)
    for last in APPLICATIONS:
        results = make_pipeline(MAPPERS[0], REFINERS[0], last).transform(batch)
        for image, result in zip(batch, results, strict=True):
            assert result.shape == image.shape
        with pytest.raises(ValueError, match="unit 'relative'"):
            make_pipeline(LaplacianVarianceMapper(), last).transform(batch)
    for last in SHARPENERS:
        results = make_pipeline(MAPPERS[-1], REFINERS[0], last).transform(batch)
        assert_same(results, last.transform(batch))


def test_parameters_are_reached_through_a_pipeline():
    steps = make_pipeline(SlidingWindowMapper(), WGIFRefiner(), SDoFRenderer())
    steps.set_params(slidingwindowmapper__step=8, wgifrefiner__radius=4)
    assert steps[0].step == 8
    assert steps[1].radius == 4
