"""Graphs that somebody wrote to take memory, and how they are refused."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from skdefocus.classifier import onnx_safety
from skdefocus.classifier.model_file import read_model, write_model
from skdefocus.classifier.onnx_safety import check_context_onnx, check_onnx
from tests.classifier.networks import N_LEVELS
from tests.classifier.networks import SINGLE as SINGLE_NETWORKS

SHAPE = {"patch_size": 32, "stride": 4, "n_levels": 18}


SINGLE = {**SHAPE, "stride": None}


def graph(
    nodes, constants=(), output=(1, 18, 3, 2), opset=18, size=tuple("nchw")
) -> bytes:
    inputs = [helper.make_tensor_value_info("patches", TensorProto.FLOAT, size)]
    outputs = [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, list(output))
    ]
    made = helper.make_graph(nodes, "g", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(made, opset_imports=opsets).SerializeToString()


class TestGraphs:
    def check(self, serialized: bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            check_onnx(serialized, **SHAPE)

    def test_no_onnx(self):
        self.check(b"\xff\xff\xff not a model", "not a readable ONNX model")

    @pytest.mark.parametrize("operator", ["ConstantOfShape", "Loop", "If", "Expand"])
    def test_other_operators(self, operator):
        node = helper.make_node(operator, ["patches"], ["probabilities"])
        self.check(graph([node]), f"uses the ONNX operator '{operator}'")

    def test_operators_of_other_domains(self):
        node = helper.make_node("Relu", ["patches"], ["probabilities"], domain="evil")
        self.check(graph([node]), "uses the ONNX operator 'Relu'")

    def test_an_output_that_nothing_gives(self):
        node = helper.make_node("Relu", ["patches"], ["other"])
        self.check(graph([node]), "no node of the network gives its output")

    @pytest.mark.parametrize("size", [("n", "c", 32, 32), (1, 1, "h", "w")])
    def test_inputs_of_fixed_size(self, size):
        node = helper.make_node("Relu", ["patches"], ["probabilities"])
        self.check(graph([node], size=size), r"of shape \(n, 1, height, width\)")

    def test_external_data(self):
        constant = numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "c")
        constant.data_location = TensorProto.EXTERNAL
        constant.external_data.add(key="location", value="/etc/passwd")
        node = helper.make_node("Add", ["patches", "c"], ["probabilities"])
        self.check(graph([node], [constant]), "keeps data outside its own file")

    def test_constants_larger_than_the_file(self):
        constant = TensorProto(name="c", data_type=TensorProto.FLOAT, dims=[10**6, 300])
        node = helper.make_node("Add", ["patches", "c"], ["probabilities"])
        self.check(graph([node], [constant]), "declared larger than its file")

    def test_broadcasts_that_blow_up(self):
        wide = numpy_helper.from_array(np.ones((1, 1, 1, 3000), np.float32), "w")
        tall = numpy_helper.from_array(np.ones((1, 1, 3000, 1), np.float32), "t")
        nodes = [
            helper.make_node("Add", ["w", "t"], ["large"]),
            helper.make_node("Relu", ["large"], ["probabilities"]),
        ]
        self.check(graph(nodes, [wide, tall]), "value 'large' has size 9000000")

    @pytest.mark.parametrize("pool", [4, 8])
    def test_values_that_grow_faster_than_the_image(self, pool):
        """Of what a small image gives a little, a wide one gives without end."""
        axes = {
            f"a{left}": numpy_helper.from_array(
                np.array([axis for axis in (2, 3, 4, 5) if axis != left]), f"a{left}"
            )
            for left in (2, 3, 4, 5)
        }
        first = numpy_helper.from_array(np.array([2]), "first")
        nodes = [
            helper.make_node(
                "AveragePool",
                ["patches"],
                ["p"],
                kernel_shape=[pool] * 2,
                strides=[pool] * 2,
            ),
            helper.make_node("ReduceMean", ["p", "first"], ["r"], keepdims=0),
            helper.make_node("Unsqueeze", ["r", "a2"], ["u2"]),
            helper.make_node("Unsqueeze", ["r", "a3"], ["u3"]),
            helper.make_node("Unsqueeze", ["r", "a4"], ["u4"]),
            helper.make_node("Add", ["u2", "u3"], ["s"]),
            helper.make_node("Add", ["s", "u4"], ["large"]),
            helper.make_node("Relu", ["large"], ["probabilities"]),
        ]
        constants = [axes["a2"], axes["a3"], axes["a4"], first]
        with pytest.raises(
            ValueError, match=r"'(s|large)' has size \d+ for an image of 36864 x 40"
        ):
            check_onnx(graph(nodes, constants), **SHAPE)

    def test_wrong_inputs_and_shapes(self):
        node = helper.make_node("Relu", ["patches"], ["probabilities"])
        self.check(graph([node]), r"gives shape \[1, 1, 40, 36\] for an image")
        model = onnx.load_from_string(graph([node]))
        model.graph.input[0].name = "x"
        message = "must have the input 'patches' and one output 'probabilities'"
        self.check(model.SerializeToString(), message)
        model = onnx.load_from_string(graph([node]))
        del model.graph.input[0].type.tensor_type.shape.dim[0]
        self.check(model.SerializeToString(), "input must be of shape")

    def test_shapes_that_do_not_fit(self):
        seven = numpy_helper.from_array(np.ones((1, 7, 1, 1), np.float32), "c")
        kernel = numpy_helper.from_array(np.ones((18, 1, 4, 4), np.float32), "k")
        nodes = [
            helper.make_node("Conv", ["patches", "k"], ["x"]),
            helper.make_node("Add", ["x", "c"], ["probabilities"]),
        ]
        self.check(graph(nodes, [seven, kernel]), "do not fit together")

    def test_too_many_nodes(self):
        nodes = [helper.make_node("Relu", ["patches"], [f"r{i}"]) for i in range(1001)]
        self.check(graph(nodes), "too large or holds functions")


class TestGraphsWithConditions:
    """A second input, for which there must be the card's word."""

    @pytest.fixture(params=["blurnet", "blurnet_small"])
    def model(self, exported, request):
        return onnx.load_from_string(exported(request.param))

    def check(self, model, takes_conditions: bool = True) -> None:
        check_onnx(
            model.SerializeToString(),
            **{**SHAPE, "n_levels": N_LEVELS},
            takes_conditions=takes_conditions,
        )

    def test_are_accepted_by_the_word_of_the_card(self, model):
        self.check(model)
        message = "must have the input 'patches' and one output 'probabilities'"
        with pytest.raises(ValueError, match=message):
            self.check(model, takes_conditions=False)

    def test_the_second_input_is_not_left_out(self, model):
        node = helper.make_node("Relu", ["patches"], ["probabilities"])
        with pytest.raises(
            ValueError, match="the input 'patches' and 'conditions' and"
        ):
            check_onnx(graph([node]), **SHAPE, takes_conditions=True)
        del model.graph.input[1]
        with pytest.raises(
            ValueError, match="the input 'patches' and 'conditions' and"
        ):
            self.check(model)

    @pytest.mark.parametrize("change", ["name", "order", "third"])
    def test_other_inputs(self, model, change):
        inputs = [*model.graph.input]
        if change == "name":
            inputs[1].name = "more"
        elif change == "order":
            inputs.reverse()
        else:
            shape = ["n", 4, 1, 1]
            inputs.append(
                helper.make_tensor_value_info("third", TensorProto.FLOAT, shape)
            )
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        with pytest.raises(
            ValueError, match="the input 'patches' and 'conditions' and"
        ):
            self.check(model)

    @pytest.mark.parametrize(
        "shape",
        [
            *(
                ("n", 3, 1, 1),
                ("n", 4, 1, 9),
                ("n", 4, 2, 1),
                ("n", 4),
                ("n", "k", 1, 1),
            ),
            *((1, 4, 1, 1), ("n", 4, "h", "w"), (), ("n", 4, 1, 1, 1)),
        ],
    )
    def test_conditions_of_other_shapes(self, model, shape):
        model.graph.input[1].CopyFrom(
            helper.make_tensor_value_info("conditions", TensorProto.FLOAT, shape)
        )
        message = r"input 'conditions' must be of shape \(n, 4, 1, 1\)"
        with pytest.raises(ValueError, match=message):
            self.check(model)

    @pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.STRING])
    def test_conditions_of_another_type(self, model, kind):
        model.graph.input[1].type.tensor_type.elem_type = kind
        with pytest.raises(ValueError, match="do not fit together"):
            self.check(model)

    def test_a_context_network_takes_none(self):
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (
                ("patches", ["n", 2, "h", "w"]),
                ("conditions", ["n", 4, 1, 1]),
                ("probabilities", ["n", 2, "h", "w"]),
            )
        ]
        node = helper.make_node("Relu", ["patches"], ["probabilities"])
        made = helper.make_graph([node], "g", ends[:2], ends[2:])
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)])
        with pytest.raises(
            ValueError, match="must have the input 'patches' and one out"
        ):
            check_context_onnx(
                model.SerializeToString(), n_features=2, multiple=4, n_levels=2
            )

    def test_sliding_networks_use_every_operator_that_they_may(self, exported):
        kinds = {
            node.op_type
            for name in ("blurnet", "blurnet_small")
            for node in onnx.load_from_string(exported(name)).graph.node
        }
        # Files of before have softmax and mean as one operator each.
        before = {"ReduceMean", "Softmax"}
        assert kinds | before == onnx_safety._DENSE_OPERATORS
        assert not kinds & before

    @pytest.mark.parametrize("operator", ["Div", "Mul", "Sub"])
    def test_broadcasts_that_blow_up(self, operator):
        wide = numpy_helper.from_array(np.ones((1, 1, 1, 3000), np.float32), "w")
        tall = numpy_helper.from_array(np.ones((1, 1, 3000, 1), np.float32), "t")
        nodes = [
            helper.make_node(operator, ["w", "t"], ["large"]),
            helper.make_node("Relu", ["large"], ["probabilities"]),
        ]
        with pytest.raises(ValueError, match="value 'large' has size 9000000"):
            check_onnx(graph(nodes, [wide, tall]), **SHAPE)

    @pytest.mark.parametrize(
        ("nodes", "message"),
        [
            # Over the batch.
            ([("ReduceMean", ["patches", "a0"], {})], "'v0' does not hold one entry"),
            # An outer product over the batch: its axis has become that of channels.
            (
                [
                    ("ReduceMean", ["patches", "a1"], {"keepdims": 0}),
                    ("Add", ["v0", "patches"], {}),
                ],
                "'v1' does not hold one entry for each patch",
            ),
            (
                [
                    ("ReduceMean", ["patches", "a1"], {"keepdims": 0}),
                    ("Div", ["v0", "patches"], {}),
                ],
                "'v1' does not hold one entry for each patch",
            ),
            # Axes that the network computes.
            ([("ReduceMean", ["patches", "patches"], {})], "do not fit together"),
            ([("ReduceLogSum", ["patches", "a0"], {})], "'v0' does not hold one entry"),
            ([("ReduceMax", ["patches", "a0"], {})], "'v0' does not hold one entry"),
            ([("ReduceSum", ["patches", "a0"], {})], "'v0' does not hold one entry"),
            # Axes that the network computes, or all of them.
            ([("ReduceSum", ["patches", "patches"], {})], "do not fit together"),
            ([("ReduceMax", ["patches"], {})], "'v0' does not hold one entry"),
            ([("Unsqueeze", ["patches", "a0"], {})], "'v0' does not hold one entry"),
            ([("Concat", ["patches"] * 40, {"axis": 1})], "value 'v0' has size"),
            ([("Concat", ["patches"] * 2, {"axis": 0})], "'v0' does not hold one"),
            (
                [
                    (
                        "AveragePool",
                        ["patches"],
                        {"kernel_shape": [9, 9], "pads": [999] * 4},
                    )
                ],
                "value 'v0' has size|do not fit together",
            ),
        ],
    )
    def test_new_operators_asked_for_too_much(self, nodes, message):
        made = [
            helper.make_node(kind, inputs, [f"v{i}"], **attributes)
            for i, (kind, inputs, attributes) in enumerate(nodes)
        ]
        made.append(helper.make_node("Relu", [made[-1].output[0]], ["probabilities"]))
        axes = [whole([0], "a0"), whole([1], "a1")]
        with pytest.raises(ValueError, match=message):
            check_onnx(graph(made, axes), **SHAPE)


