from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skdefocus import (
    DefocusSample,
    DefocusSegmenter,
    GlobalRefiner,
    SlidingWindowMapper,
    WGIFRefiner,
)
from skdefocus.classifier.network import Network
from skdefocus.metrics import SCORERS, make_map_scorer, precision_recall_curve
from skdefocus.synthesis import defocus


def sample(values, **changes):
    values = np.atleast_2d(np.asarray(values, np.float32))
    return DefocusSample(np.zeros(values.shape), values, **changes)


@pytest.fixture(scope="module")
def scenes(texture):
    """Photographs of different sizes, half in focus, with masks."""
    photographs, masks = [], []
    for height, width, split in ((96, 128, 64), (112, 96, 40), (96, 96, 60)):
        mask = np.zeros((height, width), bool)
        mask[:, split:] = True
        photographs.append(defocus(texture[:height, :width], mask * 5.0))
        masks.append(mask)
    return photographs, masks


class TestSegmenter:
    def test_masks_map_and_score(self):
        samples = [sample([[0.0, 0.0, 4.0]]), sample([[1.0, 9.0], [1.0, 9.0]])]
        segmenter = DefocusSegmenter(1.5)
        first, second = segmenter.predict(samples)
        assert first.dtype == bool
        assert first.tolist() == [[False, False, True]]
        assert second.tolist() == [[False, True], [False, True]]
        for one, other in zip(
            segmenter.decision_function(samples), samples, strict=True
        ):
            assert one is other.blur_map
        values = segmenter.thresholds(samples)
        for mask, value, item in zip((first, second), values, samples, strict=True):
            np.testing.assert_array_equal(mask, item.blur_map >= value)
        wrong = np.array([[True, False, True]])
        assert segmenter.score(samples, [wrong, second]) == pytest.approx(5 / 6)

    def test_unknown_is_a_class_where_confidence_is_low(self):
        confidence = np.array([[0.9, 0.3, 0.1]], np.float32)
        samples = [sample([[0, 0, 5]], confidence=confidence), sample([[0, 0, 5]])]
        segmenter = DefocusSegmenter(reference="absolute", unknown="class")
        first, second = segmenter.predict(samples)
        assert first.dtype == second.dtype == np.uint8
        assert first.tolist() == [[0, 0, 2]]
        assert second.tolist() == [[0, 0, 1]]
        (other,) = segmenter.set_params(unknown_below=0.5).predict(samples[:1])
        assert other.tolist() == [[0, 2, 2]]
        (none,) = segmenter.set_params(unknown_below=0.0).predict(samples[:1])
        assert none.tolist() == [[0, 0, 1]]

    def test_unknown_pixels_get_the_guess_of_the_map(self):
        item = sample([[0, 0, 5]], confidence=np.full((1, 3), 0.1))
        truth = np.array([[False, True, True]])
        for unknown in ("guess", "class"):
            segmenter = DefocusSegmenter(reference="absolute", unknown=unknown)
            (in_focus,) = segmenter.in_focus_mask([item])
            assert in_focus.tolist() == [[True, True, False]]
            assert segmenter.score([item], [truth]) == pytest.approx(2 / 3)
        (mask,) = DefocusSegmenter(reference="absolute").predict([item])
        assert mask.dtype == bool
        np.testing.assert_array_equal(mask, ~in_focus)

    def test_a_score_has_no_class_of_unknown_pixels(self):
        item = sample([[0, 0, 1]], confidence=np.full((1, 3), 0.1), unit="relative")
        (labels,) = DefocusSegmenter(unknown="class").predict([item])
        assert labels.dtype == np.uint8
        assert labels.tolist() == [[0, 0, 1]]

    def test_learns_the_threshold(self):
        samples = [sample([[0.0, 1.0, 2.0, 8.0]]), sample([[0.0, 3.0, 9.0]])]
        masks = [s.blur_map > 2.5 for s in samples]
        for reference in ("absolute", "photograph"):
            segmenter = DefocusSegmenter("learn", reference=reference)
            with pytest.raises(NotFittedError, match=r"call fit\(X, masks\) first"):
                segmenter.predict(samples)
            assert segmenter.fit(samples, masks).score(samples, masks) == 1
            assert 1 < segmenter.threshold_ <= 3

    def test_fit_of_the_others_reads_nothing(self):
        assert DefocusSegmenter().fit(None).threshold_ == 0.5
        assert DefocusSegmenter("auto").fit(None).threshold_ == "auto"

    @pytest.mark.parametrize(
        ("parameters", "X", "y", "message"),
        [
            ({"threshold": "otsu"}, [], None, "'threshold' parameter of DefocusSegm"),
            ({"reference": 1}, [], None, "'reference' parameter of DefocusSegmenter"),
            ({"unknown": "gray"}, [], None, "'unknown' parameter of DefocusSegmenter"),
            ({"unknown_below": 2}, [], None, "'unknown_below' parameter of Defoc"),
            ({"threshold": "learn"}, [sample([1])], None, "needs masks to learn from"),
            (
                {"threshold": "learn"},
                [sample([1]), sample([1], unit="relative")],
                [np.ones((1, 1), bool)] * 2,
                "X holds both 'px' and 'relative'",
            ),
            (
                {"threshold": "learn"},
                [sample([1])],
                [np.ones((2, 1), bool)],
                r"blur_maps\[0\]",
            ),
        ],
    )
    def test_refuses(self, parameters, X, y, message):
        with pytest.raises(ValueError, match=message):
            DefocusSegmenter(**parameters).fit(X, y)

    def test_refuses_what_has_no_map(self):
        with pytest.raises(ValueError, match=r"X\[0\] must be a DefocusSample"):
            DefocusSegmenter().predict([np.zeros((4, 4))])
        with pytest.raises(ValueError, match=r"X\[0\] has no blur map"):
            DefocusSegmenter().predict([DefocusSample(np.zeros((4, 4)))])

    def test_is_no_classifier(self):
        assert not is_classifier(DefocusSegmenter())

    def test_in_focus_is_the_complement(self, scenes):
        samples = SlidingWindowMapper(step=8, estimate="mean").transform(scenes[0])
        segmenter = DefocusSegmenter(1.0)
        masks = segmenter.in_focus_mask(samples)
        for in_focus, out_of_focus in zip(
            masks, segmenter.predict(samples), strict=True
        ):
            assert in_focus.dtype == bool
            np.testing.assert_array_equal(in_focus, ~out_of_focus)
        with pytest.raises(NotFittedError):
            DefocusSegmenter("learn").in_focus_mask(samples)


