from __future__ import annotations

import numpy as np

from skdefocus.classifier.training.keras_backend import import_keras
from tests.classifier.networks import check_counts, check_published_counts


def test_shufflenet_shuffles(built):
    keras = import_keras()
    network = built("shufflenet_v2")
    first = next(
        i for i, la in enumerate(network.layers) if isinstance(la, keras.layers.Reshape)
    )
    concatenation, *shuffle = network.layers[first - 1 : first + 3]
    x = np.arange(116, dtype=np.float32).reshape(1, 116, 1, 1)
    x = np.broadcast_to(x, (1, *concatenation.output.shape[1:]))
    for layer in shuffle:
        x = layer(x)
    order = x.numpy()[0, :, 0, 0]
    assert order[:6].tolist() == [0, 58, 1, 59, 2, 60]
    assert sorted(order) == list(range(116))


def test_numbers_of_parameters(built):
    check_counts(built("shufflenet_v2"), "shufflenet_v2", 1_289_852, 1_273_672)


def test_published_numbers_of_parameters():
    # As torchvision publishes them: of trained weights alone.
    check_published_counts("shufflenet_v2", None, 2_278_604)
