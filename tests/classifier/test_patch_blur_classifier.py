from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from skdefocus import PatchBlurClassifier
from tests.classifier.lazy import Lazy


def test_training_learns(trained, patch_set):
    assert trained.score(*patch_set) > 0.8
    assert trained.classes_.tolist() == [0, 1, 2]
    assert trained.sigmas_.tolist() == [0.0, 1.0, 4.0]
    assert len(trained.history_["loss"]) == 6
    assert trained.history_["loss"][-1] < trained.history_["loss"][0]
    assert trained.card_["training"]["n_patches"] == len(patch_set[0])
    assert "keras" in trained.card_["versions"]


def test_another_seed_gives_another_network(patch_set, make_classifier):
    X, y = patch_set[0][:64], patch_set[1][:64]
    one = make_classifier(epochs=1, random_state=1).fit(X, y)
    two = make_classifier(epochs=1, random_state=2, schedule="one_cycle").fit(X, y)
    assert one.network_.sha256 != two.network_.sha256


def test_levels_left_out_are_not_predicted(patch_set, make_classifier):
    X, y = patch_set
    keep = y != 1
    classifier = make_classifier(epochs=1).fit(X[keep], y[keep].astype(float))
    assert classifier.classes_.tolist() == [0, 2]
    assert classifier.sigmas_.tolist() == [0.0, 4.0]
    assert classifier.predict_proba(X).shape == (len(X), 2)
    assert set(classifier.predict(X)) <= {0, 2}


def test_a_search_finds_the_rate_that_learns(patch_set, make_classifier, tmp_path):
    search = GridSearchCV(
        make_classifier(),
        {"learning_rate": np.array([1e-3, 1e-6]), "epochs": np.array([1])},
        cv=2,
    )
    search.fit(patch_set[0][:120], patch_set[1][:120])
    search.best_estimator_.save(tmp_path / "best.zip")
    assert search.best_params_["learning_rate"] == 1e-3
    assert search.predict(patch_set[0][:3]).shape == (3,)


def test_a_search_goes_over_architectures(patch_set, make_classifier):
    X, y = patch_set[0][:60], patch_set[1][:60]
    search = GridSearchCV(
        make_classifier(epochs=1),
        {"architecture": ["blurnet", "shufflenet_v2"]},
        cv=2,
        refit=False,
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_search_goes_over_schedules(small, make_classifier):
    X, y, _ = small
    search = GridSearchCV(
        make_classifier(epochs=1), {"schedule": ["constant", "cosine"]}, cv=2
    ).fit(X, y)
    assert search.predict(X[:2]).shape == (2,)


def test_a_clone_is_unfitted_and_a_frozen_one_is_not(trained, patch_set):
    copy = clone(trained)
    assert copy.get_params() == trained.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copy.predict(patch_set[0])
    frozen = clone(FrozenEstimator(trained))
    np.testing.assert_array_equal(
        frozen.predict(patch_set[0]), trained.predict(patch_set[0])
    )
    assert frozen.dense_stride_ == 4


X = np.zeros((4, 32, 32))


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
def test_refuses_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier(**changes).fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_reads_a_thousand_patches_at_a_time(small, make_classifier, tmp_path, dtype):
    X, y, groups = (np.concatenate([part] * 11) for part in small)
    if dtype == np.float64:
        X = X / 255
    lazy = Lazy(X.reshape(-1, 1024))
    settings = {"architecture": "blurnet_small", "epochs": 1, "batch_size": 64}
    settings["validation_fraction"] = 0.2
    classifier = make_classifier(**settings, checkpoint=tmp_path / "c")
    classifier.fit(lazy, y, groups)
    assert max(lazy.sizes) <= 1024
    expected = make_classifier(**settings).fit(X, y, groups)
    assert classifier.network_.onnx == expected.network_.onnx
    lazy.sizes.clear()
    np.testing.assert_array_equal(
        classifier.predict_proba(lazy), classifier.predict_proba(X)
    )
    assert lazy.sizes[-2:] == [1024, len(X) - 1024]
    assert max(lazy.sizes) == 1024
