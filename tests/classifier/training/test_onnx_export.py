from __future__ import annotations

import numpy as np
import onnx
import pytest

from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.architectures._homogeneous import homogeneous_layers
from skdefocus.classifier.architectures.context import build_context_network
from skdefocus.classifier.network import Network
from skdefocus.classifier.onnx_safety import check_onnx
from skdefocus.classifier.training import onnx_export
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.onnx_export import to_onnx
from tests.classifier.networks import N_LEVELS, SINGLE, each, inputs_of


def run(network, images: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Probabilities as Keras gives them."""
    import torch

    with torch.no_grad():
        logits = network(inputs_of(network, images, told), training=False)
        return torch.softmax(logits, dim=1).numpy()


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_every_architecture_agrees_with_keras(built, exported, noise, told, name):
    expected = run(built(name), noise[:9], told[:9])[:, :, 0, 0]
    # The network does tell these patches apart.
    assert expected.std(axis=0).max() > 0.01
    network = Network(exported(name))
    for n in (1, 9):
        np.testing.assert_allclose(
            network.run_patches(noise[:n], conditions=told[:n]), expected[:n], atol=4e-5
        )


def test_blurnet_agrees_over_images(built, exported, told):
    image = np.random.default_rng(2).random((75, 61), dtype=np.float32)
    network = Network(exported("blurnet"))
    for conditions in told[:3]:
        found = run(built("blurnet"), image[np.newaxis], conditions[np.newaxis])
        expected = np.moveaxis(found[0], 0, -1)
        dense = network.run_image(image, conditions=conditions)
        np.testing.assert_allclose(dense, expected, atol=1e-5)


@pytest.mark.parametrize("name", each(ARCHITECTURES))
def test_an_export_is_accepted_and_repeatable(built, exported, name):
    stride = ARCHITECTURES[name].stride
    check_onnx(
        exported(name),
        patch_size=32,
        stride=stride,
        n_levels=N_LEVELS,
        takes_conditions=ARCHITECTURES[name].takes_conditions,
    )
    again = to_onnx(built(name), 32, dense=stride is not None)
    assert again == exported(name)


@pytest.mark.parametrize("name", each(SINGLE))
def test_the_export_is_for_single_patches(exported, name):
    with pytest.raises(Exception, match="Got invalid dimensions"):
        Network(exported(name)).run_image(np.zeros((48, 48), np.float32))


def test_the_ends_are_named_and_sized(exported):
    for name in ("blurnet", "shufflenet_v2"):
        graph = onnx.load_from_string(exported(name)).graph
        shapes = {
            value.name: [
                dim.dim_param or dim.dim_value
                for dim in value.type.tensor_type.shape.dim
            ]
            for value in graph.input
        }
        if name == "blurnet":
            assert list(shapes) == ["patches", "conditions"]
            assert shapes["patches"] == ["n", 1, "height", "width"]
            assert shapes["conditions"] == ["n", 4, 1, 1]
        else:
            assert shapes == {"patches": ["n", 1, 32, 32]}


def test_refuses_layers_without_an_export():
    keras = import_keras()
    inputs = keras.Input((1, 32, 32))
    layers = keras.layers
    first = "channels_first"
    for layer, message in (
        (layers.UpSampling2D(data_format=first), "type UpSampling2D has no export"),
        (layers.Activation("gelu"), "activation gelu has no export"),
        (layers.Conv2D(2, 1, data_format="channels_last"), "data_format=channels_"),
        (layers.Conv2D(2, 3, dilation_rate=2, data_format=first), "dilation_rate"),
        (layers.ReLU(negative_slope=0.1), "negative_slope=0.1 has no export"),
        (layers.BatchNormalization(), "normalization of other axes"),
        (
            layers.AveragePooling2D(3, 2, padding="same", data_format=first),
            "average with uneven padding",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            to_onnx(keras.Model(inputs, layer(inputs)), 32, dense=False)


def test_the_context_network_agrees_with_keras():
    import torch

    import_keras()
    network = build_context_network(7, 5)
    # Alive, and far from where training starts.
    rng = np.random.default_rng(0)
    network.set_weights(
        [
            rng.uniform(0.5, 1.5, tuple(variable.shape))
            if variable.path.endswith(("gamma", "variance"))
            else rng.normal(0, 0.08, tuple(variable.shape))
            for variable in network.weights
        ]
    )
    features = rng.normal(size=(2, 7, 32, 48)).astype(np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(features), training=False)
        expected = torch.softmax(logits, 1).numpy()
    assert expected.std() > 0.02
    assert expected.max() < 1
    onnx = Network(to_onnx(network, 16))
    found = [onnx.run_channels(item) for item in features]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_softmax_over_an_image_does_not_overflow():
    keras = import_keras()
    inputs = keras.Input((1, None, None))
    layer = keras.layers.Conv2D(3, 1, use_bias=False, data_format="channels_first")
    network = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.reshape([500.0, -500.0, 499.0], (1, 1, 1, 3))])
    onnx = Network(to_onnx(network, 1))
    found = onnx.run_channels(np.array([[[0.0, 1.0, -1.0]]], np.float32))
    expected = [[1 / 3, 1 / 3, 1 / 3], [0.731, 0, 0.269], [0, 1, 0]]
    np.testing.assert_allclose(found[:, 0].T, expected, atol=1e-3)


def layers_to_export():
    """Every layer that has an export, each with what could go wrong in it."""
    keras = import_keras()
    layers, first = keras.layers, {"data_format": "channels_first"}

    def around(*made):
        """A network of layers one after the other, over 3 channels of 9 x 8."""
        inputs = keras.Input((3, 9, 8))
        x = inputs
        for layer in made:
            x = layer(x)
        return keras.Model(inputs, x)

    def branches(join):
        inputs = keras.Input((3, 9, 8))
        convolved = layers.Conv2D(4, 3, padding="same", **first)(inputs)
        # Used twice, so that it may not be folded away.
        normalized = layers.BatchNormalization(axis=1)(convolved)
        return keras.Model(inputs, join([convolved, normalized]))

    def split(join):
        inputs = keras.Input((3, 9, 8))
        x = layers.Conv2D(6, 1, **first)(inputs)
        one, two = keras.ops.split(x, 2, axis=1)
        return keras.Model(inputs, join([layers.ReLU()(one), two]))

    def pool(kind, padding):
        return around(kind(3, 2, padding=padding, **first))

    def shared(layer):
        """A layer that may not be folded away, since its input is used again."""
        inputs = keras.Input((3, 9, 8))
        convolved = layers.Conv2D(4, 3, padding="same", **first)(inputs)
        return keras.Model(inputs, layers.Add()([convolved, layer(convolved)]))

    def relative(layer):
        inputs = keras.Input((3, 9, 8))
        # Above 0, as conditions are.
        means = layers.GlobalAveragePooling2D(keepdims=True, **first)(inputs)
        x = layers.Conv2D(4, 3, **first)(inputs)
        return keras.Model(inputs, layer([x, means]))

    root_mean_square, relative_to_strength = homogeneous_layers()
    same = {"padding": "same", **first}
    standardize = layers.Normalization(axis=1, mean=[0.1, 0.4, 0.2], variance=[1, 4, 9])
    return {
        "Conv2D": around(layers.Conv2D(4, (3, 2), 2, activation="silu", **same)),
        "DepthwiseConv2D": around(
            layers.DepthwiseConv2D(3, 2, depth_multiplier=2, activation="relu", **same)
        ),
        "SeparableConv2D": around(
            layers.SeparableConv2D(5, 3, activation="relu", **same)
        ),
        "Conv2DTranspose": around(layers.Conv2DTranspose(4, 2, 2, **first)),
        "BatchNormalization": around(
            layers.Conv2D(4, 3, use_bias=False, **first),
            layers.BatchNormalization(axis=1, scale=False),
            layers.BatchNormalization(axis=1, center=False),
        ),
        "Normalization": around(standardize),
        "Rescaling": around(layers.Rescaling(3.0, offset=-1.0)),
        "ReLU": around(layers.Rescaling(9, offset=-4), layers.ReLU(max_value=2.5)),
        "Activation": around(
            *(layers.Activation(name) for name in ("linear", "silu", "relu", "sigmoid"))
        ),
        "MaxPooling2D": pool(layers.MaxPooling2D, "same"),
        "AveragePooling2D": pool(layers.AveragePooling2D, "valid"),
        "GlobalAveragePooling2D": around(
            layers.GlobalAveragePooling2D(keepdims=True, **first)
        ),
        "Reshape": around(
            layers.GlobalAveragePooling2D(**first), layers.Reshape((3, 1, 1))
        ),
        "ZeroPadding2D": around(layers.ZeroPadding2D(((1, 2), (0, 3)), **first)),
        "Cropping2D": around(layers.Cropping2D(((1, 2), (0, 3)), **first)),
        "Permute": around(layers.Permute((1, 3, 2))),
        "Dropout": around(layers.Dropout(0.5)),
        "SpatialDropout2D": around(layers.SpatialDropout2D(0.5, **first)),
        "Add": branches(layers.Add()),
        "Multiply": branches(layers.Multiply()),
        "Concatenate": branches(layers.Concatenate(axis=1)),
        "Split": split(layers.Concatenate(axis=1)),
        "RootMeanSquare": around(
            root_mean_square(), layers.Conv2D(4, 3, **first), root_mean_square()
        ),
        "RelativeToStrength": relative(relative_to_strength()),
    }, {
        "RootMeanSquare": shared(root_mean_square()),
    }


def test_every_layer_that_is_exported_agrees_with_keras():
    import torch

    networks, more = layers_to_export()
    assert networks.keys() == onnx_export._EXPORTS.keys()
    rng = np.random.default_rng(0)
    images = rng.random((3, 9, 8), dtype=np.float32)
    for kind, network in (*networks.items(), *more.items()):
        kinds = {type(operation).__name__ for operation in network.operations}
        assert kind in kinds
        for weight in network.weights:
            # Variances and mean squares are above 0.
            if "variance" in weight.path or not weight.trainable:
                weight.assign(rng.uniform(0.5, 1.5, tuple(weight.shape)))
            else:
                weight.assign(rng.normal(0, 0.5, tuple(weight.shape)))
        with torch.no_grad():
            logits = network(images[np.newaxis], training=False)
            expected = torch.softmax(logits, 1).numpy()[0]
        found = Network(to_onnx(network, 9)).run_channels(images)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=kind)
        # There is something to tell apart.
        assert expected.std() > 1e-3, kind
