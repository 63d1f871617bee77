"""Small trainings that tests interrupt and go on with."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from skdefocus.classifier.architectures import ARCHITECTURES, Architecture
from skdefocus.classifier.training import loop
from skdefocus.classifier.training.keras_backend import import_keras, seeded
from skdefocus.classifier.training.run_state import TrainingSettings
from skdefocus.classifier.training.training_set import make_training_set


def a_training_set(small, groups=None, **changes):
    """Make a training set of patches of 32 pixels and three levels."""
    X, y, *_ = small
    settings = {"patch_size": 32, "n_levels": 3, "validation_fraction": 0.0, "seed": 0}
    return make_training_set(X, y, groups, None, **{**settings, **changes})


def make_settings(**changes):
    return TrainingSettings(
        **{
            "epochs": 4,
            "batch_size": 32,
            "learning_rate": 0.01,
            "schedule": "constant",
            "weight_decay": 0.01,
            "random_flips": False,
            "early_stopping": False,
            "n_iter_no_change": 2,
            "seed": 3,
            **changes,
        }
    )


def build_small(n_levels):
    """Batch normalization, and dropout with and without a seed of its own."""
    import keras

    layers, first = keras.layers, {"data_format": "channels_first"}
    inputs = keras.Input((1, 32, 32))
    x = layers.Conv2D(8, 8, 8, **first)(inputs)
    x = layers.Dropout(0.3)(layers.BatchNormalization(axis=1)(x))
    x = layers.Dropout(0.3, seed=1)(layers.ReLU()(x))
    return keras.Model(inputs, layers.Conv2D(n_levels, 4, **first)(x))


SMALL = Architecture(build_small, patch_size=32, stride=None)


def make_batches(name):
    """Batches as a training gives them, with conditions for networks that take them."""
    rng = np.random.default_rng(0)

    def inputs():
        patches = rng.random((16, 1, 32, 32), dtype=np.float32)
        if not ARCHITECTURES[name].takes_conditions:
            return patches
        return patches, rng.uniform(0.01, 0.3, (16, 4, 1, 1)).astype(np.float32)

    return [(inputs(), rng.integers(0, 4, 16)) for _ in range(4)]


def make_model(monkeypatch, name, kind, schedule="constant"):
    """Make a model that trains by Keras alone, recorded, or as on a CPU."""
    keras = import_keras()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "trains_on_cuda", lambda: kind == "recorded")
        if kind == "keras":
            patch.setattr(loop, "cpu_model", lambda keras, *ends: keras.Model(*ends))
        settings = make_settings(
            epochs=2, batch_size=16, learning_rate=1e-3, schedule=schedule
        )
        with seeded(keras, 0):
            return loop._compile(keras, ARCHITECTURES[name].build(4), settings, 4)


@contextmanager
def double_precision():
    config = import_keras().config

    def choose(dtype):
        config.set_floatx(dtype)
        config.set_dtype_policy(dtype)

    choose("float64")
    try:
        yield
    finally:
        choose("float32")


def first_gradients(monkeypatch, name, kind):
    """Train a step, and give all gradients."""
    # At the start, normalization over few patches makes rounding large.
    with double_precision():
        model = make_model(monkeypatch, name, kind)
        x, y = make_batches(name)[0]
        both = isinstance(x, tuple)
        x = [p.astype(float) for p in x] if both else x.astype(float)
        model.train_step((x, y))
    # Adam's first momentum is a tenth of the gradient.
    return np.concatenate(
        [
            variable.value.detach().numpy().ravel()
            for variable in model.optimizer.variables
            if "momentum" in variable.path
        ]
    )


class Interrupted(Exception):
    pass
