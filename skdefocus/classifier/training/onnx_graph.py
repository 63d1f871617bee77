"""The ONNX graph of a network while it grows; needs the extra ``train``."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

__all__ = ["OnnxGraph"]


class OnnxGraph:
    """The ONNX graph while it grows: names of Keras tensors, nodes and constants.

    Parameters
    ----------
    network : keras.Model
        The network that is exported.

    Attributes
    ----------
    names : dict of int to str
        Name in the graph of each Keras tensor, by its id; the rules of layers add it.
    nodes, constants : list
        What ONNX makes a graph of.
    kernels : dict of str to tuple
        Kernel and bias of the convolutions that a normalization may be folded into, by
        the name of their output.
    uses : Counter
        How many operations take each Keras tensor, by its id.
    """

    def __init__(self, network: Any) -> None:
        self.names: dict[int, str] = {}
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
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

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of one output and give its name."""
        return self.split(kind, *inputs, n_outputs=1, **attributes)[0]

    def split(
        self, kind: str, *inputs: str, n_outputs: int, **attributes: Any
    ) -> list[str]:
        """Add an operator and give the names of its outputs."""
        from onnx import helper

        outputs = [f"v{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def affine(self, x: str, scale: np.ndarray, offset: np.ndarray) -> str:
        """Multiply and add, where that changes anything."""
        if np.any(scale != 1):
            x = self.node("Mul", x, self.constant(scale))
        return self.node("Add", x, self.constant(offset)) if np.any(offset) else x

    def convolve(
        self, x: str, kernel: np.ndarray, bias: Any, layer: Any, strides: Any, pads: Any
    ) -> str:
        """Convolve.

        Parameters
        ----------
        x : str
            Name of what is convolved.
        kernel : ndarray of shape (out, in of a group, height, width)
            As ONNX has it.
        bias : ndarray of shape (out,) or None
            None for zeros.
        layer : keras.Layer
            Its input has the channels of x.
        strides, pads : sequence of int
            As ONNX has them.

        Returns
        -------
        str
            Name of the result.
        """
        names = [self.constant(kernel)]
        # Always with a bias, for a normalization to be folded into.
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

    def fold(self, x: str, layer: Any, scale: np.ndarray, offset: Any) -> str:
        """Multiply and add in the convolution that gave x, or after it.

        Parameters
        ----------
        x : str
            Name of what is multiplied.
        layer : keras.Layer
            Its input is x. Where others take it as well, nothing is folded.
        scale : ndarray of shape (n_channels,)
            Factors.
        offset : ndarray of shape (n_channels,) or float
            What is added after.

        Returns
        -------
        str
            Name of the result.
        """
        from onnx import numpy_helper

        if x not in self.kernels or self.uses[id(layer.input)] > 1:
            offset = np.broadcast_to(offset, scale.shape)
            return self.affine(x, scale[:, None, None], offset[:, None, None])
        kernel, bias = self.kernels.pop(x)
        for constant, values in (
            (kernel, numpy_helper.to_array(kernel) * scale[:, None, None, None]),
            (bias, numpy_helper.to_array(bias) * scale + offset),
        ):
            folded = numpy_helper.from_array(values.astype(np.float32), constant.name)
            constant.CopyFrom(folded)
        return x

    def activate(self, x: str, name: str) -> str:
        """Apply an activation.

        Parameters
        ----------
        x : str
            Name of what it is applied to.
        name : str
            Keras's name of it.

        Returns
        -------
        str
            Name of the result.

        Raises
        ------
        ValueError
            For an activation that has no export.
        """
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
