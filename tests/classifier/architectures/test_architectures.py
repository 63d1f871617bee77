"""Each network is built once, and given statistics that a training would give it."""

from __future__ import annotations

import math
import subprocess
import sys
import zlib
from functools import cache

import numpy as np
import onnx
import pytest

from skdefocus.classifier import onnx_safety
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.classifier.model_file import read_model, write_model
from skdefocus.classifier.network import Network
from skdefocus.classifier.onnx_safety import check_onnx
from skdefocus.classifier.training.loop import import_keras
from skdefocus.classifier.training.onnx_export import to_onnx

N_LEVELS = 20
SINGLE = [name for name, known in ARCHITECTURES.items() if known.stride is None]


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    return np.random.default_rng(0).random((32, 32, 32), dtype=np.float32)


@pytest.fixture(scope="module")
def built(patches):
    """Give a network by name; an untrained one answers 1 / 20 to everything."""
    import torch

    keras = import_keras()

    @cache
    def build(name: str):
        keras.utils.set_random_seed(0)
        network = ARCHITECTURES[name].build(N_LEVELS)
        rng = np.random.default_rng(1)
        momenta = {}
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                momenta[layer], layer.momentum = layer.momentum, 0.0
                layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
                layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
        with torch.no_grad():
            network(patches[:, np.newaxis], training=True)
        for layer, momentum in momenta.items():
            layer.momentum = momentum
        return network

    state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    yield build
    np.random.set_state(state[0])  # noqa: NPY002
    torch.set_rng_state(state[1])


@pytest.fixture(scope="module")
def exported(built):
    @cache
    def export(name: str) -> bytes:
        dense = ARCHITECTURES[name].stride is not None
        return to_onnx(built(name), 32, dense=dense)

    return export


def run(network, images: np.ndarray) -> np.ndarray:
    """Probabilities as Keras gives them."""
    import torch

    with torch.no_grad():
        logits = network(images[:, np.newaxis], training=False)
        return torch.softmax(logits, dim=1).numpy()


def trainable(network) -> int:
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


def load_keras_nasnet():
    """Build Keras's NASNetMobile, whose public function refuses torch."""
    keras = import_keras()
    from keras.src.applications.nasnet import NASNet

    inputs = keras.Input((32, 32, 1))
    outputs = NASNet(
        input_tensor=keras.layers.Rescaling(2.0, offset=-1.0)(inputs),
        input_shape=(32, 32, 1),
        penultimate_filters=1056,
        num_blocks=4,
        stem_block_filters=32,
        skip_reduction=False,
        filter_multiplier=2,
        include_top=False,
        weights=None,
    ).output
    return keras.Model(inputs, outputs)


def fill_by_shape(network) -> None:
    """Give weights of the same kind and shape the same values in every network."""
    for weight in network.weights:
        kind, shape = weight.path.split("/")[-1], tuple(weight.shape)
        rng = np.random.default_rng(zlib.crc32(f"{kind} {shape}".encode()))
        if kind in ("gamma", "moving_variance"):
            values = rng.uniform(0.5, 1.5, shape)
        elif kind in ("beta", "moving_mean"):
            values = rng.normal(0, 0.3, shape)
        else:
            fan_in = math.prod(shape[:2] if "depthwise" in kind else shape[:-1])
            values = rng.normal(0, fan_in**-0.5, shape)
        weight.assign(values)


