from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSample, DefocusSegmenter
from skdefocus.metrics import (
    SCORERS,
    average_precision,
    best_common_threshold,
    best_threshold_accuracy,
    f_score,
    fixed_threshold_accuracy,
    make_map_scorer,
    make_mask_scorer,
    mean_absolute_error,
    pixel_accuracy,
)


class Mapper(TransformerMixin, BaseEstimator):
    """The image, or what is missing of it to 1, is the blur map."""

    def __init__(self, sign=1.0):
        self.sign = sign

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        samples = [x if isinstance(x, DefocusSample) else DefocusSample(x) for x in X]
        return [
            sample.replace(blur_map=sample.image if self.sign > 0 else 1 - sample.image)
            for sample in samples
        ]


class Segmenter(BaseEstimator):
    def __init__(self, threshold=0.5):
        self.threshold = threshold

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def decision_function(self, X):
        return [sample.blur_map for sample in X]

    def predict(self, X):
        return [m >= self.threshold for m in self.decision_function(X)]


@pytest.fixture(scope="module")
def data():
    """Photographs of different sizes whose masks are 0.3 and above."""
    rng = np.random.default_rng(3)
    images = [rng.uniform(size=(5 + i, 8)) for i in range(6)]
    return images, [image >= 0.3 for image in images]


def mean_over_folds(function, data, n=3):
    images, masks = data
    folds = np.array_split(np.arange(len(images)), n)
    return [function([masks[i] for i in f], [images[i] for i in f]) for f in folds]


@pytest.mark.parametrize("X_is", ["photographs", "samples"])
def test_search_with_all_scorers_and_a_refit(data, X_is):
    images, masks = data
    X = images if X_is == "photographs" else [DefocusSample(image) for image in images]
    search = GridSearchCV(
        make_pipeline(Mapper(), Segmenter()),
        {"segmenter__threshold": [0.1, 0.3, 0.8], "mapper__sign": [1.0, -1.0]},
        scoring=SCORERS,
        refit="f_score",
        cv=3,
        error_score="raise",
    )
    search.fit(X, masks)
    assert search.best_params_ == {"segmenter__threshold": 0.3, "mapper__sign": 1.0}
    assert search.best_score_ == pytest.approx(1)
    results = search.cv_results_
    best = search.best_index_
    assert results["mean_test_neg_mean_absolute_error"].max() == 0
    assert results["mean_test_neg_mean_absolute_error"].min() < 0
    for name in SCORERS:
        scores = results[f"mean_test_{name}"]
        assert scores[best] == scores.max()
    assert search.score(X, masks) == pytest.approx(1)


def test_scores_are_those_of_the_functions(data):
    images, masks = data
    pipeline = make_pipeline(Mapper(-1.0), Segmenter(0.6))
    maps = [1 - image for image in images]
    answers = [m >= 0.6 for m in maps]
    expected = {
        "best_threshold_accuracy": best_threshold_accuracy(masks, maps),
        "average_precision": average_precision(masks, maps),
        "pixel_accuracy": pixel_accuracy(masks, answers),
        "f_score": f_score(masks, answers),
        "neg_mean_absolute_error": -mean_absolute_error(masks, answers),
    }
    for name, value in expected.items():
        score = SCORERS[name](pipeline, images, masks)
        assert type(score) is float
        assert score == value
    assert set(SCORERS) == {*expected, "intersection_over_union"}


def test_a_pipeline_without_segmenter_is_scored_by_its_maps(data):
    scores = cross_val_score(
        make_pipeline(Mapper(), Mapper()),
        *data,
        scoring=SCORERS["average_precision"],
        cv=3,
        error_score="raise",
    )
    np.testing.assert_allclose(scores, mean_over_folds(average_precision, data))


def test_two_jobs_give_the_same(data):
    settings = {"scoring": SCORERS, "refit": False, "cv": 3, "error_score": "raise"}
    grid = {"segmenter__threshold": [0.2, 0.3]}
    pipeline = make_pipeline(Mapper(), Segmenter())
    one = GridSearchCV(pipeline, grid, **settings).fit(*data).cv_results_
    two = GridSearchCV(pipeline, grid, n_jobs=2, **settings).fit(*data).cv_results_
    for name in SCORERS:
        np.testing.assert_array_equal(
            one[f"mean_test_{name}"], two[f"mean_test_{name}"]
        )


@pytest.mark.parametrize(
    "scorer",
    [*SCORERS.values(), make_map_scorer(fixed_threshold_accuracy, threshold=0.4)],
    ids=repr,
)
def test_pickle(scorer, data):
    pipeline = make_pipeline(Mapper(), Segmenter())
    again = pickle.loads(pickle.dumps(scorer))
    assert again(pipeline, *data) == scorer(pipeline, *data)
    assert repr(again) == repr(scorer)


def test_keywords_reach_the_function(data):
    images, masks = data
    fixed = make_map_scorer(fixed_threshold_accuracy, threshold=0.4)
    expected = fixed_threshold_accuracy(masks, images, 0.4)
    assert fixed(Mapper(), images, masks) == expected
    answers = [image >= 0.5 for image in images]
    weighed = make_mask_scorer(f_score, beta_squared=2.0)
    samples = Mapper().transform(images)
    assert weighed(Segmenter(), samples, masks) == f_score(masks, answers, 2.0)


def test_representation():
    scorer = make_map_scorer(best_threshold_accuracy, n_thresholds=256)
    assert repr(scorer) == "make_map_scorer(best_threshold_accuracy, n_thresholds=256)"
    assert repr(SCORERS["neg_mean_absolute_error"]) == (
        "make_mask_scorer(mean_absolute_error, greater_is_better=False)"
    )


def test_refuses_estimators_without_the_methods(data):
    with pytest.raises(TypeError, match=r"^BaseEstimator has neither"):
        SCORERS["average_precision"](BaseEstimator(), *data)
    with pytest.raises(TypeError, match=r"^Mapper has no predict, which a scorer of"):
        SCORERS["f_score"](Mapper(), *data)


def test_refuses_transformers_without_maps(data):
    class Enhancer(Mapper):
        def transform(self, X):
            return [DefocusSample(X[0], blur_map=X[0]), *X[1:]]

    message = r"^Enhancer.transform must return samples .* item 1 is ndarray without"
    with pytest.raises(ValueError, match=message):
        SCORERS["average_precision"](Enhancer(), *data)


def test_refuses_functions_that_do_not_fit(data):
    with pytest.raises(
        ValueError, match=r"^function must be callable .* got 'f_score'"
    ):
        make_mask_scorer("f_score")
    with pytest.raises(TypeError, match="unexpected keyword argument 'beta'"):
        make_mask_scorer(f_score, beta=1.0)
    with pytest.raises(TypeError, match="missing a required argument: 'threshold'"):
        make_map_scorer(fixed_threshold_accuracy)
    several = make_map_scorer(best_common_threshold)
    with pytest.raises(ValueError, match=r"threshold\) must give one number; .* tuple"):
        several(Mapper(), *data)


def test_scorers_of_masks_refuse_classes():
    sample = DefocusSample(
        np.zeros((1, 2)), [[0.0, 9.0]], confidence=np.array([[0.9, 0.1]])
    )
    masks = [np.array([[False, True]])]
    score = SCORERS["pixel_accuracy"]
    assert score(DefocusSegmenter(1.0), [sample], masks) == 1
    with pytest.raises(ValueError, match="set unknown='guess' of its segmenter"):
        score(DefocusSegmenter(1.0, unknown="class"), [sample], masks)
