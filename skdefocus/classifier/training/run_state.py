"""What a training is told, and where it stands from epoch to epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checkpoint import TrainingState, check_same_run, read_checkpoint, write_checkpoint

__all__ = ["TrainingRun", "TrainingSettings"]

# Keeps the draws of an epoch apart from others of the same seed.
_EPOCH_STREAM = 2


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; see `PatchBlurClassifier`.

    Attributes
    ----------
    epochs, batch_size : int
        Passes over the patches, and patches per step.
    learning_rate : float
        Of Adam; the highest of the run with a schedule.
    schedule : {"constant", "one_cycle", "cosine"}
        Course of the learning rate.
    weight_decay : float
        Decoupled weight decay.
    random_flips : bool
        Whether to mirror and turn training patches.
    early_stopping : bool
        Whether to stop, and to keep the best epoch, by the validation loss.
    n_iter_no_change : int
        Epochs without a lower validation loss after which to stop.
    seed : int
        Of weights, shuffling, dropout and flips.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    random_flips: bool
    early_stopping: bool
    n_iter_no_change: int
    seed: int


def _values(variables: Any) -> list[np.ndarray]:
    """Copy variables; the optimizer changes them in place, on their device."""
    return [variable.value.detach().cpu().numpy().copy() for variable in variables]


class TrainingRun:
    """Follows a model through its epochs and keeps where it stands."""

    def __init__(
        self, keras: Any, model: Any, settings: TrainingSettings, state: TrainingState
    ) -> None:
        self.keras = keras
        self.model = model
        self.settings = settings
        self.state = state

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left, or the validation loss stopped falling."""
        state, settings = self.state, self.settings
        waited = state.n_no_change >= settings.n_iter_no_change
        return state.epoch >= settings.epochs or (settings.early_stopping and waited)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go back to where a checkpoint stands, if there is one."""
        found = read_checkpoint(path)
        if found is None:
            return
        check_same_run(path, found, self.state.run)
        if found.epoch > self.settings.epochs:
            raise ValueError(
                f"{path} has trained {found.epoch} epochs, more than "
                f"epochs={self.settings.epochs}; give another file, or delete it to "
                f"train from the start."
            )
        try:
            self._assign(self.model.variables, found.weights)
            self._assign(self.model.optimizer.variables, found.optimizer)
        except ValueError as error:
            raise ValueError(
                f"{path} does not fit the network that this version of skdefocus "
                f"builds; delete it to train from the start."
            ) from error
        self.state = found

    def begin_epoch(self, epoch: int, logs: Any = None) -> None:
        """Seed what draws from torch's own generator: dropout, on any device."""
        entropy = [self.settings.seed, _EPOCH_STREAM, epoch]
        (seed,) = np.random.SeedSequence(entropy).generate_state(1)
        self.keras.utils.set_random_seed(int(seed))

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Note what the epoch gave; refuse to go on from a loss that is none."""
        loss = float(logs["loss"])
        if not np.isfinite(loss):
            raise ValueError(
                f"the loss is {loss:g} after epoch {epoch + 1}: training does "
                f"not settle; give a learning_rate below "
                f"{self.settings.learning_rate:g}."
            )
        state = self.state
        state.epoch = epoch + 1
        for name, value in logs.items():
            state.history.setdefault(name, []).append(float(value))
        if self.settings.early_stopping:
            judged = state.history["val_loss"][-1]
            state.n_no_change += 1
            if state.best_loss is None or judged < state.best_loss:
                state.best_loss, state.n_no_change = judged, 0
                state.best_weights = _values(self.model.variables)
        self.model.stop_training = self.is_over

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write where the training stands."""
        self.state.weights = _values(self.model.variables)
        self.state.optimizer = _values(self.model.optimizer.variables)
        write_checkpoint(path, self.state)

    def restore_best(self) -> None:
        """Put the weights of the best epoch back, if they were kept."""
        if self.state.best_weights:
            self._assign(self.model.variables, self.state.best_weights)

    @staticmethod
    def _assign(variables: Any, values: list[np.ndarray]) -> None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