class TestNetworks:
    # Of gray patches and 20 levels: all weights, and those that are trained.
    @pytest.mark.parametrize(
        ("name", "total", "trained"),
        [
            ("blurnet", 164_372, 163_604),
            ("blurnet_small", 53_844, 53_428),
            ("mobilenet_v2", 2_283_028, 2_248_916),
            ("efficientnet_b0", 4_074_611, 4_032_592),
            ("densenet121", 7_051_732, 6_968_084),
            ("nasnet_mobile", 4_290_280, 4_253_542),
            ("shufflenet_v2", 1_289_852, 1_273_672),
        ],
    )
    def test_numbers_of_parameters(self, built, name, total, trained):
        network = built(name)
        assert network.count_params() == total
        assert trainable(network) == trained
        size = 32 if ARCHITECTURES[name].stride is None else None
        assert network.input.shape == (None, 1, size, size)
        cells = 1 if size else None
        assert network.output.shape == (None, N_LEVELS, cells, cells)

    # Of color images and 1000 classes, as Keras and torchvision publish them. The
    # running means and variances count in the first column alone.
    @pytest.mark.parametrize(
        ("name", "total", "trained"),
        [
            ("mobilenet_v2", 3_538_984, 3_504_872),
            ("efficientnet_b0", 5_330_571, 5_288_548),
            ("densenet121", 8_062_504, 7_978_856),
            ("nasnet_mobile", 5_326_716, 5_289_978),
            ("shufflenet_v2", None, 2_278_604),
        ],
    )
    def test_published_numbers_of_parameters(self, name, total, trained):
        import_keras()
        network = ARCHITECTURES[name].build(1000, n_channels=3)
        assert total in (None, network.count_params())
        assert trainable(network) == trained

    def test_nasnet_is_wired_as_keras_s_own(self, patches):
        import torch

        keras = import_keras()
        network = ARCHITECTURES["nasnet_mobile"].build(N_LEVELS)
        (head,) = (
            la
            for la in network.layers
            if "pooling" in type(la).__name__.lower() and "Global" in type(la).__name__
        )
        ours, theirs = keras.Model(network.input, head.input), load_keras_nasnet()
        fill_by_shape(ours)
        fill_by_shape(theirs)
        with torch.no_grad():
            features = ours(patches[:4, np.newaxis], training=False).numpy()
            expected = theirs(patches[:4, ..., np.newaxis], training=False).numpy()
        assert features.std() > 0.5
        np.testing.assert_allclose(
            features[:, :, 0, 0], expected[:, 0, 0], rtol=1e-4, atol=1e-4
        )

    def test_shufflenet_shuffles(self, built):
        keras = import_keras()
        network = built("shufflenet_v2")
        first = next(
            i
            for i, la in enumerate(network.layers)
            if isinstance(la, keras.layers.Reshape)
        )
        concatenation, *shuffle = network.layers[first - 1 : first + 3]
        x = np.arange(116, dtype=np.float32).reshape(1, 116, 1, 1)
        x = np.broadcast_to(x, (1, *concatenation.output.shape[1:]))
        for layer in shuffle:
            x = layer(x)
        order = x.numpy()[0, :, 0, 0]
        assert order[:6].tolist() == [0, 58, 1, 59, 2, 60]
        assert sorted(order) == list(range(116))

    @pytest.mark.parametrize("before", ["channels_first", "channels_last"])
    def test_the_user_s_data_format_is_kept(self, before):
        keras = import_keras()
        at_first = keras.config.image_data_format()
        try:
            keras.config.set_image_data_format(before)
            network = ARCHITECTURES["shufflenet_v2"].build(3)
            assert keras.config.image_data_format() == before
            assert network.output.shape == (None, 3, 1, 1)
        finally:
            keras.config.set_image_data_format(at_first)

    @pytest.mark.parametrize("name", list(ARCHITECTURES))
    def test_running_means_are_those_of_a_short_training(self, built, name):
        keras = import_keras()
        momenta = {
            layer.momentum
            for layer in built(name).layers
            if isinstance(layer, keras.layers.BatchNormalization)
        }
        assert momenta == {0.9}

    @pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_b0"])
    def test_inputs_reach_the_first_convolution_in_its_range(
        self, built, name, patches
    ):
        keras = import_keras()
        network = built(name)
        first = next(la for la in network.layers if isinstance(la, keras.layers.Conv2D))
        x = keras.Model(network.input, first.input)(patches[:, np.newaxis]).numpy()
        low = {"mobilenet_v2": -1, "efficientnet_b0": 0}[name]
        assert x.min() == pytest.approx(low, abs=1e-3)
        assert x.max() == pytest.approx(1, abs=1e-3)

    def test_naming_them_imports_no_keras(self):
        code = "import sys, skdefocus.classifier.architectures; print(*sys.modules)"
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert not {"keras", "torch", "tensorflow"} & set(found.stdout.split())


