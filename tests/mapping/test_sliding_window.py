from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSample, PatchBlurClassifier, SlidingWindowMapper
from skdefocus._shared.gray_rows import GrayRows
from skdefocus.filters import blur, measure_conditions
from skdefocus.mapping import sliding_window_map
from skdefocus.mapping.sliding_window import _measure
from skdefocus.patches import make_blur_patches
from tests.mapping.only_patches import OnlyPatches


class TestPaths:
    @pytest.mark.parametrize("step", [1, 3, 4, 6, 8, 16, 31, 32])
    @pytest.mark.parametrize("estimate", ["mode", "mean"])
    def test_dense_and_patch_path_give_the_same_numbers(
        self, small_photo, shipped, step, estimate
    ):
        image = small_photo[:45, :70] if step < 4 else small_photo[:, :111]
        settings = {"step": step, "estimate": estimate}
        dense = sliding_window_map(image, shipped, **settings)
        patches = sliding_window_map(image, OnlyPatches(), **settings)
        for a, b in zip(dense, patches, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)

    @pytest.mark.parametrize("step", [1, 5, 16, 32])
    @pytest.mark.parametrize("dense", [True, False])
    def test_bands_do_not_change_the_map(self, small_photo, shipped, step, dense):
        image = small_photo[:75, :50] if step == 1 else small_photo
        classifier = shipped if dense else OnlyPatches()
        settings = {"step": step, "estimate": "mean", "n_threads": 1}
        whole = sliding_window_map(image, classifier, **settings)
        band = image.shape[1] * 39
        rows = GrayRows(image)
        conditions = measure_conditions(rows, rows.rounding)
        banded = _measure(
            rows,
            classifier,
            32,
            step,
            "mean",
            1,
            conditions=conditions,
            band_pixels=band,
        )
        for a, b in zip(whole, banded, strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize(
        "shape", [(1, 1), (1, 40), (5, 3), (31, 33), (32, 32), (33, 31), (100, 64)]
    )
    @pytest.mark.parametrize("step", [1, 7, 16, 32])
    def test_every_pixel_of_every_size_is_covered(self, shipped, shape, step):
        image = np.random.default_rng(0).random(shape)
        for scale in (1.0, "auto"):
            blur_map, confidence = sliding_window_map(
                image, shipped, step=step, scale=scale
            )
            assert blur_map.shape == confidence.shape == shape
            assert np.isfinite(blur_map).all()
            assert blur_map.min() >= 0
            assert 0 <= confidence.min() <= confidence.max() <= 1

    def test_any_scikit_learn_classifier(self, texture):
        rng = np.random.default_rng(0)
        X = rng.random((40, 64)).astype(np.float32)
        X[20:] = 0.5 + (X[20:] - 0.5) * 0.05
        y = np.repeat([0, 1], 20)
        features = LogisticRegression().fit(X, y)
        settings = {"patch_size": 8, "step": 4, "sigmas": (0, 5)}
        sample = SlidingWindowMapper(features, **settings).transform([texture])[0]
        assert set(np.unique(sample.blur_map)) > {0.0, 5.0}
        search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
        found = SlidingWindowMapper(search, **settings).transform([texture])[0]
        assert found.blur_map.max() <= 5

    def test_classifier_without_probabilities(self, texture):
        class Hard(ClassifierMixin, BaseEstimator):
            classes_ = np.array([0, 1, 2])

            def predict(self, X):
                return np.where(X.std(axis=1) > 0.1, 1, 2)

        blur_map, _ = sliding_window_map(texture, Hard(), sigmas=[0, 1, 7], step=32)
        assert set(np.unique(blur_map)) <= {1.0, 7.0}

    def test_wrapped_classifiers_keep_their_sigmas(self, small_photo, shipped):
        expected = SlidingWindowMapper().transform([small_photo])[0].blur_map
        frozen, pipeline = FrozenEstimator(shipped), make_pipeline(shipped)
        found = SlidingWindowMapper(frozen).transform([small_photo])[0].blur_map
        np.testing.assert_allclose(found, expected, atol=1e-4)
        # A pipeline hands patches on, and not their conditions.
        found = SlidingWindowMapper(pipeline).transform([small_photo])[0].blur_map
        assert np.median(np.abs(found - expected)) < 0.5

    def test_regressors_are_refused(self, texture):
        line = LinearRegression().fit(np.zeros((2, 1024)), [0, 1])
        with pytest.raises(ValueError, match="LinearRegression has no classes_"):
            SlidingWindowMapper(line).transform([texture])

    def test_classes_must_be_given_sigmas(self, texture):
        dummy = DummyClassifier().fit(np.zeros((2, 1024)), ["sharp", "soft"])
        with pytest.raises(
            ValueError,
            match=r"^Slid.* does not know .*\['sharp', 'soft'\]: give sig",
        ):
            SlidingWindowMapper(dummy).transform([texture])
        mapper = SlidingWindowMapper(dummy, sigmas=[0.5, 3])
        assert np.unique(mapper.transform([texture])[0].blur_map).tolist() == [0.5]


@pytest.fixture(scope="module")
def patches(texture):
    # Levels 0 and 1 stand for other sigmas than 0 and 1.
    settings = {"n_patches": 240, "psf": "gaussian", "augment": False}
    return make_blur_patches([texture], (0.5, 6.0), **settings)


@pytest.fixture(scope="module")
def forest(patches):
    X, y, _ = patches
    forest = RandomForestClassifier(20, random_state=0)
    return forest.fit(X.reshape(len(X), -1) / 255, y)


class TestSigmas:
    def test_a_forest_answers_the_sigmas_of_the_patches(self, texture, patches, forest):
        sigmas = np.take(patches.ladder, forest.classes_)
        mapper = SlidingWindowMapper(forest, sigmas=sigmas, step=32)
        photographs = [blur(texture, sigma) for sigma in patches.ladder]
        for sample, sigma in zip(
            mapper.transform(photographs), patches.ladder, strict=True
        ):
            assert set(np.unique(sample.blur_map)) <= {0.5, 6.0}
            assert np.median(sample.blur_map) == sigma
            # Nobody has measured how often a forest is right.
            assert sample.confidence_kind == "weight"
        assert isinstance(mapper.fit(photographs), SlidingWindowMapper)

    @pytest.mark.parametrize(
        ("sigmas", "message"),
        [
            (
                None,
                r"^SlidingWindowMapper does not know the sigma of the classes of "
                r"RandomForestClassifier, \[0, 1\]: give sigmas=\.\.\., one for each "
                r"of them, in pixels and in this order\.$",
            ),
            (
                (0.5, 1.0, 6.0),
                r"^The 'sigmas' parameter of SlidingWindowMapper must be 2 numbers "
                r"from 0 up, the sigmas in pixels of the classes of "
                r"RandomForestClassifier, \[0, 1\]\. Got \(0\.5, 1\.0, 6\.0\) inst",
            ),
            ("ab", "'sigmas' parameter of SlidingWindowMapper must be an array-like"),
        ],
    )
    def test_a_forest_without_the_right_sigmas_is_refused(
        self, texture, forest, sigmas, message
    ):
        mapper = SlidingWindowMapper(forest, sigmas=sigmas)
        with pytest.raises(ValueError, match=message):
            mapper.fit([texture])
        with pytest.raises(ValueError, match=message):
            mapper.transform([texture])

    def test_the_function_refuses_the_same(self, texture, forest, shipped):
        with pytest.raises(
            ValueError, match=r"^sliding_window_map does not know the s"
        ):
            sliding_window_map(texture, forest)
        with pytest.raises(
            ValueError, match=r"sigmas' .* sliding_window_map must be 2"
        ):
            sliding_window_map(texture, forest, sigmas=[1])
        with pytest.raises(
            ValueError, match=r"sigmas' .* sliding_window_map must be No"
        ):
            sliding_window_map(texture, shipped, sigmas=[1])
        given_ = sliding_window_map(texture, forest, sigmas=[0.5, 6.0], scale=(1, 0.5))
        mapper = SlidingWindowMapper(forest, sigmas=[0.5, 6.0], scale=(1, 0.5))
        np.testing.assert_array_equal(
            given_[0], mapper.transform([texture])[0].blur_map
        )

    def test_networks_have_their_own(self, texture, shipped):
        for classifier in ("default", "fast", shipped, FrozenEstimator(shipped)):
            mapper = SlidingWindowMapper(classifier, sigmas=np.arange(18))
            with pytest.raises(
                ValueError, match=r"must be None, as \w+ has its own sig"
            ):
                mapper.fit([texture])
            with pytest.raises(
                ValueError, match=r"must be None, as \w+ has its own sig"
            ):
                mapper.transform([texture])

    def test_copies_keep_them(self, texture, forest):
        mapper = SlidingWindowMapper(FrozenEstimator(forest), sigmas=[0.5, 6.0])
        expected = mapper.transform([texture])[0].blur_map
        for copy in (clone(mapper), pickle.loads(pickle.dumps(mapper))):
            assert copy.get_params()["sigmas"] == [0.5, 6.0]
            np.testing.assert_array_equal(
                copy.transform([texture])[0].blur_map, expected
            )


class TestMap:
    @pytest.mark.parametrize("psf", ["gaussian", "disc"])
    @pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
    def test_measures_known_blur(self, texture, shipped, sigma, psf):
        blur_map, _ = sliding_window_map(
            blur(texture, sigma, psf), shipped, step=8, estimate="mean"
        )
        assert np.median(blur_map) == pytest.approx(sigma, rel=0.3)

    def test_tells_the_flower_from_its_background(self, photo):
        sample = SlidingWindowMapper().transform([photo])[0]
        assert sample.unit == "px"
        assert sample.image is photo
        assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
        assert sample.blur_map[200:260, 300:360].max() < 1
        assert sample.blur_map[:100, :150].min() > 3

    def test_confidence_is_absolute_and_low_where_it_is_flat(self, photo, shipped):
        _, confidence = sliding_window_map(photo, shipped)
        assert confidence[230, 320] > 0.2
        flat = np.full((64, 64), 0.5)
        assert sliding_window_map(flat, shipped)[1].max() == 0

    def test_confidence_falls_beside_a_border(self, texture, shipped):
        # Windows that hold both sides read as the sharp one, sure of it.
        sides = np.hstack([texture, blur(texture, 4.0)])
        _, confidence = sliding_window_map(sides, shipped, step=4, estimate="mean")
        columns = np.median(confidence, axis=0)
        inside = min(columns[60:130].min(), columns[260:330].min())
        assert columns[186:210].max() < 0.75 * inside

    def test_uint8_uint16_and_floats_agree(self, small_photo, shipped):
        expected = sliding_window_map(small_photo, shipped, estimate="mean")[0]
        for same in (small_photo / 255, small_photo.astype(np.uint16) * 257):
            found = sliding_window_map(same, shipped, estimate="mean")[0]
            np.testing.assert_allclose(found, expected, atol=1e-4)


class TestParameters:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"step": 0}, "'step' parameter of SlidingWindowMapper must be an int"),
            ({"step": 33}, r"must be at most 'patch_size' \(32\), or pixels are left"),
            ({"step": 2.0}, "'step' parameter"),
            ({"patch_size": 0}, "'patch_size' parameter"),
            ({"patch_size": 16}, "must be 32, as in the classifier's training"),
            ({"estimate": "median"}, "'estimate' parameter"),
            ({"scale": 0.0}, "'scale' parameter"),
            ({"scale": "half"}, "'scale' parameter"),
            ({"scale": ()}, "a list of such factors"),
            ({"scale": [1.0, -1.0]}, "a list of such factors"),
            ({"scale": (1.0, "auto")}, "a list of such factors"),
            ({"classifier": "best"}, "'classifier' parameter"),
            ({"classifier": 5}, "'classifier' parameter"),
            ({"memory": 5}, "'memory' parameter"),
        ],
    )
    def test_refused(self, photo, changes, message):
        with pytest.raises(ValueError, match=message):
            SlidingWindowMapper(**changes).transform([photo])
        with pytest.raises(ValueError, match=message):
            SlidingWindowMapper(**changes).fit([photo])

    def test_unfitted_classifier_says_what_to_do(self, photo):
        with pytest.raises(
            NotFittedError, match="the mapper never trains: fit it first"
        ):
            SlidingWindowMapper(PatchBlurClassifier()).transform([photo])

    def test_frozen_classifier_survives_clone(self, small_photo, shipped):
        mapper = clone(SlidingWindowMapper(FrozenEstimator(shipped)))
        expected = SlidingWindowMapper().transform([small_photo])[0]
        found = mapper.transform([small_photo])[0]
        np.testing.assert_array_equal(found.blur_map, expected.blur_map)
        with pytest.raises(NotFittedError, match="FrozenEstimator"):
            clone(SlidingWindowMapper(shipped)).transform([small_photo])

    def test_bad_photographs_are_named(self, small_photo):
        with pytest.raises(ValueError, match=r"X\[1\] must be float in \[0, 1\]"):
            SlidingWindowMapper().transform([small_photo, small_photo * 1.0])


def test_samples_are_accepted_as_photographs(small_photo):
    sample = DefocusSample(small_photo)
    found = SlidingWindowMapper().transform([sample])[0]
    expected = SlidingWindowMapper().transform([small_photo])[0]
    np.testing.assert_array_equal(found.blur_map, expected.blur_map)
