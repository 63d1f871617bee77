"""Training the context network on composed scenes; needs the extra ``train``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._shared.parameters import (
    NON_NEGATIVE_INTEGER,
    POSITIVE_INTEGER,
    Interval,
    checked,
)
from ..._shared.sigma_scale import from_log_sigma, to_log_sigma
from ...filters.conditions import clean_conditions
from ..context_features import CELL
from ..context_network import MULTIPLE, ContextNetwork
from ..patch_blur_classifier import PatchBlurClassifier
from ..reliability import learn_reliability
from .context_loop import train_context_network
from .keras_backend import import_keras
from .model_card import installed_versions
from .onnx_export import to_onnx
from .scene_set import make_scene_set
from .training_set import draw_held_out

__all__ = ["train_context"]


@checked(
    n_scenes=[POSITIVE_INTEGER],
    epochs=[POSITIVE_INTEGER],
    holdout=[Interval(Real, 0, 1, closed="left")],
    random_state=[NON_NEGATIVE_INTEGER],
)
def train_context(
    paths: Sequence[str | os.PathLike[str]],
    classifier: PatchBlurClassifier | None = None,
    *,
    n_scenes: int = 2000,
    epochs: int = 12,
    holdout: float = 0.1,
    data: str = "",
    checkpoint: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> ContextNetwork:
    """Train a context network on sharp photographs, which are defocused for it.

    Parameters
    ----------
    paths : sequence of path-like
        Sharp photographs.
    classifier : PatchBlurClassifier, optional
        Patch network that feeds it, dense; by default the shipped one.
    n_scenes : int, default=2000
        Scenes composed.
    epochs : int, default=12
        Passes over them.
    holdout : float, default=0.1
        Share of the photographs kept out of training, at least one of two or more if
        above 0. Scenes of them, a tenth as many, tell how often the network is right
        where it says so. A patch network of the same photographs and ``random_state``
        has not learned from them either, provided that each of them gave it patches.
    data : str, default=""
        Names the photographs and their license in the card.
    checkpoint : path-like, optional
        As in `train_context_network`: an interrupted training goes on from there. The
        scenes are made anew, the same ones.
    random_state : int, default=0
        Seed of scenes and training.
    n_jobs : int, optional
        Number of scenes processed in parallel (joblib).
    verbose : int, default=0
        As in `PatchBlurClassifier`.

    Returns
    -------
    ContextNetwork
        Ready for `ContextMapper`.

    Raises
    ------
    ValueError
        For numbers that are not positive, no photographs, a classifier that is not
        dense, or the checkpoint of another training.
    ImportError
        If the extra ``train`` is not installed.

    Examples
    --------
    >>> from skdefocus.classifier.training import train_context
    >>> train_context([])
    Traceback (most recent call last):
        ...
    ValueError: a context network needs sharp photographs to learn from; got none.
    """
    if len(paths) == 0:
        raise ValueError(
            "a context network needs sharp photographs to learn from; got none."
        )
    if classifier is None:
        classifier = PatchBlurClassifier.pretrained()
    check_is_fitted(classifier)
    if classifier.dense_stride_ != CELL:
        raise ValueError(
            f"a context network needs a dense classifier of stride {CELL}; got stride "
            f"{classifier.dense_stride_}."
        )
    import_keras()
    # NumPy's integers would not go into the card.
    n_scenes, epochs, random_state = int(n_scenes), int(epochs), int(random_state)
    learned, judged = _split(paths, holdout, random_state)
    make = partial(
        make_scene_set,
        classifier=classifier,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=verbose == 1,
    )
    features, targets = make(learned, n_scenes=n_scenes)
    network, history = train_context_network(
        features,
        targets,
        to_log_sigma(classifier.sigmas_),
        epochs=epochs,
        seed=random_state,
        checkpoint=checkpoint,
        verbose=verbose,
    )
    onnx = to_onnx(network, MULTIPLE)
    card: dict[str, Any] = {
        "architecture": "context",
        "classifier": classifier.network_.sha256,
        "n_features": features.shape[1],
        "multiple": MULTIPLE,
        "ladder": [float(sigma) for sigma in classifier.card_["ladder"]],
        "classes": classifier.classes_.tolist(),
        "training": {
            "photographs": len(learned),
            "n_scenes": n_scenes,
            "epochs": epochs,
            "random_state": random_state,
            "history": history,
        },
        "versions": installed_versions(),
    }
    if data:
        card["data"] = data
    found = ContextNetwork(onnx, card, classifier)
    if judged:
        card["reliability"] = _reliability(
            found, *make(judged, n_scenes=-(-n_scenes // 10))
        )
    return found


def _split(
    paths: Sequence[str | os.PathLike[str]], holdout: float, random_state: int
) -> tuple[list[Any], list[Any]]:
    """Give photographs to learn from, and those to judge by, perhaps none."""
    if holdout == 0 or len(paths) < 2:
        return [*paths], []
    # As `PatchBlurClassifier` draws it.
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    chosen = set(draw_held_out(len(paths), holdout, seed).tolist())
    parts: tuple[list[Any], list[Any]] = ([], [])
    for index, path in enumerate(paths):
        parts[index in chosen].append(path)
    return parts


def _reliability(
    network: ContextNetwork, features: np.ndarray, targets: np.ndarray
) -> list[float]:
    """Compare what the network says of scenes with what is true of their cells."""
    sigmas = network.classifier.sigmas_
    probabilities = np.stack([network.run(one.astype(np.float32)) for one in features])
    probabilities = np.moveaxis(probabilities, 1, -1).reshape(-1, len(sigmas))
    truth = from_log_sigma(targets.astype(np.float32)).ravel()
    # It has seen what texture there is; its word alone counts.
    curve = learn_reliability(
        probabilities, sigmas, truth, np.ones(len(truth)), clean_conditions(len(truth))
    )
    rounded: list[float] = curve.round(4).tolist()
    return rounded