class TestExports:
    @pytest.mark.parametrize("name", list(ARCHITECTURES))
    def test_agrees_with_keras(self, built, exported, patches, name):
        expected = run(built(name), patches[:9])[:, :, 0, 0]
        # The network does tell these patches apart.
        assert expected.std(axis=0).max() > 0.01
        network = Network(exported(name))
        for n in (1, 9):
            np.testing.assert_allclose(
                network.run_patches(patches[:n]), expected[:n], atol=4e-5
            )

    @pytest.mark.parametrize("name", list(ARCHITECTURES))
    def test_zeros_around_a_pool_are_not_optimised_away(
        self, exported, patches, monkeypatch, name
    ):
        import onnxruntime

        given = []

        class Session(onnxruntime.InferenceSession):
            def __init__(self, *arguments, **settings):
                given.append(settings["disabled_optimizers"])
                super().__init__(*arguments, **settings)

        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        Network(exported(name)).run_patches(patches[:1])
        padded = name in ("densenet121", "nasnet_mobile")
        assert given == [["Pad_Fusion"] if padded else []]

    def test_blurnet_agrees_over_images(self, built, exported):
        image = np.random.default_rng(2).random((75, 61), dtype=np.float32)
        expected = np.moveaxis(run(built("blurnet"), image[np.newaxis])[0], 0, -1)
        dense = Network(exported("blurnet")).run_image(image)
        np.testing.assert_allclose(dense, expected, atol=1e-5)

    @pytest.mark.parametrize("name", list(ARCHITECTURES))
    def test_is_accepted_and_repeatable(self, built, exported, name):
        stride = ARCHITECTURES[name].stride
        check_onnx(exported(name), patch_size=32, stride=stride, n_levels=N_LEVELS)
        again = to_onnx(built(name), 32, dense=stride is not None)
        assert again == exported(name)

    @pytest.mark.parametrize("name", SINGLE)
    def test_is_for_single_patches(self, exported, name):
        with pytest.raises(Exception, match="Got invalid dimensions"):
            Network(exported(name)).run_image(np.zeros((48, 48), np.float32))

    def test_many_patches_run_in_batches(self, exported, patches):
        network = Network(exported("shufflenet_v2"))
        many = np.tile(patches, (5, 1, 1))
        np.testing.assert_allclose(
            network.run_patches(many),
            np.tile(network.run_patches(patches), (5, 1)),
            atol=1e-5,
        )

    def test_normalization_is_folded_and_dropout_gone(self, exported):
        for name, kinds in {
            "mobilenet_v2": {"Add", "Clip", "Conv", "GlobalAveragePool", "Mul", "Pad"},
            "blurnet": {"Add", "Conv", "Mul", "Relu"},
        }.items():
            nodes = onnx.load_from_string(exported(name)).graph.node
            assert {node.op_type for node in nodes} == kinds | {"Softmax"}
            # One multiplication brings [0, 1] to the network's range.
            assert sum(node.op_type == "Mul" for node in nodes) == 1

    def test_what_is_accepted_is_what_these_need(self, exported):
        kinds, longest, widest, together = set(), 0, 0, 0
        for name in SINGLE:
            model = onnx.load_from_string(exported(name))
            kinds |= {node.op_type for node in model.graph.node}
            shapes = onnx_safety._infer_shapes(model, (1, 1, 32, 32))
            sizes = [math.prod(shape) / 32**2 for shape in shapes.values()]
            longest = max(longest, len(model.graph.node))
            widest, together = max(widest, *sizes), max(together, sum(sizes))
        # A ReLU that ends nothing at 6 is the one operator of blurnet alone.
        assert kinds == onnx_safety._PATCH_OPERATORS
        assert longest <= onnx_safety._MAX_NODES < 1.5 * longest
        assert widest <= onnx_safety._MAX_VALUES_PER_PIXEL["patches"] < 1.2 * widest
        assert together <= onnx_safety._MAX_TOTAL_PER_PIXEL["patches"] < 1.2 * together

    def test_layers_without_an_export(self):
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


class TestFiles:
    @pytest.fixture
    def card(self) -> dict:
        return {
            "architecture": "mobilenet_v2",
            "patch_size": 32,
            "stride": None,
            "ladder": list(range(N_LEVELS)),
            "classes": list(range(N_LEVELS)),
        }

    @pytest.mark.parametrize("name", SINGLE)
    def test_survives_a_file(self, tmp_path, exported, card, name):
        write_model(tmp_path / "m.zip", exported(name), card)
        onnx_bytes, found = read_model(tmp_path / "m.zip")
        assert onnx_bytes == exported(name)
        assert found["stride"] is None
        assert "weights" not in found

    def test_half_of_mobilenet_fits_in_5_mb(self, tmp_path, exported, card, patches):
        path = tmp_path / "m.zip"
        write_model(path, exported("mobilenet_v2"), card, dtype="float16")
        assert path.stat().st_size <= 5e6
        onnx_bytes, found = read_model(path)
        assert found["weights"] == "float16"
        kinds = {
            c.data_type for c in onnx.load_from_string(onnx_bytes).graph.initializer
        }
        assert kinds == {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
        whole = Network(exported("mobilenet_v2")).run_patches(patches)
        half = Network(onnx_bytes).run_patches(patches)
        assert half.dtype == np.float32
        np.testing.assert_allclose(half, whole, atol=0.02)
        assert np.abs(half - whole).max() > 0
