from __future__ import annotations

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.classifier.training import train_on_photographs
from skdefocus.io import write_photograph
from skdefocus.patches import PAPER_LADDER
from tests.classifier.training.runs import Interrupted

FEW = {"ladder": (0.0, 3.0), "n_patches": 80}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photo, texture):
    folder = tmp_path_factory.mktemp("sharp")
    write_photograph(folder / "a.png", photo[120:360, 160:440])
    write_photograph(folder / "b.png", texture)
    return folder


def test_trains_with_photographs_held_out(folder, texture):
    paths = sorted(folder.iterdir())
    classifier = train_on_photographs(
        paths, ladder=(0.0, 3.0), n_patches=240, epochs=2, holdout=0.5, data="two"
    )
    assert classifier.card_["data"] == "two"
    assert classifier.card_["training"]["photographs"] == 1
    holdout = classifier.card_["holdout"]
    assert holdout["photographs"] == 1
    assert 0 <= holdout["accuracy"] <= holdout["within_one_level"] <= 1
    # Told what their photographs went through, as while the network was judged.
    assert holdout["accuracy"] == pytest.approx(
        classifier.history_["val_accuracy"][-1], abs=1e-3
    )
    assert classifier.card_["takes_conditions"] is True
    assert classifier.card_["training"]["smooth_share"] == 0.25
    assert isinstance(classifier, PatchBlurClassifier)
    sample = SlidingWindowMapper(classifier).transform([texture])[0]
    assert sample.blur_map.max() <= 3.0


def test_what_is_known_of_its_answers_is_saved(folder, tmp_path):
    classifier = train_on_photographs(
        sorted(folder.iterdir()), **FEW, epochs=1, holdout=0.5
    )
    classifier.save(tmp_path / "m.zip")
    loaded = PatchBlurClassifier.load(tmp_path / "m.zip")
    np.testing.assert_allclose(loaded.reliability_, classifier.reliability_, atol=1e-4)


def test_numbers_of_numpy_go_into_the_card(folder, tmp_path):
    classifier = train_on_photographs(
        sorted(folder.iterdir()),
        **FEW,
        epochs=np.int64(1),
        holdout=0.5,
        random_state=np.int64(3),
    )
    classifier.save(tmp_path / "m.zip")
    again = PatchBlurClassifier.load(tmp_path / "m.zip")
    assert again.card_["training"]["random_state"] == 3


@pytest.mark.parametrize("random_state", [None, -1, 2.5])
def test_seeds_are_checked(folder, random_state):
    with pytest.raises(ValueError, match="'random_state' parameter of train_on_ph"):
        train_on_photographs(sorted(folder.iterdir()), random_state=random_state)


def test_a_ladder_of_one_number_is_refused(folder):
    with pytest.raises(ValueError, match="'ladder' parameter"):
        train_on_photographs(sorted(folder.iterdir()), ladder=2.0)


def test_the_paper_s_protocol(texture, tmp_path):
    # In black and white, so that patches pass the protocol's gate.
    for name, image in (("a", texture), ("b", texture[::-1])):
        levels = np.where(image > 0.5, 255, 0).astype(np.uint8)
        write_photograph(tmp_path / f"{name}.png", levels)
    paths = sorted(tmp_path.iterdir())
    classifier = train_on_photographs(
        paths, protocol="paper", n_patches=80, epochs=1, holdout=0.5
    )
    assert classifier.ladder_ == PAPER_LADDER
    card = classifier.card_
    assert card["architecture"] == "mobilenet_v2"
    assert card["training"]["n_patches"] == 40
    told = {"blur_domain": "patch", "padding": "nearest", "dtype": "uint8"}
    assert told.items() <= card["training"].items()
    assert (card["training"]["schedule"], card["training"]["random_flips"]) == (
        "cosine",
        True,
    )
    # That is known of photographs only, and these patches are none.
    assert classifier.reliability_ is None
    assert "accuracy" in card["holdout"]


def test_refuses_unknown_protocols(folder):
    with pytest.raises(ValueError, match="protocol must be 'photographs' or 'paper'; "):
        train_on_photographs([folder / "a.png"], protocol="other")


def test_bad_photographs_are_named(folder, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    with pytest.raises(ValueError, match=r"bad\.png is not an image"):
        train_on_photographs([bad], n_patches=10, epochs=1)


def test_holdout_0_keeps_none_back(folder):
    classifier = train_on_photographs(
        [folder / "b.png"], ladder=(0.0, 3.0), n_patches=40, epochs=1, holdout=0.0
    )
    assert "holdout" not in classifier.card_
    assert classifier.reliability_ is None
    assert np.isfinite(classifier.history_["loss"][0])


def test_settings_are_checked_before_patches_are_made(folder, monkeypatch):
    def make(*args, **kwargs):
        raise AssertionError("patches were made first")

    monkeypatch.setattr(
        "skdefocus.classifier.training.train_photographs.make_blur_patches", make
    )
    for changes in ({"architecture": "x"}, {"epochs": 0}, {"ladder": (2.0, 1.0)}):
        with pytest.raises(ValueError, match="parameter of PatchBlurClassifier"):
            train_on_photographs([folder / "a.png"], **changes)


def test_goes_on_from_a_checkpoint(texture, tmp_path, interrupt):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, image in zip(paths, (texture, texture[::-1]), strict=True):
        write_photograph(path, image)
    settings = {**FEW, "epochs": 2, "holdout": 0.5}
    expected = train_on_photographs(paths, **settings)
    assert len(expected.history_["val_loss"]) == 2
    interrupt(1)
    with pytest.raises(Interrupted):
        train_on_photographs(paths, **settings, checkpoint=tmp_path / "c")
    interrupt(None)
    resumed = train_on_photographs(paths, **settings, checkpoint=tmp_path / "c")
    assert resumed.network_.onnx == expected.network_.onnx
    assert resumed.card_ == expected.card_


def test_a_single_photograph_is_not_held_out(texture, tmp_path):
    write_photograph(tmp_path / "a.png", texture)
    classifier = train_on_photographs([tmp_path / "a.png"], **FEW, epochs=1)
    assert classifier.validation_groups_ is None
    assert "holdout" not in classifier.card_


def test_holdout_out_of_range():
    with pytest.raises(ValueError, match="'validation_fraction' parameter"):
        train_on_photographs([], holdout=1.5)
