"""What the networks for single patches share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["MOMENTUM", "PATCH_SIZE", "classify", "data_format"]

PATCH_SIZE = 32
# Keras's networks forget the start of their running means and variances over
# thousands of steps (0.99 to 0.9997). Training does not read them, so a smaller
# momentum gives the same weights, and a network that is usable after a short training.
MOMENTUM = 0.9


@contextmanager
def data_format(name: str) -> Iterator[None]:
    """Build layers for "channels_first" or "channels_last", whatever is set."""
    import keras

    before = keras.config.image_data_format()
    keras.config.set_image_data_format(name)
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


def classify(features: Any, n_levels: int, dropout: float = 0.0) -> Any:
    """Average (n, channels, h, w) over the patch and give logits (n, n_levels, 1, 1).

    The convolution is the dense layer of the papers; it keeps the four axes that a
    sliding network has.
    """
    import keras

    layers = keras.layers
    x = layers.GlobalAveragePooling2D("channels_first", keepdims=True)(features)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Conv2D(n_levels, 1, data_format="channels_first")(x)
