"""A Keras model that trains by operations that a CPU is fast at.

MobileNetV2 takes less than half the time (docs/decisions/recorded_steps.rst).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .recorded_model import replaced, traceable_layers

__all__ = ["cpu_model"]

# Up to this side of an image torch's convolutions are slow: at a side of 1 the gradient
# of a depthwise one takes fifty times as long as the convolution.
_SMALL = 4


def _overlap(size: int, n_out: int, offset: int, step: int) -> tuple[slice, slice]:
    """Tell which outputs a weight of a kernel contributes to, and by which pixels."""
    first = max(0, -(offset // step))
    last = min(n_out, (size - 1 - offset) // step + 1)
    start = first * step + offset
    return slice(first, last), slice(start, start + (last - first - 1) * step + 1, step)


def _products(
    x: Any, kernel: Any, before: int, step: int
) -> Iterator[tuple[tuple[int, int], tuple[Any, ...], tuple[Any, ...]]]:
    """Tell for each weight which of the image it is multiplied by, and for what."""
    n_out = _n_out(x, kernel, before, step)
    for row in range(kernel.shape[0]):
        out_rows, rows = _overlap(x.shape[2], n_out, row - before, step)
        for column in range(kernel.shape[1]):
            out_columns, columns = _overlap(x.shape[3], n_out, column - before, step)
            # At a side of 1 all weights but one meet nothing.
            if out_rows.start < out_rows.stop and out_columns.start < out_columns.stop:
                out, seen = (..., out_rows, out_columns), (..., rows, columns)
                yield (row, column), out, seen


def _n_out(x: Any, kernel: Any, before: int, step: int) -> int:
    n_out: int = (x.shape[2] + 2 * before - kernel.shape[0]) // step + 1
    return n_out


def _cpu_layers(keras: Any) -> tuple[tuple[type, ...], tuple[type, ...]]:
    """Layers that compute what Keras's do: to train, and to settle normalization."""
    import torch
    from torch.nn import functional

    class SmallDepthwise(torch.autograd.Function):
        """A depthwise convolution of square images, weight by weight."""

        @staticmethod
        def forward(context: Any, x: Any, kernel: Any, before: int, step: int) -> Any:
            context.save_for_backward(x, kernel)
            context.geometry = before, step
            n_out = _n_out(x, kernel, before, step)
            shape = (*x.shape[:2], n_out, n_out)
            total = torch.empty(
                shape, dtype=x.dtype, memory_format=torch.channels_last
            ).zero_()
            for weight, out, seen in _products(x, kernel, before, step):
                total[out].addcmul_(x[seen], kernel[weight].reshape(-1, 1, 1))
            return total

        @staticmethod
        def backward(context: Any, *gradients: Any) -> Any:
            (gradient,), (x, kernel) = gradients, context.saved_tensors
            of_x, of_kernel = torch.zeros_like(x), torch.zeros_like(kernel)
            for weight, out, seen in _products(x, kernel, *context.geometry):
                of_x[seen].addcmul_(gradient[out], kernel[weight].reshape(-1, 1, 1))
                of_weight = (x[seen] * gradient[out]).sum((0, 2, 3))
                of_kernel[weight] = of_weight.reshape(-1, 1)
            return of_x, of_kernel, None, None

    class Convolution(keras.layers.Conv2D):
        """Puts channels last in memory, where the layers that follow leave them."""

        def call(self, x: Any) -> Any:
            is_product = self.kernel_size == self.strides == (1, 1)
            is_product = is_product and not self.use_bias and self.groups == 1
            if not is_product or max(x.shape[2:]) > _SMALL:
                return super().call(x).contiguous(memory_format=torch.channels_last)
            # A product of matrices, which Keras keeps the kernel for.
            pixels = x.permute(0, 2, 3, 1) @ self.kernel.value[0, 0]
            return self.activation(pixels.permute(0, 3, 1, 2))

    class DepthwiseConvolution(keras.layers.DepthwiseConv2D):
        """Goes through small images weight by weight."""

        def call(self, x: Any) -> Any:
            same, (step, _) = self.padding == "same", self.strides
            # What the networks here have; the rest is left to Keras.
            known = (step == 1 or not same) and self.kernel_size == (3, 3)
            known = known and not self.use_bias and self.depth_multiplier == 1
            if not known or x.shape[2] > _SMALL or x.shape[2] != x.shape[3]:
                return super().call(x)
            kernel = self.kernel.value
            return SmallDepthwise.apply(x, kernel, int(same), step)  # type: ignore[no-untyped-call]

    class SettlingNormalization(keras.layers.BatchNormalization):
        """Keeps the mean and variance of the last batch alone."""

        def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
            mean, variance = self.moving_mean.value, self.moving_variance.value
            weight = self.gamma.value if self.scale else None
            bias = self.beta.value if self.center else None
            y = functional.batch_norm(
                x, mean, variance, weight, bias, True, momentum=1.0, eps=self.epsilon
            )
            # Torch keeps the variance of a sample.
            n = x.numel() // x.shape[1]
            variance *= (n - 1) / n
            return y

    convolutions = Convolution, DepthwiseConvolution
    normalization, _ = traceable_layers(keras)
    return (*convolutions, normalization), (*convolutions, SettlingNormalization)


def cpu_model(keras: Any, inputs: Any, outputs: Any) -> Any:
    """Make a functional model that trains fast on a CPU.

    Parameters
    ----------
    keras : module
        Keras.
    inputs, outputs : KerasTensor
        As of ``keras.Model``, channels first. Normalization must be over axis 1; its
        moving averages are left to `settle_normalization`.

    Returns
    -------
    keras.Model
        Its steps are Keras's own, up to rounding. Its method ``forward_training(x)``
        runs it forward as it trains, and leaves what the batch was normalized by.
    """
    import torch

    training_layers, settling_layers = _cpu_layers(keras)

    class CPUModel(keras.Model):
        def train_step(self, data: Any) -> Any:
            with replaced(self.layers, *training_layers):
                return super().train_step(data)

        @torch.no_grad()
        def forward_training(self, x: Any) -> Any:
            # Keras takes several inputs as a list only.
            given = list(x) if isinstance(x, tuple) else x
            with replaced(self.layers, *settling_layers):
                return self(given, training=True)

    return CPUModel(inputs, outputs)
