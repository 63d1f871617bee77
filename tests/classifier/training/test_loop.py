from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.patch_input import check_patches
from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.loop import (
    _flip,
    _make_batches,
    one_cycle,
    train_network,
)
from tests.classifier.lazy import Lazy
from tests.classifier.training.runs import a_training_set, make_settings


@pytest.mark.parametrize("n_steps", [1, 3, 4, 50])
def test_one_cycle_is_the_cosine_of_keras_with_a_warm_up(n_steps):
    keras = import_keras()
    peer = keras.optimizers.schedules.CosineDecay(
        3e-3 / 25,
        max(1, n_steps - n_steps // 4),
        alpha=1e-4,
        warmup_target=3e-3,
        warmup_steps=n_steps // 4,
    )
    found = one_cycle(keras, 3e-3, n_steps)
    for step in range(n_steps + 1):
        rates = [float(schedule(np.int64(step))) for schedule in (found, peer)]
        assert rates[0] == pytest.approx(rates[1], rel=1e-5, abs=1e-9)


def rates_of(schedule):
    settings = make_settings(schedule=schedule, epochs=4)
    rate = loop._learning_rate(import_keras(), settings, n_batches=10)
    return [float(rate(step)) for step in range(41)]


def test_a_cosine_falls_from_the_rate_to_0():
    rates = rates_of("cosine")
    assert rates[0] == pytest.approx(0.01)
    assert rates[20] == pytest.approx(0.005)
    assert rates[40] == pytest.approx(0, abs=1e-9)
    assert (np.diff(rates) < 0).all()


def test_one_cycle_rises_for_a_quarter_of_the_steps():
    rates = rates_of("one_cycle")
    assert rates[0] == pytest.approx(0.01 / 25)
    assert np.argmax(rates) == 10
    assert max(rates) == pytest.approx(0.01)
    assert rates[40] < 1e-5


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_training_reads_a_batch_at_a_time(small, tmp_path, dtype):
    X, y, groups = small
    if dtype == np.float64:
        X = X / 255
    expected = a_training_set((X, y), groups, validation_fraction=0.2)
    # Checks and hashes read a thousand at a time: here as few as the batches have.
    lazy = Lazy(X.reshape(-1, 1024))
    reader = check_patches(lazy, 32, chunk=32)
    data = replace(
        expected,
        training=replace(expected.training, patches=reader),
        validation=replace(expected.validation, patches=reader),
    )
    settings, network = make_settings(epochs=1), ARCHITECTURES["blurnet"]
    found = train_network(network, data, settings, checkpoint=tmp_path / "c")
    assert max(lazy.sizes) == 32
    assert found == train_network(network, expected, settings)


class TestFlips:
    def test_each_patch_is_one_of_its_eight(self, small):
        patches = small[0][:, np.newaxis]
        turned = [np.rot90(patches, k, axes=(2, 3)) for k in range(4)]
        ways = np.stack([*turned, *(each[..., ::-1] for each in turned)])
        flipped = _flip(patches, np.random.default_rng(0))
        same = (ways == flipped).all(axis=(2, 3, 4))
        assert (same.sum(axis=0) == 1).all()
        assert np.bincount(same.argmax(axis=0), minlength=8).min() > 0

    def test_other_flips_in_every_epoch(self, small):
        keras = import_keras()
        data = a_training_set(small)
        batches = _make_batches(keras, data.training, 32, 3, random_flips=True)

        def first(epoch):
            batches.begin_epoch(epoch)
            # The same patches, whatever the order of the epoch.
            batches.order = np.arange(32)
            X, y = batches[0]
            assert y.tolist() == small[1][:32].tolist()
            return X

        assert (first(0) == first(0)).all()
        assert (first(0) != first(1)).any()

    def test_are_told_by_the_card(self, small, make_classifier):
        plain = make_classifier(epochs=1).fit(*small[:2])
        flipped = make_classifier(epochs=1, random_flips=True).fit(*small[:2])
        assert flipped.card_["training"]["random_flips"] is True
        assert flipped.network_.sha256 != plain.network_.sha256


def test_the_history_tells_the_accuracy_of_the_network(small, make_classifier):
    X, y, groups = small
    classifier = make_classifier(validation_fraction=0.3).fit(X, y, groups)
    held_out = np.isin(groups, classifier.validation_groups_)
    accuracy = classifier.score(X[held_out], y[held_out])
    assert accuracy == pytest.approx(classifier.history_["val_accuracy"][-1])
