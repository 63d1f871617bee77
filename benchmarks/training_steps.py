"""How long a step of training takes, as the package trains and by Keras alone.

python benchmarks/training_steps.py [--networks NETWORK ...] [--batch-size N]

On a CUDA device, training records a step once and replays it
(`skdefocus.classifier.training.recorded_model`); without one it takes operations that a
CPU is fast at (`skdefocus.classifier.training.cpu_model`). The same network is trained
that way and by Keras alone on the same batch, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any
from unittest import mock

import numpy as np

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.run_state import TrainingSettings

# A step is traced in the first, and a CUDA graph captured after a few more.
WARM_UP = 5


def make_model(name: str, batch_size: int, by_keras: bool) -> Any:
    """Build a network of Table 2 that trains as the paper does."""
    settings = TrainingSettings(
        epochs=1,
        batch_size=batch_size,
        learning_rate=0.001,
        schedule="constant",
        weight_decay=0.0,
        random_flips=False,
        early_stopping=False,
        n_iter_no_change=1,
        seed=0,
    )
    keras = import_keras()
    network = ARCHITECTURES[name].build(20)
    if not by_keras:
        return loop._compile(keras, network, settings, 1)
    plain = mock.Mock(side_effect=lambda keras, *ends: keras.Model(*ends))
    with mock.patch.multiple(loop, cpu_model=plain, recorded_model=plain):
        return loop._compile(keras, network, settings, 1)


def seconds_per_step(model: Any, batch: tuple[Any, ...], n_steps: int) -> float:
    """Time some steps together: a GPU works on after it is told."""
    import torch

    synchronize = torch.cuda.synchronize if torch.cuda.is_available() else int
    synchronize()
    start = time.perf_counter()
    for _ in range(n_steps):
        model.train_step(batch)
    synchronize()
    return (time.perf_counter() - start) / n_steps


def compare(
    name: str, batch_size: int, n_steps: int, n_turns: int
) -> tuple[float, ...]:
    """Give the medians of both times in ms, ours first, and of their ratio."""
    rng = np.random.default_rng(0)
    patches: Any = rng.random((batch_size, 1, 32, 32), dtype=np.float32)
    if ARCHITECTURES[name].takes_conditions:
        patches = patches, np.full((batch_size, 4, 1, 1), 0.01, np.float32)
    batch = patches, rng.integers(20, size=batch_size)
    models = [make_model(name, batch_size, by_keras) for by_keras in (False, True)]
    for model in models:
        seconds_per_step(model, batch, WARM_UP)
    turns = [
        [seconds_per_step(model, batch, n_steps) * 1000 for model in models]
        for _ in range(n_turns)
    ]
    ratios = [ours / alone for ours, alone in turns]
    return *map(statistics.median, zip(*turns, strict=True)), statistics.median(ratios)


def main(arguments: list[str] | None = None) -> int:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = sorted(ARCHITECTURES)
    parser.add_argument("--networks", nargs="+", choices=names, default=names)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20, help="in a turn")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(arguments)
    import torch

    on_gpu = torch.cuda.is_available()
    device = torch.cuda.get_device_name() if on_gpu else "CPU"
    print(f"one step on {options.batch_size} patches of 32 px, in ms; {device}")
    print(f"{'network':18} {'ours':>9} {'Keras':>9} {'ratio':>7}")
    for name in options.networks:
        ours, alone, ratio = compare(
            name, options.batch_size, options.steps, options.turns
        )
        print(f"{name:18} {ours:9.2f} {alone:9.2f} {ratio:7.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