class TestSearch:
    def test_over_thresholds_with_a_network_called_once_for_each_photograph(
        self, scenes, tmp_path, monkeypatch
    ):
        calls = []
        run_image = Network.run_image
        monkeypatch.setattr(
            Network, "run_image", lambda *a: calls.append(1) or run_image(*a)
        )
        photographs, masks = scenes
        steps = make_pipeline(
            SlidingWindowMapper(step=8, memory=tmp_path),
            WGIFRefiner(radius=4),
            DefocusSegmenter(reference="absolute"),
        )
        grid = {"defocussegmenter__threshold": [0.0, 1.5, 100.0, "learn", "auto"]}
        search = GridSearchCV(steps, grid, cv=KFold(3), error_score="raise")
        search.fit(photographs, masks)
        assert len(calls) == len(photographs)
        scores = search.cv_results_["mean_test_score"]
        assert search.best_score_ > 0.9
        assert scores[0] < 0.7
        assert scores[2] < 0.7
        assert len(search.predict(photographs)) == 3

    def test_in_parallel_and_over_refiners(self, scenes, tmp_path):
        photographs, masks = scenes
        steps = make_pipeline(
            SlidingWindowMapper(step=8, memory=tmp_path),
            WGIFRefiner(),
            DefocusSegmenter(),
        )
        steps.steps[1] = ("refine", steps.steps[1][1])
        grid = {
            "refine": ["passthrough", WGIFRefiner(radius=4), GlobalRefiner()],
            "defocussegmenter__threshold": [0.5, "learn"],
        }
        results = [
            GridSearchCV(steps, grid, cv=KFold(3), n_jobs=n, error_score="raise")
            .fit(photographs, masks)
            .cv_results_["mean_test_score"]
            for n in (1, 2)
        ]
        np.testing.assert_array_equal(*results)
        assert results[0].max() > 0.9

    @pytest.mark.parametrize("unknown", ["guess", "class"])
    def test_whatever_is_made_of_unknown_pixels(self, scenes, unknown):
        photographs, masks = scenes
        samples = SlidingWindowMapper(step=8).transform(photographs)
        grid = {"threshold": [0.5, 2.0], "unknown_below": [0.1, 0.9]}
        search = GridSearchCV(
            DefocusSegmenter(unknown=unknown), grid, cv=KFold(3), error_score="raise"
        )
        scores = search.fit(samples, masks).cv_results_["mean_test_score"]
        # What is unknown has no part in a score.
        assert scores[0] == scores[1]
        assert scores[2] == scores[3]
        assert search.best_score_ > 0.8

    def test_the_other_way_maps_first(self, scenes):
        photographs, masks = scenes
        samples = SlidingWindowMapper(step=8).transform(photographs)
        rest = make_pipeline(WGIFRefiner(radius=4), DefocusSegmenter())
        grid = {"defocussegmenter__threshold": [0.5, 2.0]}
        search = GridSearchCV(
            rest, grid, cv=KFold(3), scoring=SCORERS, refit="pixel_accuracy"
        )
        search.fit(samples, masks)
        assert search.best_score_ > 0.9
        assert search.cv_results_["mean_test_average_precision"].min() > 0.9

    def test_a_scorer_reads_the_map(self, scenes):
        photographs, masks = scenes
        steps = make_pipeline(SlidingWindowMapper(), DefocusSegmenter())
        recall = make_map_scorer(lambda y, maps: precision_recall_curve(y, maps)[1][0])
        assert recall(steps, photographs, masks) == 1
