"""Layers that multiply what they give by what their input is multiplied by.

With them alone, a network answers the same for a photograph of half the contrast and
half the noise. They have no offsets: where others add one, these networks add a
multiple of the noise.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["homogeneous_layers", "zero_mean"]

# Least strength that is divided by, squared, and the least share of it that is told
# apart from none: noise, compression and span are seen as logarithms.
_LEAST_SQUARE = 1e-12
_LEAST_SHARE = 1e-3


def zero_mean(kernel: Any) -> Any:
    """Subtract the mean of each kernel over its pixels, so that brightness falls out.

    Parameters
    ----------
    kernel : tensor of shape (height, width, n_inputs, n_outputs)
        Of a convolution; as a constraint it is applied after every step.

    Returns
    -------
    tensor of the same shape
        Sums to 0 over the first two axes.
    """
    import keras

    return kernel - keras.ops.mean(kernel, axis=(0, 1), keepdims=True)


@cache
def homogeneous_layers() -> tuple[type, type]:
    """Make the classes of both layers; Keras is imported only then.

    Returns
    -------
    RootMeanSquare : type
        Divides every channel, axis 1, by its root mean square over the training
        patches, and subtracts nothing. While weights change it takes that of the batch;
        `settle_normalization` measures the lasting one.
    RelativeToStrength : type
        From features (n, c, h, w) and conditions (n, k, 1, 1) to (n, c + k, h, w): the
        features divided by their strength, their root mean square over the channels,
        and logarithms of the conditions over it.
    """
    import keras

    ops = keras.ops

    class RootMeanSquare(keras.layers.Layer):  # type: ignore[misc]  # Has no types.
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            # What is kept of the old mean square; 1 leaves it as it is.
            self.momentum = 1.0

        def build(self, shape: Any) -> None:
            self.gamma = self.add_weight(shape=(shape[1],), initializer="ones")
            self.mean_square = self.add_weight(
                shape=(shape[1],), initializer="ones", trainable=False
            )

        def call(self, x: Any, training: bool = False) -> Any:
            mean_square = self.mean_square
            if training:
                mean_square = ops.mean(x * x, axis=(0, 2, 3))
                if self.momentum < 1:
                    kept = self.momentum * self.mean_square
                    self.mean_square.assign(kept + (1 - self.momentum) * mean_square)
            factor = self.gamma * ops.rsqrt(mean_square + _LEAST_SQUARE)
            return x * ops.reshape(factor, (1, -1, 1, 1))

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

        def factor(self) -> Any:
            """Factor of each channel once trained."""
            return self.gamma * ops.rsqrt(self.mean_square + _LEAST_SQUARE)

    class RelativeToStrength(keras.layers.Layer):  # type: ignore[misc]
        least_square = _LEAST_SQUARE
        least_share = _LEAST_SHARE

        def call(self, inputs: Any) -> Any:
            x, conditions = inputs
            strength = ops.sqrt(
                ops.mean(x * x, axis=1, keepdims=True) + self.least_square
            )
            shares = ops.log(conditions + self.least_share * strength)
            return ops.concatenate([x / strength, shares - ops.log(strength)], axis=1)

        def compute_output_shape(self, shapes: Any) -> Any:
            features, conditions = shapes
            return (features[0], features[1] + conditions[1], *features[2:])

    return RootMeanSquare, RelativeToStrength
