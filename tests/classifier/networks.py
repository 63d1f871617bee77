"""What tests of single architectures and of their exports share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.training.keras_backend import import_keras

N_LEVELS = 20
SINGLE = [name for name, known in ARCHITECTURES.items() if known.stride is None]


def each(names) -> list:
    """Parameters by name; it takes seconds to build what is hundreds of layers deep."""
    deep = ("densenet121", "nasnet_mobile")
    slow = pytest.mark.slow
    return [pytest.param(n, marks=slow) if n in deep else n for n in names]


def inputs_of(network, patches: np.ndarray, conditions: np.ndarray):
    """Give patches to a Keras network, and their conditions if it takes them."""
    patches = patches[:, np.newaxis]
    if len(network.inputs) == 1:
        return patches
    return [patches, conditions[:, :, np.newaxis, np.newaxis]]


def count_trained(network) -> int:
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


def check_counts(network, name: str, total: int, trained: int) -> None:
    """Check the numbers of parameters, and what goes in and comes out."""
    assert network.count_params() == total
    assert count_trained(network) == trained
    size = 32 if ARCHITECTURES[name].stride is None else None
    shapes = [tensor.shape for tensor in network.inputs]
    told = [(None, 4, 1, 1)] if ARCHITECTURES[name].takes_conditions else []
    assert shapes == [(None, 1, size, size), *told]
    cells = 1 if size else None
    assert network.output.shape == (None, N_LEVELS, cells, cells)


def check_published_counts(name: str, total: int | None, trained: int) -> None:
    """Build the network for color images and 1000 classes, as others publish it.

    The running means and variances count in the total alone.
    """
    import_keras()
    network = ARCHITECTURES[name].build(1000, n_channels=3)
    assert total in (None, network.count_params())
    assert count_trained(network) == trained
