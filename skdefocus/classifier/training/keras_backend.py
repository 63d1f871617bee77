"""Keras on torch: its import, and its generators of random numbers."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["import_keras", "seeded", "trains_on_cuda"]


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
        import torch  # noqa: F401
    except ImportError as error:
        chosen = os.environ.get("KERAS_BACKEND", "torch")
        if chosen != "torch":
            raise ImportError(
                f"training needs Keras on torch; KERAS_BACKEND is {chosen!r}: set "
                f"KERAS_BACKEND=torch before keras is imported"
            ) from error
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


# Generators belong to the whole process: one training at a time may seed them.
_SEEDED = threading.RLock()


@contextmanager
def seeded(keras: Any, seed: int) -> Iterator[None]:
    """Seed every generator that training draws from, and put them back after.

    Keras's own, for layers that are given no seed, cannot be read; it stays seeded.
    Trainings in several threads wait for each other.

    Parameters
    ----------
    keras : module
        Keras.
    seed : int
        From 0 to 2 ** 32 - 1.

    Yields
    ------
    None
        While it lasts, training is repeatable.
    """
    import torch

    with _SEEDED:
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        on_gpu = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        keras.utils.set_random_seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            torch.set_rng_state(states[2])
            if on_gpu:
                torch.cuda.set_rng_state_all(on_gpu)


def trains_on_cuda() -> bool:
    """Tell whether Keras puts its variables on a CUDA device.

    Returns
    -------
    bool
        Whether torch finds one, as Keras then uses it.
    """
    import torch

    return torch.cuda.is_available()
