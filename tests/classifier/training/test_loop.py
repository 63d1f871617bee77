from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.network import Network
from skdefocus.classifier.patch_input import check_patches
from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.loop import (
    _flip,
    _make_batches,
    _relative,
    one_cycle,
    train_network,
)
from tests.classifier.lazy import Lazy
from tests.classifier.training.runs import (
    SMALL,
    Interrupted,
    a_training_set,
    make_settings,
)


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


@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [
        (32, [32] * 3),
        (95, [96]),
        (19, [19] * 4 + [20]),
        (7, [7] * 13 + [5]),
        (1, [1] * 96),
    ],
)
def test_no_batch_holds_a_single_patch(small, batch_size, sizes):
    """Unless all do."""
    data = a_training_set(small)
    batches = _make_batches(
        import_keras(), data.training, batch_size, with_conditions=False
    )
    found = [batches[index] for index in range(len(batches))]
    assert [len(y) for _, y in found] == sizes
    np.testing.assert_array_equal(
        np.concatenate([y for _, y in found]), data.training.classes
    )


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
        batches = _make_batches(
            *(keras, data.training, 32, 3), random_flips=True, with_conditions=False
        )

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


class TestConditions:
    @pytest.fixture
    def conditions(self):
        rng = np.random.default_rng(0)
        return rng.uniform(0.01, 0.5, (96, 4)).astype(np.float32)

    def test_patches_are_told_relative_to_their_contrast(self, small, conditions):
        patches = small[0][:, np.newaxis] / np.float32(255)
        patches[5] = 0.5
        X, relative = _relative(patches, conditions)
        assert X.shape == patches.shape
        assert relative.shape == (96, 4, 1, 1)
        assert X.dtype == relative.dtype == np.float32
        deviation = patches.std(axis=(1, 2, 3))
        np.testing.assert_allclose(X.mean(axis=(1, 2, 3)), 0, atol=1e-4)
        textured = deviation > 1e-2
        assert textured.sum() > 50
        np.testing.assert_allclose(X[textured].std(axis=(1, 2, 3)), 1, rtol=1e-3)
        np.testing.assert_allclose(
            relative[textured, :, 0, 0] * deviation[textured, np.newaxis],
            conditions[textured],
            rtol=1e-3,
        )
        # Flat ones are not divided by nothing.
        assert (X[5] == 0).all()
        np.testing.assert_allclose(
            relative[5, :, 0, 0], conditions[5] * 255 / 0.3, 1e-5
        )

    def test_the_network_answers_the_same(self, small, conditions, exported):
        network = Network(exported("blurnet"))
        patches = small[0] / np.float32(255)
        X, relative = _relative(patches[:, np.newaxis], conditions)
        np.testing.assert_allclose(
            network.run_patches(X[:, 0], conditions=relative[:, :, 0, 0]),
            network.run_patches(patches, conditions=conditions),
            atol=1e-3,
        )

    @pytest.mark.parametrize("with_conditions", [False, True])
    def test_only_networks_that_take_them_are_told(
        self, small, conditions, with_conditions
    ):
        data = a_training_set(small, conditions=conditions)
        batches = _make_batches(
            import_keras(), data.training, 32, with_conditions=with_conditions
        )
        X, y = batches[2]
        np.testing.assert_array_equal(y, small[1][64:])
        patches = small[0][64:, np.newaxis] / np.float32(255)
        if not with_conditions:
            np.testing.assert_array_equal(X, patches)
            return
        for found, expected in zip(X, _relative(patches, conditions[64:]), strict=True):
            np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("random_flips", [False, True])
    def test_patches_keep_their_conditions_in_any_order(
        self, small, conditions, random_flips
    ):
        data = a_training_set(small, conditions=conditions)
        batches = _make_batches(
            *(import_keras(), data.training, 32, 3),
            random_flips=random_flips,
            with_conditions=True,
        )
        batches.begin_epoch(1)
        for index in range(3):
            (_, relative), y = batches[index]
            rows = np.sort(batches.order[32 * index : 32 * index + 32])
            np.testing.assert_array_equal(y, small[1][rows])
            shares = relative[:, :, 0, 0] / relative[:, :1, 0, 0]
            np.testing.assert_allclose(
                shares, conditions[rows] / conditions[rows, :1], rtol=1e-4
            )

    def test_training_is_of_the_conditions(self, small, conditions):
        settings, network = make_settings(epochs=1), ARCHITECTURES["blurnet_small"]
        one, _ = train_network(network, a_training_set(small), settings)
        two, _ = train_network(
            network, a_training_set(small, conditions=conditions), settings
        )
        assert one != two
        # A network that takes none learns the same.
        one, two = (
            train_network(SMALL, a_training_set(small, conditions=each), settings)
            for each in (None, conditions)
        )
        assert one == two

    @pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
    def test_an_interrupted_training_is_as_good(
        self, small, conditions, tmp_path, interrupt, schedule
    ):
        data = a_training_set(
            small, small[2], validation_fraction=0.3, conditions=conditions
        )
        settings = make_settings(epochs=3, schedule=schedule, random_flips=True)
        network = ARCHITECTURES["blurnet_small"]
        expected = train_network(network, data, settings)
        path = tmp_path / "run.ckpt"
        for _ in range(2):
            interrupt(1)
            with pytest.raises(Interrupted):
                train_network(network, data, settings, checkpoint=path)
        interrupt(None)
        assert train_network(network, data, settings, checkpoint=path) == expected
        other = a_training_set(small, small[2], validation_fraction=0.3)
        with pytest.raises(ValueError, match="differs in training data, validation"):
            train_network(network, other, settings, checkpoint=path)


def test_the_history_tells_the_accuracy_of_the_network(small, make_classifier):
    X, y, groups = small
    classifier = make_classifier(validation_fraction=0.3).fit(X, y, groups)
    held_out = np.isin(groups, classifier.validation_groups_)
    accuracy = classifier.score(X[held_out], y[held_out])
    assert accuracy == pytest.approx(classifier.history_["val_accuracy"][-1])
