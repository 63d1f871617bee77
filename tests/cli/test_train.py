"""The verb that trains: what it hands to the training, and what it says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.io import write_photograph
from tests.cli.running import run


class Training:
    """In place of a training: remembers what it was asked for."""

    def __init__(self, card=None):
        self.asked = []
        self.saved = []
        self.card_ = {} if card is None else card

    def __call__(self, photographs, **settings):
        self.asked.append((list(photographs), settings))
        return SimpleNamespace(card_=self.card_, save=self.saved.append)


@pytest.fixture
def trainings(monkeypatch):
    """Both kinds of training, neither of which is done."""
    patches, context = Training(), Training()
    home = "skdefocus.classifier.training"
    monkeypatch.setattr(f"{home}.train_on_photographs", patches)
    monkeypatch.setattr(f"{home}.train_context", context)
    return SimpleNamespace(patches=patches, context=context)


PAPER = ("--protocol", "paper")
SHARED = {"data": "", "random_state": 0, "n_jobs": 2, "verbose": 1}


def test_the_defaults_are_those_that_help_tells(photo_file, trainings, capsys):
    model = photo_file.with_name("model.zip")
    assert run("train", photo_file, "-o", model) == 0
    assert trainings.patches.asked == [
        (
            [photo_file],
            {
                **SHARED,
                "protocol": "photographs",
                "architecture": None,
                "n_patches": None,
                "epochs": None,
                "checkpoint": None,
            },
        )
    ]
    assert trainings.patches.saved == [str(model)]
    assert trainings.context.asked == []
    assert capsys.readouterr().out == f"{model}\n"
    assert run("train", "--help") == 0
    told = " ".join(capsys.readouterr().out.split())
    for default in ("blurnet (default)", "default 512000", "default 2000"):
        assert default in told
    assert "default 6, for context 12, for the paper 10" in told


def test_context_has_defaults_of_its_own(photo_file, trainings, capsys):
    words = ("train", photo_file, "-o", "model.zip", "--architecture", "context")
    assert run(*words) == 0
    assert trainings.context.asked == [
        (
            [photo_file],
            {**SHARED, "n_scenes": 2000, "epochs": 12, "checkpoint": None},
        )
    ]
    assert trainings.context.saved == ["model.zip"]
    assert trainings.patches.asked == []
    assert capsys.readouterr().out == "model.zip\n"


@pytest.mark.parametrize("architecture", ["blurnet_small", "context"])
def test_whatever_is_asked_for_is_handed_on(photo_file, trainings, architecture):
    words = ("--patches", 36, "--scenes", 3, "--epochs", 2, "--seed", 5, "--jobs", 1)
    words += ("--data", "two birds", "--quiet", "--architecture", architecture)
    if architecture != "context":
        words += PAPER
    assert run("train", photo_file.parent, "-o", "model.zip", *words) == 0
    training = getattr(trainings, "context" if architecture == "context" else "patches")
    ((photographs, settings),) = training.asked
    # Folders are searched.
    assert photographs == [photo_file]
    expected = {"data": "two birds", "random_state": 5, "n_jobs": 1, "verbose": 0}
    expected["epochs"] = 2
    if architecture == "context":
        expected["n_scenes"] = 3
    else:
        expected |= {"architecture": "blurnet_small", "n_patches": 36}
        expected["protocol"] = "paper"
    expected["checkpoint"] = None
    assert settings == expected


def test_no_epoch_is_not_the_default(photo_file, trainings):
    # It is for the training to refuse.
    for words in ((), ("--architecture", "context")):
        run("train", photo_file, "-o", "model.zip", "--epochs", 0, *words)
    for training in (trainings.patches, trainings.context):
        assert training.asked[0][1]["epochs"] == 0


def test_what_was_held_out_is_told(photo_file, trainings, capsys):
    trainings.patches.card_ = {"holdout": {"accuracy": 0.75, "within_one_level": 0.9}}
    assert run("train", photo_file, "-o", "model.zip") == 0
    assert capsys.readouterr().out.splitlines() == [
        "model.zip",
        "held out: accuracy 0.75",
        "held out: within one level 0.9",
    ]


def test_nothing_is_trained_where_nothing_can_be_read_or_written(
    photo_file, trainings, refused, tmp_path
):
    (tmp_path / "empty").mkdir()
    for words, message in (
        ([tmp_path / "empty", "-o", "m.zip"], "empty holds no photograph"),
        ([photo_file, "-o", tmp_path], "is a folder, not a file to write to"),
        (
            [photo_file, "-o", "m.zip", *PAPER, "--architecture", "context"],
            "--protocol paper is for patch networks; got context.",
        ),
        ([photo_file, "-o", "m.zip", "--protocol", "x"], "invalid choice: 'x'"),
        ([photo_file], "the following arguments are required: -o"),
        (["-o", "m.zip"], "the following arguments are required: PHOTO"),
    ):
        refused(message, "train", *words)
    assert trainings.patches.asked == trainings.context.asked == []


@pytest.mark.usefixtures("one_torch_thread")
def test_train(tmp_path, texture, capsys):
    for i in range(2):
        write_photograph(tmp_path / "sharp" / f"{i}.png", np.roll(texture, 40 * i, 1))
    model = tmp_path / "model.zip"
    code = run(
        *("train", tmp_path / "sharp", "-o", model, "--patches", 180),
        *("--epochs", 1, "--quiet", "--jobs", 1, "--data", "texture"),
    )
    assert code == 0
    assert str(model) in capsys.readouterr().out
    loaded = PatchBlurClassifier.load(model)
    assert loaded.card_["data"] == "texture"
    assert SlidingWindowMapper(loaded).transform([texture])[0].blur_map.max() <= 19


def test_models_that_cannot_be_written(photo_file, refused, tmp_path):
    arguments = ("train", photo_file, "-o", tmp_path)
    refused("is a folder, not a file to write to", *arguments)


@pytest.mark.parametrize("architecture", ["blurnet", "context"])
def test_only_a_network_is_replaced(
    photo_file, trainings, refused, tmp_path, architecture
):
    precious = tmp_path / "precious.zip"
    precious.write_text("photographs of the year")
    words = ("train", photo_file, "-o", precious, "--architecture", architecture)
    refused("is there, and no network of this kind that could be replaced", *words)
    assert precious.read_text() == "photographs of the year"
    # A network for patches is none for cells, and the other way round.
    PatchBlurClassifier.pretrained("fast").save(precious)
    if architecture == "context":
        refused("is there, and no network of this kind", *words)
    else:
        assert run(*words, "--quiet") == 0
    assert trainings.patches.asked == [] or architecture == "blurnet"


def test_an_unknown_architecture(photo_file, refused, out):
    arguments = ("train", photo_file, "-o", out, "--patches", 36)
    arguments += ("--architecture", "resnet")
    refused("there is no architecture 'resnet'; known: blurnet, ", *arguments)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("-o", "m.zip", "--architecture", "nope"),
            "there is no architecture 'nope'; known: blurnet, blurnet_small, "
            "mobilenet_v2, efficientnet_b0, densenet121, nasnet_mobile, "
            "shufflenet_v2, context.",
        ),
        (("-o", ""), "--output must name a file; got ''."),
    ],
)
def test_what_is_refused_before_photographs_are_looked_for(
    trainings, capsys, words, message
):
    assert run("train", "none.jpg", *words) == 2
    assert capsys.readouterr().err == f"skdefocus: {message}\n"
