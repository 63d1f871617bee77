from __future__ import annotations

import contextlib
import json
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from skdefocus import PatchBlurClassifier
from skdefocus.classifier import model_file, pretrained
from skdefocus.classifier.onnx_safety import check_onnx

SHAPE = {"patch_size": 32, "stride": 4, "n_levels": 18}


@pytest.fixture
def shipped() -> tuple[bytes, dict]:
    classifier = PatchBlurClassifier.pretrained()
    return classifier.network_.onnx, classifier.card_


def rewrite(path, onnx_bytes: bytes, card: dict, **more: bytes) -> None:
    """Write a model file as somebody without our writer would."""
    import hashlib

    card = {**card, "sha256": hashlib.sha256(onnx_bytes).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.onnx", onnx_bytes)
        archive.writestr("card.json", json.dumps(card))
        for name, data in more.items():
            archive.writestr(name, data)


def graph(nodes, constants=(), output=(1, 18, 3, 2), opset=18) -> bytes:
    inputs = [helper.make_tensor_value_info("patches", TensorProto.FLOAT, list("nchw"))]
    outputs = [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, list(output))
    ]
    made = helper.make_graph(nodes, "g", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(made, opset_imports=opsets).SerializeToString()


class TestFiles:
    def test_shipped_file_passes_the_checks_for_files_from_elsewhere(self, shipped):
        onnx_bytes, card = shipped
        check_onnx(onnx_bytes, **SHAPE)
        path = pretrained._FOLDER / "default.zip"
        assert model_file.read_model(path)[0] == onnx_bytes
        assert path.stat().st_size < 5e6
        assert card["format"] == 1

    def test_shipped_file_must_have_its_hash(self, monkeypatch):
        pretrained.read_pretrained.cache_clear()
        monkeypatch.setitem(pretrained.PRETRAINED, "default", "0" * 64)
        with pytest.raises(ValueError, match=r"default.zip is damaged: its SHA-256"):
            PatchBlurClassifier.pretrained()

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            PatchBlurClassifier.load(tmp_path / "none.zip")

    @pytest.mark.parametrize("content", [b"", b"PK\3\4 but no zip", b"\x80\x04pickle"])
    def test_no_zip(self, tmp_path, content):
        (tmp_path / "m.zip").write_bytes(content)
        with pytest.raises(ValueError, match="not a readable zip"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_truncated(self, tmp_path):
        data = (pretrained._FOLDER / "default.zip").read_bytes()
        (tmp_path / "m.zip").write_bytes(data[: len(data) // 2])
        with pytest.raises(ValueError, match="not a readable zip"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_large_file_and_zip_bomb(self, tmp_path, shipped, monkeypatch):
        path = tmp_path / "m.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.onnx", bytes(70 * 2**20))
            archive.writestr("card.json", "{}")
        with pytest.raises(ValueError, match="unpacks to more than"):
            PatchBlurClassifier.load(path)
        monkeypatch.setattr(model_file, "_MAX_BYTES", 1000)
        with pytest.raises(ValueError, match="a model file has at most 1000"):
            PatchBlurClassifier.load(path)

    def test_damaged_anywhere(self, tmp_path):
        data = (pretrained._FOLDER / "default.zip").read_bytes()
        rng, loaded = np.random.default_rng(0), []
        for position in [*range(0, 400, 7), *rng.integers(len(data), size=60)]:
            damaged = bytearray(data)
            damaged[position] ^= 0x55
            (tmp_path / "m.zip").write_bytes(damaged)
            # Some bytes, such as times, may change without harm.
            with contextlib.suppress(ValueError):
                PatchBlurClassifier.load(tmp_path / "m.zip")
                loaded.append(position)
        # Whatever is refused is refused by a ValueError, and most of it is.
        assert len(loaded) < 40

    def test_other_compressions(self, tmp_path, shipped):
        path = tmp_path / "m.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("model.onnx", shipped[0])
            archive.writestr("card.json", json.dumps(shipped[1]))
        with pytest.raises(ValueError, match="is packed otherwise"):
            PatchBlurClassifier.load(path)

    def test_networks_of_another_time(self, tmp_path, shipped):
        model = onnx.load_from_string(shipped[0])
        model.ir_version = 99
        rewrite(tmp_path / "m.zip", model.SerializeToString(), shipped[1])
        with pytest.raises(ValueError, match="ONNX Runtime does not run its network"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_networks_that_give_no_numbers(self, tmp_path, shipped):
        model = onnx.load_from_string(shipped[0])
        constant = model.graph.initializer[2]
        values = numpy_helper.to_array(constant) * np.float32(np.nan)
        constant.CopyFrom(numpy_helper.from_array(values, constant.name))
        rewrite(tmp_path / "m.zip", model.SerializeToString(), shipped[1])
        with pytest.raises(ValueError, match="gives NaN or infinity"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_other_members(self, tmp_path, shipped):
        rewrite(tmp_path / "m.zip", *shipped, **{"run_me.py": b"print()"})
        with pytest.raises(ValueError, match=r"must hold model\.onnx and card\.json"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_network_that_is_not_the_card_s(self, tmp_path, shipped):
        path = tmp_path / "m.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.onnx", shipped[0][:-1] + b"x")
            archive.writestr("card.json", json.dumps(shipped[1]))
        with pytest.raises(ValueError, match="does not match its card"):
            PatchBlurClassifier.load(path)

    @pytest.mark.parametrize(
        "changes",
        [
            {"format": 2},
            {"classes": [0]},
            {"classes": [1, 0, *range(2, 18)]},
            {"classes": [*range(17), 99]},
            {"classes": None},
            {"ladder": [1.0, 0.5, *range(2, 18)]},
            {"ladder": [float("nan"), *range(1, 18)]},
            {"ladder": ["a", *range(1, 18)]},
            {"patch_size": 10**9},
            {"patch_size": True},
            {"stride": 0},
            {"architecture": 5},
        ],
    )
    def test_broken_cards(self, tmp_path, shipped, changes):
        rewrite(tmp_path / "m.zip", shipped[0], {**shipped[1], **changes})
        with pytest.raises(ValueError, match=r"card\.json is incomplete"):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    @pytest.mark.parametrize(
        "changes", [{"classes": list(range(17))}, {"stride": 8}, {"patch_size": 64}]
    )
    def test_cards_that_promise_another_network(self, tmp_path, shipped, changes):
        rewrite(tmp_path / "m.zip", shipped[0], {**shipped[1], **changes})
        with pytest.raises(ValueError, match="but its card promises"):
            PatchBlurClassifier.load(tmp_path / "m.zip")


class TestGraphs:
    def check(self, serialised: bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            check_onnx(serialised, **SHAPE)

    def test_no_onnx(self):
        self.check(b"\xff\xff\xff not a model", "not a readable ONNX model")

    @pytest.mark.parametrize("operator", ["ConstantOfShape", "Loop", "If", "Expand"])
    def test_other_operators(self, operator):
        node = helper.make_node(operator, ["patches"], ["probabilities"])
        self.check(graph([node]), f"uses the ONNX operator '{operator}'")

    def test_operators_of_other_domains(self):
        node = helper.make_node("Relu", ["patches"], ["probabilities"], domain="evil")
        self.check(graph([node]), "uses the ONNX operator 'Relu'")

    def test_external_data(self):
        constant = numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "c")
        constant.data_location = TensorProto.EXTERNAL
        constant.external_data.add(key="location", value="/etc/passwd")
        node = helper.make_node("Add", ["patches", "c"], ["probabilities"])
        self.check(graph([node], [constant]), "keeps data outside its own file")

    def test_constants_larger_than_the_file(self):
        constant = TensorProto(name="c", data_type=TensorProto.FLOAT, dims=[10**6, 300])
        node = helper.make_node("Add", ["patches", "c"], ["probabilities"])
        self.check(graph([node], [constant]), "declared larger than its file")

    def test_broadcasts_that_blow_up(self):
        wide = numpy_helper.from_array(np.ones((1, 1, 1, 3000), np.float32), "w")
        tall = numpy_helper.from_array(np.ones((1, 1, 3000, 1), np.float32), "t")
        nodes = [
            helper.make_node("Add", ["w", "t"], ["large"]),
            helper.make_node("Relu", ["large"], ["probabilities"]),
        ]
        self.check(graph(nodes, [wide, tall]), "value 'large' has size 9000000")

    def test_wrong_inputs_and_shapes(self):
        node = helper.make_node("Relu", ["patches"], ["probabilities"])
        self.check(graph([node]), r"gives shape \[1, 1, 40, 36\] for an image")
        model = onnx.load_from_string(graph([node]))
        model.graph.input[0].name = "x"
        self.check(model.SerializeToString(), "one input 'patches'")
        model = onnx.load_from_string(graph([node]))
        del model.graph.input[0].type.tensor_type.shape.dim[0]
        self.check(model.SerializeToString(), "input must be of shape")

    def test_shapes_that_do_not_fit(self):
        seven = numpy_helper.from_array(np.ones((1, 7, 1, 1), np.float32), "c")
        kernel = numpy_helper.from_array(np.ones((18, 1, 4, 4), np.float32), "k")
        nodes = [
            helper.make_node("Conv", ["patches", "k"], ["x"]),
            helper.make_node("Add", ["x", "c"], ["probabilities"]),
        ]
        self.check(graph(nodes, [seven, kernel]), "do not fit together")

    def test_too_many_nodes(self):
        nodes = [helper.make_node("Relu", ["patches"], [f"r{i}"]) for i in range(2001)]
        self.check(graph(nodes), "too large or holds functions")
