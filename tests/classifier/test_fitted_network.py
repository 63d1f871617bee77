from __future__ import annotations

import pickle
from copy import copy as shallow_copy

import joblib
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.classifier.model_file import write_model
from skdefocus.filters import blur, measure_conditions
from skdefocus.filters.conditions import clean_conditions
from skdefocus.patches import PatchSet
from tests.classifier.lazy import Lazy
from tests.classifier.networks import N_LEVELS


def test_predictions_come_from_the_probabilities(texture):
    patches = np.stack([texture[i : i + 32, i : i + 32] for i in range(0, 100, 9)])
    classifier = PatchBlurClassifier.pretrained()
    probabilities = classifier.predict_proba(patches)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    best = probabilities.argmax(axis=1)
    np.testing.assert_array_equal(classifier.predict(patches), best)
    np.testing.assert_array_equal(
        classifier.predict_sigma(patches), classifier.sigmas_[best]
    )
    np.testing.assert_allclose(
        classifier.expected_sigma(patches), probabilities @ classifier.sigmas_
    )


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("psf", ["gaussian", "disc"])
def test_measures_known_blur_of_a_photograph(texture, sigma, psf):
    blurred = blur(texture, sigma, psf)
    patches = [blurred[i : i + 32, j : j + 32] for i in (8, 60) for j in (5, 70, 140)]
    found = PatchBlurClassifier.pretrained().expected_sigma(patches)
    assert np.median(found) == pytest.approx(sigma, rel=0.35)


def test_flat_rows_uint8_and_floats_agree(texture):
    patches = np.rint(texture[:64, :32].reshape(2, 32, 32) * 255).astype(np.uint8)
    classifier = PatchBlurClassifier.pretrained()
    expected = classifier.predict_proba(patches)
    for same in (patches.reshape(2, 1024), patches / 255, (patches / 255).tolist()):
        np.testing.assert_allclose(classifier.predict_proba(same), expected, atol=1e-6)


