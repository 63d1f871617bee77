from __future__ import annotations

import math
import zlib

import numpy as np
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.networks import N_LEVELS, check_counts, check_published_counts


def load_keras_nasnet():
    """Build Keras's NASNetMobile, whose public function refuses torch."""
    keras = import_keras()
    from keras.src.applications.nasnet import NASNet

    inputs = keras.Input((32, 32, 1))
    outputs = NASNet(
        input_tensor=keras.layers.Rescaling(2.0, offset=-1.0)(inputs),
        input_shape=(32, 32, 1),
        penultimate_filters=1056,
        num_blocks=4,
        stem_block_filters=32,
        skip_reduction=False,
        filter_multiplier=2,
        include_top=False,
        weights=None,
    ).output
    return keras.Model(inputs, outputs)


def fill_by_shape(network) -> None:
    """Give weights of the same kind and shape the same values in every network."""
    for weight in network.weights:
        kind, shape = weight.path.split("/")[-1], tuple(weight.shape)
        rng = np.random.default_rng(zlib.crc32(f"{kind} {shape}".encode()))
        if kind in ("gamma", "moving_variance"):
            values = rng.uniform(0.5, 1.5, shape)
        elif kind in ("beta", "moving_mean"):
            values = rng.normal(0, 0.3, shape)
        else:
            fan_in = math.prod(shape[:2] if "depthwise" in kind else shape[:-1])
            values = rng.normal(0, fan_in**-0.5, shape)
        weight.assign(values)


@pytest.mark.slow
def test_nasnet_is_wired_as_keras_s_own(noise):
    import torch

    keras = import_keras()
    network = ARCHITECTURES["nasnet_mobile"].build(N_LEVELS)
    (head,) = (
        la
        for la in network.layers
        if "pooling" in type(la).__name__.lower() and "Global" in type(la).__name__
    )
    ours, theirs = keras.Model(network.input, head.input), load_keras_nasnet()
    fill_by_shape(ours)
    fill_by_shape(theirs)
    with torch.no_grad():
        features = ours(noise[:4, np.newaxis], training=False).numpy()
        expected = theirs(noise[:4, ..., np.newaxis], training=False).numpy()
    assert features.std() > 0.5
    np.testing.assert_allclose(
        features[:, :, 0, 0], expected[:, 0, 0], rtol=1e-4, atol=1e-4
    )


@pytest.mark.slow
def test_numbers_of_parameters(built):
    check_counts(built("nasnet_mobile"), "nasnet_mobile", 4_290_280, 4_253_542)


def test_published_numbers_of_parameters():
    # As Keras publishes them.
    check_published_counts("nasnet_mobile", 5_326_716, 5_289_978)
