from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from skdefocus import PatchBlurClassifier
from skdefocus._shared.sigma_scale import to_log_sigma
from skdefocus.classifier import ContextNetwork
from skdefocus.classifier.context_features import (
    cell_means,
    context_features,
    count_features,
)
from skdefocus.classifier.model_file import read_model, write_model
from skdefocus.classifier.network import Network
from skdefocus.classifier.training import train_context
from skdefocus.classifier.training.context_training import (
    build_context_network,
    soft_levels,
)
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.onnx_export import to_onnx
from skdefocus.classifier.training.scene_set import make_scene_set


@pytest.fixture(scope="module")
def photographs(tmp_path_factory, texture, photo):
    folder = tmp_path_factory.mktemp("sharp")
    for index, image in enumerate((texture * 255, photo)):
        Image.fromarray(image.astype(np.uint8)).save(folder / f"{index}.png")
    return sorted(folder.glob("*.png"))


@pytest.fixture(scope="module")
def small_network(photographs):
    return train_context(photographs, n_scenes=8, epochs=1, data="two pictures")


class TestFeatures:
    def test_cell_means_equal_a_loop(self):
        image = np.random.default_rng(0).random((10, 7))
        means = cell_means(image)
        assert means.shape == (3, 2)
        padded = np.pad(image, ((0, 2), (0, 1)), mode="edge")
        for row, column in np.ndindex(3, 2):
            cell = padded[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            assert means[row, column] == pytest.approx(cell.mean())

    def test_hold_the_probabilities_of_the_patch_around_a_cell(self, texture):
        classifier = PatchBlurClassifier.pretrained()
        features = context_features(texture, classifier)
        assert features.shape == (count_features(18), 40, 48)
        # The cell at rows 40 to 43 is in the middle of the patch at rows 26 to 57.
        patch = texture[26:58, 66:98]
        expected = np.log(np.maximum(classifier.predict_proba([patch])[0], 1e-30))
        found = (features[:18, 10, 20] - 1) * 4
        np.testing.assert_allclose(found, np.maximum(expected, -7), atol=1e-3)

    def test_colors_are_those_of_the_cells(self, small_photo):
        photograph = small_photo.astype(np.float32) / 255
        features = context_features(photograph, PatchBlurClassifier.pretrained())
        colors = np.moveaxis(features[-5:-2], 0, -1)
        np.testing.assert_allclose(colors, cell_means(photograph) * 2 - 1, atol=1e-6)

    @pytest.mark.parametrize("shape", [(1, 1), (2, 90), (31, 33), (97, 5, 3)])
    def test_any_size(self, shape):
        photograph = np.random.default_rng(0).random(shape, dtype=np.float32)
        features = context_features(photograph, PatchBlurClassifier.pretrained())
        assert features.dtype == np.float32
        assert features.shape[1:] == (-(-shape[0] // 4), -(-shape[1] // 4))
        assert np.isfinite(features).all()


class TestTargets:
    def test_soft_levels_have_the_sigma_as_their_mean(self):
        levels = to_log_sigma(PatchBlurClassifier.pretrained().sigmas_)
        values = np.random.default_rng(0).uniform(levels[0], levels[-1], (5, 6))
        soft = soft_levels(values, levels)
        np.testing.assert_allclose(soft.sum(axis=-1), 1, rtol=1e-6)
        np.testing.assert_allclose(soft @ levels, values, rtol=1e-5, atol=1e-6)
        assert ((soft > 0).sum(axis=-1) <= 2).all()

    def test_soft_levels_end_with_the_ladder(self):
        levels = np.array([0.0, 1.0, 2.0])
        soft = soft_levels(np.array([-1.0, 0.0, 2.0, 5.0]), levels)
        assert soft.argmax(axis=-1).tolist() == [0, 0, 2, 2]
        assert soft.max(axis=-1).tolist() == [1, 1, 1, 1]

    def test_scenes_are_the_same_for_every_number_of_jobs(self, photographs):
        classifier = PatchBlurClassifier.pretrained()
        one, two = (
            make_scene_set(photographs, classifier, 3, shape=(64, 96), n_jobs=jobs)
            for jobs in (1, 2)
        )
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)


class TestNetwork:
    def test_onnx_equals_keras(self):
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

    def test_any_number_of_cells(self, small_network):
        n_features = small_network.card["n_features"]
        for shape in ((1, 1), (17, 5), (16, 32)):
            features = np.zeros((n_features, *shape), np.float32)
            found = small_network.run(features)
            assert found.shape == (18, *shape)
            np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-5)

    def test_card_tells_how_it_was_made(self, small_network):
        card = small_network.card
        assert card["training"]["n_scenes"] == 8
        assert card["data"] == "two pictures"
        assert len(card["training"]["history"]["loss"]) == 1

    def test_training_repeats(self, photographs, small_network):
        again = train_context(photographs, n_scenes=8, epochs=1)
        assert again.sha256 == small_network.sha256

    def test_save_and_load(self, small_network, tmp_path):
        small_network.save(tmp_path / "context.zip")
        loaded = ContextNetwork.load(tmp_path / "context.zip")
        assert loaded.key == small_network.key
        assert repr(loaded) == f"<ContextNetwork {loaded.sha256[:12]}>"

    def test_kinds_of_files_are_told_apart(self, small_network, tmp_path):
        small_network.save(tmp_path / "context.zip")
        PatchBlurClassifier.pretrained().save(tmp_path / "patches.zip")
        with pytest.raises(ValueError, match="is not a model file"):
            PatchBlurClassifier.load(tmp_path / "context.zip")
        with pytest.raises(ValueError, match="is not a model file"):
            ContextNetwork.load(tmp_path / "patches.zip")

    def test_refuses_another_patch_network(self, small_network, trained):
        with pytest.raises(ValueError, match="has learnt with the patch network"):
            ContextNetwork(b"", small_network.card, trained)

    @pytest.mark.parametrize(
        "changes",
        [{"n_features": 7}, {"multiple": 32}, {"classes": [0, 1]}, {"ladder": [0, 1]}],
    )
    def test_refuses_what_does_not_fit_its_patch_network(self, small_network, changes):
        card = {**small_network.card, **changes}
        with pytest.raises(ValueError, match="must give the levels of its patch netw"):
            ContextNetwork(b"", card, small_network.classifier)

    def test_learns_from_fewer_scenes_than_a_batch(self, photographs):
        assert train_context(photographs, n_scenes=3, epochs=1).card["n_features"] == 43

    def test_refuses_a_graph_that_enlarges_without_bound(self, tmp_path):
        from onnx import TensorProto, helper, numpy_helper

        kernel = numpy_helper.from_array(np.ones((3, 2, 1, 1), np.float32), "k")
        node = helper.make_node(
            "ConvTranspose", ["patches", "k"], ["probabilities"], strides=[500, 500]
        )
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", c, "h", "w"])
            for name, c in (("patches", 3), ("probabilities", 2))
        ]
        graph = helper.make_graph([node], "g", ends[:1], ends[1:], [kernel])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        card = {
            "architecture": "context",
            "classifier": "",
            "n_features": 3,
            "multiple": 16,
            "ladder": [0.0, 1.0],
            "classes": [0, 1],
        }
        write_model(tmp_path / "bomb.zip", model.SerializeToString(), card)
        with pytest.raises(ValueError, match="at most"):
            read_model(tmp_path / "bomb.zip", kind="context")

    def test_refuses_unknown_names(self):
        with pytest.raises(ValueError, match="no context network named 'magic' ships"):
            ContextNetwork.pretrained("magic")


class TestTraining:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"n_scenes": 0}, "'n_scenes' parameter of train_context"),
            ({"epochs": 0}, "'epochs' parameter of train_context"),
        ],
    )
    def test_refuses(self, photographs, settings, message):
        with pytest.raises(ValueError, match=message):
            train_context(photographs, **settings)

    def test_refuses_no_photographs(self):
        with pytest.raises(ValueError, match="needs sharp photographs"):
            train_context([])

    def test_a_bar_for_scenes_and_one_for_epochs(self, photographs, capfd):
        train_context(photographs, n_scenes=3, epochs=2, verbose=1)
        out, error = capfd.readouterr()
        assert out == ""
        composing, training = error.strip().split("\n")
        last = composing.split("\r")[-1]
        assert re.fullmatch(r"composing scenes \|█+\| 00:00 left", last)
        last = training.split("\r")[-1]
        assert re.fullmatch(r"epoch 2/2 \|█+\| 00:00 left, loss \d+\.\d{3}", last)

    def test_silence(self, photographs, capfd):
        train_context(photographs, n_scenes=3, epochs=1)
        assert capfd.readouterr() == ("", "")