def test_whole_image_equals_its_patches(texture):
    classifier = PatchBlurClassifier.pretrained()
    dense = classifier.predict_proba_image(texture[:70, :90])
    assert dense.shape == ((70 - 32) // 4 + 1, (90 - 32) // 4 + 1, 18)
    patches = np.lib.stride_tricks.sliding_window_view(texture[:70, :90], (32, 32))
    patches = patches[::4, ::4]
    expected = classifier.predict_proba(patches.reshape(-1, 1024))
    np.testing.assert_allclose(dense.reshape(-1, 18), expected, atol=1e-5)


def test_threads_do_not_change_the_result(texture, monkeypatch):
    classifier = PatchBlurClassifier.pretrained()
    one = classifier.predict_proba_image(texture, n_threads=1)
    np.testing.assert_array_equal(
        one, classifier.predict_proba_image(texture, n_threads=2)
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    np.testing.assert_array_equal(one, classifier.predict_proba_image(texture))


@pytest.mark.parametrize(
    "gray", [np.zeros((31, 40)), np.zeros((40, 40, 3)), np.zeros(40)]
)
def test_whole_images_must_be_gray_and_large_enough(gray):
    with pytest.raises(ValueError, match="gray must have shape"):
        PatchBlurClassifier.pretrained().predict_proba_image(gray)


def test_a_network_for_single_patches_does_not_slide(
    patch_set, make_classifier, tmp_path
):
    X, y = patch_set[0][:60], patch_set[1][:60]
    classifier = make_classifier(epochs=1)
    assert hasattr(classifier, "predict_proba_image")
    classifier.set_params(architecture="shufflenet_v2").fit(X, y)
    assert classifier.dense_stride_ is None
    assert not hasattr(classifier, "predict_proba_image")
    assert not hasattr(FrozenEstimator(classifier), "predict_proba_image")
    with pytest.raises(AttributeError, match="no attribute 'pred") as raised:
        classifier.predict_proba_image(X[0])
    assert "'shufflenet_v2' judges single patches only" in str(raised.value.__cause__)
    classifier.save(tmp_path / "model.zip", dtype="float16")
    loaded = PatchBlurClassifier.load(tmp_path / "model.zip")
    assert loaded.dense_stride_ is None
    np.testing.assert_allclose(
        loaded.predict_proba(X), classifier.predict_proba(X), atol=0.05
    )


def test_pickle_and_joblib_copy_the_network(trained, patch_set, tmp_path):
    expected = trained.predict_proba(patch_set[0])
    joblib.dump(trained, tmp_path / "c.joblib")
    for copy in (
        pickle.loads(pickle.dumps(trained)),
        joblib.load(tmp_path / "c.joblib"),
    ):
        np.testing.assert_array_equal(copy.predict_proba(patch_set[0]), expected)


@pytest.mark.slow
def test_works_in_workers(trained, patch_set):
    parts = joblib.Parallel(n_jobs=2)(
        joblib.delayed(trained.predict_proba)(patch_set[0][i::2]) for i in (0, 1)
    )
    for i in (0, 1):
        np.testing.assert_array_equal(
            parts[i], trained.predict_proba(patch_set[0][i::2])
        )


def test_what_is_saved_is_loaded_again(trained, patch_set, tmp_path):
    trained.save(tmp_path / "model.zip")
    loaded = PatchBlurClassifier.load(tmp_path / "model.zip")
    np.testing.assert_array_equal(
        loaded.predict_proba(patch_set[0]), trained.predict_proba(patch_set[0])
    )
    assert loaded.sigmas_.tolist() == trained.sigmas_.tolist()
    assert loaded.card_["training"] == trained.card_["training"]
    assert tuple(loaded.ladder) == trained.ladder
    trained.save(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (
        tmp_path / "model.zip"
    ).read_bytes()


def test_saves_in_half_the_precision(trained, tmp_path):
    trained.save(tmp_path / "half.zip", dtype="float16")
    trained.save(tmp_path / "full.zip")
    half, full = ((tmp_path / name).stat().st_size for name in ("half.zip", "full.zip"))
    assert half < 0.6 * full
    with pytest.raises(ValueError, match="dtype must be one of float32, float16"):
        trained.save(tmp_path / "x.zip", dtype="int8")


def test_a_reliability_of_one_s_own_is_saved(trained, tmp_path):
    classifier = shallow_copy(trained)
    classifier.reliability_ = np.array([0.0, 1.0, 0.25, 0.0])
    classifier.save(tmp_path / "m.zip")
    found = PatchBlurClassifier.load(tmp_path / "m.zip").reliability_
    np.testing.assert_array_equal(found, classifier.reliability_)
    assert trained.reliability_ is None


def test_unfitted_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError):
        PatchBlurClassifier().save(tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def knowing(exported, tmp_path_factory):
    """A classifier whose network takes conditions, and has learned nothing."""
    path = tmp_path_factory.mktemp("model") / "m.zip"
    card = {
        **{"architecture": "blurnet_small", "patch_size": 32, "stride": 4},
        **{"takes_conditions": True, "classes": list(range(N_LEVELS))},
        "ladder": [level / 2 for level in range(N_LEVELS)],
    }
    write_model(path, exported("blurnet_small"), card)
    return PatchBlurClassifier.load(path)


class TestConditions:
    def test_all_predictions_know_them(self, knowing, noise, told):
        expected = knowing.network_.run_patches(noise, conditions=told)
        assert np.abs(expected - knowing.predict_proba(noise)).max() > 0.01
        best = expected.argmax(axis=1)
        for conditions in (told, told.astype(np.float64), told.tolist()):
            found = knowing.predict_proba(noise, conditions)
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(knowing.predict(noise, conditions), best)
            np.testing.assert_array_equal(
                knowing.predict_sigma(noise, conditions), knowing.sigmas_[best]
            )
            np.testing.assert_array_equal(
                knowing.expected_sigma(noise, conditions), expected @ knowing.sigmas_
            )

    def test_go_with_their_patches_a_chunk_at_a_time(self, knowing, noise, told):
        X, conditions = np.tile(noise, (70, 1, 1)), np.tile(told, (70, 1))
        conditions[1030:] *= np.float32(1.5)
        lazy = Lazy(X)
        found = knowing.predict_proba(lazy, conditions)
        assert max(lazy.sizes) == 1024 < len(X)
        np.testing.assert_allclose(
            found, knowing.network_.run_patches(X, conditions=conditions), atol=1e-5
        )

    def test_are_those_of_a_clean_photograph_by_default(self, knowing, noise, texture):
        clean = clean_conditions(32)
        np.testing.assert_array_equal(
            knowing.predict_proba(noise), knowing.predict_proba(noise, clean)
        )
        np.testing.assert_array_equal(
            knowing.predict_proba_image(texture),
            knowing.predict_proba_image(texture, conditions=clean[0]),
        )

    def test_whole_image_equals_its_patches(self, knowing, told, texture):
        image = texture[:70, :90]
        for conditions in (told[0], measure_conditions(image)):
            dense = knowing.predict_proba_image(image, conditions=conditions)
            patches = np.lib.stride_tricks.sliding_window_view(image, (32, 32))
            patches = patches[::4, ::4].reshape(-1, 32, 32)
            expected = knowing.predict_proba(
                patches, np.tile(conditions, (len(patches), 1))
            )
            np.testing.assert_allclose(dense.reshape(-1, N_LEVELS), expected, atol=1e-5)

    @pytest.mark.parametrize("factor", [1 / 2, 1 / 8])
    def test_less_contrast_changes_nothing(self, knowing, texture, factor):
        for gray in (texture, np.float32(0.2 + 0.5 * texture)):
            expected = knowing.predict_proba_image(
                gray, conditions=measure_conditions(gray)
            )
            low = factor * gray + np.float32(0.125)
            found = knowing.predict_proba_image(low, conditions=measure_conditions(low))
            np.testing.assert_allclose(found, expected, atol=2e-3)

    def test_are_refused_where_they_do_not_fit(self, knowing, noise, told, texture):
        for predict in (
            *(knowing.predict_proba, knowing.predict, knowing.predict_sigma),
            knowing.expected_sigma,
        ):
            with pytest.raises(ValueError, match=r"^conditions must be floats of shap"):
                predict(noise, told[:5])
            with pytest.raises(ValueError, match=r"^conditions must be finite and"):
                predict(noise, -told)
        image = {"gray": texture}
        for conditions, message in (
            (told[:2], r"conditions must be floats of shape \(1, 4\)"),
            (told[0, :3], r"conditions must be floats of shape \(1, 4\)"),
            (0 * told[0], "noise and span in conditions must be above 0"),
            (np.full(4, np.nan), "conditions must be finite"),
        ):
            with pytest.raises(ValueError, match=message):
                knowing.predict_proba_image(**image, conditions=conditions)

    def test_networks_that_take_none_leave_them_alone(
        self, exported, noise, told, tmp_path
    ):
        card = {
            **{"architecture": "shufflenet_v2", "patch_size": 32, "stride": None},
            **{"classes": list(range(N_LEVELS)), "takes_conditions": False},
            "ladder": list(range(N_LEVELS)),
        }
        write_model(tmp_path / "m.zip", exported("shufflenet_v2"), card)
        classifier = PatchBlurClassifier.load(tmp_path / "m.zip")
        np.testing.assert_array_equal(
            classifier.predict_proba(noise, told), classifier.predict_proba(noise)
        )
        # But they are looked at.
        with pytest.raises(ValueError, match="conditions must be floats of shape"):
            classifier.predict_proba(noise, told[:3])

    def test_copies_know_them(self, knowing, noise, told):
        copy = pickle.loads(pickle.dumps(knowing))
        np.testing.assert_array_equal(
            copy.predict_proba(noise, told), knowing.predict_proba(noise, told)
        )


def test_a_network_that_learned_without_conditions_is_told_none(make_classifier, small):
    X, y, groups = small
    told = np.tile(np.float32([0.03, 0.02, 0.0, 0.8]), (len(X), 1))
    few = {"architecture": "blurnet_small", "epochs": 1}
    knows, knows_not = (make_classifier(**few) for _ in range(2))
    knows.fit(PatchSet(X, y, groups, knows.ladder, told))
    knows_not.fit(X, y)
    assert knows.takes_conditions_
    assert not knows_not.takes_conditions_
    # What a mapper asks of it is the answer for a clean photograph.
    gray = X[0] / np.float32(255)
    gray = np.tile(gray, (2, 2))
    noisy = gray + np.random.default_rng(0).normal(0, 0.05, gray.shape)
    noisy = np.clip(noisy, 0, 1).astype(np.float32)
    (found,) = SlidingWindowMapper(knows_not).transform([noisy])
    (expected,) = SlidingWindowMapper(make_pipeline(knows_not)).transform([noisy])
    np.testing.assert_allclose(found.blur_map, expected.blur_map, atol=1e-4)


def test_nothing_is_known_of_answers_that_nobody_has_judged(knowing, trained):
    assert knowing.reliability_ is None
    assert trained.reliability_ is None
