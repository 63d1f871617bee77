from __future__ import annotations

import contextlib
import hashlib
import json
import math
import tracemalloc
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from skdefocus import PatchBlurClassifier
from skdefocus.classifier import model_file, pretrained
from skdefocus.classifier.architectures.blurnet import build_blurnet
from skdefocus.classifier.model_file import read_model, write_model
from skdefocus.classifier.network import Network
from skdefocus.classifier.training.keras_backend import import_keras, seeded
from skdefocus.classifier.training.onnx_export import to_onnx
from tests.classifier.networks import N_LEVELS, SINGLE, each


def rewrite(path, onnx_bytes: bytes, card: dict, **more: bytes) -> None:
    """Write a model file as somebody without our writer would."""
    card = {**card, "sha256": hashlib.sha256(onnx_bytes).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.onnx", onnx_bytes)
        archive.writestr("card.json", json.dumps(card))
        for name, data in more.items():
            archive.writestr(name, data)


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        PatchBlurClassifier.load(tmp_path / "none.zip")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 but no zip", b"\x80\x04pickle"])
def test_refuses_what_is_no_zip(tmp_path, content):
    (tmp_path / "m.zip").write_bytes(content)
    with pytest.raises(ValueError, match="not a readable zip"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_refuses_a_truncated_file(tmp_path):
    data = (pretrained._FOLDER / "default.zip").read_bytes()
    (tmp_path / "m.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="not a readable zip"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_refuses_large_files_and_zip_bombs(tmp_path):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.onnx", bytes(70 * 2**20))
        archive.writestr("card.json", "{}")
    with pytest.raises(ValueError, match="unpacks to more than"):
        PatchBlurClassifier.load(path)
    with path.open("r+b") as file:
        file.truncate(64 * 2**20 + 1)
    with pytest.raises(ValueError, match=r"67108865 bytes; .* has at most 67108864"):
        PatchBlurClassifier.load(path)


def test_damage_anywhere_is_refused_or_harmless(tmp_path):
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


def test_refuses_other_compressions(tmp_path, shipped):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("model.onnx", shipped[0])
        archive.writestr("card.json", json.dumps(shipped[1]))
    with pytest.raises(ValueError, match="is packed otherwise"):
        PatchBlurClassifier.load(path)


def test_refuses_networks_of_another_time(tmp_path, shipped):
    model = onnx.load_from_string(shipped[0])
    model.ir_version = 99
    rewrite(tmp_path / "m.zip", model.SerializeToString(), shipped[1])
    with pytest.raises(ValueError, match="ONNX Runtime does not run its network"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_refuses_networks_that_give_no_numbers(tmp_path, shipped):
    model = onnx.load_from_string(shipped[0])
    constant = model.graph.initializer[2]
    values = numpy_helper.to_array(constant) * np.float32(np.nan)
    constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    rewrite(tmp_path / "m.zip", model.SerializeToString(), shipped[1])
    with pytest.raises(ValueError, match="gives NaN or infinity"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_refuses_other_members(tmp_path, shipped):
    rewrite(tmp_path / "m.zip", *shipped, **{"run_me.py": b"print()"})
    with pytest.raises(ValueError, match=r"must hold model\.onnx and card\.json"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_refuses_a_network_that_is_not_the_card_s(tmp_path, shipped):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.onnx", shipped[0][:-1] + b"x")
        archive.writestr("card.json", json.dumps(shipped[1]))
    with pytest.raises(ValueError, match="does not match its card"):
        PatchBlurClassifier.load(path)


def test_names_the_format_of_a_later_release(tmp_path, shipped):
    later = tmp_path / "later.zip"
    onnx_bytes, card = shipped
    rewrite(later, onnx_bytes, {**card, "format": 2})
    message = r"is a model file of format 2, and this version .* reads format 1; update"
    with pytest.raises(ValueError, match=message):
        PatchBlurClassifier.load(later)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 0},
        {"format": "2"},
        {"classes": [0]},
        {"classes": [1, 0, *range(2, 18)]},
        {"classes": [*range(17), 99]},
        {"classes": None},
        {"ladder": [1.0, 0.5, *range(2, 18)]},
        {"ladder": [float("nan"), *range(1, 18)]},
        {"ladder": ["a", *range(1, 18)]},
        {"patch_size": 10**9},
        {"patch_size": 129},
        {"patch_size": True},
        {"stride": 0},
        {"stride": 2.0},
        {"weights": "float8"},
        {"weights": ["float16"]},
        {"architecture": 5},
        {"takes_conditions": 1},
        {"takes_conditions": None},
        {"takes_conditions": "yes"},
        {"learned_conditions": "yes"},
        {"reliability": None},
        {"reliability": 0.5},
        {"reliability": [0.0, 1.0, 1.0]},
        {"reliability": [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]},
        {"reliability": [0.0, 1.0, 1.0, float("nan")]},
        {"reliability": [0.0, 1.0, 1.0, 1e9]},
        {"reliability": [0.0, 1.0, 1.0, "a"]},
        {"reliability": [[0.0, 1.0], [0.0, 1.0]]},
    ],
)
def test_refuses_broken_cards(tmp_path, shipped, changes):
    rewrite(tmp_path / "m.zip", shipped[0], {**shipped[1], **changes})
    with pytest.raises(ValueError, match=r"card\.json is incomplete"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


@pytest.mark.parametrize(
    "changes",
    [{"classes": list(range(17))}, {"stride": 8}, {"patch_size": 64}],
)
def test_refuses_cards_that_promise_another_network(tmp_path, shipped, changes):
    rewrite(tmp_path / "m.zip", shipped[0], {**shipped[1], **changes})
    with pytest.raises(ValueError, match="but its card promises"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


def test_sliding_networks_do_not_pass_for_networks_without_a_stride(tmp_path, shipped):
    rewrite(tmp_path / "m.zip", shipped[0], {**shipped[1], "stride": None})
    with pytest.raises(ValueError, match="uses the ONNX operator"):
        PatchBlurClassifier.load(tmp_path / "m.zip")


class TestNetworksWithConditions:
    @pytest.fixture
    def card(self, shipped):
        return {
            **shipped[1],
            "architecture": "blurnet_small",
            "ladder": [float(level) for level in range(N_LEVELS)],
            "classes": list(range(N_LEVELS)),
            "takes_conditions": True,
        }

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    def test_survive_a_file(self, tmp_path, exported, card, noise, told, dtype):
        path = tmp_path / "m.zip"
        write_model(path, exported("blurnet_small"), card, dtype=dtype)
        loaded = PatchBlurClassifier.load(path)
        assert loaded.card_["takes_conditions"] is True
        whole = Network(exported("blurnet_small"))
        np.testing.assert_allclose(
            loaded.predict_proba(noise, told),
            whole.run_patches(noise, conditions=told),
            atol=1e-6 if dtype == "float32" else 0.02,
        )

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    @pytest.mark.parametrize("name", ["trained", "begun"])
    def test_are_blind_to_brightness_in_any_precision(
        self, tmp_path, exported, card, noise, told, dtype, name
    ):
        network = exported("blurnet_small")
        if name == "begun":
            with seeded(import_keras(), 0):
                begun = build_blurnet(N_LEVELS, widths=(2, 3, 3, 3, 4))
            network = to_onnx(begun, 32)
        write_model(tmp_path / "m.zip", network, card, dtype=dtype)
        loaded = Network(read_model(tmp_path / "m.zip")[0])
        low = 0.05 * noise
        np.testing.assert_allclose(
            loaded.run_patches(low + np.float32(0.9), conditions=0.05 * told),
            loaded.run_patches(low, conditions=0.05 * told),
            atol=2e-3,
        )
        # Neither is a network of nothing divided by nothing.
        flat = np.zeros((32, 32, 32), np.float32)
        black = loaded.run_patches(flat, conditions=told)
        assert np.isfinite(black).all()
        gray = loaded.run_patches(flat + np.float32(0.5), conditions=told)
        if name == "trained":
            np.testing.assert_allclose(gray, black, atol=2e-3)

    @pytest.mark.parametrize("value", [False, None])
    def test_are_refused_where_the_card_says_otherwise(
        self, tmp_path, exported, card, value
    ):
        # None: it says nothing, as cards before did.
        card = {key: v for key, v in card.items() if key != "takes_conditions"}
        if value is not None:
            card["takes_conditions"] = value
        rewrite(tmp_path / "m.zip", exported("blurnet_small"), card)
        message = (
            r"m\.zip cannot be used: the network must have the input 'patches' and"
        )
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    @pytest.mark.parametrize("stride", [4, None])
    def test_others_are_refused_where_the_card_promises_them(
        self, tmp_path, exported, card, stride
    ):
        if stride:
            model = onnx.load_from_string(exported("blurnet_small"))
            del model.graph.input[1]
            network = model.SerializeToString()
        else:
            network = exported("shufflenet_v2")
        rewrite(tmp_path / "m.zip", network, {**card, "stride": stride})
        with pytest.raises(
            ValueError, match="the input 'patches' and 'conditions' and"
        ):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    @pytest.mark.parametrize("shape", [("n", 5, 1, 1), ("n", 4, 1, 2), (1, 4, 1, 1)])
    def test_of_another_shape_are_refused(self, tmp_path, exported, card, shape):
        model = onnx.load_from_string(exported("blurnet_small"))
        model.graph.input[1].CopyFrom(
            onnx.helper.make_tensor_value_info("conditions", TensorProto.FLOAT, shape)
        )
        rewrite(tmp_path / "m.zip", model.SerializeToString(), card)
        message = r"input 'conditions' must be of shape \(n, 4, 1, 1\)"
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    @pytest.mark.parametrize(
        "reliability", [[-0.5, 1.25, 0.0, 2.0], [-0.5, 1.25, 0.0, 2.0, -0.6]]
    )
    def test_what_is_known_of_their_answers_survives_too(
        self, tmp_path, exported, card, reliability
    ):
        card = {**card, "reliability": reliability}
        write_model(tmp_path / "m.zip", exported("blurnet_small"), card)
        loaded = PatchBlurClassifier.load(tmp_path / "m.zip")
        np.testing.assert_array_equal(loaded.reliability_, reliability)
        assert loaded.reliability_.dtype == np.float64


class TestNetworksForSinglePatches:
    @pytest.fixture
    def card(self) -> dict:
        return {
            "architecture": "mobilenet_v2",
            "patch_size": 32,
            "stride": None,
            "ladder": list(range(N_LEVELS)),
            "classes": list(range(N_LEVELS)),
        }

    @pytest.mark.parametrize("name", each(SINGLE))
    def test_survives_a_file(self, tmp_path, exported, card, name):
        write_model(tmp_path / "m.zip", exported(name), card)
        onnx_bytes, found = read_model(tmp_path / "m.zip")
        assert onnx_bytes == exported(name)
        assert found["stride"] is None
        assert "weights" not in found

    def test_half_of_mobilenet_fits_in_5_mb(self, tmp_path, exported, card, noise):
        path = tmp_path / "m.zip"
        write_model(path, exported("mobilenet_v2"), card, dtype="float16")
        assert path.stat().st_size <= 5e6
        onnx_bytes, found = read_model(path)
        assert found["weights"] == "float16"
        kinds = {
            c.data_type for c in onnx.load_from_string(onnx_bytes).graph.initializer
        }
        assert kinds == {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
        whole = Network(exported("mobilenet_v2")).run_patches(noise)
        half = Network(onnx_bytes).run_patches(noise)
        assert half.dtype == np.float32
        np.testing.assert_allclose(half, whole, atol=0.02)
        assert np.abs(half - whole).max() > 0


class TestHalfPrecision:
    @pytest.fixture
    def half(self, tmp_path, shipped) -> tuple[bytes, dict]:
        """Read the members of the shipped network stored as float16."""
        model_file.write_model(tmp_path / "half.zip", *shipped, dtype="float16")
        with zipfile.ZipFile(tmp_path / "half.zip") as archive:
            return archive.read("model.onnx"), json.loads(archive.read("card.json"))

    def test_shipped_network_loses_little(self, tmp_path, half, shipped, texture):
        path = tmp_path / "half.zip"
        onnx_bytes, card = model_file.read_model(path)
        whole, _ = shipped
        assert path.stat().st_size < (pretrained._FOLDER / "default.zip").stat().st_size
        assert len(half[0]) < 0.54 * len(whole)
        constants = onnx.load_from_string(onnx_bytes).graph.initializer
        for constant, exact in zip(
            constants, onnx.load_from_string(whole).graph.initializer, strict=True
        ):
            values = numpy_helper.to_array(constant)
            expected = numpy_helper.to_array(exact)
            if expected.dtype == np.int64:
                np.testing.assert_array_equal(values, expected)
                continue
            assert values.dtype == np.float32
            if expected.size > model_file._FEW_VALUES:
                expected = expected.astype(np.float16)
            np.testing.assert_array_equal(values, expected)
        np.testing.assert_allclose(
            model_file.Network(onnx_bytes).run_image(texture),
            model_file.Network(whole).run_image(texture),
            atol=0.03,
        )
        assert card["weights"] == "float16"

    def test_hashes(self, tmp_path, half, shipped):
        onnx_bytes, card = model_file.read_model(tmp_path / "half.zip")
        assert card["sha256"] == hashlib.sha256(half[0]).hexdigest()
        ran = model_file.Network(onnx_bytes).sha256
        assert ran == hashlib.sha256(onnx_bytes).hexdigest()
        assert len({ran, card["sha256"], shipped[1]["sha256"]}) == 3

    def test_written_again(self, tmp_path, half):
        once = model_file.read_model(tmp_path / "half.zip")
        model_file.write_model(tmp_path / "again.zip", *once, dtype="float16")
        again, first = tmp_path / "again.zip", tmp_path / "half.zip"
        assert model_file.read_model(again)[0] == once[0]
        assert again.read_bytes() == first.read_bytes()
        model_file.write_model(again, *once)
        onnx_bytes, card = model_file.read_model(again)
        assert onnx_bytes == once[0]
        assert "weights" not in card

    def test_shipped_network_is_written_as_it_was(self, tmp_path, shipped):
        model_file.write_model(tmp_path / "m.zip", *shipped)
        shipped_file = (pretrained._FOLDER / "default.zip").read_bytes()
        assert (tmp_path / "m.zip").read_bytes() == shipped_file

    def test_other_types_and_large_weights(self, tmp_path, shipped):
        with pytest.raises(ValueError, match=r"dtype must be one of .* got 'int8'"):
            model_file.write_model(tmp_path / "m.zip", *shipped, dtype="int8")
        model = onnx.load_from_string(shipped[0])
        constant = max(model.graph.initializer, key=lambda c: math.prod(c.dims))
        values = numpy_helper.to_array(constant) * np.float32(1e9)
        constant.CopyFrom(numpy_helper.from_array(values, constant.name))
        large = model.SerializeToString()
        with pytest.raises(ValueError, match="weights too large for float16"):
            model_file.write_model(
                tmp_path / "m.zip", large, shipped[1], dtype="float16"
            )
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("damage", ["declared", "short", "external", "no onnx"])
    def test_hostile_constants(self, tmp_path, half, damage):
        model = onnx.load_from_string(half[0])
        halved = TensorProto.FLOAT16
        constant = next(c for c in model.graph.initializer if c.data_type == halved)
        if damage == "declared":
            constant.dims[0] = 10**8
        elif damage == "short":
            constant.raw_data = constant.raw_data[:-1]
        elif damage == "external":
            constant.data_location = TensorProto.EXTERNAL
            constant.external_data.add(key="location", value="/etc/passwd")
        data = b"\xff\xff" if damage == "no onnx" else model.SerializeToString()
        rewrite(tmp_path / "m.zip", data, half[1])
        message = {
            "external": "keeps data outside its own file",
            "no onnx": "not a readable ONNX model",
        }.get(damage, "does not hold its values")
        with pytest.raises(ValueError, match=message):
            PatchBlurClassifier.load(tmp_path / "m.zip")

    def test_float16_is_not_run(self, tmp_path, half):
        card = {key: value for key, value in half[1].items() if key != "weights"}
        rewrite(tmp_path / "m.zip", half[0], card)
        with pytest.raises(ValueError, match="neither float32 nor int64"):
            PatchBlurClassifier.load(tmp_path / "m.zip")


@pytest.mark.parametrize("member", ["model.onnx", "card.json"])
def test_a_directory_that_lies_about_a_size_takes_no_memory(tmp_path, member):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("model.onnx", "card.json"):
            size = 200 * 2**20 if name == member else 1000
            archive.writestr(name, bytes(size))
    data = bytearray(path.read_bytes())
    # Sizes in the directory at the end and before the data, of 32 bits each.
    for at in (data.rindex(b"PK\x01\x02"), data.index(b"PK\x01\x02")):
        name_at = at + 46
        if data[name_at : name_at + len(member)] == member.encode():
            data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"m\.zip is not a model file: "):
            read_model(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20
