from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.filters import blur
from skdefocus.patches import PAPER_LADDER, REAL_LADDER, PatchSet, make_blur_patches
from tests.classifier.conftest import LADDER
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
    classifier = make_classifier(epochs=1).fit(X[keep], y[keep])
    assert classifier.classes_.tolist() == [0, 2]
    assert classifier.sigmas_.tolist() == [0.0, 4.0]
    assert classifier.ladder_ == (0.0, 1.0, 4.0)
    assert classifier.predict_proba(X).shape == (len(X), 2)
    assert set(classifier.predict(X)) <= {0, 2}


def test_a_search_finds_the_rate_that_learns(patch_set, make_classifier, tmp_path):
    search = GridSearchCV(
        make_classifier(architecture="blurnet_small"),
        {"learning_rate": np.array([3e-3, 1e-6]), "epochs": np.array([3])},
        cv=2,
    )
    search.fit(*patch_set)
    search.best_estimator_.save(tmp_path / "best.zip")
    assert search.best_params_["learning_rate"] == 3e-3
    assert search.predict(patch_set[0][:3]).shape == (3,)


@pytest.mark.slow
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
        PatchBlurClassifier(**{"ladder": PAPER_LADDER, **changes}).fit(X, [0, 1, 0, 1])


class TestConditions:
    """What a patch set tells of its photographs, a network learns from."""

    @pytest.fixture
    def conditions(self):
        rng = np.random.default_rng(0)
        return rng.uniform(0.01, 0.5, (96, 4)).astype(np.float32)

    @pytest.fixture
    def patches(self, small, conditions):
        return PatchSet(*small, LADDER, conditions)

    def test_are_learned_from_and_predicted_with(
        self, small, patches, conditions, make_classifier
    ):
        settings = {"architecture": "blurnet_small", "validation_fraction": 0.3}
        clean = make_classifier(**settings).fit(PatchSet(*small, LADDER))
        assert make_classifier(**settings).fit(*small).network_.onnx == (
            clean.network_.onnx
        )
        classifier = make_classifier(**settings).fit(patches)
        assert classifier.network_.onnx != clean.network_.onnx
        held_out = np.isin(patches.groups, classifier.validation_groups_)
        found = classifier.predict(patches.X[held_out], conditions[held_out])
        accuracy = (found == patches.y[held_out]).mean()
        assert accuracy == pytest.approx(classifier.history_["val_accuracy"][-1])
        probabilities = classifier.predict_proba(patches.X, conditions)
        told_other = classifier.predict_proba(patches.X, conditions[::-1])
        assert np.abs(probabilities - told_other).max() > 1e-3

    def test_of_patches_to_validate_on_count(self, patches, make_classifier):
        training, judged = patches.take(np.arange(64)), patches.take(np.arange(64, 96))
        settings = {"architecture": "blurnet_small", "epochs": 1}
        classifier = make_classifier(**settings)
        of_set = classifier.fit(training, validation_data=judged).history_
        triple = judged.X, judged.y, judged.conditions
        assert classifier.fit(training, validation_data=triple).history_ == of_set
        pair = judged.X, judged.y
        other = classifier.fit(training, validation_data=pair).history_
        assert other["loss"] == of_set["loss"]
        assert other["val_loss"] != of_set["val_loss"]

    def test_an_interrupted_training_goes_on_bit_for_bit(
        self, small, patches, make_classifier, tmp_path
    ):
        settings = {"architecture": "blurnet_small", "validation_fraction": 0.3}
        expected = make_classifier(**settings, epochs=3).fit(patches)
        path = tmp_path / "run.ckpt"
        make_classifier(**settings, epochs=1, checkpoint=path).fit(patches)
        resumed = make_classifier(**settings, epochs=3, checkpoint=path).fit(patches)
        assert resumed.network_.onnx == expected.network_.onnx
        assert resumed.history_ == expected.history_
        with pytest.raises(ValueError, match="differs in training data, validation"):
            make_classifier(**settings, epochs=3, checkpoint=path).fit(*small)

    def test_are_known_on_disk_too(self, patches, make_classifier, tmp_path):
        patches.save(tmp_path)
        settings = {"architecture": "blurnet_small", "epochs": 1}
        one = make_classifier(**settings).fit(patches)
        two = make_classifier(**settings).fit(PatchSet.load(tmp_path))
        assert one.network_.onnx == two.network_.onnx


