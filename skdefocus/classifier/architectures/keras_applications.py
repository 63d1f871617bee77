"""Networks of Keras Applications, for one channel and without trained weights."""

from __future__ import annotations

from typing import Any

from ._parts import MOMENTUM, PATCH_SIZE, classify, data_format

__all__ = ["build_densenet121", "build_efficientnet_b0", "build_mobilenet_v2"]


def build_mobilenet_v2(n_levels: int, n_channels: int = 1) -> Any:
    """Build MobileNetV2 (Sandler et al. 2018), the network of the paper's sec. 3.1.

    Parameters
    ----------
    n_levels : int
        Number of classes.
    n_channels : int, default=1
        Channels of a patch.

    Returns
    -------
    keras.Model
        From (n, n_channels, 32, 32) in [0, 1] to logits of shape (n, n_levels, 1, 1).
    """
    import keras

    with data_format("channels_first"):
        inputs = keras.Input((n_channels, PATCH_SIZE, PATCH_SIZE))
        x = keras.layers.Rescaling(2.0, offset=-1.0)(inputs)
        trunk = keras.applications.MobileNetV2(
            include_top=False, weights=None, input_tensor=x
        )
        _quicken(trunk)
        return keras.Model(inputs, classify(trunk.output, n_levels))


def build_efficientnet_b0(n_levels: int, n_channels: int = 1) -> Any:
    """Build EfficientNetB0 (Tan and Le 2019).

    Parameters
    ----------
    n_levels : int
        Number of classes.
    n_channels : int, default=1
        Channels of a patch.

    Returns
    -------
    keras.Model
        From (n, n_channels, 32, 32) in [0, 1] to logits of shape (n, n_levels, 1, 1).
    """
    import keras

    with data_format("channels_first"):
        inputs = keras.Input((n_channels, PATCH_SIZE, PATCH_SIZE))
        # Keras's begins with a division by 255.
        x = keras.layers.Rescaling(255.0)(inputs)
        trunk = keras.applications.EfficientNetB0(
            include_top=False, weights=None, input_tensor=x
        )
        _quicken(trunk)
        return keras.Model(inputs, classify(trunk.output, n_levels, dropout=0.2))


def build_densenet121(n_levels: int, n_channels: int = 1) -> Any:
    """Build DenseNet121 (Huang et al. 2017).

    Parameters
    ----------
    n_levels : int
        Number of classes.
    n_channels : int, default=1
        Channels of a patch.

    Returns
    -------
    keras.Model
        From (n, n_channels, 32, 32) in [0, 1] to logits of shape (n, n_levels, 1, 1).
    """
    import keras

    size = (PATCH_SIZE, PATCH_SIZE)
    # Keras has it for channels last alone, which torch would transpose at every layer.
    with data_format("channels_last"):
        inputs = keras.Input((*size, n_channels))
        x = keras.layers.Rescaling(2.0, offset=-1.0)(inputs)
        trunk = keras.applications.DenseNet121(
            include_top=False, weights=None, input_tensor=x
        )
        last = keras.Model(inputs, trunk.output)

    def turn(layer: Any) -> Any:
        config = layer.get_config()
        if "data_format" in config:
            config["data_format"] = "channels_first"
        if "axis" in config:
            config["axis"] = 1
        return type(layer).from_config(config)

    with data_format("channels_first"):
        inputs = keras.Input((n_channels, *size))
        trunk = keras.models.clone_model(
            last, input_tensors=inputs, clone_function=turn
        )
        _quicken(trunk)
        return keras.Model(inputs, classify(trunk.output, n_levels))


def _quicken(trunk: Any) -> None:
    """Let running means follow sooner than Keras does."""
    import keras

    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOMENTUM
