"""Means and variances of batch normalization over many batches, not the last few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..architectures._homogeneous import homogeneous_layers

__all__ = ["settle_normalization"]

# Enough that a mean over them hardly depends on which they are.
_MOST_BATCHES = 100


def settle_normalization(keras: Any, network: Any, batches: Sequence[Any]) -> None:
    """Measure what a network normalizes by, with its weights as they are.

    While weights change, the layers keep moving averages, which must forget fast what
    earlier weights gave and so hang on the last few batches. Between two epochs the
    accuracy of the same network may differ by ten points for that alone.

    Parameters
    ----------
    keras : module
        Keras.
    network : keras.Model
        In place; only means and variances of its normalization change. A recorded
        model runs by its own ``forward_training``.
    batches : sequence of (patches, levels)
        To measure on: the first hundred are used.
    """
    import torch

    @torch.no_grad()
    def call(patches: Any) -> Any:
        # Keras takes several inputs as a list only.
        given = list(patches) if isinstance(patches, tuple) else patches
        return network(given, training=True)

    forward = getattr(network, "forward_training", call)
    kinds = (keras.layers.BatchNormalization, homogeneous_layers()[0])
    layers: list[Any] = [layer for layer in network.layers if isinstance(layer, kinds)]
    momenta = [layer.momentum for layer in layers]
    values = [
        variable.value for layer in layers for variable in layer.non_trainable_variables
    ]
    sums = [torch.zeros_like(value) for value in values]
    n_batches = min(len(batches), _MOST_BATCHES)
    try:
        for layer in layers:
            # Makes the moving average what the last batch gave.
            layer.momentum = 0.0
        for index in range(n_batches):
            forward(batches[index][0])
            for total, value in zip(sums, values, strict=True):
                total += value.detach()
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    with torch.no_grad():
        for total, value in zip(sums, values, strict=True):
            value.copy_(total / n_batches)
