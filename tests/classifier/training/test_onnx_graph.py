from __future__ import annotations

from collections import Counter

import numpy as np
import onnx

from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.onnx_graph import OnnxGraph


def test_normalization_is_folded_and_dropout_gone(exported):
    nodes = onnx.load_from_string(exported("mobilenet_v2")).graph.node
    kinds = {"Add", "Clip", "Conv", "GlobalAveragePool", "Mul", "Pad", "Softmax"}
    assert {node.op_type for node in nodes} == kinds
    # One multiplication brings [0, 1] to the network's range.
    assert sum(node.op_type == "Mul" for node in nodes) == 1


def test_a_root_mean_square_is_folded_into_one_convolution(exported):
    nodes = onnx.load_from_string(exported("blurnet")).graph.node
    counts = Counter(node.op_type for node in nodes)
    # The second divides a sum of two convolutions; strength takes a square and a share,
    # and other convolutions take the mean and subtract logarithms.
    assert counts["Mul"] == 1 + 2
    assert counts["Conv"] == 5 + 1 + 5 + 2 + 2
    assert counts["Relu"] == 5 + 1


def test_nothing_is_added_for_what_changes_nothing():
    keras = import_keras()
    inputs = keras.Input((2, 3, 3))
    graph = OnnxGraph(keras.Model(inputs, keras.layers.ReLU()(inputs)))
    ones, zeros = np.ones((2, 1, 1)), np.zeros((2, 1, 1))
    assert graph.affine("x", ones, zeros) == graph.activate("x", "linear") == "x"
    assert graph.nodes == graph.constants == []
    graph.affine("x", 2 * ones, ones)
    assert [node.op_type for node in graph.nodes] == ["Mul", "Add"]
    assert len(graph.constants) == 2
