"""What an ONNX graph from elsewhere may contain before it is run."""

from __future__ import annotations

import math

__all__ = ["check_onnx"]

_OPERATORS = frozenset({"Add", "Conv", "Mul", "Relu", "Softmax"})
_MAX_NODES = 2000
# blurnet's widest layer holds 4 values per input pixel.
_MAX_VALUES_PER_PIXEL = 32


def check_onnx(
    serialised: bytes, *, patch_size: int, stride: int, n_levels: int
) -> None:
    """Refuse a graph that is not a small feed-forward network of known operators.

    A graph of 153 bytes can ask for gigabytes. So only a short list of operators is
    accepted, and the size of every tensor is inferred, for an image a little larger
    than a patch, before anything is allocated.

    Parameters
    ----------
    serialised : bytes
        The ONNX model.
    patch_size, stride, n_levels : int
        What the network's card says of it.

    Raises
    ------
    ValueError
        In one sentence, naming what was found.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_from_string(serialised)
    except DecodeError as error:
        raise ValueError("the network is not a readable ONNX model.") from error
    graph = model.graph
    if len(graph.node) > _MAX_NODES or model.functions:
        raise ValueError("the network's ONNX graph is too large or holds functions.")
    for node in graph.node:
        if node.op_type not in _OPERATORS or node.domain not in ("", "ai.onnx"):
            raise ValueError(
                f"the network uses the ONNX operator {node.op_type!r}; accepted are "
                f"{', '.join(sorted(_OPERATORS))}."
            )
    for constant in graph.initializer:
        if constant.external_data or (
            constant.data_location == onnx.TensorProto.EXTERNAL
        ):
            raise ValueError("the network keeps data outside its own file.")
        if math.prod(constant.dims) * 4 > len(serialised):
            raise ValueError(
                f"the network's constant {constant.name!r} is declared larger than "
                f"its file."
            )
    if [value.name for value in graph.input] != ["patches"] or (
        [value.name for value in graph.output] != ["probabilities"]
    ):
        raise ValueError(
            "the network must have one input 'patches' and one output 'probabilities'."
        )
    height, width = patch_size + 2 * stride, patch_size + stride
    shape = graph.input[0].type.tensor_type.shape
    if len(shape.dim) != 4 or graph.sparse_initializer:
        raise ValueError("the network's input must be of shape (n, 1, height, width).")
    for dim, size in zip(shape.dim, (1, 1, height, width), strict=True):
        dim.dim_value = size
    # What the file claims about inner shapes is not believed but inferred.
    del graph.value_info[:]
    graph.output[0].type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True
        ).graph
    except Exception as error:
        raise ValueError(
            "the shapes of the network's ONNX graph do not fit together."
        ) from error
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.value_info, *inferred.output)
    }
    limit = _MAX_VALUES_PER_PIXEL * height * width
    for node in graph.node:
        for name in node.output:
            size = math.prod(shapes.get(name, [0]))
            if not 0 < size <= limit:
                raise ValueError(
                    f"the network's value {name!r} has size {size or 'unknown'} for "
                    f"an image of {width} x {height} px; at most {limit} is accepted."
                )
    expected = [1, n_levels, 3, 2]
    if shapes["probabilities"] != expected:
        raise ValueError(
            f"the network gives shape {shapes['probabilities']} for an image of "
            f"{width} x {height} px, but its card promises {expected}."
        )
