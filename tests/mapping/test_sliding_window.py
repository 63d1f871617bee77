from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSample, PatchBlurClassifier, SlidingWindowMapper
from skdefocus.filters import blur
from skdefocus.mapping import classify_patches as patch_levels
from skdefocus.mapping import sliding_window_map
from skdefocus.mapping.classify_patches import classify_bands, classify_windows


class OnlyPatches(ClassifierMixin, BaseEstimator):
    """The shipped network without its dense path; counts what it is asked."""

    def __init__(self):
        self.classes_ = PatchBlurClassifier.pretrained().classes_
        self.sigmas_ = PatchBlurClassifier.pretrained().sigmas_
        self.n_patches, self.largest = 0, 0

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        self.n_patches += len(X)
        self.largest = max(self.largest, len(X))
        return PatchBlurClassifier.pretrained().predict_proba(X)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


@pytest.fixture(scope="module")
def shipped():
    return PatchBlurClassifier.pretrained()


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

    @pytest.mark.parametrize("step", [4, 6, 16])
    def test_bands_and_chunks_do_not_change_the_result(
        self, photo, shipped, step, monkeypatch
    ):
        gray = (photo[..., 1] / 255).astype(np.float32)
        whole = classify_windows(gray, shipped, step=step, estimate="mean")
        monkeypatch.setattr(patch_levels, "_BAND_PIXELS", 640 * 70)
        monkeypatch.setattr(patch_levels, "_CHUNK", 50)
        banded = classify_windows(gray, shipped, step=step, estimate="mean")
        for a, b in zip(whole, banded, strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize("step", [1, 5, 16, 32])
    @pytest.mark.parametrize("dense", [True, False])
    def test_bands_do_not_change_the_map(
        self, small_photo, shipped, step, dense, monkeypatch
    ):
        image = small_photo[:75, :50] if step == 1 else small_photo
        classifier = shipped if dense else OnlyPatches()
        settings = {"step": step, "estimate": "mean", "n_threads": 1}
        whole = sliding_window_map(image, classifier, **settings)
        monkeypatch.setattr(patch_levels, "_BAND_PIXELS", image.shape[1] * 39)
        banded = sliding_window_map(image, classifier, **settings)
        for a, b in zip(whole, banded, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_patches_are_streamed(self, photo, monkeypatch):
        monkeypatch.setattr(patch_levels, "_CHUNK", 200)
        classifier = OnlyPatches()
        sliding_window_map(photo, classifier, step=16)
        assert classifier.n_patches == 26 * 39
        assert classifier.largest <= 200

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
        y = np.repeat([0, 5], 20)
        features = LogisticRegression().fit(X, y)
        settings = {"patch_size": 8, "step": 4}
        sample = SlidingWindowMapper(features, **settings).transform([texture])[0]
        assert set(np.unique(sample.blur_map)) > {0.0, 5.0}
        search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
        found = SlidingWindowMapper(search, **settings).transform([texture])[0]
        assert found.blur_map.max() <= 5

    def test_classifier_without_probabilities(self, texture):
        class Hard(ClassifierMixin, BaseEstimator):
            classes_ = np.array([0, 1, 7])

            def predict(self, X):
                return np.where(X.std(axis=1) > 0.1, 1, 7)

        blur_map, _ = sliding_window_map(texture, Hard(), step=32)
        assert set(np.unique(blur_map)) <= {1.0, 7.0}

    def test_grid_search_over_a_patch_classifier_keeps_its_ladder(self, shipped):
        class Search(BaseEstimator):
            best_estimator_ = shipped
            classes_ = shipped.classes_

        np.testing.assert_array_equal(
            patch_levels.sigma_of_classes(Search()), shipped.sigmas_
        )

    def test_wrapped_classifiers_keep_their_sigmas(self, small_photo, shipped):
        expected = SlidingWindowMapper().transform([small_photo])[0].blur_map
        for wrapped in (make_pipeline(shipped), FrozenEstimator(shipped)):
            found = SlidingWindowMapper(wrapped).transform([small_photo])[0].blur_map
            np.testing.assert_allclose(found, expected, atol=1e-4)

    def test_regressors_are_refused(self, texture):
        line = LinearRegression().fit(np.zeros((2, 1024)), [0, 1])
        with pytest.raises(ValueError, match="must be levels of blur"):
            SlidingWindowMapper(line).transform([texture])

    def test_classes_must_be_levels(self, texture):
        dummy = DummyClassifier().fit(np.zeros((2, 1024)), ["sharp", "soft"])
        with pytest.raises(ValueError, match="must be levels of blur, from 0 up"):
            SlidingWindowMapper(dummy).transform([texture])


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
        assert sliding_window_map(flat, shipped)[1].max() < 0.03

    def test_a_saturated_top_level_lowers_confidence(self):
        sigmas = np.array([0.0, 5.0, 19.0], np.float32)
        certain = np.eye(3, dtype=np.float32)
        texture = np.ones(3, np.float32)
        confidence = patch_levels._confidence(certain, sigmas, texture)
        np.testing.assert_allclose(confidence, [1, 1, 0.5], rtol=1e-5)
        spread = np.full((1, 3), 1 / 3, np.float32)
        assert patch_levels._confidence(spread, sigmas, texture[:1]) < 0.05

    def test_modes_and_means(self, photo, shipped):
        mode, _ = classify_windows(
            (photo[..., 1] / 255).astype(np.float32), shipped, estimate="mode"
        )
        assert set(np.unique(mode)) <= set(shipped.sigmas_)
        mean, _ = classify_windows(
            (photo[..., 1] / 255).astype(np.float32), shipped, estimate="mean"
        )
        assert len(np.unique(mean)) > 100

    def test_uint8_uint16_and_floats_agree(self, small_photo, shipped):
        expected = sliding_window_map(small_photo, shipped, estimate="mean")[0]
        for same in (small_photo / 255, small_photo.astype(np.uint16) * 257):
            found = sliding_window_map(same, shipped, estimate="mean")[0]
            np.testing.assert_allclose(found, expected, atol=1e-4)


class TestScale:
    def test_halves_until_1600(self, monkeypatch, shipped):
        seen = []

        def record(gray, *args, **kwargs):
            seen.append(gray.shape)
            return classify_bands(gray, *args, **kwargs)

        monkeypatch.setattr("skdefocus.mapping.sliding_window.classify_bands", record)
        image = np.random.default_rng(0).random((140, 3201)).astype(np.float32)
        sliding_window_map(image, shipped, scale="auto")
        assert max(shape[1] for shape in seen) == 800
        sliding_window_map(image[:, :1600], shipped, scale="auto")
        assert seen[-1] == (140, 1600)
        seen.clear()
        sliding_window_map(image, shipped)
        assert seen == [(140, 3201)]

    def test_a_scale_given_twice_counts_twice(self, texture, shipped):
        once = sliding_window_map(texture, shipped, scale=[0.5])
        twice = sliding_window_map(texture, shipped, scale=[0.5, 0.5])
        np.testing.assert_allclose(twice[0], once[0], atol=1e-4)

    def test_several_scales_are_weighted_by_confidence(self, texture, shipped):
        blurred = blur(texture, 3.0)
        settings = {"step": 8, "estimate": "mean"}
        factors = (2, 1.0, 0.5)
        singles = [
            sliding_window_map(blurred, shipped, scale=f, **settings) for f in factors
        ]
        fused, confidence = sliding_window_map(
            blurred, shipped, scale=factors, **settings
        )
        weights = np.array([c for _, c in singles])
        logs = np.array([np.log(m + 0.8) for m, _ in singles])
        expected = np.exp((weights * logs).sum(0) / weights.sum(0)) - 0.8
        np.testing.assert_allclose(fused, expected, atol=1e-4)
        np.testing.assert_allclose(confidence, weights.mean(0), atol=1e-5)
        assert fused.dtype == confidence.dtype == np.float32
        for blur_map, _ in singles:
            assert 2.2 < np.median(blur_map) < 4

    def test_sigma_is_multiplied_back(self, texture, shipped):
        blurred = blur(np.kron(texture, np.ones((2, 2))), 6.0)
        settings = {"step": 8, "estimate": "mean"}
        half, _ = sliding_window_map(blurred, shipped, scale=0.5, **settings)
        assert half.shape == blurred.shape
        assert np.median(half) == pytest.approx(6.0, rel=0.35)

    def test_auto_measures_beyond_the_ladder(self, photo, shipped):
        large = blur(np.kron(photo[..., 1] / 255, np.ones((2, 2))), 30.0)
        plain, _ = sliding_window_map(large, shipped, estimate="mean", scale=1.0)
        auto, _ = sliding_window_map(large, shipped, estimate="mean", scale="auto")
        assert plain.max() <= 19
        assert np.median(auto) > 19

    def test_auto_agrees_at_every_size(self, photo):
        from benchmarks.scale import shares

        means = shares(photo)[:, 3]
        assert means.max() / means.min() < 1.25


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


class TestMemory:
    def count(self, monkeypatch):
        calls = []

        def record(*args, **kwargs):
            calls.append(1)
            return sliding_window_map(*args, **kwargs)

        monkeypatch.setattr(
            "skdefocus.mapping.sliding_window.sliding_window_map", record
        )
        return calls

    def test_every_photograph_is_mapped_once(self, tmp_path, small_photo, monkeypatch):
        calls = self.count(monkeypatch)
        mapper = SlidingWindowMapper(memory=tmp_path / "cache")
        first = mapper.transform([small_photo, small_photo[:50]])
        again = clone(mapper).transform([small_photo[:50].copy(), small_photo])
        assert len(calls) == 2
        np.testing.assert_array_equal(first[0].blur_map, again[1].blur_map)
        np.testing.assert_array_equal(first[1].confidence, again[0].confidence)

    def test_content_parameters_and_network_are_the_key(
        self, tmp_path, small_photo, monkeypatch, shipped
    ):
        calls = self.count(monkeypatch)
        SlidingWindowMapper(memory=tmp_path).transform([small_photo])
        changed = small_photo.copy()
        changed[0, 0, 0] += 1
        for mapper, image in [
            (SlidingWindowMapper(memory=tmp_path), changed),
            (SlidingWindowMapper(memory=tmp_path), small_photo / 255),
            (SlidingWindowMapper(memory=tmp_path, step=8), small_photo),
            (SlidingWindowMapper(memory=tmp_path, scale=0.5), small_photo),
            (SlidingWindowMapper(memory=tmp_path, estimate="mean"), small_photo),
            (SlidingWindowMapper(OnlyPatches(), memory=tmp_path), small_photo),
        ]:
            before = len(calls)
            mapper.transform([image])
            assert len(calls) == before + 1
        other = deepcopy(shipped)
        other.sigmas_ = other.sigmas_ * 2
        before = len(calls)
        SlidingWindowMapper(other, memory=tmp_path).transform([small_photo])
        assert len(calls) == before + 1
        before = len(calls)
        SlidingWindowMapper(shipped, memory=tmp_path).transform([small_photo])
        assert len(calls) == before

    def test_files_damaged_anywhere_are_made_anew(self, tmp_path, small_photo):
        cached = SlidingWindowMapper(memory=tmp_path)
        (first,) = cached.transform([small_photo])
        (file,) = tmp_path.glob("*.npz")
        whole = bytearray(file.read_bytes())
        rng = np.random.default_rng(0)
        # Headers of the archive: its first bytes, and its directory at the end.
        places = [*range(48), *range(len(whole) - 160, len(whole))]
        for place in places:
            damaged = whole.copy()
            damaged[place] ^= int(rng.integers(1, 256))
            file.write_bytes(damaged)
            (again,) = cached.transform([small_photo])
            assert again.blur_map.shape == first.blur_map.shape

    def test_long_and_narrow_photographs_are_not_reduced_to_nothing(self):
        sharp = np.random.default_rng(2).random((40, 6600), dtype=np.float32)
        (sample,) = SlidingWindowMapper(scale="auto").transform([sharp])
        assert np.median(sample.blur_map) < 0.5

    def test_damaged_files_are_made_anew(self, tmp_path, small_photo):
        mapper = SlidingWindowMapper(memory=str(tmp_path))
        expected = mapper.transform([small_photo])[0].blur_map
        (path,) = tmp_path.iterdir()
        for damage in (b"", path.read_bytes()[:100], b"\x80\x04 a pickle"):
            path.write_bytes(damage)
            found = mapper.transform([small_photo])[0].blur_map
            np.testing.assert_array_equal(found, expected)

    def test_nothing_is_pickled(self, tmp_path, small_photo):
        SlidingWindowMapper(memory=tmp_path).transform([small_photo])
        (path,) = tmp_path.iterdir()
        with np.load(path, allow_pickle=False) as file:
            assert sorted(file) == ["blur_map", "confidence"]

    def test_concurrent_writers(self, tmp_path, small_photo):
        mapper = SlidingWindowMapper(memory=tmp_path, n_jobs=2)
        samples = mapper.transform([small_photo] * 6)
        for sample in samples[1:]:
            np.testing.assert_array_equal(sample.blur_map, samples[0].blur_map)
        assert len(list(tmp_path.iterdir())) == 1


def test_samples_are_accepted_as_photographs(small_photo):
    sample = DefocusSample(small_photo)
    found = SlidingWindowMapper().transform([sample])[0]
    expected = SlidingWindowMapper().transform([small_photo])[0]
    np.testing.assert_array_equal(found.blur_map, expected.blur_map)
