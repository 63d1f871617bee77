"""Small trainings that tests interrupt and go on with."""

from __future__ import annotations

from skdefocus.classifier.architectures import Architecture
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


class Interrupted(Exception):
    pass
