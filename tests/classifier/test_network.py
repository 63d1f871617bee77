from __future__ import annotations

import copy
import hashlib
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from skdefocus.classifier import network as network_module
from skdefocus.classifier import sessions
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.network import Network
from skdefocus.filters.conditions import clean_conditions
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


class TestConditions:
    @pytest.mark.parametrize("n_threads", [None, 2])
    def test_every_patch_has_its_own(
        self, network, noise, told, monkeypatch, n_threads
    ):
        monkeypatch.setattr(network_module, "_BATCH", 5)
        given = {"n_threads": n_threads}
        together = network.run_patches(noise, conditions=told, **given)
        alone = [
            network.run_patches(noise[i : i + 1], conditions=told[i : i + 1], **given)
            for i in range(len(noise))
        ]
        np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)
        # They do matter.
        turned = network.run_patches(noise, conditions=told[::-1], **given)
        assert np.abs(turned - together).max() > 0.01

    def test_are_those_of_a_clean_photograph_by_default(self, network, noise):
        clean = clean_conditions(len(noise))
        expected = network.run_patches(noise, conditions=clean)
        np.testing.assert_array_equal(network.run_patches(noise), expected)
        image = np.random.default_rng(0).random((40, 50), dtype=np.float32)
        expected = network.run_image(image, conditions=clean[0])
        np.testing.assert_array_equal(network.run_image(image), expected)
        channels = network.run_channels(image[np.newaxis], conditions=clean[0])
        np.testing.assert_array_equal(np.moveaxis(channels, 0, -1), expected)

    def test_doubles_are_accepted(self, network, noise, told):
        np.testing.assert_array_equal(
            network.run_patches(noise, conditions=told.astype(np.float64)),
            network.run_patches(noise, conditions=told),
        )

    def test_networks_that_take_none_leave_them_alone(self, exported, noise, told):
        network = Network(exported("shufflenet_v2"))
        np.testing.assert_array_equal(
            network.run_patches(noise, conditions=told), network.run_patches(noise)
        )
