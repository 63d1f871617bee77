"""The card of a trained network: what is known of it."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import import_module
from typing import Any

import numpy as np

from ...filters.conditions import clean_conditions
from ..architectures import Architecture
from .keras_backend import import_keras
from .run_state import TrainingSettings
from .training_set import TrainingSet

__all__ = ["installed_versions", "make_card"]

_PACKAGES = ("skdefocus", "numpy", "keras", "torch", "onnx")


def make_card(
    name: str,
    architecture: Architecture,
    ladder: np.ndarray,
    data: TrainingSet,
    settings: TrainingSettings,
    history: dict[str, list[float]],
) -> dict[str, Any]:
    """Make the card of a network that was just trained.

    Parameters
    ----------
    name : str
        Of the architecture.
    architecture : Architecture
        What was built.
    ladder : ndarray of shape (n_levels,)
        Sigma of each level, in pixels.
    data : TrainingSet
        What it was trained on.
    settings : TrainingSettings
        How.
    history : dict of str to list of float
        Loss and accuracy of every epoch.

    Returns
    -------
    dict
        Of plain numbers and strings, fit for JSON.
    """
    training = {
        **asdict(settings),
        "n_patches": len(data.training),
        "n_validation_patches": len(data.validation) if data.validation else 0,
        "history": history,
    }
    return {
        "architecture": name,
        "patch_size": architecture.patch_size,
        "stride": architecture.stride,
        "takes_conditions": architecture.takes_conditions,
        "learned_conditions": bool(
            (data.training.conditions != clean_conditions(1)).any()
        ),
        "ladder": ladder.tolist(),
        "classes": data.levels.tolist(),
        "training": training,
        "versions": installed_versions(),
    }


def installed_versions() -> dict[str, str]:
    """Tell the versions of what takes part in training.

    Returns
    -------
    dict of str to str
        By package.
    """
    import_keras()
    # Not as the installer has them: skdefocus may run from a folder, uninstalled.
    modules = {package: import_module(package) for package in _PACKAGES}
    return {
        "python": platform.python_version(),
        **{package: str(module.__version__) for package, module in modules.items()},
    }
