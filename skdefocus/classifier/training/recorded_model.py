"""A Keras model whose steps are recorded once and replayed, for training on a GPU.

Python starts the operations of a step one by one, and a GPU is through with one of a
batch of small patches long before the next arrives. A recorded step is started whole,
and takes a twentieth of the time or less (docs/decisions/recorded_steps.rst).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["Recording", "recorded_model", "replaced", "traceable_layers"]

# Runs before a CUDA graph is captured: libraries choose their kernels in them.
_WARM_UP = 3


class Recording:
    """A function of tensors, traced at its first call and replayed from then on.

    Parameters
    ----------
    function : callable
        Takes tensors, and returns tensors in containers. What it changes, it must
        change in place, and it must not branch on values. Calls with other shapes than
        the first run it as it is.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._n_calls = 0
        self._inputs: list[Any] = []
        self._trace: Any = None
        self._graph: Any = None
        self._result: Any = None

    def __call__(self, *tensors: Any) -> Any:
        """Run the function once; what it returns lasts until the next call."""
        import torch

        self._n_calls += 1
        if self._trace is None:
            self._inputs = [tensor.clone() for tensor in tensors]
            self._trace = self._record()
            return self._result
        pairs = list(zip(self._inputs, tensors, strict=True))
        if any(held.shape != given.shape for held, given in pairs):
            return self._function(*tensors)
        with torch.no_grad():
            for held, given in pairs:
                held.copy_(given)
            if not self._inputs[0].is_cuda or self._n_calls <= _WARM_UP:
                return self._trace(*self._inputs)
            if self._graph is None:
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph):
                    self._result = self._trace(*self._inputs)
            self._graph.replay()
        return self._result

    def _record(self) -> Any:
        """Run the function and note all operations on tensors, backward ones too."""
        from torch.fx.experimental.proxy_tensor import make_fx

        def run(*tensors: Any) -> Any:
            self._result = self._function(*tensors)
            return self._result

        trace = make_fx(run)(*self._inputs)
        _keep_constants(trace)
        return trace


def _keep_constants(trace: Any) -> None:
    """Bring Python's numbers to the device once, which a CUDA graph cannot do."""
    import torch

    aten = torch.ops.aten
    moves = (aten.lift_fresh_copy.default, aten._to_copy.default)
    constants: dict[Any, Any] = {}
    for node in list(trace.graph.nodes):
        if node.op == "get_attr" and node.target.startswith("_tensor_constant"):
            constants[node] = getattr(trace, node.target)
        elif node.target in moves and node.args[0] in constants:
            value = node.target(constants[node.args[0]], **node.kwargs)
            name = f"_moved_constant{len(constants)}"
            trace.register_buffer(name, value)
            with trace.graph.inserting_before(node):
                moved = trace.graph.get_attr(name)
            node.replace_all_uses_with(moved)
            trace.graph.erase_node(node)
            constants[moved] = value
    trace.recompile()


def traceable_layers(keras: Any) -> tuple[type, type]:
    """Layers that train by few operations, all of which can be recorded."""
    import torch
    from torch.nn import functional

    class Normalization(keras.layers.BatchNormalization):
        """Leaves its moving averages alone, which `settle_normalization` measures."""

        def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
            weight = self.gamma.value if self.scale else None
            bias = self.beta.value if self.center else None
            return functional.batch_norm(
                x, None, None, weight, bias, training=True, eps=self.epsilon
            )

    class Dropout(keras.layers.Dropout):
        """Draws from torch's own generator, which a CUDA graph goes on with."""

        def call(self, x: Any, training: Any = False) -> Any:
            sizes = zip(self.noise_shape or x.shape, x.shape, strict=True)
            shape = [given or actual for given, actual in sizes]
            kept = torch.rand(shape, device=x.device) >= self.rate
            return x * kept / (1 - self.rate)

    return Normalization, Dropout


@contextmanager
def replaced(layers: Sequence[Any], *kinds: type) -> Iterator[None]:
    """Let layers of Keras act as those made of them here."""
    replaced: list[tuple[Any, Any]] = [
        (layer, kind)
        for layer in layers
        for kind in kinds
        if type(layer) is kind.__base__
    ]
    try:
        for layer, kind in replaced:
            layer.__class__ = kind
        yield
    finally:
        for layer, kind in replaced:
            layer.__class__ = kind.__base__


def recorded_model(keras: Any, inputs: Any, outputs: Any) -> Any:
    """Make a functional model that trains and judges itself by recorded steps.

    Parameters
    ----------
    keras : module
        Keras.
    inputs, outputs : KerasTensor
        As of ``keras.Model``. Normalization must be over axis 1.

    Returns
    -------
    keras.Model
        Its method ``forward_training(x)`` runs it forward as it trains, recorded too.
    """
    import torch

    class RecordedModel(keras.Model):
        def train_step(self, data: Any) -> Any:
            x, y = data[:2]
            return train(*on_device(y, *_parts(x)))

        def test_step(self, data: Any) -> Any:
            x, y = data[:2]
            return test(*on_device(y, *_parts(x)))

        def forward_training(self, x: Any) -> Any:
            return forward(*on_device(*_parts(x)))

    def on_device(*arrays: Any) -> list[Any]:
        return [keras.ops.convert_to_tensor(array) for array in arrays]

    @Recording
    def train(y: Any, *x: Any) -> Any:
        with replaced(model.layers, normalization, dropout):
            return super(RecordedModel, model).train_step((_joined(x), y))

    @Recording
    def test(y: Any, *x: Any) -> Any:
        return super(RecordedModel, model).test_step((_joined(x), y))

    @Recording
    def forward(*x: Any) -> Any:
        with torch.no_grad(), replaced(model.layers, dropout):
            return model(_joined(x), training=True)

    normalization, dropout = traceable_layers(keras)
    model = RecordedModel(inputs, outputs)
    return model


def _parts(x: Any) -> tuple[Any, ...]:
    """Patches, and their conditions where a network takes them."""
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _joined(x: tuple[Any, ...]) -> Any:
    return x[0] if len(x) == 1 else list(x)
