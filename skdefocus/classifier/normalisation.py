"""Means and variances of batch normalisation over many batches, not the last few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["settle_normalisation"]

# Enough that a mean over them hardly depends on which they are.
_MOST_BATCHES = 100


def settle_normalisation(keras: Any, network: Any, batches: Sequence[Any]) -> None:
    """Measure what a network normalises by, with its weights as they are.

    While weights change, the layers keep moving averages, which must forget fast what
    earlier weights gave and so hang on the last few batches. Between two epochs the
    accuracy of the same network may differ by ten points for that alone.

    Parameters
    ----------
    keras : module
        Keras.
    network : keras.Model
        In place; only means and variances of its normalisation change.
    batches : sequence of (patches, levels)
        To measure on: the first hundred are used.
    """
    import torch

    layers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in layers]
    try:
        for index in range(min(len(batches), _MOST_BATCHES)):
            for layer in layers:
                # Makes the moving average the mean of all so far.
                layer.momentum = index / (index + 1)
            with torch.no_grad():
                network(batches[index][0], training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
