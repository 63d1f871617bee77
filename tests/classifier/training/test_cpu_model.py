from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.training import cpu_model
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.normalization import settle_normalization
from skdefocus.classifier.training.recorded_model import replaced
from tests.classifier.training.runs import first_gradients, make_batches, make_model


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2"])
def test_first_gradients_are_those_of_keras(monkeypatch, name):
    keras, cpu = (first_gradients(monkeypatch, name, kind) for kind in ("keras", "cpu"))
    np.testing.assert_allclose(cpu, keras, atol=1e-3 * np.abs(keras).max())


def test_trains_as_keras_does(monkeypatch):
    losses, batches = [], make_batches("blurnet_small")
    for kind in ("keras", "cpu"):
        model = make_model(monkeypatch, "blurnet_small", kind)
        for batch in batches:
            model.train_step(batch)
        settle_normalization(import_keras(), model, batches)
        model.reset_metrics()
        losses.append([float(model.test_step(batch)["loss"]) for batch in batches])
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


def test_settles_normalization_as_keras_does():
    keras = import_keras()
    inputs = keras.Input((2, 4, 4))
    layers = [
        keras.layers.DepthwiseConv2D(
            3, padding="same", use_bias=False, data_format="channels_first"
        ),
        keras.layers.BatchNormalization(axis=1),
        keras.layers.Conv2D(3, 1, use_bias=False, data_format="channels_first"),
        keras.layers.BatchNormalization(axis=1),
    ]
    outputs = inputs
    for layer in layers:
        outputs = layer(outputs)
    rng = np.random.default_rng(0)
    batches = [(rng.random((5, 2, 4, 4), dtype=np.float32), None) for _ in range(3)]
    found = []
    for make in (keras.Model, lambda *ends: cpu_model.cpu_model(keras, *ends)):
        settle_normalization(keras, make(inputs, outputs), batches)
        norms = layers[1], layers[3]
        found.append(
            [v.value.numpy().copy() for n in norms for v in n.non_trainable_variables]
        )
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("padding", "step"), [("same", 1), ("same", 2), ("valid", 1), ("valid", 2)]
)
def test_depthwise_convolutions_are_those_of_keras(size, padding, step):
    keras = import_keras()
    if padding == "valid" and size < 3:
        pytest.skip("no window fits")
    layer = keras.layers.DepthwiseConv2D(
        3, step, padding, use_bias=False, data_format="channels_first"
    )
    layer.build((None, 4, size, size))
    image = np.random.default_rng(0).random((2, 4, size, size), dtype=np.float32)
    found = []
    for kinds in ((), cpu_model._cpu_layers(keras)[0]):
        x = keras.ops.convert_to_tensor(image).requires_grad_()
        kernel = layer.kernel.value
        kernel.grad = None
        with replaced([layer], *kinds):
            y = layer.call(x)
        # Pixels of what comes out differ in what they are worth.
        (y * keras.ops.arange(y[0].numel()).reshape(y[0].shape)).sum().backward()
        found.append([t.detach().numpy() for t in (y, x.grad, kernel.grad)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
