from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdefocus.mapping import classify_windows, sliding_window_map
from skdefocus.mapping.class_sigmas import check_patch_size, sigma_of_classes


class Holder(BaseEstimator):
    def __init__(self, **held):
        self.__dict__.update(held)


class TestOwnSigmas:
    def test_grid_search_over_a_patch_classifier_keeps_its_ladder(self, shipped):
        class Search(BaseEstimator):
            best_estimator_ = shipped
            classes_ = shipped.classes_

        np.testing.assert_array_equal(sigma_of_classes(Search()), shipped.sigmas_)

    def test_searches_pipelines_and_calibration_are_looked_into(self, shipped):
        inner = make_pipeline(shipped)
        inner = Holder(estimator=inner)
        inner = Holder(calibrated_classifiers_=[inner], classes_=np.arange(18))
        inner = Holder(best_estimator_=inner, classes_=np.arange(18))
        np.testing.assert_array_equal(sigma_of_classes(inner), shipped.sigmas_)

    def test_classes_of_the_outer_one_keep_their_sigmas(self, shipped):
        for classes in ([5, 17], [17, 0, 2]):
            outer = Holder(best_estimator_=shipped, classes_=np.array(classes))
            np.testing.assert_array_equal(
                sigma_of_classes(outer), shipped.sigmas_[classes]
            )

    def test_classes_that_the_network_does_not_have_are_refused(self, shipped):
        for classes in ([0, 18], [-1, 0], ["0", "1"]):
            outer = Holder(best_estimator_=shipped, classes_=np.array(classes))
            with pytest.raises(
                ValueError,
                match=r"^the classes of Holder must be among those of the PatchBlur"
                r"Classifier inside it, \[0, 1, 2, 3, 4, 5, \.\.\.\]; got \['?-?\d",
            ):
                sigma_of_classes(outer)

    def test_known_sigmas_before_classes(self, shipped):
        np.testing.assert_array_equal(sigma_of_classes(shipped), shipped.sigmas_)

    def test_others_beside_them_are_refused(self, shipped):
        for classifier in (shipped, make_pipeline(shipped), FrozenEstimator(shipped)):
            with pytest.raises(
                ValueError,
                match=r"'sigmas' parameter of classify_windows must be None, as \w+ "
                r"has its own sigmas_\. Got \[1, 2\] instead\.$",
            ):
                sigma_of_classes(classifier, [1, 2])

    def test_must_be_sigmas(self):
        with pytest.raises(
            ValueError,
            match=r"the classes of Holder must be levels of blur, from 0 up; got "
            r"\[0\.0, -2\.0\]",
        ):
            sigma_of_classes(Holder(sigmas_=[0.0, -2.0], classes_=[0, 1]))


class TestGivenSigmas:
    def test_are_in_the_order_of_the_classes(self):
        fitted = LogisticRegression().fit([[0], [1], [2]], [7, 0, 3])
        sigmas = sigma_of_classes(fitted, [0.0, 1.5, 4.0])
        assert sigmas.tolist() == [0.0, 1.5, 4.0]
        assert sigmas.dtype == np.float32

    @pytest.mark.parametrize(
        "wrap",
        [
            make_pipeline,
            FrozenEstimator,
            lambda inner: GridSearchCV(inner, {}, cv=2),
        ],
    )
    def test_go_with_wrapped_classifiers(self, wrap):
        wrapped = wrap(RandomForestClassifier(2).fit(np.eye(6), [0, 1] * 3))
        wrapped.fit(np.eye(6), [0, 1] * 3)
        assert sigma_of_classes(wrapped, (0, 3)).tolist() == [0, 3]
        with pytest.raises(ValueError, match=r"the classes of \w+, \[0, 1\]: give sig"):
            sigma_of_classes(wrapped)

    def test_classes_may_be_names(self):
        fitted = LogisticRegression().fit([[0], [1]], ["sharp", "blurred"])
        assert sigma_of_classes(fitted, [3, 0]).tolist() == [3, 0]

    @pytest.mark.parametrize(
        ("classes", "shown"),
        [
            (np.arange(18), r"\[0, 1, 2, 3, 4, 5, \.\.\.\]"),
            (np.array([0, 2]), r"\[0, 2\]"),
            # What look like sigmas may be indices as well.
            (np.array([0.0, 2.5]), r"\[0\.0, 2\.5\]"),
            (np.array(["a", "b"]), r"\['a', 'b'\]"),
            (np.array([-1, 0]), r"\[-1, 0\]"),
            (np.array([True, False]), r"\[True, False\]"),
        ],
    )
    def test_classes_are_never_taken_for_sigmas(self, classes, shown):
        message = (
            rf"^classify_windows does not know the sigma of the classes of Holder, "
            rf"{shown}: give sigmas=\.\.\., one for each of them, in pixels and in "
            rf"this order\.$"
        )
        with pytest.raises(ValueError, match=message):
            sigma_of_classes(Holder(classes_=classes))

    @pytest.mark.parametrize(
        "bad",
        [
            *([0.0], [0.0, 1.0, 2.0], [[0.0, 1.0]], 1.0, []),
            *([0.0, -1.0], [0.0, np.nan], [0.0, np.inf], ["0", "1"], [False, True]),
        ],
    )
    def test_must_be_one_for_each_class(self, bad):
        with pytest.raises(
            ValueError,
            match=r"'sigmas' parameter of a_function must be 2 numbers from 0 up, the "
            r"sigmas in pixels of the classes of Holder, \[0, 1\]\. Got .* instead",
        ):
            sigma_of_classes(Holder(classes_=np.array([0, 1])), bad, "a_function")

    def test_need_classes(self):
        line = LinearRegression().fit(np.zeros((2, 4)), [0, 1])
        with pytest.raises(
            ValueError,
            match=r"^SlidingWindowMapper needs a classifier; LinearRegression has no c",
        ):
            sigma_of_classes(line, [0, 1], "SlidingWindowMapper")


class TestPatchSize:
    @pytest.mark.parametrize("patch_size", [16, 33, 64])
    def test_is_that_of_the_training(self, shipped, patch_size):
        gray = np.zeros((128, 128), np.float32)
        for call in (sliding_window_map, classify_windows):
            with pytest.raises(
                ValueError,
                match=rf"'patch_size' parameter of {call.__name__} must be 32, .* Got "
                rf"{patch_size}",
            ):
                call(gray, shipped, patch_size=patch_size, step=16)

    def test_is_told_by_the_number_of_features(self):
        fitted = LogisticRegression().fit(np.eye(2, 64), [0, 1])
        check_patch_size(fitted, 8, "here")
        with pytest.raises(ValueError, match="parameter of here must be 8"):
            check_patch_size(fitted, 16, "here")

    def test_any_will_do_where_it_is_not_told(self):
        check_patch_size(Holder(classes_=[1]), 48, "here")
