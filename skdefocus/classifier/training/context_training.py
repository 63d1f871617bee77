"""Training the context network on composed scenes; needs the extra ``train``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._shared.parameters import POSITIVE_INTEGER, Interval, checked
from ..._shared.sigma_scale import from_log_sigma, to_log_sigma
from ...filters.conditions import clean_conditions
from ..context_features import CELL
from ..context_network import MULTIPLE, ContextNetwork
from ..patch_blur_classifier import PatchBlurClassifier
from ..reliability import learn_reliability
from .checkpoint import TrainingState
from .keras_backend import import_keras, seeded
from .loop import one_cycle, run_epochs
from .model_card import installed_versions
from .onnx_export import to_onnx
from .run_state import TrainingRun, TrainingSettings
from .scene_set import make_scene_set
from .training_set import draw_held_out

__all__ = [
    "build_context_network",
    "train_context",
    "train_context_network",
]

# Filters at cells of 4, 8, 16, 32 and 64 px: enough to see most of a photograph of
# 640 px, and cheaper than the patches it starts from.
_WIDTHS = (24, 32, 48, 64, 64)
# Keep the order of scenes, and their pieces, apart from other draws of the same seed.
_ORDER_STREAM, _PIECE_STREAM = 1, 4
# Cells of a piece: a multiple of what the network reduces by.
_PIECE = (80, 112)


def build_context_network(n_features: int, n_levels: int) -> Any:
    """Build a U-Net from features of cells to logits of levels.

    Parameters
    ----------
    n_features, n_levels : int
        Channels in and out.

    Returns
    -------
    keras.Model
        From (n, n_features, h, w) to (n, n_levels, h, w), with h and w multiples of 16.
    """
    import keras

    layers = keras.layers
    first = {"data_format": "channels_first", "use_bias": False}

    def convolve(x: Any, filters: int, size: int, stride: int = 1) -> Any:
        padding = "same" if stride == 1 else "valid"
        x = layers.Conv2D(filters, size, stride, padding=padding, **first)(x)
        x = layers.BatchNormalization(axis=1, momentum=0.9)(x)
        return layers.ReLU()(x)

    inputs = keras.Input((n_features, None, None))
    x = convolve(convolve(inputs, _WIDTHS[0], 1), _WIDTHS[0], 3)
    skipped = []
    for width in _WIDTHS[1:]:
        skipped.append(x)
        x = convolve(x, width, 2, 2)
        x = convolve(convolve(x, width, 3), width, 3)
    x = layers.SpatialDropout2D(0.1, data_format="channels_first")(x)
    for width, before in zip(_WIDTHS[-2::-1], reversed(skipped), strict=True):
        x = layers.Conv2DTranspose(width, 2, 2, data_format="channels_first")(x)
        x = layers.Concatenate(axis=1)([x, before])
        x = convolve(x, width, 3)
    return keras.Model(
        inputs, layers.Conv2D(n_levels, 1, data_format="channels_first")(x)
    )


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


@checked(
    n_scenes=[POSITIVE_INTEGER],
    epochs=[POSITIVE_INTEGER],
    holdout=[Interval(Real, 0, 1, closed="left")],
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
        has not learned from them either.
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
