from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.architectures._parts import classify, data_format
from skdefocus.classifier.training.keras_backend import import_keras


@pytest.mark.parametrize("before", ["channels_first", "channels_last"])
def test_the_user_s_data_format_is_kept(before):
    keras = import_keras()
    at_first = keras.config.image_data_format()
    try:
        keras.config.set_image_data_format(before)
        network = ARCHITECTURES["shufflenet_v2"].build(3)
        assert keras.config.image_data_format() == before
        assert network.output.shape == (None, 3, 1, 1)
    finally:
        keras.config.set_image_data_format(at_first)


def test_the_data_format_comes_back_after_an_error_and_when_nested():
    keras = import_keras()
    before = keras.config.image_data_format()

    def fail():
        with data_format("channels_first"):
            with data_format("channels_last"):
                assert keras.config.image_data_format() == "channels_last"
            assert keras.config.image_data_format() == "channels_first"
            raise RuntimeError("half built")

    with pytest.raises(RuntimeError, match="half built"):
        fail()
    assert keras.config.image_data_format() == before


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_classifies_by_the_mean_over_the_patch(dropout):
    keras = import_keras()
    inputs = keras.Input((5, 3, 4))
    network = keras.Model(inputs, classify(inputs, 7, dropout))
    features = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).astype(np.float32)
    kernel, bias = (
        weight.value.detach().numpy() for weight in network.layers[-1].weights
    )
    expected = features.mean(axis=(2, 3)) @ kernel[0, 0] + bias
    found = network(features, training=False).detach().numpy()
    assert found.shape == (2, 7, 1, 1)
    np.testing.assert_allclose(found[:, :, 0, 0], expected, atol=1e-5)
    # Dropout is there for training alone, and only where it was asked for.
    again = network(features, training=True).detach().numpy()
    assert np.allclose(found, again) == (dropout == 0)
