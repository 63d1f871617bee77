"""Checkpoints: where a training stands, in one file, never a pickle."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..._shared.files import temporary_beside

__all__ = ["TrainingState", "check_same_run", "read_checkpoint", "write_checkpoint"]

_FORMAT = "skdefocus checkpoint 1"
_LISTS = ("weights", "optimizer", "best_weights")


@dataclass
class TrainingState:
    """Where a training stands after an epoch.

    Attributes
    ----------
    run : dict of str to object
        What makes the run the one it is: settings, seed, architecture, levels and
        hashes of the data. It must survive JSON.
    epoch : int
        Epochs done.
    history : dict of str to list of float
        Loss and accuracy of each.
    best_loss : float or None
        Lowest validation loss so far.
    n_no_change : int
        Epochs since then.
    weights : list of ndarray
        All variables of the network: also moving averages and states of generators.
    optimizer : list of ndarray
        All variables of the optimizer.
    best_weights : list of ndarray
        Variables of the network at the lowest validation loss; empty if not kept.
    """

    run: dict[str, Any]
    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best_loss: float | None = None
    n_no_change: int = 0
    weights: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)


def write_checkpoint(path: str | os.PathLike[str], state: TrainingState) -> None:
    """Write a checkpoint beside its target and move it into place.

    Parameters
    ----------
    path : path-like
        Where the file goes; its folder is made if needed. It is a NumPy archive,
        whatever its ending.
    state : TrainingState
        What it holds.
    """
    card: dict[str, Any] = {"format": _FORMAT}
    # Not of arrays to a type checker: NumPy has an option among the same keywords.
    arrays: dict[str, Any] = {}
    for name, value in vars(state).items():
        if name in _LISTS:
            card[name] = len(value)
            arrays |= {f"{name}-{i}": array for i, array in enumerate(value)}
        else:
            card[name] = value
    with temporary_beside(path) as temporary, temporary.open("wb") as file:
        np.savez(file, card=np.array(json.dumps(card)), **arrays)
        file.flush()
        # Moved into place before it is on the disk, it could be lost with the power.
        os.fsync(file.fileno())


def read_checkpoint(path: str | os.PathLike[str]) -> TrainingState | None:
    """Read a checkpoint.

    Parameters
    ----------
    path : path-like
        A file that `write_checkpoint` wrote.

    Returns
    -------
    TrainingState or None
        None if there is no such file.

    Raises
    ------
    ValueError
        If it is a folder, another kind of file, or damaged.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    if not path.exists():
        return None
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a checkpoint file.")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            card = json.loads(archive["card"].item())
            if card.pop("format") != _FORMAT:
                raise ValueError("another format")
            for name in _LISTS:
                card[name] = [archive[f"{name}-{i}"] for i in range(card[name])]
            return TrainingState(**card)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
        *(ValueError, TypeError, KeyError, AttributeError, RuntimeError),
    ) as error:
        raise ValueError(
            f"{path} is damaged or no checkpoint; delete it to train from the start."
        ) from error


def check_same_run(
    path: str | os.PathLike[str], state: TrainingState, run: Mapping[str, Any]
) -> None:
    """Refuse the checkpoint of another run.

    Parameters
    ----------
    path : path-like
        Where it was read, for the message.
    state : TrainingState
        What it holds.
    run : mapping of str to object
        What makes this run the one it is.

    Raises
    ------
    ValueError
        Names all in which the two differ.
    """
    # As JSON gives it back: tuples as lists.
    run = json.loads(json.dumps(run))
    differences = sorted(
        name
        for name in {*run, *state.run}
        if name not in run or name not in state.run or run[name] != state.run[name]
    )
    if differences:
        raise ValueError(
            f"{path} is the checkpoint of another training, which differs in "
            f"{', '.join(differences)}; give another file, or delete it to train from "
            f"the start."
        )
