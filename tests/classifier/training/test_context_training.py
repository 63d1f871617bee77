from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.training import train_context


def test_the_card_tells_how_the_network_was_made(context_network):
    card = context_network.card
    assert card["training"]["n_scenes"] == 8
    assert card["data"] == "two pictures"
    assert len(card["training"]["history"]["loss"]) == 1


@pytest.mark.slow
def test_training_repeats(sharp_photographs, context_network):
    again = train_context(sharp_photographs, n_scenes=8, epochs=1)
    assert again.sha256 == context_network.sha256


def test_learns_from_fewer_scenes_than_a_batch(sharp_photographs, tmp_path):
    # Numbers of NumPy go into the card as Python's.
    network = train_context(
        sharp_photographs, n_scenes=np.int64(3), epochs=np.int64(1), random_state=0
    )
    assert network.card["n_features"] == 43
    network.save(tmp_path / "context.zip")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_scenes": 0}, "'n_scenes' parameter of train_context"),
        ({"epochs": 0}, "'epochs' parameter of train_context"),
        ({"random_state": None}, "'random_state' parameter of train_context"),
    ],
)
def test_refuses_numbers_that_are_not_positive(sharp_photographs, settings, message):
    with pytest.raises(ValueError, match=message):
        train_context(sharp_photographs, **settings)


def test_refuses_no_photographs():
    with pytest.raises(ValueError, match="needs sharp photographs"):
        train_context([])


@pytest.mark.slow
def test_shows_a_bar_for_scenes_and_one_for_epochs(sharp_photographs, capfd):
    train_context(sharp_photographs, n_scenes=3, epochs=2, verbose=1)
    out, error = capfd.readouterr()
    assert out == ""
    composing, training, judging = error.strip().split("\n")
    # Those of the photographs that are held out are composed when it has learned.
    for scenes in (composing, judging):
        last = scenes.split("\r")[-1]
        assert re.fullmatch(r"composing scenes \|█+\| 00:00 left", last)
    last = training.split("\r")[-1]
    assert re.fullmatch(r"epoch 2/2 \|█+\| 00:00 left, loss \d+\.\d{3}", last)


def test_a_training_is_silent_unless_asked(sharp_photographs, capfd):
    train_context(sharp_photographs, n_scenes=3, epochs=1)
    assert capfd.readouterr() == ("", "")


def test_refuses_classifiers_that_do_not_slide_or_are_not_fitted(sharp_photographs):
    single = PatchBlurClassifier.pretrained("paper")
    with pytest.raises(ValueError, match=r"dense classifier of stride 4; got stride N"):
        train_context(sharp_photographs, single)
    with pytest.raises(NotFittedError):
        train_context(sharp_photographs, PatchBlurClassifier())
