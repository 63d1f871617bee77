"""What takes how long, as a ratio to a peer that is measured in turns with it.

python benchmarks/run.py [--repeats N]

Prints one table: ours, the peer, and the median over repeats of their ratio. Absolute
times depend on the machine; ratios hardly do. Run it with nothing beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from skdefocus import PatchBlurClassifier
from skdefocus._validation import to_float_image, to_grey
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.keras_backend import import_keras
from skdefocus.classifier.network import Network
from skdefocus.classifier.onnx_export import to_onnx
from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import resize

SHAPE = (700, 1000)


@dataclass(frozen=True)
class Comparison:
    """Two ways of doing the same, each a call without arguments."""

    title: str
    peer_title: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    goal: str = ""


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(comparison: Comparison, repeats: int) -> tuple[float, float, float]:
    """Median seconds of ours and the peer, and the median of their ratio."""
    comparison.ours(), comparison.peer()
    pairs = np.array(
        [(seconds(comparison.ours), seconds(comparison.peer)) for _ in range(repeats)]
    )
    ours, peer = np.median(pairs, axis=0)
    return float(ours), float(peer), float(np.median(pairs[:, 0] / pairs[:, 1]))


def windows(grey: np.ndarray, size: int, step: int) -> np.ndarray:
    """All patches of an image at a distance of some pixels."""
    view = np.lib.stride_tricks.sliding_window_view(grey, (size, size))
    return view[::step, ::step].reshape(-1, size, size)


def dense_maps(grey: np.ndarray) -> list[Comparison]:
    """Dense networks against the paper's network on single patches."""
    import_keras()
    # Its time does not depend on what it has learnt.
    network = ARCHITECTURES["mobilenet_v2"].build(20)
    single = Network(to_onnx(network, 32, dense=False))
    patches = windows(grey, 32, 16)
    networks = {
        name: PatchBlurClassifier.pretrained(name).network_
        for name in ("fast", "default")
    }
    return [
        Comparison(
            f"{name}, dense, step 4",
            f"MobileNetV2, {len(patches)} patches, step 16",
            partial(network.run_image, grey),
            partial(single.run_patches, patches),
            goal="1/8",
        )
        for name, network in networks.items()
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    grey = resize(to_grey(to_float_image(load_sample_photograph())), SHAPE)
    print(f"{SHAPE[1]} x {SHAPE[0]}, median of {options.repeats}, measured in turns")
    print(f"{'ours':26} {'ms':>8}  {'peer':38} {'ms':>8} {'ratio':>8}  goal")
    for comparison in dense_maps(grey):
        ours, peer, ratio = measure(comparison, options.repeats)
        print(
            f"{comparison.title:26} {1e3 * ours:8.1f}  {comparison.peer_title:38} "
            f"{1e3 * peer:8.1f} {ratio:8.4f}  {comparison.goal}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
