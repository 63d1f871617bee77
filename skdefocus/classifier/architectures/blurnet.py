"""blurnet: ours, a small network that slides over an image."""

from __future__ import annotations

from typing import Any

__all__ = ["BLURNET_SMALL", "build_blurnet"]

# About a third of the arithmetic of the default widths.
BLURNET_SMALL = (16, 32, 48, 48, 64)


def build_blurnet(
    n_levels: int, widths: tuple[int, ...] = (32, 64, 64, 96, 128)
) -> Any:
    """Build a net of valid convolutions: over an image it is a dense sliding window.

    A stem of 4x4 stride 4, then 3x3, 3x3, 3x3 and 2x2 see 4 (1 + 2 + 2 + 2 + 1) = 32
    pixels. No padding anywhere, so a cell never sees more or less than its patch.

    Parameters
    ----------
    n_levels : int
        Number of classes.
    widths : tuple of 5 int, default=(32, 64, 64, 96, 128)
        Filters of each convolution before the last.

    Returns
    -------
    keras.Model
        From (n, 1, h, w) in [0, 1] to logits of shape (n, n_levels, h', w').
    """
    import keras

    def convolve(x: Any, filters: int, size: int, stride: int = 1) -> Any:
        x = keras.layers.Conv2D(
            filters, size, stride, use_bias=False, data_format="channels_first"
        )(x)
        # Keras's own momentum, 0.99, needs hundreds of steps to forget its start.
        normalize = keras.layers.BatchNormalization(axis=1, momentum=0.9)
        return keras.layers.ReLU()(normalize(x))

    inputs = keras.Input((1, None, None))
    # (gray - 128) / 64 on the 8-bit scale
    x = keras.layers.Rescaling(255 / 64, offset=-2.0)(inputs)
    x = convolve(x, widths[0], 4, 4)
    for filters, size in zip(widths[1:], (3, 3, 3, 2), strict=True):
        x = convolve(x, filters, size)
    logits = keras.layers.Conv2D(n_levels, 1, data_format="channels_first")(x)
    return keras.Model(inputs, logits)
