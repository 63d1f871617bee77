"""Training a network with Keras 3; needs extra ``train``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..architectures import Architecture
from .checkpoint import TrainingState
from .cpu_model import cpu_model
from .keras_backend import import_keras, seeded, trains_on_cuda
from .normalization import settle_normalization
from .onnx_export import to_onnx
from .progress import TrainingBar
from .recorded_model import recorded_model
from .run_state import TrainingRun, TrainingSettings
from .training_set import LabeledPatches, TrainingSet

__all__ = ["one_cycle", "run_epochs", "train_network"]

# Keeps the order of patches apart from other draws of the same seed.
_ORDER_STREAM = 1
_FLIP_STREAM = 3
# That of rounding to 8 bits.
_LEAST_DEVIATION = 0.3 / 255


def _flip(patches: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror and turn each of (n, 1, size, size) at random, in one of 8 ways."""
    flipped = patches.copy()
    ways = rng.integers(8, size=len(patches))
    for way in range(1, 8):
        chosen = patches[ways == way]
        turned = np.rot90(chosen, way % 4, axes=(2, 3))
        flipped[ways == way] = turned[..., ::-1] if way >= 4 else turned
    return flipped


def _make_batches(
    keras: Any,
    patches: LabeledPatches,
    batch_size: int,
    seed: int = 0,
    random_flips: bool = False,
    *,
    with_conditions: bool,
) -> Any:
    """Batches of patches, read one at a time; in order until `begin_epoch` is called.

    The order and the flips of an epoch depend on the seed and the epoch alone, so that
    a run which begins in the middle goes through the same batches.
    """

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.order = np.arange(len(patches))
            self.epoch = 0
            self.with_conditions = with_conditions

        def begin_epoch(self, epoch: int) -> None:
            self.epoch = epoch
            rng = np.random.default_rng([seed, _ORDER_STREAM, epoch])
            self.order = rng.permutation(len(patches))

        def __len__(self) -> int:
            n_whole, left = divmod(len(patches), batch_size)
            # A single patch, of which normalization has no variance, joins the batch
            # before it.
            return max(n_whole + (left > 1), 1)

        def __getitem__(self, index: int) -> tuple[Any, np.ndarray]:
            stop = (index + 1) * batch_size if index + 1 < len(self) else None
            X, y, conditions = patches.batch(self.order[index * batch_size : stop])
            if random_flips:
                X = _flip(
                    X, np.random.default_rng([seed, _FLIP_STREAM, self.epoch, index])
                )
            return (_relative(X, conditions) if with_conditions else X), y

    return Batches()


