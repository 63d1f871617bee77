"""NASNet-A (4 @ 1056), written from its paper: Keras refuses its own on torch.

Zoph, Vasudevan, Shlens and Le (2018), "Learning transferable architectures for
scalable image recognition", fig. 2 (the order of cells) and fig. 4 (the cells).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ._parts import MOMENTUM, PATCH_SIZE, classify, data_format

__all__ = ["build_nasnet_mobile"]

# Fig. 4. A block adds two operations, each an (operation, input): 0 is the cell before
# last, 1 the last cell, 2 and up are the blocks in the order given here.
_NORMAL = (
    (("separable 5", 1), ("separable 3", 0)),
    (("separable 5", 0), ("separable 3", 0)),
    (("average", 1), ("identity", 0)),
    (("average", 0), ("average", 0)),
    (("separable 3", 1), ("identity", 1)),
)
# Operations on the two cells (0 and 1) halve the resolution.
_REDUCTION = (
    (("separable 5", 1), ("separable 7", 0)),
    (("maximum", 1), ("separable 7", 0)),
    (("average", 1), ("separable 5", 0)),
    (("average", 2), ("identity", 3)),
    (("separable 3", 2), ("maximum", 1)),
)
# What a cell concatenates. The cell before last goes on even where it was used.
_NORMAL_OUTPUT = (0, 2, 3, 4, 5, 6)
_REDUCTION_OUTPUT = (3, 4, 5, 6)

_N_REPEATS = 4
# 1056 channels at the end are 6 concatenated values of 4 * 44 filters.
_N_FILTERS = 44


def build_nasnet_mobile(n_levels: int, n_channels: int = 1) -> Any:
    """Build NASNet-A (4 @ 1056), known as NASNetMobile.

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
        x = layers.Conv2D(32, 3, 2, use_bias=False)(x)
        before, last = None, _normalize(x)
        for filters in (_N_FILTERS // 4, _N_FILTERS // 2):
            before, last = last, _reduction_cell(before, last, filters)
        for stage in range(3):
            filters = _N_FILTERS * 2**stage
            if stage > 0:
                before, last = last, _reduction_cell(before, last, filters)
            for _ in range(_N_REPEATS):
                before, last = last, _normal_cell(before, last, filters)
        return keras.Model(inputs, classify(layers.ReLU()(last), n_levels))


def _cell(
    before: Any,
    last: Any,
    filters: int,
    *,
    blocks: tuple[Any, ...],
    output: tuple[int, ...],
    stride: int,
) -> Any:
    """Make a cell of the last two cells."""
    import keras

    values = [_fit(before, last, filters), _project(last, filters)]
    for block in blocks:
        parts = [
            _operate(operation, values[source], filters, stride if source < 2 else 1)
            for operation, source in block
        ]
        values.append(keras.layers.Add()(parts))
    return keras.layers.Concatenate(axis=1)([values[i] for i in output])


_normal_cell = partial(_cell, blocks=_NORMAL, output=_NORMAL_OUTPUT, stride=1)
_reduction_cell = partial(_cell, blocks=_REDUCTION, output=_REDUCTION_OUTPUT, stride=2)


def _operate(operation: str, x: Any, filters: int, stride: int) -> Any:
    """Apply one of the operations of fig. 4."""
    import keras

    layers = keras.layers
    if operation == "identity":
        return x
    if operation in ("average", "maximum"):
        padding = "same"
        if stride == 2:
            # Zeros beyond the edge, as Keras's own has where resolution is halved.
            first = [size % 2 for size in x.shape[2:]]
            x = layers.ZeroPadding2D([(before, 1) for before in first])(x)
            padding = "valid"
        average = operation == "average"
        pool = layers.AveragePooling2D if average else layers.MaxPooling2D
        return pool(3, stride, padding=padding)(x)
    size = int(operation.removeprefix("separable "))
    # Each separable convolution is applied twice (appendix A.4).
    for step in (stride, 1):
        x = layers.SeparableConv2D(filters, size, step, padding="same", use_bias=False)(
            layers.ReLU()(x)
        )
        x = _normalize(x)
    return x


def _fit(before: Any, last: Any, filters: int) -> Any:
    """Give the cell before last the resolution and channels of the last (A.4)."""
    import keras

    layers = keras.layers
    if before is None:
        return last
    if before.shape[2] != last.shape[2]:
        # Half the filters see the even pixels, half the odd ones.
        x = layers.ReLU()(before)
        odd = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
        odd = layers.Cropping2D(((1, 0), (1, 0)))(odd)
        halves = [
            layers.Conv2D(filters // 2, 1, 2, use_bias=False)(v) for v in (x, odd)
        ]
        return _normalize(layers.Concatenate(axis=1)(halves))
    return _project(before, filters)


def _project(x: Any, filters: int) -> Any:
    """Change the number of channels."""
    import keras

    x = keras.layers.ReLU()(x)
    return _normalize(keras.layers.Conv2D(filters, 1, use_bias=False)(x))


def _normalize(x: Any) -> Any:
    import keras

    return keras.layers.BatchNormalization(axis=1, momentum=MOMENTUM)(x)
