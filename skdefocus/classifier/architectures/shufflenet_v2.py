"""ShuffleNetV2 1.0x, written from its paper: Keras has none.

Ma, Zhang, Zheng and Sun (2018), "ShuffleNet V2: practical guidelines for efficient CNN
architecture design", table 5 (the stages) and fig. 3 (c) and (d) (the units).
"""

from __future__ import annotations

from typing import Any

from ._parts import MOMENTUM, PATCH_SIZE, classify, data_format

__all__ = ["build_shufflenet_v2"]

# Channels and units of stages 2 to 4; the first unit of each halves the resolution.
_STAGES = ((116, 4), (232, 8), (464, 4))


def build_shufflenet_v2(n_levels: int, n_channels: int = 1) -> Any:
    """Build ShuffleNetV2 1.0x.

    Parameters
    ----------
    n_levels : int
        Number of classes.
    n_channels : int, default=1
        Channels of a patch.

    Returns
    -------
    keras.Model
        From (n, n_channels, 32, 32) in [0, 1] to logits of shape (n, n_levels, 1, 1).
    """
    import keras

    layers = keras.layers
    with data_format("channels_first"):
        inputs = keras.Input((n_channels, PATCH_SIZE, PATCH_SIZE))
        x = layers.Rescaling(2.0, offset=-1.0)(inputs)
        x = layers.Conv2D(24, 3, 2, padding="same", use_bias=False)(x)
        x = _normalize(x, relu=True)
        x = layers.MaxPooling2D(3, 2, padding="same")(x)
        for channels, n_units in _STAGES:
            x = _down_unit(x, channels)
            for _ in range(n_units - 1):
                x = _basic_unit(x)
        return keras.Model(inputs, classify(_pointwise(x, 1024), n_levels))


def _basic_unit(x: Any) -> Any:
    """Leave one half of the channels as it is (fig. 3 c)."""
    import keras

    half = x.shape[1] // 2
    kept, changed = keras.ops.split(x, 2, axis=1)
    changed = _pointwise(changed, half)
    changed = _pointwise(_depthwise(changed, 1), half)
    return _shuffle(kept, changed)


def _down_unit(x: Any, channels: int) -> Any:
    """Halve the resolution; no channel is left as it is (fig. 3 d)."""
    left = _pointwise(_depthwise(x, 2), channels // 2)
    right = _pointwise(x, channels // 2)
    right = _pointwise(_depthwise(right, 2), channels // 2)
    return _shuffle(left, right)


def _shuffle(left: Any, right: Any) -> Any:
    """Concatenate two branches with their channels in turn."""
    import keras

    layers = keras.layers
    half, height, width = left.shape[1:]
    x = layers.Concatenate(axis=1)([left, right])
    x = layers.Reshape((2, half, height, width))(x)
    x = layers.Permute((2, 1, 3, 4))(x)
    return layers.Reshape((2 * half, height, width))(x)


def _pointwise(x: Any, filters: int) -> Any:
    import keras

    x = keras.layers.Conv2D(filters, 1, use_bias=False)(x)
    return _normalize(x, relu=True)


def _depthwise(x: Any, stride: int) -> Any:
    import keras

    x = keras.layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
    return _normalize(x, relu=False)


def _normalize(x: Any, *, relu: bool) -> Any:
    import keras

    x = keras.layers.BatchNormalization(axis=1, momentum=MOMENTUM)(x)
    return keras.layers.ReLU()(x) if relu else x
