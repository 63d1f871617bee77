"""What an ONNX graph from elsewhere may contain before it is run."""

from __future__ import annotations

import math
from typing import Any

from ..filters.conditions import CLEAN

__all__ = ["check_context_onnx", "check_onnx"]

_COMMON_OPERATORS = frozenset(
    {"Add", "AveragePool", "Concat", "Conv", "Mul", "Relu", "Softmax"}
)
# A softmax over the levels of every place of an image.
_SOFTMAX_OPERATORS = frozenset({"Div", "Exp", "ReduceMax", "ReduceSum", "Sub"})
# Over an image of any size, operators whose output grows with it as their input does.
_DENSE_OPERATORS = (
    _COMMON_OPERATORS
    | _SOFTMAX_OPERATORS
    | {"ReduceLogSum", "ReduceMean", "Sqrt", "Unsqueeze"}
)
# What the networks for single patches need. None of them allocates more than its inputs
# and outputs, whose sizes are inferred.
_PATCH_OPERATORS = _COMMON_OPERATORS | {
    *("Clip", "GlobalAveragePool", "MaxPool", "Pad", "Reshape", "Sigmoid", "Split"),
    "Transpose",
}
# A network over cells reduces and enlarges again. No operator enlarges by more than its
# inferred sizes tell.
_CONTEXT_OPERATORS = _SOFTMAX_OPERATORS | {
    *("Add", "Concat", "Conv", "ConvTranspose", "Mul", "Relu", "Softmax"),
}
# The longest is nasnet_mobile, with 733 nodes.
_MAX_NODES = 1000
# The widest layers hold 4 values per input pixel in blurnet and 27 in mobilenet_v2.
_MAX_VALUES_PER_PIXEL = {"dense": 32, "grown": 32, "patches": 32, "context": 128}
# All layers together: 34 in the shipped network (136 where margins do not count), 1106
# in densenet121. A graph may keep all of them alive until its end.
_MAX_TOTAL_PER_PIXEL = {"dense": 128, "grown": 192, "patches": 1200, "context": 1200}
# 1 FLOAT, 7 INT64: bytes of a value.
_CONSTANT_TYPES = {1: 4, 7: 8}
# What a second input holds for each patch.
_CONDITIONS = {"conditions": (len(CLEAN), 1, 1)}
# How much higher and wider images are by which growth is seen.
_GROWN = 2**10
# Sizes, paddings, strides. Sums and products of such numbers do not overflow.
_MAX_INTEGER = 2**16


def check_onnx(
    serialized: bytes,
    *,
    patch_size: int,
    stride: int | None,
    n_levels: int,
    takes_conditions: bool = False,
) -> None:
    """Refuse a graph that is not a small feed-forward network of known operators.

    A graph of 153 bytes can ask for gigabytes. So only a short list of operators is
    accepted, and the size of every tensor is inferred before anything is allocated:
    for an image a little larger than a patch and for much higher and wider ones, or,
    where the network judges single patches, for one patch and for two.

    Parameters
    ----------
    serialized : bytes
        The ONNX model.
    patch_size, n_levels : int
        What the network's card says of it.
    stride : int or None
        Likewise; None for a network that judges single patches only.
    takes_conditions : bool, default=False
        Likewise; whether it has a second input.

    Raises
    ------
    ValueError
        In one sentence, naming what was found.
    """
    operators = _PATCH_OPERATORS if stride is None else _DENSE_OPERATORS
    model = _read(serialized, operators)
    _check_ends(
        model.graph, None if stride is not None else patch_size, takes_conditions
    )

    if stride is None:
        height = width = patch_size
        expected = [1, n_levels, 1, 1]
    else:
        height, width = patch_size + 2 * stride, patch_size + stride
        expected = [1, n_levels, 3, 2]
    shapes = _infer_shapes(model, (1, 1, height, width))
    _check_sizes(shapes, height, width, "patches" if stride is None else "dense")
    if stride is not None:
        _check_growth(model, 1, (height, width), "grown")
    pairs = _infer_shapes(model, (2, 1, height, width))
    _check_batches(shapes, pairs)
    if shapes["probabilities"] != expected:
        raise ValueError(
            f"the network gives shape {shapes['probabilities']} for an image of "
            f"{width} x {height} px, but its card promises {expected}."
        )


def check_context_onnx(
    serialized: bytes, *, n_features: int, multiple: int, n_levels: int
) -> None:
    """Refuse a graph that is not a small network over cells of known operators.

    Parameters
    ----------
    serialized : bytes
        The ONNX model.
    n_features, n_levels : int
        Channels in and out.
    multiple : int
        What heights and widths are multiples of, in cells.

    Raises
    ------
    ValueError
        In one sentence, naming what was found.
    """
    model = _read(serialized, _CONTEXT_OPERATORS)
    _check_ends(model.graph, None)
    size = 2 * multiple, multiple
    shapes = _infer_shapes(model, (1, n_features, *size))
    _check_sizes(shapes, *size, "context")
    _check_growth(model, n_features, size, "context")
    _check_batches(shapes, _infer_shapes(model, (2, n_features, *size)))
    if shapes["probabilities"] != [1, n_levels, *size]:
        raise ValueError(
            f"the network gives shape {shapes['probabilities']} for {size[1]} x "
            f"{size[0]} cells, but its card promises {[1, n_levels, *size]}."
        )