class TestLadder:
    """Sigmas come from the patches or are stated, never assumed."""

    @pytest.fixture
    def patches(self, small):
        return PatchSet(*small, LADDER)

    @pytest.fixture
    def make(self):
        def make(**changes):
            settings = {"architecture": "blurnet_small", "epochs": 1, "random_state": 0}
            return PatchBlurClassifier(**{**settings, **changes})

        return make

    def test_sigmas_are_those_that_the_patches_were_blurred_by(self, texture, make):
        patches = make_blur_patches([texture], (0.5, 6.0), n_patches=240)
        classifier = make(epochs=6, learning_rate=0.003).fit(patches)
        assert classifier.ladder is None
        assert classifier.ladder_ == (0.5, 6.0)
        assert classifier.sigmas_.tolist() == [0.5, 6.0]
        mapper = SlidingWindowMapper(classifier, step=32)
        for sigma in patches.ladder:
            (sample,) = mapper.transform([blur(texture, sigma)])
            assert set(np.unique(sample.blur_map)) <= {0.5, 6.0}
            assert np.median(sample.blur_map) == sigma

    def test_the_default_ladder_of_patches_is_the_one_trained_on(self, texture, make):
        patches = make_blur_patches([texture], n_patches=18 * 6)
        classifier = make().fit(patches)
        np.testing.assert_array_equal(classifier.sigmas_, np.float32(REAL_LADDER))

    def test_a_set_is_the_same_as_its_arrays_and_ladder(self, patches, make):
        settings = {"validation_fraction": 0.3}
        of_set = make(**settings).fit(patches)
        of_arrays = make(ladder=LADDER, **settings).fit(*patches)
        assert of_set.network_.onnx == of_arrays.network_.onnx
        assert of_set.card_ == of_arrays.card_
        held_out = of_set.validation_groups_
        np.testing.assert_array_equal(held_out, of_arrays.validation_groups_)
        mask = np.isin(patches.groups, held_out)
        training, validation = patches.take(~mask), patches.take(mask)
        by_hand = make().fit(training, validation_data=validation)
        assert by_hand.network_.onnx == of_set.network_.onnx
        assert by_hand.history_ == of_set.history_
        assert make(ladder=list(LADDER)).fit(patches).ladder_ == LADDER

    def test_arrays_without_a_ladder_are_refused(self, patches, make):
        message = (
            r"^PatchBlurClassifier needs the sigma of each level in y: give ladder="
            r"\.\.\., in pixels, or fit a PatchSet, which has its ladder\.$"
        )
        with pytest.raises(ValueError, match=message):
            make().fit(patches.X, patches.y)
        with pytest.raises(ValueError, match=message):
            make().fit(*patches)
        # What was learned before does not help.
        classifier = make().fit(patches)
        with pytest.raises(ValueError, match=message):
            classifier.fit(*patches)

    @pytest.mark.parametrize("ladder", [(0, 1, 2), (0, 1), PAPER_LADDER])
    def test_a_set_of_another_ladder_is_refused(self, patches, make, ladder):
        with pytest.raises(
            ValueError,
            match=r"^The 'ladder' parameter of PatchBlurClassifier must be that of the "
            r"PatchSet, \(0\.0, 1\.0, 4\.0\), or None to use that\. Got \(0\.0, 1\.0",
        ):
            make(ladder=ladder).fit(patches)
        other = PatchSet(patches.X, patches.y % 2, patches.groups, ladder)
        with pytest.raises(
            ValueError,
            match=r"^validation_data must be a PatchSet with the ladder of the training"
            r", \(0\.0, 1\.0, 4\.0\); its ladder is \(0\.0, 1\.0",
        ):
            make().fit(patches, validation_data=other)

    def test_a_set_stands_alone(self, patches, make):
        for others in ({"y": patches.y}, {"groups": patches.groups}):
            with pytest.raises(ValueError, match="takes y and groups from its Patch"):
                make().fit(patches, **others)

    def test_a_set_of_one_level_is_refused(self, patches, make):
        alone = PatchSet(patches.X, 0 * patches.y, patches.groups, (3.0,))
        with pytest.raises(ValueError, match="at least 2 levels to tell apart"):
            make().fit(alone)

    def test_sigmas_are_no_levels(self, patches, make):
        sigmas = np.take(patches.ladder, patches.y)
        for y in (sigmas, sigmas.astype(np.float32)):
            with pytest.raises(ValueError, match=r"got \d\.0: sigmas in pixels belong"):
                make(ladder=LADDER).fit(patches.X, y)
        with pytest.raises(ValueError, match=r"levels from 0 to 2, indices into 'ladd"):
            make(ladder=LADDER).fit(patches.X, sigmas.astype(int))

    def test_searches_and_cross_validation_need_it_stated(self, patches, make):
        X, y, groups = patches
        folds = GroupKFold(2)
        stated = make(ladder=LADDER)
        search = GridSearchCV(stated, {"learning_rate": [1e-3, 3e-3]}, cv=folds)
        search.fit(X, y, groups=groups)
        assert search.best_estimator_.ladder_ == LADDER
        assert search.best_estimator_.sigmas_.tolist() == list(LADDER)
        settings = {"cv": folds, "groups": groups}
        shares = cross_val_predict(stated, X, y, method="predict_proba", **settings)
        assert shares.shape == (len(X), 3)
        levels = cross_val_predict(stated, X, y, **settings)
        assert set(levels) <= {0, 1, 2}
        with pytest.raises(ValueError, match=r"sigma of each level in y: give ladder="):
            cross_val_predict(make(), X, y, **settings)

    def test_files_pickles_and_clones_keep_it(self, patches, make, tmp_path):
        fitted = make().fit(patches.take(patches.y != 1))
        assert fitted.sigmas_.tolist() == [0.0, 4.0]
        fitted.save(tmp_path / "mine.zip")
        loaded = PatchBlurClassifier.load(tmp_path / "mine.zip")
        for copy in (loaded, pickle.loads(pickle.dumps(fitted))):
            assert copy.ladder_ == LADDER
            assert copy.sigmas_.tolist() == [0.0, 4.0]
            assert copy.card_["ladder"] == list(LADDER)
            np.testing.assert_array_equal(
                copy.expected_sigma(patches.X), fitted.expected_sigma(patches.X)
            )
        assert clone(fitted).ladder is None
        # One that is trained further must be given patches of the ladder it knows.
        assert tuple(clone(loaded).ladder) == LADDER
        other = PatchSet(*patches, (0.0, 2.0, 4.0))
        with pytest.raises(ValueError, match="must be that of the PatchSet"):
            clone(loaded).fit(other)


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