def whole(values, name: str) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


class TestGraphsForSinglePatches:
    """Every operator that these may use, asked for more than it should give."""

    def check(self, nodes, message: str, constants=(), **changes) -> None:
        """Nodes are (operator, inputs, attributes); the last gives the output."""
        made = [
            helper.make_node(
                kind,
                inputs,
                ["probabilities" if i == len(nodes) - 1 else f"v{i}"],
                **attributes,
            )
            for i, (kind, inputs, attributes) in enumerate(nodes)
        ]
        changes = {"size": ("n", 1, 32, 32), "output": ("n", 18, 1, 1), **changes}
        with pytest.raises(ValueError, match=message):
            check_onnx(graph(made, constants, **changes), **SINGLE)

    @pytest.mark.parametrize(
        "operator", ["ConstantOfShape", "Expand", "Tile", "Resize", "Range", "OneHot"]
    )
    def test_operators_that_make_sizes_from_values(self, operator):
        self.check([(operator, ["patches"], {})], f"the ONNX operator '{operator}'")

    def test_sliding_networks_may_not_use_them(self):
        node = helper.make_node("Sigmoid", ["patches"], ["probabilities"])
        with pytest.raises(ValueError, match="uses the ONNX operator 'Sigmoid'"):
            check_onnx(graph([node]), **SHAPE)

    @pytest.mark.parametrize(
        "size", [("n", 1, "h", "w"), ("n", 1, 32, 64), (1, 1, 32, 32), ("n", 3, 32, 32)]
    )
    def test_inputs_of_other_sizes(self, size):
        self.check([("Relu", ["patches"], {})], r"shape \(n, 1, 32, 32\)", size=size)

    def test_pad(self):
        pads = whole([0, 0, 20000, 20000, 0, 0, 20000, 20000], "p")
        message = "value 'probabilities' has size 1602561024"
        self.check([("Pad", ["patches", "p"], {})], message, [pads])

    def test_pad_whose_sum_overflows(self):
        pads = whole([0, 0, 2**63 - 1, 0, 0, 0, 2**63 - 1, 0], "p")
        message = "'p' does not hold small numbers"
        self.check([("Pad", ["patches", "p"], {})], message, [pads])

    def test_pad_and_crop_again(self):
        out = whole([0, 0, 500, 500, 0, 0, 500, 500], "o")
        back = whole([0, 0, -500, -500, 0, 0, -500, -500], "b")
        nodes = [("Pad", ["patches", "o"], {}), ("Pad", ["v0", "b"], {})]
        self.check(nodes, "value 'v0' has size 1065024", [out, back])

    def test_pad_by_what_the_network_computes(self):
        nodes = [
            ("Reshape", ["patches", "s"], {}),
            ("Pad", ["patches", "v0"], {}),
        ]
        self.check(nodes, "do not fit together", [whole([8], "s")])

    def test_whole_numbers_that_are_not_there(self):
        short = TensorProto(name="p", data_type=TensorProto.INT64, dims=[8])
        short.raw_data = b"1234"
        message = "'p' does not hold small numbers"
        self.check([("Pad", ["patches", "p"], {})], message, [short])

    def test_pools(self):
        for kind in ("AveragePool", "MaxPool"):
            attributes = {"kernel_shape": [9000, 9000], "pads": [8999] * 4}
            self.check([(kind, ["patches"], attributes)], "'probabilities' has size 81")
            attributes = {"kernel_shape": [2, 2], "pads": [2**62, 0, 2**62, 0]}
            self.check(
                [(kind, ["patches"], attributes)],
                f"attribute 'pads' of the network's operator '{kind}'",
            )

    def test_concatenations_that_double(self):
        nodes = [("Concat", ["patches", "patches"], {"axis": 1})]
        for i in range(8):
            nodes.append(("Concat", [f"v{i}"] * 2, {"axis": 1}))
        self.check(nodes, "value 'v5' has size 65536")

    def test_constants_that_double(self):
        one = numpy_helper.from_array(np.ones((1, 1), np.float32), "c")
        nodes = [("Concat", ["c", "c"], {"axis": 0}), ("Relu", ["patches"], {})]
        self.check(nodes, "'v0' does not hold one entry for each patch", [one])

    def test_many_values_that_live_together(self):
        nodes = [("Concat", ["patches"] * 30, {"axis": 1})]
        nodes += [("Sigmoid", [f"v{i}"], {}) for i in range(50)]
        self.check(nodes, "values have size 1566720 together")

    def test_batches_against_batches(self):
        """An outer product over the batch: n patches would take n squared values."""
        nodes = [
            ("GlobalAveragePool", ["patches"], {}),
            ("Transpose", ["v0"], {"perm": [1, 0, 2, 3]}),
            ("Add", ["v0", "v1"], {}),
        ]
        self.check(nodes, "'v1' does not hold one entry for each patch")

    def test_batches_reshaped_into_channels(self):
        nodes = [
            ("GlobalAveragePool", ["patches"], {}),
            ("Reshape", ["v0", "s"], {}),
        ]
        shape = whole([1, -1, 1, 1], "s")
        self.check(
            [*nodes, ("Concat", ["v1"] * 18, {"axis": 1})],
            r"'v1' .*: its shape is \[1, 1, 1, 1\] for one patch and \[1, 2, 1, 1\]",
            [shape],
        )

    def test_reshapes(self):
        for shape, message in (
            ([10**6], "'s' does not hold small numbers"),
            ([60000, 60000], "size 3600000000|do not fit together"),
            ([-1, -1], "do not fit together"),
        ):
            nodes = [("Reshape", ["patches", "s"], {})]
            self.check(nodes, message, [whole(shape, "s")])

    def test_splits(self):
        nodes = [("Split", ["patches", "s"], {"axis": 2})]
        self.check(nodes, "do not fit together|size unknown", [whole([-5], "s")])

    def test_broadcasts(self):
        for kind in ("Add", "Mul"):
            wide = numpy_helper.from_array(np.ones((1, 1, 1, 3000), np.float32), "w")
            nodes = [
                ("GlobalAveragePool", ["patches"], {}),
                (kind, ["v0", "w"], {}),
                ("Transpose", ["v1"], {"perm": [0, 1, 3, 2]}),
                (kind, ["v1", "v2"], {}),
            ]
            self.check(nodes, "'probabilities' has size 9000000", [wide])

    def test_clips_and_sigmoids_keep_the_size(self):
        low = numpy_helper.from_array(np.zeros(5000, np.float32), "l")
        # Bounds are single numbers: ONNX Runtime refuses others before it runs.
        nodes = [("Clip", ["patches", "l"], {}), ("Sigmoid", ["v0"], {})]
        self.check(nodes, "gives shape", [low])

    def test_attributes_that_hold_tensors(self):
        tensor = numpy_helper.from_array(np.ones(3, np.float32), "t")
        nodes = [("Relu", ["patches"], {"value": tensor})]
        self.check(nodes, "attribute 'value' of the network's operator 'Relu'")


