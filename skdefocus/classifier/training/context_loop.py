"""Training a context network, epoch after epoch; needs the extra ``train``."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from typing import Any

import numpy as np

from ..architectures.context import build_context_network
from .checkpoint import TrainingState
from .keras_backend import import_keras, seeded
from .loop import one_cycle, run_epochs
from .run_state import TrainingRun, TrainingSettings

__all__ = ["soft_levels", "train_context_network"]

# Keep the order of scenes, and their pieces, apart from other draws of the same seed.
_ORDER_STREAM, _PIECE_STREAM = 1, 4
# Cells of a piece: a multiple of what the network reduces by.
_PIECE = (80, 112)


def soft_levels(log_sigma: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Shares of the two levels between which each sigma lies.

    Parameters
    ----------
    log_sigma : ndarray of shape (...)
        ``log(sigma + 0.8)``.
    levels : ndarray of shape (n_levels,)
        The same of each level, ascending.

    Returns
    -------
    ndarray of shape (..., n_levels), float32
        They sum to 1, and their mean level is the sigma.
    """
    values = np.clip(log_sigma, levels[0], levels[-1])
    below = np.clip(np.searchsorted(levels, values, side="right") - 1, 0, None)
    below = np.minimum(below, len(levels) - 2)
    share = (values - levels[below]) / (levels[below + 1] - levels[below])
    soft = np.zeros((*values.shape, len(levels)), np.float32)
    np.put_along_axis(soft, below[..., None], (1 - share)[..., None], -1)
    np.put_along_axis(soft, below[..., None] + 1, share[..., None], -1)
    return soft


def _make_batches(
    keras: Any,
    features: np.ndarray,
    targets: np.ndarray,
    levels: np.ndarray,
    batch_size: int,
    seed: int,
) -> Any:
    """Random pieces of scenes, mirrored half of the time."""

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.begin_epoch(0)

        def begin_epoch(self, epoch: int) -> None:
            # Of the seed and the epoch alone, so that a run can begin in the middle.
            self.epoch = epoch
            rng = np.random.default_rng([seed, _ORDER_STREAM, epoch])
            self.order = rng.permutation(len(features))

        def __len__(self) -> int:
            return -(-len(features) // batch_size)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            chosen = self.order[index * batch_size : (index + 1) * batch_size]
            rng = np.random.default_rng([seed, _PIECE_STREAM, self.epoch, index])
            pieces = [self._piece(i, rng) for i in chosen]
            x, y = (np.stack(parts) for parts in zip(*pieces, strict=True))
            soft = soft_levels(y.astype(np.float32), levels)
            # Channels first, but with the channels of a cell side by side in memory:
            # on a CPU torch is three times as fast so.
            x = np.ascontiguousarray(np.moveaxis(x, 1, -1), dtype=np.float32)
            return np.moveaxis(x, -1, 1), np.moveaxis(soft, -1, 1)

        def _piece(
            self, scene: int, rng: np.random.Generator
        ) -> tuple[np.ndarray, np.ndarray]:
            room = [n - p + 1 for n, p in zip(targets.shape[1:], _PIECE, strict=True)]
            top, left = rng.integers(room)
            window = np.s_[..., top : top + _PIECE[0], left : left + _PIECE[1]]
            x, y = features[scene][window], targets[scene][window]
            return (x[..., ::-1], y[..., ::-1]) if rng.random() < 0.5 else (x, y)

    return Batches()


def train_context_network(
    features: np.ndarray,
    targets: np.ndarray,
    levels: np.ndarray,
    *,
    epochs: int = 12,
    batch_size: int = 8,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.01,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    verbose: int = 0,
) -> tuple[Any, dict[str, list[float]]]:
    """Train a context network on described scenes.

    Parameters
    ----------
    features, targets : ndarray
        From `make_scene_set`.
    levels : ndarray of shape (n_levels,)
        ``log(sigma + 0.8)`` of each level of the classifier.
    epochs, batch_size : int
        Passes over the scenes, and scenes per step.
    learning_rate, weight_decay : float
        Of AdamW; the peak of a cycle.
    seed : int, default=0
        Of weights, order and pieces.
    checkpoint : path-like, optional
        File that is written after every epoch. The training goes on from it if it is
        there, to the network that it would have come to without an interruption.
    verbose : {0, 1, 2}, default=0
        Nothing, a progress bar, or a line per epoch.

    Returns
    -------
    network : keras.Model
        From features to logits.
    history : dict of str to list of float
        Loss of every epoch.

    Raises
    ------
    ImportError
        If the extra ``train`` is not installed.
    ValueError
        If the checkpoint is damaged or that of another training.
    """
    keras = import_keras()
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule="one_cycle",
        weight_decay=weight_decay,
        random_flips=True,
        early_stopping=False,
        n_iter_no_change=1,
        seed=seed,
    )
    with seeded(keras, seed):
        network = build_context_network(features.shape[1], len(levels))
        batches = _make_batches(keras, features, targets, levels, batch_size, seed)
        rate = one_cycle(keras, learning_rate, epochs * len(batches))
        network.compile(
            optimizer=keras.optimizers.AdamW(rate, weight_decay=weight_decay),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, axis=1),
        )
        network.optimizer.build(network.trainable_variables)
        run = TrainingRun(keras, network, settings, TrainingState({}))
        if checkpoint is not None:
            run.state.run = {
                **asdict(settings),
                "architecture": "context",
                "levels": levels.tolist(),
                "scenes": _digest(features, targets),
            }
            run.resume(checkpoint)
        if not run.is_over:
            run_epochs(keras, run, batches, checkpoint, verbose, shuffle=False)
    return network, run.state.history


def _digest(*arrays: np.ndarray) -> str:
    """Hash what a network is trained on."""
    found = hashlib.sha256()
    for array in arrays:
        # Scene by scene: together they are large.
        for part in array:
            found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()
