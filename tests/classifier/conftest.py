"""Small patch sets, and networks that are made once for all tests of the room."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.architectures._homogeneous import homogeneous_layers
from skdefocus.classifier.training import train_context
from skdefocus.classifier.training.keras_backend import import_keras, seeded
from skdefocus.classifier.training.onnx_export import to_onnx
from skdefocus.patches import make_blur_patches
from tests.classifier.networks import N_LEVELS, inputs_of

LADDER = (0.0, 1.0, 4.0)


@pytest.fixture(scope="session", autouse=True)
def trains_with_one_thread(one_torch_thread):
    """For every training of the room."""


@pytest.fixture(scope="session")
def patch_set(photo, texture):
    """A few patches of three clearly different levels."""
    photos = [photo[120:360, 160:440], texture]
    X, y, _ = make_blur_patches(photos, LADDER, n_patches=360, random_state=0)
    order = np.random.default_rng(0).permutation(len(X))
    return X[order], y[order]


@pytest.fixture(scope="session")
def small(patch_set):
    """96 patches, their levels and photographs: 16 of each of 6."""
    X, y = (part[:96] for part in patch_set)
    return X, y, np.arange(96) % 6


@pytest.fixture(scope="session")
def make_classifier():
    def make(**changes):
        settings = {"epochs": 2, "batch_size": 32, "random_state": 0, **changes}
        return PatchBlurClassifier(ladder=LADDER, **settings)

    return make


@pytest.fixture(scope="session")
def trained(patch_set, make_classifier):
    return make_classifier(epochs=6).fit(*patch_set)


@pytest.fixture(scope="session")
def shipped() -> tuple[bytes, dict]:
    classifier = PatchBlurClassifier.pretrained()
    return classifier.network_.onnx, classifier.card_


@pytest.fixture(scope="session")
def noise() -> np.ndarray:
    """32 patches of noise."""
    return np.random.default_rng(0).random((32, 32, 32), dtype=np.float32)


@pytest.fixture(scope="session")
def told() -> np.ndarray:
    """Conditions of 32 photographs, of little and of much noise and compression."""
    rng = np.random.default_rng(1)
    logarithms = rng.uniform(np.log(0.001), np.log(0.1), (32, 4))
    conditions = np.exp(logarithms).astype(np.float32)
    conditions[::3, 2] = 0
    conditions[:, 3] = rng.uniform(0.1, 1, 32)
    return conditions


@pytest.fixture(scope="session")
def built(noise, told):
    """Give a network by name, built once, with statistics as a training gives them.

    An untrained one answers 1 / 20 to everything.
    """
    import torch

    keras = import_keras()

    @cache
    def build(name: str):
        with seeded(keras, 0), torch.no_grad():
            network = ARCHITECTURES[name].build(N_LEVELS)
            rng = np.random.default_rng(1)
            momenta = {}
            given = inputs_of(network, noise, told)
            root_mean_square = homogeneous_layers()[0]
            for layer in network.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    momenta[layer], layer.momentum = layer.momentum, 0.0
                    layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
                    layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
                elif isinstance(layer, root_mean_square):
                    momenta[layer], layer.momentum = layer.momentum, 0.0
                    layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
                elif layer.input is network.inputs[-1] is not network.inputs[0]:
                    # What is added for the conditions; 0 where a training begins.
                    kernel = rng.normal(0, 9, layer.kernel.shape)
                    layer.kernel.assign(layer.kernel_constraint(kernel))
            network(given, training=True)
            for layer, momentum in momenta.items():
                layer.momentum = momentum
        return network

    return build


@pytest.fixture(scope="session")
def exported(built):
    """Give a built network by name as ONNX."""

    @cache
    def export(name: str) -> bytes:
        dense = ARCHITECTURES[name].stride is not None
        return to_onnx(built(name), 32, dense=dense)

    return export


@pytest.fixture(scope="session")
def sharp_photographs(tmp_path_factory, texture, photo):
    """Two files of sharp photographs."""
    folder = tmp_path_factory.mktemp("sharp")
    for index, image in enumerate((texture * 255, photo)):
        Image.fromarray(image.astype(np.uint8)).save(folder / f"{index}.png")
    return sorted(folder.glob("*.png"))


@pytest.fixture(scope="session")
def context_network(sharp_photographs):
    """A context network that has seen a little."""
    return train_context(sharp_photographs, n_scenes=8, epochs=1, data="two pictures")
