"""blurnet: ours, a small network that slides over an image and knows its noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._homogeneous import homogeneous_layers, zero_mean

__all__ = ["BLURNET_SMALL", "build_blurnet"]

# About a third of the arithmetic of the default widths.
BLURNET_SMALL = (16, 32, 48, 48, 64)


def build_blurnet(
    n_levels: int, widths: tuple[int, ...] = (32, 64, 96, 96, 128)
) -> Any:
    """Build a net of valid convolutions: over an image it is a dense sliding window.

    A stem of 4x4 stride 4, then 3x3, 3x3, 3x3 and 2x2 see 4 (1 + 2 + 2 + 2 + 1) = 32
    pixels. No padding anywhere, so a cell never sees more or less than its patch.

    If a photograph and its conditions are multiplied by the same factor, or a constant
    is added to the photograph, nothing changes: kernels that see pixels, or their means
    over 4x4, sum to zero; every layer multiplies its output as its input is; and the
    last features are judged relative to their strength, as are noise, compression and
    span.

    Parameters
    ----------
    n_levels : int
        Number of classes.
    widths : tuple of 5 int, default=(32, 64, 96, 96, 128)
        Filters of the first five convolutions. The sixth has as many as the fifth, and
        the last one for each level.

    Returns
    -------
    keras.Model
        From patches or images (n, 1, h, w) in [0, 1] and their conditions
        (n, 4, 1, 1), as `skdefocus.filters.measure_conditions` gives them, to logits of
        shape (n, n_levels, h', w').
    """
    import keras

    layers = keras.layers
    root_mean_square, relative_to_strength = homogeneous_layers()

    def convolve(x: Any, filters: int, size: int, stride: int = 1, **more: Any) -> Any:
        return layers.Conv2D(
            filters,
            size,
            stride,
            use_bias=False,
            data_format="channels_first",
            **more,
        )(x)

    def activate(x: Any) -> Any:
        x = root_mean_square()(x)
        offset = convolve(
            conditions,
            x.shape[1],
            1,
            kernel_initializer="zeros",
            kernel_constraint=_without_span,
        )
        return layers.ReLU()(layers.Add()([x, offset]))

    inputs, conditions = keras.Input((1, None, None)), keras.Input((4, 1, 1))
    centered: dict[str, Any] = {
        "kernel_constraint": zero_mean,
        "kernel_initializer": _centered,
    }
    x = activate(convolve(inputs, widths[0], 4, 4, **centered))
    # Kernels of the stem are blind to the mean of their 16 pixels: what differs between
    # these means is all that is left of texture where blur is strong.
    means = layers.AveragePooling2D(4, data_format="channels_first")(inputs)
    x = layers.Add()(
        [convolve(x, widths[1], 3), convolve(means, widths[1], 3, **centered)]
    )
    x = activate(x)
    for filters, size in zip(widths[2:], (3, 3, 2), strict=True):
        x = activate(convolve(x, filters, size))
    x = relative_to_strength()([x, conditions])
    x = layers.Conv2D(widths[-1], 1, activation="relu", data_format="channels_first")(x)
    logits = layers.Conv2D(n_levels, 1, data_format="channels_first")(x)
    return keras.Model([inputs, conditions], logits)


def _without_span(kernel: Any) -> Any:
    """Let an offset hang on noise and compression alone, the first conditions."""
    return kernel * np.array([[1], [1], [1], [0]], np.float32)


def _centered(shape: Any, dtype: Any = None) -> Any:
    """Draw kernels that sum to zero from the start."""
    import keras

    return zero_mean(keras.initializers.GlorotUniform()(shape, dtype))