def _relative(
    patches: np.ndarray, conditions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Divide patches by their deviation, and what is told of them likewise.

    To a network that takes conditions it is the same; steps are of one size so.
    """
    mean = patches.mean(axis=(1, 2, 3), keepdims=True)
    deviation = patches.std(axis=(1, 2, 3), keepdims=True)
    deviation = np.maximum(deviation, np.float32(_LEAST_DEVIATION))
    told = conditions[:, :, np.newaxis, np.newaxis]
    return (patches - mean) / deviation, told / deviation


def one_cycle(keras: Any, peak: float, n_steps: int) -> Any:
    """Give the learning rate of every step of a run.

    Parameters
    ----------
    keras : module
        Keras.
    peak : float
        The highest rate. The first is a 25th of it, the last a 10,000th.
    n_steps : int
        Steps of the run.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule
        From a step to its rate: linear up, a cosine down.
    """
    n_rising = n_steps // 4
    fall = keras.optimizers.schedules.CosineDecay(
        peak, max(1, n_steps - n_rising), alpha=1e-4
    )

    # Keras's own warm-up branches on the step, which a recorded step cannot.
    class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            step = keras.ops.cast(step, "float32")
            rise = peak / 25 + (peak - peak / 25) * (step / max(1, n_rising))
            return keras.ops.where(step < n_rising, rise, fall(step - n_rising))

    return OneCycle()


def _learning_rate(keras: Any, settings: TrainingSettings, n_batches: int) -> Any:
    """Give the learning rate, or its course over the steps of the run."""
    n_steps = settings.epochs * n_batches
    if settings.schedule == "cosine":
        decay = keras.optimizers.schedules.CosineDecay
        return decay(settings.learning_rate, decay_steps=n_steps)
    if settings.schedule == "one_cycle":
        return one_cycle(keras, settings.learning_rate, n_steps)
    return settings.learning_rate


def _compile(
    keras: Any, network: Any, settings: TrainingSettings, n_batches: int
) -> Any:
    """Give the network a loss and an optimizer that has its variables already."""
    pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_first")
    make_model = recorded_model if trains_on_cuda() else cpu_model
    inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
    model = make_model(keras, inputs, pooled(network.output))
    model.compile(
        # Without decay AdamW is the paper's Adam.
        optimizer=keras.optimizers.AdamW(
            _learning_rate(keras, settings, n_batches),
            weight_decay=settings.weight_decay,
            epsilon=1e-8,
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    return model


def train_network(
    architecture: Architecture,
    data: TrainingSet,
    settings: TrainingSettings,
    *,
    run: Mapping[str, Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    verbose: int = 0,
) -> tuple[bytes, dict[str, list[float]]]:
    """Train a network on labeled patches, on a GPU where torch finds one.

    Parameters
    ----------
    architecture : Architecture
        The network to build.
    data : TrainingSet
        To learn from, and to judge every epoch by; read one batch at a time.
    settings : TrainingSettings
        How to train.
    run : mapping of str to object, optional
        What else tells this run from others: a checkpoint must match it.
    checkpoint : path-like, optional
        File that tells after every epoch where the training stands. If it is there, the
        training goes on from it, to the network that it would have come to without the
        interruption: bit for bit on a CPU, with the same number of threads.
    verbose : {0, 1, 2}, default=0
        Nothing, a progress bar, or a line per epoch.

    Returns
    -------
    onnx : bytes
        Network from gray patches to probabilities.
    history : dict of str to list of float
        ``loss`` and ``accuracy`` of every epoch, and ``val_loss`` and ``val_accuracy``
        where there is validation data.

    Raises
    ------
    ImportError
        If the extra ``train`` is not installed.
    ValueError
        If the checkpoint is damaged or that of another run.
    """
    keras = import_keras()
    with seeded(keras, settings.seed):
        network = architecture.build(len(data.levels))
        batches = _make_batches(
            keras,
            data.training,
            settings.batch_size,
            settings.seed,
            settings.random_flips,
            with_conditions=architecture.takes_conditions,
        )
        model = _compile(keras, network, settings, len(batches))
        training_run = TrainingRun(keras, model, settings, TrainingState({}))
        if checkpoint is not None:
            training_run.state.run = _describe_run(data, settings, run)
            training_run.resume(checkpoint)
        if not training_run.is_over:
            _train(keras, training_run, batches, data.validation, checkpoint, verbose)
        training_run.restore_best()
        onnx = to_onnx(
            network, architecture.patch_size, dense=architecture.stride is not None
        )
    return onnx, training_run.state.history


def _describe_run(
    data: TrainingSet, settings: TrainingSettings, run: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Tell all that a checkpoint must share with the run that it is used in."""
    described = {**asdict(settings), **(run or {})}
    if settings.schedule == "constant":
        # The first epochs of a longer run are the same; other schedules depend on it.
        del described["epochs"]
    validation = data.validation
    described["training data"] = data.training.digest()
    described["validation data"] = validation and validation.digest()
    return described


def _train(
    keras: Any,
    training_run: TrainingRun,
    batches: Any,
    validation: LabeledPatches | None,
    checkpoint: str | os.PathLike[str] | None,
    verbose: int,
) -> None:
    """Run the epochs that are left."""
    judged = None
    if validation is not None:
        judged = _make_batches(
            keras,
            validation,
            training_run.settings.batch_size,
            with_conditions=batches.with_conditions,
        )

    def settle() -> None:
        settle_normalization(keras, training_run.model, batches)

    run_epochs(
        keras,
        training_run,
        batches,
        checkpoint,
        verbose,
        validation=judged,
        settle=settle,
    )


def run_epochs(
    keras: Any,
    training_run: TrainingRun,
    batches: Any,
    checkpoint: str | os.PathLike[str] | None,
    verbose: int,
    *,
    validation: Any = None,
    settle: Callable[[], None] = lambda: None,
    shuffle: bool = True,
) -> None:
    """Run the epochs that are left, and note where the training stands after each.

    Parameters
    ----------
    keras : module
        Keras.
    training_run : TrainingRun
        Whose model is trained, in place.
    batches : keras.utils.PyDataset
        To learn from, with a method ``begin_epoch(epoch)``.
    checkpoint : path-like or None
        Written after every epoch.
    verbose : {0, 1, 2}
        Nothing, a progress bar, or a line per epoch.
    validation : keras.utils.PyDataset, optional
        To judge every epoch by.
    settle : callable, optional
        Called before a network is judged or noted.
    shuffle : bool, default=True
        Whether Keras may take the batches in another order.
    """
    settings, first = training_run.settings, training_run.state.epoch
    bar = TrainingBar(
        settings.epochs, len(batches), first_epoch=first, disable=verbose != 1
    )

    def begin_epoch(epoch: int, logs: Any = None) -> None:
        training_run.begin_epoch(epoch)
        batches.begin_epoch(epoch)
        bar.begin_epoch(epoch)

    def end_epoch(epoch: int, logs: Mapping[str, float]) -> None:
        if validation is None:
            settle()
        training_run.end_epoch(epoch, logs)
        bar.end_epoch(epoch, logs)
        if checkpoint is not None:
            training_run.save(checkpoint)

    with bar:
        training_run.model.fit(
            batches,
            validation_data=validation,
            initial_epoch=first,
            epochs=settings.epochs,
            shuffle=shuffle,
            # Keras prints lines; the bar is our own.
            verbose=2 if verbose > 1 else 0,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_epoch_begin=begin_epoch,
                    on_epoch_end=end_epoch,
                    on_train_batch_end=bar.end_batch,
                    # Before patches to validate on are judged.
                    on_test_begin=lambda logs=None: settle(),
                )
            ],
        )
