"""A Keras model that trains by operations that a CPU is fast at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .recorded_model import replaced, traceable_layers

__all__ = ["cpu_model"]

# Up to this side of an image, torch's gradient of a depthwise convolution takes longer
# than that of its products one by one: fifty times at a side of 1.
_SMALL = 4


def _spans(size: int, n_out: int, tap: int, before: int, step: int) -> tuple[slice, slice]:
    """Where a weight of a kernel meets an image along an axis: in what comes out, and
    in the image."""
    first = max(0, -((tap - before) // step))
    last = min(n_out, (size - 1 - tap + before) // step + 1)
    start = first * step + tap - before
    return slice(first, last), slice(start, start + (last - first - 1) * step + 1, step)


def _meetings(
    x: Any, kernel: Any, before: int, step: int
) -> Iterator[tuple[Any, Any, Any]]:
    n_out = (x.shape[2] + 2 * before - kernel.shape[0]) // step + 1
    for row in range(kernel.shape[0]):
        out_rows, rows = _spans(x.shape[2], n_out, row, before, step)
        for column in range(kernel.shape[1]):
            out_columns, columns = _spans(x.shape[3], n_out, column, before, step)
            if out_rows.start < out_rows.stop and out_columns.start < out_columns.stop:
                yield (
                    (row, column),
                    (..., out_rows, out_columns),
                    (..., rows, columns),
                )


def _depthwise(torch):
    class Depthwise(torch.autograd.Function):
        @staticmethod
        def forward(context, x, kernel, before, step):
            context.save_for_backward(x, kernel)
            context.geometry = before, step
            n_out = (x.shape[2] + 2 * before - kernel.shape[0]) // step + 1
            total = x.new_zeros((*x.shape[:2], n_out, n_out)).contiguous(
                memory_format=torch.channels_last
            )
            for tap, out, seen in _meetings(x, kernel, before, step):
                total[out].addcmul_(x[seen], kernel[tap].reshape(-1, 1, 1))
            return total

        @staticmethod
        def backward(context, gradient):
            x, kernel = context.saved_tensors
            of_x, of_kernel = torch.zeros_like(x), torch.zeros_like(kernel)
            for tap, out, seen in _meetings(x, kernel, *context.geometry):
                of_x[seen].addcmul_(gradient[out], kernel[tap].reshape(-1, 1, 1))
                of_kernel[tap] = (x[seen] * gradient[out]).sum((0, 2, 3)).reshape(-1, 1)
            return of_x, of_kernel, None, None
    return Depthwise.apply


def _cpu_layers(keras: Any) -> tuple[type, ...]:
    """Layers that compute what Keras's do, in training."""
    import torch

    depthwise = _depthwise(torch)
    class Convolution(keras.layers.Conv2D):
        """Gives channels last in memory, which those that follow keep."""

        def call(self, x: Any) -> Any:
            return super().call(x).contiguous(memory_format=torch.channels_last)

    class DepthwiseConvolution(keras.layers.DepthwiseConv2D):
        """Adds up the products with each weight where images are small."""

        def call(self, x: Any) -> Any:
            same = self.padding == "same"
            if x.shape[2] > _SMALL or (same and self.strides != (1, 1)):
                return super().call(x)
            return depthwise(x, self.kernel.value, self.kernel_size[0] // 2 if same else 0, self.strides[0])

    normalization, _ = traceable_layers(keras)
    return Convolution, DepthwiseConvolution, normalization


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
        Its steps give what Keras's own give, up to rounding.
    """
    layers = _cpu_layers(keras)

    class CPUModel(keras.Model):
        def train_step(self, data: Any) -> Any:
            with replaced(self.layers, *layers):
                return super().train_step(data)

    return CPUModel(inputs, outputs)
