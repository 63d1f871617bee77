from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.architectures._homogeneous import homogeneous_layers
from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.normalization import settle_normalization


def test_takes_the_mean_of_all_batches():
    keras = import_keras()
    inputs = keras.Input((3, 8, 8))
    layer = keras.layers.BatchNormalization(axis=1, momentum=0.9)
    network = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(0)
    batches = [
        (rng.normal(k, 1 + k, (16, 3, 8, 8)).astype(np.float32), None) for k in range(5)
    ]
    settle_normalization(keras, network, batches)
    found = [
        v.value.detach().numpy() for v in (layer.moving_mean, layer.moving_variance)
    ]
    axes = (0, 2, 3)
    means = np.mean([x.mean(axis=axes) for x, _ in batches], axis=0)
    variances = np.mean([x.var(axis=axes) for x, _ in batches], axis=0)
    np.testing.assert_allclose(found[0], means, rtol=1e-4)
    np.testing.assert_allclose(found[1], variances, rtol=1e-4)
    assert layer.momentum == 0.9


def test_takes_the_mean_square_of_all_batches_and_inputs():
    keras = import_keras()
    inputs, told = keras.Input((3, 8, 8)), keras.Input((3, 1, 1))
    layer = homogeneous_layers()[0]()
    network = keras.Model(
        [inputs, told], layer(keras.layers.Multiply()([inputs, told]))
    )
    rng = np.random.default_rng(0)
    batches = [
        (
            (
                rng.normal(k, 1 + k, (16, 3, 8, 8)).astype(np.float32),
                rng.uniform(1, 2, (16, 3, 1, 1)).astype(np.float32),
            ),
            None,
        )
        for k in range(5)
    ]
    settle_normalization(keras, network, batches)
    squares = [((x * told) ** 2).mean(axis=(0, 2, 3)) for (x, told), _ in batches]
    np.testing.assert_allclose(
        layer.mean_square.value.detach().numpy(), np.mean(squares, axis=0), rtol=1e-4
    )
    # What is learned stays, and so does the way to learn.
    assert layer.momentum == 1.0
    np.testing.assert_array_equal(layer.gamma.value.detach().numpy(), 1)


@pytest.mark.parametrize("fraction", [0.0, 0.3])
def test_every_epoch_is_judged_and_exported_settled(
    monkeypatch, patch_set, make_classifier, fraction
):
    settled = []
    monkeypatch.setattr(
        loop,
        "settle_normalization",
        lambda keras, network, batches: settled.append(len(batches)),
    )
    X, y = (part[:96] for part in patch_set)
    classifier = make_classifier(epochs=2, batch_size=24, validation_fraction=fraction)
    classifier.fit(X, y, np.arange(96) % 6)
    assert len(settled) == 2
