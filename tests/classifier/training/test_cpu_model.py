from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.training.cpu_model import _cpu_layers
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.normalization import settle_normalization
from skdefocus.classifier.training.recorded_model import replaced
from tests.classifier.training.runs import first_gradients, make_batches, make_model


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_b0"])
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
    for kinds in ((), _cpu_layers(keras)):
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
