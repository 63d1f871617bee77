from __future__ import annotations

import copy
import hashlib
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from skdefocus.classifier import sessions
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.network import Network
from tests.classifier.networks import each


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_zeros_around_a_pool_are_not_optimised_away(exported, noise, monkeypatch, name):
    import onnxruntime

    given = []

    class Session(onnxruntime.InferenceSession):
        def __init__(self, *arguments, **settings):
            given.append(settings["disabled_optimizers"])
            super().__init__(*arguments, **settings)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    # The process may have a session of the network already.
    monkeypatch.setattr(sessions, "_sessions", OrderedDict())
    Network(exported(name)).run_patches(noise[:1])
    padded = name in ("densenet121", "nasnet_mobile")
    assert given == [["Pad_Fusion"] if padded else []]


def test_many_patches_run_in_batches(exported, noise):
    network = Network(exported("shufflenet_v2"))
    many = np.tile(noise, (5, 1, 1))
    np.testing.assert_allclose(
        network.run_patches(many),
        np.tile(network.run_patches(noise), (5, 1)),
        atol=1e-5,
    )


@pytest.fixture
def network(exported):
    return Network(exported("blurnet_small"))


def test_copies_answer_the_same_and_carry_no_session(network):
    image = np.random.default_rng(0).random((40, 44), dtype=np.float32)
    expected = network.run_image(image, n_threads=1)
    pickled = pickle.dumps(network)
    # The bytes of the network, its hash, and what says so.
    assert len(pickled) < len(network.onnx) + 500
    for made in (copy.deepcopy(network), pickle.loads(pickled)):
        assert vars(made) == vars(network)
        assert made._session(1) is network._session(1)
        assert made.sha256 == network.sha256
        np.testing.assert_array_equal(made.run_image(image, n_threads=1), expected)


def test_a_session_is_made_once_for_each_number_of_threads(network, noise, monkeypatch):
    monkeypatch.setattr(sessions, "_sessions", OrderedDict())
    network.run_patches(noise[:1], n_threads=1)
    first = network._session(1)
    network.run_patches(noise[:1], n_threads=2)
    network.run_patches(noise[:1], n_threads=1)
    assert network._session(1) is first
    assert network._session(2) is not first
    assert {key[1] for key in sessions._sessions if key[0] == network.sha256} == {1, 2}


def test_the_hash_is_that_of_the_bytes_that_are_run(network):
    assert network.sha256 == hashlib.sha256(network.onnx).hexdigest()


def test_an_image_is_one_channel_with_the_levels_last(network):
    # A view that is not contiguous, as a crop is.
    image = np.random.default_rng(0).random((90, 80), dtype=np.float32)[::2, ::2]
    channels = network.run_channels(image[np.newaxis])
    probabilities = network.run_image(image)
    np.testing.assert_array_equal(probabilities, np.moveaxis(channels, 0, -1))
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)
    patch = image[4:36, 8:40]
    np.testing.assert_allclose(
        network.run_patches(patch[np.newaxis])[0], probabilities[1, 2], atol=1e-5
    )