def _read(serialized: bytes, operators: frozenset[str]) -> Any:
    """Parse a model and accept its operators and constants."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_from_string(serialized)
    except DecodeError as error:
        raise ValueError("the network is not a readable ONNX model.") from error
    _check_nodes(model, operators)
    for constant in model.graph.initializer:
        _check_constant(constant, len(serialized))
    return model


def _check_nodes(model: Any, operators: frozenset[str]) -> None:
    """Accept few nodes, of known operators only."""
    if len(model.graph.node) > _MAX_NODES or model.functions:
        raise ValueError("the network's ONNX graph is too large or holds functions.")
    for node in model.graph.node:
        if node.op_type not in operators or node.domain not in ("", "ai.onnx"):
            raise ValueError(
                f"the network uses the ONNX operator {node.op_type!r}; accepted are "
                f"{', '.join(sorted(operators))}."
            )
        for attribute in node.attribute:
            whole = (attribute.i, *attribute.ints)
            if any(abs(value) > _MAX_INTEGER for value in whole) or (
                attribute.HasField("t") or attribute.HasField("g")
            ):
                raise ValueError(
                    f"the attribute {attribute.name!r} of the network's operator "
                    f"{node.op_type!r} is not a small number."
                )


def _check_constant(constant: Any, n_bytes: int) -> None:
    """Accept constants of numbers that are in the file."""
    import onnx

    if constant.external_data or constant.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError("the network keeps data outside its own file.")
    if constant.data_type not in _CONSTANT_TYPES:
        raise ValueError(
            f"the network's constant {constant.name!r} is neither float32 nor int64."
        )
    if math.prod(constant.dims) * _CONSTANT_TYPES[constant.data_type] > n_bytes:
        raise ValueError(
            f"the network's constant {constant.name!r} is declared larger than "
            f"its file."
        )
    if constant.data_type == onnx.TensorProto.INT64:
        try:
            values = onnx.numpy_helper.to_array(constant).ravel()
        except ValueError:
            values = None
        if values is None or any(abs(int(value)) > _MAX_INTEGER for value in values):
            raise ValueError(
                f"the network's constant {constant.name!r} does not hold small numbers."
            )


def _check_ends(
    graph: Any, patch_size: int | None, takes_conditions: bool = False
) -> None:
    """Accept known inputs and one output, of a fixed size only for single patches."""
    wanted = ["patches", *_CONDITIONS] if takes_conditions else ["patches"]
    if [value.name for value in graph.input] != wanted or (
        [value.name for value in graph.output] != ["probabilities"]
    ):
        named = " and ".join(map(repr, wanted))
        raise ValueError(
            f"the network must have the input {named} and one output 'probabilities'."
        )
    for value in graph.input[1:]:
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if sizes != [0, *_CONDITIONS[value.name]]:
            raise ValueError(
                f"the network's input {value.name!r} must be of shape (n, 4, 1, 1)."
            )
    if not any("probabilities" in node.output for node in graph.node):
        raise ValueError("no node of the network gives its output 'probabilities'.")
    dims = graph.input[0].type.tensor_type.shape.dim
    # 0 stands for any number. Where patches are single, ONNX Runtime refuses images of
    # other sizes, whose cost was not inferred.
    sizes = [dim.dim_value for dim in dims]
    if patch_size:
        expected, shape = [0, 1, patch_size, patch_size], f"{patch_size}, {patch_size}"
    else:
        expected, shape = [0, *sizes[1:2], 0, 0], "height, width"
    if sizes != expected or graph.sparse_initializer:
        raise ValueError(f"the network's input must be of shape (n, 1, {shape}).")


def _infer_shapes(model: Any, size: tuple[int, ...]) -> dict[str, list[int]]:
    """Infer the shape of what every node gives, for an input of one size."""
    import onnx

    graph = model.graph
    for value in graph.input:
        shape = (size[0], *_CONDITIONS.get(value.name, size[1:]))
        dims = value.type.tensor_type.shape.dim
        for dim, length in zip(dims, shape, strict=True):
            dim.dim_value = length
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
    known = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.value_info, *inferred.output)
    }
    # An unknown shape counts as empty, and an empty one is refused.
    names = [name for node in graph.node for name in node.output if name]
    return {name: known.get(name, [0]) for name in names}


def _check_sizes(
    shapes: dict[str, list[int]], height: int, width: int, kind: str
) -> None:
    """Accept values of a bounded size, each and together."""
    limit = _MAX_VALUES_PER_PIXEL[kind] * height * width
    for name, shape in shapes.items():
        size = math.prod(shape) if min(shape, default=1) > 0 else 0
        if not 0 < size <= limit:
            raise ValueError(
                f"the network's value {name!r} has size {size or 'unknown'} for "
                f"an image of {width} x {height} px; at most {limit} is accepted."
            )
    total = sum(map(math.prod, shapes.values()))
    limit = _MAX_TOTAL_PER_PIXEL[kind] * height * width
    if total > limit:
        raise ValueError(
            f"the network's values have size {total} together for an image of "
            f"{width} x {height} px; at most {limit} is accepted."
        )


def _check_growth(
    model: Any, n_channels: int, size: tuple[int, int], kind: str
) -> None:
    """Accept values that grow with the pixels of an image, and no faster."""
    height, width = size
    for down, across in ((_GROWN, 1), (1, _GROWN), (_GROWN, _GROWN)):
        grown = height * down, width * across
        shapes = _infer_shapes(model, (1, n_channels, *grown))
        _check_sizes(shapes, *grown, kind)


def _check_batches(ones: dict[str, list[int]], pairs: dict[str, list[int]]) -> None:
    """Accept values whose first axis is the batch, from their shapes for 1 and for 2.

    The first axis of what an operator gives is a linear function of the batch where
    those of its inputs are. If it is 1 for one patch and 2 for two, it is n for n: a
    batch takes n times the memory of a patch, never n squared.
    """
    for name, shape in ones.items():
        if shape[:1] != [1] or pairs[name] != [2, *shape[1:]]:
            raise ValueError(
                f"the network's value {name!r} does not hold one entry for each patch: "
                f"its shape is {shape} for one patch and {pairs[name]} for two."
            )
