"""Training the context network on composed scenes; needs the extra ``train``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..._shared.parameters import POSITIVE_INTEGER, checked
from ..._shared.sigma_scale import to_log_sigma
from ..context_features import CELL
from ..context_network import MULTIPLE, ContextNetwork
from ..patch_blur_classifier import PatchBlurClassifier
from .keras_backend import import_keras, seeded
from .loop import one_cycle
from .model_card import installed_versions
from .onnx_export import to_onnx
from .progress import TrainingBar
from .scene_set import make_scene_set

__all__ = [
    "build_context_network",
    "train_context",
    "train_context_network",
]

# Filters at cells of 4, 8, 16, 32 and 64 px: enough to see most of a photograph of
# 640 px, and cheaper than the patches it starts from.
_WIDTHS = (24, 32, 48, 64, 64)
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
            self.rng = np.random.default_rng(seed)
            self.on_epoch_end()

        def on_epoch_end(self) -> None:
            self.order = self.rng.permutation(len(features))

        def __len__(self) -> int:
            return -(-len(features) // batch_size)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            chosen = self.order[index * batch_size : (index + 1) * batch_size]
            pieces = [self._piece(i) for i in chosen]
            x, y = (np.stack(parts) for parts in zip(*pieces, strict=True))
            soft = soft_levels(y.astype(np.float32), levels)
            # Channels first, but with the channels of a cell side by side in memory:
            # on a CPU torch is three times as fast so.
            x = np.ascontiguousarray(np.moveaxis(x, 1, -1), dtype=np.float32)
            return np.moveaxis(x, -1, 1), np.moveaxis(soft, -1, 1)

        def _piece(self, scene: int) -> tuple[np.ndarray, np.ndarray]:
            room = [n - p + 1 for n, p in zip(targets.shape[1:], _PIECE, strict=True)]
            top, left = self.rng.integers(room)
            window = np.s_[..., top : top + _PIECE[0], left : left + _PIECE[1]]
            x, y = features[scene][window], targets[scene][window]
            return (x[..., ::-1], y[..., ::-1]) if self.rng.random() < 0.5 else (x, y)

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
    """
    keras = import_keras()
    with seeded(keras, seed):
        network = build_context_network(features.shape[1], len(levels))
        batches = _make_batches(keras, features, targets, levels, batch_size, seed)
        rate = one_cycle(keras, learning_rate, epochs * len(batches))
        network.compile(
            optimizer=keras.optimizers.AdamW(rate, weight_decay=weight_decay),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, axis=1),
        )
        with TrainingBar(epochs, len(batches), disable=verbose != 1) as bar:
            history = network.fit(
                batches,
                epochs=epochs,
                # Keras prints lines; the bar is our own.
                verbose=2 if verbose > 1 else 0,
                callbacks=[
                    keras.callbacks.LambdaCallback(
                        on_epoch_begin=bar.begin_epoch,
                        on_epoch_end=bar.end_epoch,
                        on_train_batch_end=bar.end_batch,
                    )
                ],
            )
    return network, {k: [float(v) for v in h] for k, h in history.history.items()}


@checked(n_scenes=[POSITIVE_INTEGER], epochs=[POSITIVE_INTEGER])
def train_context(
    paths: Sequence[str | os.PathLike[str]],
    classifier: PatchBlurClassifier | None = None,
    *,
    n_scenes: int = 2000,
    epochs: int = 12,
    data: str = "",
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
    data : str, default=""
        Names the photographs and their license in the card.
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
        For numbers that are not positive, no photographs, or a classifier that is not
        dense.
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
    features, targets = make_scene_set(
        paths,
        classifier,
        n_scenes,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=verbose == 1,
    )
    network, history = train_context_network(
        features,
        targets,
        to_log_sigma(classifier.sigmas_),
        epochs=epochs,
        seed=random_state,
        verbose=verbose,
    )
    onnx = to_onnx(network, MULTIPLE)
    card = {
        "architecture": "context",
        "classifier": classifier.network_.sha256,
        "n_features": features.shape[1],
        "multiple": MULTIPLE,
        "ladder": [float(sigma) for sigma in classifier.card_["ladder"]],
        "classes": classifier.classes_.tolist(),
        "training": {
            "photographs": len(paths),
            "n_scenes": n_scenes,
            "epochs": epochs,
            "random_state": random_state,
            "history": history,
        },
        "versions": installed_versions(),
    }
    if data:
        card["data"] = data
    return ContextNetwork(onnx, card, classifier)