@pytest.mark.slow
def test_what_is_accepted_is_what_these_need(exported):
    kinds, longest, widest, together = set(), 0, 0, 0
    for name in SINGLE_NETWORKS:
        model = onnx.load_from_string(exported(name))
        kinds |= {node.op_type for node in model.graph.node}
        shapes = onnx_safety._infer_shapes(model, (1, 1, 32, 32))
        sizes = [math.prod(shape) / 32**2 for shape in shapes.values()]
        longest = max(longest, len(model.graph.node))
        widest, together = max(widest, *sizes), max(together, sum(sizes))
    assert kinds == onnx_safety._PATCH_OPERATORS
    assert longest <= onnx_safety._MAX_NODES < 1.5 * longest
    assert widest <= onnx_safety._MAX_VALUES_PER_PIXEL["patches"] < 1.2 * widest
    assert together <= onnx_safety._MAX_TOTAL_PER_PIXEL["patches"] < 1.2 * together


def test_refuses_a_graph_that_enlarges_without_bound(tmp_path):
    from onnx import TensorProto, helper, numpy_helper

    kernel = numpy_helper.from_array(np.ones((3, 2, 1, 1), np.float32), "k")
    node = helper.make_node(
        "ConvTranspose", ["patches", "k"], ["probabilities"], strides=[500, 500]
    )
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", c, "h", "w"])
        for name, c in (("patches", 3), ("probabilities", 2))
    ]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [kernel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    card = {
        "architecture": "context",
        "classifier": "",
        "n_features": 3,
        "multiple": 16,
        "ladder": [0.0, 1.0],
        "classes": [0, 1],
    }
    write_model(tmp_path / "bomb.zip", model.SerializeToString(), card)
    with pytest.raises(ValueError, match="at most"):
        read_model(tmp_path / "bomb.zip", kind="context")
