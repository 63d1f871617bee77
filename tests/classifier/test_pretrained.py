from __future__ import annotations

import hashlib
import json
import zipfile

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.classifier import ContextNetwork, model_file, pretrained
from skdefocus.classifier.onnx_safety import check_onnx
from skdefocus.classifier.pretrained import (
    CONTEXT_PRETRAINED,
    PRETRAINED,
    read_pretrained,
)
from skdefocus.filters import blur
from skdefocus.patches import PAPER_LADDER, make_blur_patches

SHAPE = {"patch_size": 32, "stride": 4, "n_levels": 18}


def test_the_shipped_file_passes_the_checks_for_files_from_elsewhere(shipped):
    onnx_bytes, card = shipped
    check_onnx(onnx_bytes, **SHAPE, takes_conditions=True)
    path = pretrained._FOLDER / "default.zip"
    assert model_file.read_model(path)[0] == onnx_bytes
    assert path.stat().st_size < 5e6
    assert card["format"] == 1


def test_the_shipped_file_must_have_its_hash(monkeypatch):
    pretrained.read_pretrained.cache_clear()
    monkeypatch.setitem(pretrained.PRETRAINED, "default", "0" * 64)
    with pytest.raises(ValueError, match=r"default.zip is damaged: its SHA-256"):
        PatchBlurClassifier.pretrained()


def test_the_paper_s_network_reads_patches_and_photographs():
    photo = load_sample_image("china.jpg")
    classifier = PatchBlurClassifier.pretrained("paper")
    assert classifier.card_["architecture"] == "mobilenet_v2"
    assert classifier.card_["version"] == "3"
    assert not hasattr(classifier, "predict_proba_image")
    np.testing.assert_array_equal(classifier.sigmas_, PAPER_LADDER)
    settings = {"n_patches": 2000, "min_sharpness": 1000.0, "random_state": 0}
    for domain in ("patch", "image"):
        X, y, _ = make_blur_patches(
            [photo],
            PAPER_LADDER,
            blur_domain=domain,
            psf="gaussian",
            augment=False,
            **settings,
        )
        # It needs no border that the blur of a single patch draws in.
        assert (np.abs(classifier.predict(X) - y) <= 3).mean() > 0.5, domain
        assert (classifier.predict(X[y == 0]) == 0).mean() > 0.9


def test_the_paper_s_network_orders_photographs_by_blur():
    gray = load_sample_image("china.jpg")[:240, :320, 1] / 255
    mapper = SlidingWindowMapper("paper")
    samples = mapper.transform([blur(gray, sigma) for sigma in (0.5, 2.0, 4.0, 8.0)])
    medians = [np.median(sample.blur_map) for sample in samples]
    assert medians == sorted(medians)
    assert medians[0] < 2 < 5 < medians[-1]


def test_the_shipped_classifier_knows_levels_sigmas_and_card():
    classifier = PatchBlurClassifier.pretrained()
    assert classifier.classes_.tolist() == list(range(18))
    assert classifier.sigmas_[0] == 0
    assert classifier.sigmas_[-1] == 19
    assert classifier.n_features_in_ == 1024
    assert classifier.card_["holdout"]["photographs"] > 10
    assert "Urban100" in classifier.card_["data"]


def test_refuses_unknown_patch_networks():
    with pytest.raises(ValueError, match="no network named 'best' ships"):
        PatchBlurClassifier.pretrained("best")


def test_cards_are_the_caller_s_own():
    PatchBlurClassifier.pretrained().card_["data"] = "overwritten"
    assert PatchBlurClassifier.pretrained().card_["data"] != "overwritten"


def test_refuses_unknown_context_networks():
    with pytest.raises(ValueError, match="no context network named 'magic' ships"):
        ContextNetwork.pretrained("magic")


NAMES = [(name, "patches") for name in PRETRAINED]
NAMES += [(name, "context") for name in CONTEXT_PRETRAINED]


@pytest.mark.parametrize(("name", "kind"), NAMES)
def test_what_is_read_is_what_lies_in_the_file(name, kind):
    onnx_bytes, card = read_pretrained(name, kind)
    file = {"patches": "{}.zip", "context": "context_{}.zip"}[kind]
    with zipfile.ZipFile(pretrained._FOLDER / file.format(name)) as archive:
        assert json.loads(archive.read("card.json")) == card
        if "weights" not in card:
            assert archive.read("model.onnx") == onnx_bytes
    # Once per process.
    assert read_pretrained(name, kind)[0] is onnx_bytes


def test_every_file_of_weights_is_known():
    files = {path.name for path in pretrained._FOLDER.glob("*.zip")}
    known = {f"{name}.zip" for name in PRETRAINED}
    known |= {f"context_{name}.zip" for name in CONTEXT_PRETRAINED}
    assert files == known


def test_context_networks_have_learned_with_the_patch_network_of_their_name():
    for name in CONTEXT_PRETRAINED:
        _, card = read_pretrained(name, "context")
        onnx_bytes, _ = read_pretrained(name)
        assert card["classifier"] == hashlib.sha256(onnx_bytes).hexdigest()


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(ValueError, match=r"known: 'default', 'fast', 'paper'\.$"):
        read_pretrained("best")
    with pytest.raises(ValueError, match=r"context network named 'fast' .*: 'default'"):
        read_pretrained("fast", "context")
