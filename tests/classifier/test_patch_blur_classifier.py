from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from skdefocus import PatchBlurClassifier
from skdefocus.filters import blur


class TestPretrained:
    def test_levels_sigmas_and_card(self):
        classifier = PatchBlurClassifier.pretrained()
        assert classifier.classes_.tolist() == list(range(18))
        assert classifier.sigmas_[0] == 0
        assert classifier.sigmas_[-1] == 19
        assert classifier.n_features_in_ == 1024
        assert classifier.card_["holdout"]["photographs"] > 10
        assert "Urban100" in classifier.card_["data"]

    def test_probabilities(self, texture):
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
    def test_measures_known_blur_of_a_photograph(self, texture, sigma, psf):
        blurred = blur(texture, sigma, psf)
        patches = [
            blurred[i : i + 32, j : j + 32] for i in (8, 60) for j in (5, 70, 140)
        ]
        found = PatchBlurClassifier.pretrained().expected_sigma(patches)
        assert np.median(found) == pytest.approx(sigma, rel=0.35)

    def test_flat_rows_uint8_and_floats_agree(self, texture):
        patches = np.rint(texture[:64, :32].reshape(2, 32, 32) * 255).astype(np.uint8)
        classifier = PatchBlurClassifier.pretrained()
        expected = classifier.predict_proba(patches)
        for same in (patches.reshape(2, 1024), patches / 255, (patches / 255).tolist()):
            np.testing.assert_allclose(
                classifier.predict_proba(same), expected, atol=1e-6
            )

    def test_whole_image_equals_its_patches(self, texture):
        classifier = PatchBlurClassifier.pretrained()
        dense = classifier.predict_proba_image(texture[:70, :90])
        assert dense.shape == ((70 - 32) // 4 + 1, (90 - 32) // 4 + 1, 18)
        patches = np.lib.stride_tricks.sliding_window_view(texture[:70, :90], (32, 32))
        patches = patches[::4, ::4]
        expected = classifier.predict_proba(patches.reshape(-1, 1024))
        np.testing.assert_allclose(dense.reshape(-1, 18), expected, atol=1e-5)

    def test_threads_do_not_change_the_result(self, texture, monkeypatch):
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
    def test_whole_images_must_be_gray_and_large_enough(self, gray):
        with pytest.raises(ValueError, match="gray must have shape"):
            PatchBlurClassifier.pretrained().predict_proba_image(gray)

    def test_cards_are_the_caller_s_own(self):
        PatchBlurClassifier.pretrained().card_["data"] = "overwritten"
        assert PatchBlurClassifier.pretrained().card_["data"] != "overwritten"

    def test_unknown_name(self):
        with pytest.raises(ValueError, match="no network named 'best' ships"):
            PatchBlurClassifier.pretrained("best")


class TestTraining:
    def test_learns(self, trained, patch_set):
        assert trained.score(*patch_set) > 0.8
        assert trained.classes_.tolist() == [0, 1, 2]
        assert trained.sigmas_.tolist() == [0.0, 1.0, 4.0]
        assert len(trained.history_["loss"]) == 6
        assert trained.history_["loss"][-1] < trained.history_["loss"][0]
        assert trained.card_["training"]["n_patches"] == len(patch_set[0])
        assert "keras" in trained.card_["versions"]

    def test_is_repeatable_and_leaves_the_generators_alone(
        self, patch_set, make_classifier
    ):
        np.random.seed(123)  # noqa: NPY002
        expected = np.random.random()  # noqa: NPY002
        np.random.seed(123)  # noqa: NPY002
        networks = []
        X, y = patch_set
        for data in ((X, y), (X.reshape(-1, 1024), y[:, np.newaxis])):
            classifier = make_classifier(epochs=1).fit(*data)
            networks.append(classifier.network_.onnx)
        assert np.random.random() == expected  # noqa: NPY002
        assert networks[0] == networks[1]

    def test_another_seed_gives_another_network(self, patch_set, make_classifier):
        X, y = patch_set[0][:64], patch_set[1][:64]
        one = make_classifier(epochs=1, random_state=1).fit(X, y)
        two = make_classifier(epochs=1, random_state=2, schedule="one_cycle").fit(X, y)
        assert one.network_.sha256 != two.network_.sha256

    def test_levels_left_out_are_not_predicted(self, patch_set, make_classifier):
        X, y = patch_set
        keep = y != 1
        classifier = make_classifier(epochs=1).fit(X[keep], y[keep].astype(float))
        assert classifier.classes_.tolist() == [0, 2]
        assert classifier.sigmas_.tolist() == [0.0, 4.0]
        assert classifier.predict_proba(X).shape == (len(X), 2)
        assert set(classifier.predict(X)) <= {0, 2}

    def test_grid_search(self, patch_set, make_classifier, tmp_path):
        search = GridSearchCV(
            make_classifier(),
            {"learning_rate": np.array([1e-3, 1e-6]), "epochs": np.array([1])},
            cv=2,
        )
        search.fit(patch_set[0][:120], patch_set[1][:120])
        search.best_estimator_.save(tmp_path / "best.zip")
        assert search.best_params_["learning_rate"] == 1e-3
        assert search.predict(patch_set[0][:3]).shape == (3,)

    def test_grid_search_over_architectures(self, patch_set, make_classifier):
        X, y = patch_set[0][:60], patch_set[1][:60]
        search = GridSearchCV(
            make_classifier(epochs=1),
            {"architecture": ["blurnet", "shufflenet_v2"]},
            cv=2,
            refit=False,
        ).fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_a_network_for_single_patches(self, patch_set, make_classifier, tmp_path):
        X, y = patch_set[0][:60], patch_set[1][:60]
        classifier = make_classifier(epochs=1)
        assert hasattr(classifier, "predict_proba_image")
        classifier.set_params(architecture="shufflenet_v2").fit(X, y)
        assert classifier.dense_stride_ is None
        assert not hasattr(classifier, "predict_proba_image")
        assert not hasattr(FrozenEstimator(classifier), "predict_proba_image")
        with pytest.raises(AttributeError, match="no attribute 'pred") as raised:
            classifier.predict_proba_image(X[0])
        assert "'shufflenet_v2' judges single patches only" in str(
            raised.value.__cause__
        )
        classifier.save(tmp_path / "model.zip", dtype="float16")
        loaded = PatchBlurClassifier.load(tmp_path / "model.zip")
        assert loaded.dense_stride_ is None
        np.testing.assert_allclose(
            loaded.predict_proba(X), classifier.predict_proba(X), atol=0.05
        )

    def test_says_what_is_missing_without_the_extra(
        self, patch_set, make_classifier, monkeypatch
    ):
        import sys

        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(ImportError, match=r"pip install 'skdefocus\[train\]'"):
            make_classifier().fit(*patch_set)

    def test_refuses_another_backend(self, patch_set, make_classifier, monkeypatch):
        import keras

        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
        with pytest.raises(ImportError, match="training needs Keras on torch"):
            make_classifier().fit(*patch_set)


class TestCopies:
    def test_clone_is_unfitted_and_a_frozen_one_is_not(self, trained, patch_set):
        copy = clone(trained)
        assert copy.get_params() == trained.get_params()
        with pytest.raises(NotFittedError, match="not fitted yet"):
            copy.predict(patch_set[0])
        frozen = clone(FrozenEstimator(trained))
        np.testing.assert_array_equal(
            frozen.predict(patch_set[0]), trained.predict(patch_set[0])
        )
        assert frozen.dense_stride_ == 4

    def test_pickle_and_joblib(self, trained, patch_set, tmp_path):
        expected = trained.predict_proba(patch_set[0])
        joblib.dump(trained, tmp_path / "c.joblib")
        for copy in (
            pickle.loads(pickle.dumps(trained)),
            joblib.load(tmp_path / "c.joblib"),
        ):
            np.testing.assert_array_equal(copy.predict_proba(patch_set[0]), expected)

    def test_works_in_workers(self, trained, patch_set):
        parts = joblib.Parallel(n_jobs=2)(
            joblib.delayed(trained.predict_proba)(patch_set[0][i::2]) for i in (0, 1)
        )
        for i in (0, 1):
            np.testing.assert_array_equal(
                parts[i], trained.predict_proba(patch_set[0][i::2])
            )

    def test_save_and_load(self, trained, patch_set, tmp_path):
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

    def test_save_in_another_precision(self, trained, tmp_path):
        trained.save(tmp_path / "half.zip", dtype="float16")
        trained.save(tmp_path / "full.zip")
        half, full = (
            (tmp_path / name).stat().st_size for name in ("half.zip", "full.zip")
        )
        assert half < 0.6 * full
        with pytest.raises(ValueError, match="dtype must be one of float32, float16"):
            trained.save(tmp_path / "x.zip", dtype="int8")

    def test_unfitted_is_not_saved(self, tmp_path):
        with pytest.raises(NotFittedError):
            PatchBlurClassifier().save(tmp_path / "x.zip")
        assert list(tmp_path.iterdir()) == []


class TestRefusals:
    X = np.zeros((4, 32, 32))
    y = np.array([0, 1, 0, 1])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"architecture": "resnet"},
                "'architecture' parameter of PatchBlurClassifier",
            ),
            ({"epochs": 0}, "'epochs' parameter"),
            ({"batch_size": 2.5}, "'batch_size' parameter"),
            ({"learning_rate": 0.0}, "'learning_rate' parameter"),
            ({"schedule": "linear"}, "'schedule' parameter"),
            ({"ladder": (1.0,)}, "'ladder' parameter .* 2 or more sigmas"),
            ({"ladder": (0, 2, 1)}, "ascending from 0 or more"),
            ({"ladder": (-1, 2)}, "ascending from 0 or more"),
            ({"ladder": "abc"}, "'ladder' parameter"),
        ],
    )
    def test_parameters(self, changes, message):
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier(**changes).fit(self.X, self.y)

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (np.zeros((4, 31, 32)), r"X must have shape \(n, 32, 32\) or \(n, 1024\)"),
            (np.zeros((4, 1000)), r"got shape \(4, 1000\)"),
            (np.zeros((0, 1024)), "at least one patch"),
            (np.full((4, 1024), 2.0), r"float in \[0, 1\]"),
            (np.full((4, 1024), -1.0), r"float in \[0, 1\]"),
            (np.full((4, 1024), np.nan), "NaN or infinity"),
            (np.zeros((4, 1024), dtype=np.int64), "got dtype int64"),
            (np.zeros((4, 1024), dtype=complex), "got dtype complex128"),
        ],
    )
    def test_patches(self, X, message):
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier().fit(X, self.y)
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier.pretrained().predict(X)

    def test_sparse_patches(self):
        from scipy import sparse

        with pytest.raises(TypeError, match="dense arrays only"):
            PatchBlurClassifier().fit(sparse.csr_array(np.zeros((4, 1024))), self.y)

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([0.0, 1.5, 0.5, 1.0], "got 1.5: sigmas in pixels belong in 'ladder'"),
            (["a", "b", "a", "b"], "must hold integer levels"),
            ([0, 1, 0], "one level for each of the 4 patches"),
            ([0, 1, 0, 20], "levels from 0 to 19"),
            ([0, 1, 0, -1], "levels from 0 to 19"),
            ([3, 3, 3, 3], "got one class, 3"),
            (None, "needs the level of each patch as y"),
        ],
    )
    def test_levels(self, y, message):
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier().fit(self.X, y)
