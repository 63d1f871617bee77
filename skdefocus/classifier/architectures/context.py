"""The context network: a U-Net over the cells of a photograph."""

from __future__ import annotations

from typing import Any

__all__ = ["build_context_network"]

# Filters at cells of 4, 8, 16, 32 and 64 px: enough to see most of a photograph of
# 640 px, and cheaper than the patches it starts from.
_WIDTHS = (24, 32, 48, 64, 64)


def build_context_network(n_features: int, n_levels: int) -> Any:
    """Build a U-Net from features of cells to logits of levels.

    Parameters
    ----------
    n_features, n_levels : int
        Channels in and out.

    Returns
    -------
    keras.Model
        From (n, n_features, h, w) to (n, n_levels, h, w), with h and w multiples of 16.
    """
    import keras

    layers = keras.layers
    first = {"data_format": "channels_first", "use_bias": False}

    def convolve(x: Any, filters: int, size: int, stride: int = 1) -> Any:
        padding = "same" if stride == 1 else "valid"
        x = layers.Conv2D(filters, size, stride, padding=padding, **first)(x)
        x = layers.BatchNormalization(axis=1, momentum=0.9)(x)
        return layers.ReLU()(x)

    inputs = keras.Input((n_features, None, None))
    x = convolve(convolve(inputs, _WIDTHS[0], 1), _WIDTHS[0], 3)
    skipped = []
    for width in _WIDTHS[1:]:
        skipped.append(x)
        x = convolve(x, width, 2, 2)
        x = convolve(convolve(x, width, 3), width, 3)
    x = layers.SpatialDropout2D(0.1, data_format="channels_first")(x)
    for width, before in zip(_WIDTHS[-2::-1], reversed(skipped), strict=True):
        x = layers.Conv2DTranspose(width, 2, 2, data_format="channels_first")(x)
        x = layers.Concatenate(axis=1)([x, before])
        x = convolve(x, width, 3)
    return keras.Model(
        inputs, layers.Conv2D(n_levels, 1, data_format="channels_first")(x)
    )
