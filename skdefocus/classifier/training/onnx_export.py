"""From a trained Keras network to ONNX, layer by layer; needs extra ``train``.

torch.onnx.export takes minutes for NASNet, where this takes a fraction of a second,
and leaves operators in the graph that a reader of model files would have to accept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .onnx_graph import OnnxGraph

__all__ = ["to_onnx"]

# Old enough for every ONNX Runtime that the package accepts.
_OPSET = 18
_IR_VERSION = 10
# Settings of layers that none of the networks changes.
_USUAL = {
    "data_format": "channels_first",
    "dilation_rate": (1, 1),
    "negative_slope": 0,
    "threshold": 0,
}


def _array(weight: Any) -> np.ndarray:
    import keras

    # Keras's own conversion warns under NumPy 2.
    values: np.ndarray = keras.ops.convert_to_tensor(weight).detach().cpu().numpy()
    return values


def _simple(
    export: Callable[[OnnxGraph, Any, str], str],
) -> Callable[[OnnxGraph, Any], None]:
    """Make the export of a layer with one input and one output."""

    def run(graph: OnnxGraph, layer: Any) -> None:
        for setting, usual in _USUAL.items():
            if getattr(layer, setting, usual) != usual:
                raise ValueError(
                    f"a layer with {setting}={getattr(layer, setting)} has no export "
                    f"to ONNX."
                )
        x = graph.names[id(layer.input)]
        graph.names[id(layer.output)] = export(graph, layer, x)

    return run


def _pads(layer: Any, size: Any) -> list[int]:
    """Give the padding before and after rows and columns that Keras chooses."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    total = [
        # With a stride of 1 every length needs the same, and may be unknown.
        extent - 1
        if stride == 1
        else max(0, (-(-length // stride) - 1) * stride + extent - length)
        for length, extent, stride in zip(
            layer.input.shape[2:], size, layer.strides, strict=True
        )
    ]
    return [t // 2 for t in total] + [t - t // 2 for t in total]


def _conv(graph: OnnxGraph, layer: Any, x: str) -> str:
    kernel = _array(layer.kernel)
    # Keras: (height, width, in, out or, of a depthwise layer, multiplier).
    if type(layer).__name__ == "DepthwiseConv2D":
        kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
    else:
        kernel = kernel.transpose(3, 2, 0, 1)
    bias = _array(layer.bias) if layer.use_bias else None
    pads = _pads(layer, layer.kernel_size)
    y = graph.convolve(x, kernel, bias, layer, layer.strides, pads)
    return graph.activate(y, layer.activation.__name__)


def _transpose_conv(graph: OnnxGraph, layer: Any, x: str) -> str:
    if layer.padding != "valid" or layer.kernel_size != layer.strides:
        raise ValueError("a transposed convolution that overlaps has no export.")
    # Keras: (height, width, out, in).
    kernel = graph.constant(_array(layer.kernel).transpose(3, 2, 0, 1))
    inputs = [x, kernel, graph.constant(_array(layer.bias))]
    y = graph.node("ConvTranspose", *inputs, strides=layer.strides)
    return graph.activate(y, layer.activation.__name__)


def _separable(graph: OnnxGraph, layer: Any, x: str) -> str:
    depthwise = _array(layer.depthwise_kernel).transpose(2, 3, 0, 1)
    depthwise = depthwise.reshape(-1, 1, *layer.kernel_size)
    pads = _pads(layer, layer.kernel_size)
    x = graph.convolve(x, depthwise, None, layer, layer.strides, pads)
    pointwise = _array(layer.pointwise_kernel).transpose(3, 2, 0, 1)
    bias = _array(layer.bias) if layer.use_bias else None
    y = graph.convolve(x, pointwise, bias, layer, (1, 1), [0, 0, 0, 0])
    return graph.activate(y, layer.activation.__name__)


def _normalize(graph: OnnxGraph, layer: Any, x: str) -> str:
    if layer.axis != 1:
        raise ValueError("a normalization of other axes has no export to ONNX.")
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    scale = 1 / np.sqrt(variance.astype(np.float64) + layer.epsilon)
    if layer.scale:
        scale *= _array(layer.gamma)
    offset = (_array(layer.beta) if layer.center else 0) - mean * scale
    return graph.fold(x, layer, scale, offset)


def _standardize(graph: OnnxGraph, layer: Any, x: str) -> str:
    scale = 1 / np.maximum(np.sqrt(_array(layer.variance)), 1e-7)
    scale, mean = scale.reshape(-1, 1, 1), _array(layer.mean).reshape(-1, 1, 1)
    return graph.affine(x, scale, -mean * scale)


def _rescale(graph: OnnxGraph, layer: Any, x: str) -> str:
    return graph.affine(x, np.array(layer.scale), np.array(layer.offset))


def _relu(graph: OnnxGraph, layer: Any, x: str) -> str:
    if layer.max_value is None:
        return graph.node("Relu", x)
    return graph.node("Clip", x, graph.constant(0), graph.constant(layer.max_value))


def _pool(graph: OnnxGraph, layer: Any, x: str) -> str:
    pads = _pads(layer, layer.pool_size)
    kind = "MaxPool" if type(layer).__name__ == "MaxPooling2D" else "AveragePool"
    # Keras on torch repeats the edge, and averages would count the repeated values.
    if pads[:2] != pads[2:] and kind == "AveragePool":
        raise ValueError("an average with uneven padding has no export to ONNX.")
    return graph.node(
        kind, x, kernel_shape=layer.pool_size, strides=layer.strides, pads=pads
    )


def _pad(graph: OnnxGraph, layer: Any, x: str) -> str:
    """Add or, where negative, remove rows and columns."""
    crop = type(layer).__name__ == "Cropping2D"
    edges = np.array(layer.cropping if crop else layer.padding) * (-1 if crop else 1)
    (top, bottom), (left, right) = edges
    pads = [0, 0, top, left, 0, 0, bottom, right]
    return graph.node("Pad", x, graph.constant(pads, np.int64))


def _reshape(graph: OnnxGraph, layer: Any, x: str) -> str:
    return graph.node("Reshape", x, graph.constant([-1, *layer.output.shape[1:]], int))


def _average(graph: OnnxGraph, layer: Any, x: str) -> str:
    y = graph.node("GlobalAveragePool", x)
    return y if layer.keepdims else _reshape(graph, layer, y)


def _combine(graph: OnnxGraph, layer: Any, kind: str, **attributes: Any) -> None:
    inputs = [graph.names[id(tensor)] for tensor in layer.input]
    graph.names[id(layer.output)] = graph.node(kind, *inputs, **attributes)


def _root_mean_square(graph: OnnxGraph, layer: Any, x: str) -> str:
    factor = _array(layer.factor()).astype(np.float64)
    return graph.fold(x, layer, factor, 0)


def _relative_to_strength(graph: OnnxGraph, layer: Any) -> None:
    x, conditions = (graph.names[id(tensor)] for tensor in layer.input)
    n_features = layer.input[0].shape[1]
    # The mean over the channels; ONNX Runtime takes longer for its own.
    mean = graph.constant(np.full((1, n_features, 1, 1), 1 / n_features))
    square = graph.node("Conv", graph.node("Mul", x, x), mean)
    least = graph.constant(layer.least_square)
    strength = graph.node("Sqrt", graph.node("Add", square, least))
    share = graph.node("Mul", strength, graph.constant(layer.least_share))
    told = graph.node("Add", conditions, share)
    # ONNX Runtime's Log rounds otherwise at the end of an array, so that a result would
    # hang on the size of the image around it; the logarithm of a sum of one does not.
    both = graph.node("Concat", told, strength, axis=1)
    one = graph.node("Unsqueeze", both, graph.constant([4], np.int64))
    axis = graph.constant([4], np.int64)
    logs = graph.node("ReduceLogSum", one, axis, keepdims=0)
    n_told = layer.input[1].shape[1]
    difference = np.hstack([np.eye(n_told), -np.ones((n_told, 1))])
    shares = graph.node("Conv", logs, graph.constant(difference[:, :, None, None]))
    features = graph.node("Div", x, strength)
    graph.names[id(layer.output)] = graph.node("Concat", features, shares, axis=1)


def _split(graph: OnnxGraph, operation: Any) -> None:
    sizes = [tensor.shape[operation.axis] for tensor in operation.output]
    parts = graph.split(
        "Split",
        graph.names[id(operation.input)],
        graph.constant(sizes, np.int64),
        n_outputs=len(sizes),
        axis=operation.axis,
    )
    graph.names.update(zip(map(id, operation.output), parts, strict=True))


_EXPORTS: dict[str, Callable[[OnnxGraph, Any], None]] = {
    "Activation": _simple(lambda g, la, x: g.activate(x, la.activation.__name__)),
    "Add": lambda g, la: _combine(g, la, "Add"),
    "AveragePooling2D": _simple(_pool),
    "BatchNormalization": _simple(_normalize),
    "Concatenate": lambda g, la: _combine(g, la, "Concat", axis=la.axis),
    "Conv2D": _simple(_conv),
    "Conv2DTranspose": _simple(_transpose_conv),
    "Cropping2D": _simple(_pad),
    "DepthwiseConv2D": _simple(_conv),
    "Dropout": _simple(lambda g, la, x: x),
    "GlobalAveragePooling2D": _simple(_average),
    "MaxPooling2D": _simple(_pool),
    "Multiply": lambda g, la: _combine(g, la, "Mul"),
    "Normalization": _simple(_standardize),
    "Permute": _simple(lambda g, la, x: g.node("Transpose", x, perm=(0, *la.dims))),
    "ReLU": _simple(_relu),
    "RelativeToStrength": _relative_to_strength,
    "Rescaling": _simple(_rescale),
    "Reshape": _simple(_reshape),
    "RootMeanSquare": _simple(_root_mean_square),
    "SeparableConv2D": _simple(_separable),
    "SpatialDropout2D": _simple(lambda g, la, x: x),
    "Split": _split,
    "ZeroPadding2D": _simple(_pad),
}


def to_onnx(network: Any, patch_size: int, *, dense: bool = True) -> bytes:
    """Export a network in inference mode, with a softmax over the levels.

    Parameters
    ----------
    network : keras.Model
        From gray images of shape (n, 1, h, w), or features (n, n_features, h, w), and
        conditions (n, 4, 1, 1) if it takes them, to logits of shape
        (n, n_levels, h', w'). It must be one of `ARCHITECTURES` or the context network,
        or made of the same layers, channels first.
    patch_size : int
        Side of a patch, in pixels.
    dense : bool, default=True
        Whether the network slides over larger images: height and width are dynamic.
        Otherwise they are ``patch_size``. The batch is always dynamic.

    Returns
    -------
    bytes
        Serialized model from ``patches``, and ``conditions``, to ``probabilities``; the
        same for the same weights.

    Raises
    ------
    ValueError
        For a layer that has no export.
    """
    from onnx import TensorProto, helper

    graph = OnnxGraph(network)
    for operation in network.operations:
        kind = type(operation).__name__
        if kind == "InputLayer":
            is_first = operation.output is network.inputs[0]
            name = "patches" if is_first else "conditions"
            graph.names[id(operation.output)] = name
        elif kind in _EXPORTS:
            _EXPORTS[kind](graph, operation)
        else:
            raise ValueError(f"a layer of type {kind} has no export to ONNX.")
    logits = graph.names[id(network.outputs[0])]
    if dense:
        _softmax_of_image(graph, logits)
    else:
        softmax = helper.make_node("Softmax", [logits], ["probabilities"], axis=1)
        graph.nodes.append(softmax)
    size = ("height", "width") if dense else (patch_size, patch_size)
    shapes = {"patches": ("n", network.inputs[0].shape[1], *size)}
    if len(network.inputs) > 1:
        shapes["conditions"] = ("n", *network.inputs[1].shape[1:])
    shapes["probabilities"] = ("n", *network.outputs[0].shape[1:])
    *inputs, output = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, "skdefocus", inputs, [output], graph.constants),
        producer_name="skdefocus",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    onnx: bytes = model.SerializeToString(deterministic=True)
    return onnx


def _softmax_of_image(graph: OnnxGraph, logits: str) -> None:
    """Add a softmax over the levels from its parts.

    That of ONNX Runtime brings the levels to the end first, and back after it, which
    takes a tenth of the time of a small network.
    """
    from onnx import helper

    axis = graph.constant([1], np.int64)
    odds = graph.node(
        "Exp", graph.node("Sub", logits, graph.node("ReduceMax", logits, axis))
    )
    total = graph.node("ReduceSum", odds, axis)
    graph.nodes.append(helper.make_node("Div", [odds, total], ["probabilities"]))
