"""From a trained Keras network to ONNX; needs extra ``train``."""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import redirect_stdout
from typing import Any

__all__ = ["to_onnx"]


def to_onnx(network: Any, patch_size: int) -> bytes:
    """Export with dynamic batch, height and width, and a softmax over the levels.

    Parameters
    ----------
    network : keras.Model
        From grey images of shape (n, 1, h, w) to logits of shape (n, n_levels, h', w').
    patch_size : int
        Side of the smallest image, in pixels.

    Returns
    -------
    bytes
        Serialised model from ``patches`` to ``probabilities``.
    """
    import torch
    from onnx import numpy_helper

    class Probabilities(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, patches: Any) -> Any:
            return torch.softmax(self.network(patches, training=False), dim=1)

    axis = torch.export.Dim
    shape = {
        0: axis("n"),
        2: axis("height", min=patch_size),
        3: axis("width", min=patch_size),
    }
    # An example larger than one patch keeps height and width from being specialised.
    example = torch.zeros(2, 1, patch_size + 16, patch_size + 8)
    # The exporter prints its progress, and warns and logs about its own internals.
    log = logging.getLogger("torch.onnx")
    log_level = log.level
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        log.setLevel(logging.ERROR)
        program = torch.onnx.export(
            Probabilities().cpu().eval(),
            (example,),
            dynamo=True,
            dynamic_shapes={"patches": shape},
            input_names=["patches"],
            output_names=["probabilities"],
            verbose=False,
        )
    log.setLevel(log_level)
    model = program.model_proto
    # The exporter annotates every value with the source code that made it.
    del model.metadata_props[:]
    for entry in (
        model.graph,
        *model.graph.node,
        *model.graph.initializer,
        *model.graph.input,
        *model.graph.output,
        *model.graph.value_info,
    ):
        entry.ClearField("doc_string")
        del entry.metadata_props[:]
    del model.graph.value_info[:]
    # Batch normalisation comes as subtract, multiply, add. As additions and
    # multiplications ONNX Runtime folds all of it into the convolution before.
    constants = {constant.name: constant for constant in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Sub" and node.input[1] in constants:
            constant = constants[node.input[1]]
            negative = -numpy_helper.to_array(constant)
            constant.CopyFrom(numpy_helper.from_array(negative, constant.name))
            node.op_type = "Add"
    return model.SerializeToString(deterministic=True)
