"""Training a network with Keras 3; needs extra ``train``."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .architectures import Architecture
from .onnx_export import to_onnx

__all__ = ["import_keras", "train_network"]


def import_keras() -> Any:
    """Import Keras on torch, or say what is missing.

    Returns
    -------
    module
        Keras.

    Raises
    ------
    ImportError
        If the extra ``train`` is not installed, or Keras runs on another backend.
    """
    # Keras reads its backend once, when first imported; a user's choice comes first.
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"training needs the extra 'train' ({error.name or error} is missing): "
            f"pip install 'skdefocus[train]'"
        ) from error
    if keras.backend.backend() != "torch":
        raise ImportError(
            f"training needs Keras on torch; it runs on {keras.backend.backend()!r}: "
            f"set KERAS_BACKEND=torch before keras is imported"
        )
    return keras


@contextmanager
def _seeded(keras: Any, seed: int) -> Iterator[None]:
    """Seed every generator that training draws from, and put them back after."""
    import torch

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])


def _make_batches(
    keras: Any, X: np.ndarray, y: np.ndarray, batch_size: int, seed: int
) -> Any:
    """Shuffled batches of patches, converted to float32 one batch at a time."""

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.rng = np.random.default_rng(seed)
            self.on_epoch_end()

        def on_epoch_end(self) -> None:
            self.order = self.rng.permutation(len(X))

        def __len__(self) -> int:
            return -(-len(X) // batch_size)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            rows = self.order[index * batch_size : (index + 1) * batch_size]
            batch = X[rows, np.newaxis].astype(np.float32)
            if X.dtype == np.uint8:
                batch /= 255
            return batch, y[rows]

    return Batches()


def train_network(
    architecture: Architecture,
    X: np.ndarray,
    y: np.ndarray,
    n_levels: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    schedule: str,
    weight_decay: float,
    seed: int,
    verbose: int,
) -> tuple[bytes, dict[str, list[float]]]:
    """Train a network on labelled patches.

    Parameters
    ----------
    architecture : Architecture
        The network to build.
    X : ndarray of shape (n, patch_size, patch_size), uint8 or float32 in [0, 1]
        Grey patches.
    y : ndarray of shape (n,)
        Index of each patch's class, from 0 to ``n_levels - 1``.
    n_levels : int
        Number of classes.
    epochs, batch_size : int
        Passes over the patches, and patches per step.
    learning_rate : float
        Of Adam; the peak of the cycle with ``schedule="one_cycle"``.
    schedule : {"constant", "one_cycle"}
        Course of the learning rate.
    weight_decay : float
        Decoupled weight decay.
    seed : int
        Of weights and shuffling.
    verbose : {0, 1, 2}
        As in ``keras.Model.fit``.

    Returns
    -------
    onnx : bytes
        Network from grey patches to probabilities.
    history : dict of str to list of float
        Loss and accuracy of every epoch.

    Raises
    ------
    ImportError
        If the extra ``train`` is not installed.
    """
    keras = import_keras()
    with _seeded(keras, seed):
        network = architecture.build(n_levels)
        pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_first")
        classifier = keras.Model(network.input, pooled(network.output))
        batches = _make_batches(keras, X, y, batch_size, seed)
        rate: Any = learning_rate
        if schedule == "one_cycle":
            n_steps = epochs * len(batches)
            rate = keras.optimizers.schedules.CosineDecay(
                learning_rate / 25,
                decay_steps=max(1, n_steps - n_steps // 4),
                alpha=1e-4,
                warmup_target=learning_rate,
                warmup_steps=n_steps // 4,
            )
        classifier.compile(
            # Without decay AdamW is the paper's Adam.
            optimizer=keras.optimizers.AdamW(
                rate, weight_decay=weight_decay, epsilon=1e-8
            ),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = classifier.fit(batches, epochs=epochs, verbose=verbose)
        onnx = to_onnx(network, architecture.patch_size)
    return onnx, {
        key: [float(v) for v in values] for key, values in history.history.items()
    }
