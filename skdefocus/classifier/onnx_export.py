"""From a trained Keras network to ONNX, layer by layer; needs extra ``train``.

torch.onnx.export takes minutes for NASNet, where this takes a fraction of a second,
and leaves operators in the graph that a reader of model files would have to accept.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .onnx_layers import EXPORTS

__all__ = ["OnnxGraph", "to_onnx"]

# Old enough for every ONNX Runtime that the package accepts.
_OPSET = 18
_IR_VERSION = 10


def to_onnx(network: Any, patch_size: int, *, dense: bool = True) -> bytes:
    """Export a network in inference mode, with a softmax over the levels.

    Parameters
    ----------
    network : keras.Model
        From grey images of shape (n, 1, h, w), or features (n, n_features, h, w), to
        logits of shape (n, n_levels, h', w'). It must be one of `ARCHITECTURES` or the
        context network, or made of the same layers, channels first.
    patch_size : int
        Side of a patch, in pixels.
    dense : bool, default=True
        Whether the network slides over larger images: height and width are dynamic.
        Otherwise they are ``patch_size``. The batch is always dynamic.

    Returns
    -------
    bytes
        Serialised model from ``patches`` to ``probabilities``; the same for the same
        weights.

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
            graph.names[id(operation.output)] = "patches"
        elif kind in EXPORTS:
            EXPORTS[kind](graph, operation)
        else:
            raise ValueError(f"a layer of type {kind} has no export to ONNX.")
    logits = graph.names[id(network.outputs[0])]
    graph.nodes.append(helper.make_node("Softmax", [logits], ["probabilities"], axis=1))
    size = ("height", "width") if dense else (patch_size, patch_size)
    shapes = {
        "patches": ("n", network.inputs[0].shape[1], *size),
        "probabilities": ("n", *network.outputs[0].shape[1:]),
    }
    inputs, outputs = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "skdefocus", [inputs], [outputs], graph.constants
        ),
        producer_name="skdefocus",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    return model.SerializeToString(deterministic=True)


class OnnxGraph:
    """The ONNX graph while it grows: names of Keras tensors, nodes and constants."""

    def __init__(self, network: Any) -> None:
        self.names: dict[int, str] = {}
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        # Kernel and bias of the convolutions that a normalisation may be folded into.
        self.kernels: dict[str, tuple[Any, Any]] = {}
        self.uses = Counter(
            id(tensor)
            for operation in network.operations
            if type(operation).__name__ != "InputLayer"
            for tensor in _listed(operation.input)
        )

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Add a constant and give its name."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        array = np.ascontiguousarray(values, dtype)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(
        self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any
    ) -> Any:
        """Add an operator and give the name of its output, or their list."""
        from onnx import helper

        outputs = [f"v{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def affine(self, x: str, scale: np.ndarray, offset: np.ndarray) -> str:
        """Multiply and add, where that changes anything."""
        if np.any(scale != 1):
            x = self.node("Mul", x, self.constant(scale))
        return self.node("Add", x, self.constant(offset)) if np.any(offset) else x

    def convolve(
        self, x: str, kernel: np.ndarray, bias: Any, layer: Any, strides: Any, pads: Any
    ) -> str:
        """Convolve with a kernel of shape (out, in of a group, height, width)."""
        names = [self.constant(kernel)]
        # Always with a bias, for a normalisation to be folded into.
        names.append(self.constant(np.zeros(len(kernel)) if bias is None else bias))
        n_inputs = layer.input.shape[1]
        y = self.node(
            "Conv",
            x,
            *names,
            strides=strides,
            pads=pads,
            group=n_inputs // kernel.shape[1],
        )
        self.kernels[y] = (self.constants[-2], self.constants[-1])
        return y

    def activate(self, x: str, name: str) -> str:
        """Apply an activation by Keras's name."""
        if name == "linear":
            return x
        if name == "relu":
            return self.node("Relu", x)
        if name == "sigmoid":
            return self.node("Sigmoid", x)
        if name == "silu":
            return self.node("Mul", x, self.node("Sigmoid", x))
        raise ValueError(f"the activation {name} has no export to ONNX.")


def _listed(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]
