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

    def test_learns_in_shares_of_the_diagonal(self):
        small = np.repeat([[0.0, 0.5, 1.0, 4.0]], 3, axis=0)
        samples = [sample(small), sample(np.kron(small * 2, np.ones((2, 2))))]
        masks = [s.blur_map > (1.25, 2.5)[k] / 2 for k, s in enumerate(samples)]
        learned = DefocusSegmenter("learn", threshold_unit="diagonal")
        assert learned.fit(samples, masks).score(samples, masks) == 1
        assert learned.threshold_ == pytest.approx(0.2, abs=0.07)
        in_pixels = [t / 5 for t in learned.thresholds(samples[:1])]
        assert in_pixels == pytest.approx([learned.threshold_], abs=1e-5)

    def test_shares_of_the_diagonal_need_pixels(self):
        score = sample([[0.0, 1.0]], unit="relative")
        with pytest.raises(ValueError, match=r"X\[0\]: threshold_unit='diagonal' n"):
            DefocusSegmenter(0.1, threshold_unit="diagonal").predict([score])

    def test_hints_go_with_their_photographs(self):
        blur_map = np.full((40, 60), 4.0, np.float32)
        blur_map[10:30, 5:20] = blur_map[10:30, 40:55] = 0.3
        item = sample(blur_map)
        left = np.ones(blur_map.shape, bool)
        left[10:30, 5:20] = False
        scribble = np.zeros(blur_map.shape, np.uint8)
        scribble[20, 8:14] = 1
        whole, pointed, boxed, scribbled = DefocusSegmenter().predict(
            [item] * 4,
            subject_points=[None, (12, 20), None, None],
            subject_boxes=[None, None, [(0, 0, 30, 40)], None],
            scribbles=[None, None, None, scribble],
        )
        np.testing.assert_array_equal(whole, blur_map > 1)
        for mask in (pointed, boxed, scribbled):
            np.testing.assert_array_equal(mask, left)
        (in_focus,) = DefocusSegmenter("auto").in_focus_mask(
            [item], subject_points=[[(12, 20)]]
        )
        np.testing.assert_array_equal(in_focus, ~left)

    def test_refuses_hints_that_do_not_fit(self):
        items = [sample(np.ones((4, 6)))] * 2
        with pytest.raises(ValueError, match=r"points must hold one entry.* 2 items"):
            DefocusSegmenter().predict(items, subject_points=[(1, 1)])
        with pytest.raises(ValueError, match=r"X\[1\]: the subject's point \(6, 1\) l"):
            DefocusSegmenter().predict(items, subject_points=[None, (6, 1)])

    def test_through_a_pipeline(self, scenes):
        photographs, masks = scenes
        steps = make_pipeline(SlidingWindowMapper(step=8), DefocusSegmenter())
        found = steps.predict(photographs, subject_points=[(20, 40)] * 3)
        for mask, truth in zip(found, masks, strict=True):
            assert (mask == truth).mean() > 0.8

    def test_fit_of_the_others_reads_nothing(self):
        assert DefocusSegmenter().fit(None).threshold_ is None
        assert DefocusSegmenter(0.5).fit(None).threshold_ == 0.5
        assert DefocusSegmenter("auto").fit(None).threshold_ == "auto"

    def test_what_was_learned_holds_for_maps_of_its_unit(self):
        masks = [np.array([[False, True]])]
        segmenter = DefocusSegmenter("learn")
        segmenter.fit([sample([0.2, 5.0])], masks)
        assert segmenter.unit_ == "px"
        score = sample([0.2, 0.9], unit="relative")
        for call in (segmenter.predict, segmenter.thresholds):
            with pytest.raises(
                ValueError, match=r"X\[0\]: the threshold was learned fr"
            ):
                call([score])

    @pytest.mark.parametrize(
        ("parameters", "X", "y", "message"),
        [
            ({"threshold": "otsu"}, [], None, "'threshold' parameter of DefocusSegm"),
            ({"threshold_unit": "%"}, [], None, "'threshold_unit' parameter of Defoc"),
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
    def test_over_rules_and_units(self):
        blur_map = np.full((60, 90), 0.3, np.float32)
        blur_map[:, 30:] = 6.0
        samples = [sample(blur_map), sample(blur_map[:, 10:]), sample(blur_map.T)]
        masks = [s.blur_map > 1 for s in samples]
        grid = [
            {"threshold": [None, "auto"]},
            {"threshold": [1.0, 50.0]},
            {"threshold": [0.01, 0.5], "threshold_unit": ["diagonal"]},
        ]
        search = GridSearchCV(DefocusSegmenter(), grid, cv=3)
        scores = search.fit(samples, masks).cv_results_["mean_test_score"]
        assert (scores[[0, 1, 2, 4]] == 1).all()
        assert scores[3] < 0.5
        assert scores[5] < 0.5

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
