"""The fit of confidence, on one small photograph."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import fit_confidence, training_photographs
from skdefocus import PatchBlurClassifier
from skdefocus.io import write_photograph
from skdefocus.mapping import SlidingWindowMapper


@pytest.fixture(scope="module")
def network():
    return PatchBlurClassifier.pretrained("default")


def test_measures_as_the_mapper_does(network, photo):
    image = photo[:160, :200]
    found = fit_confidence.measure(image, network)
    mapper = SlidingWindowMapper(step=fit_confidence.STEP, estimate="mean")
    (sample,) = mapper.transform([image])
    np.testing.assert_allclose(found["sigma"], sample.blur_map, atol=1e-5)
    confidence = fit_confidence.reliable_confidence(
        found["trust"], found["detail"], found["conditions"], network.reliability_
    )
    np.testing.assert_allclose(confidence, sample.confidence, atol=1e-5)


def test_what_is_blurred_more_is_left_to_half_the_size(network, photo):
    image = photo[:160, :200]
    truth = np.full(image.shape[:2], 1.0)
    *_, weight = fit_confidence.judge(image, truth, network)
    assert ((weight > 0) & (weight <= 1)).all()
    sigma = fit_confidence.measure(image, network)["sigma"][4::8, 4::8]
    assert len(weight) == (sigma < 3).sum()


def test_takes_the_photographs_that_training_held_out(tmp_path, photo, network):
    folder = tmp_path / "sharp" / "kodak24"
    for number in range(1, 31):
        write_photograph(folder / f"x{number:02d}.png", photo[:40, :40])
    listed = training_photographs.photographs(tmp_path)
    chosen = fit_confidence.held_out_of_training(tmp_path, network.card_)
    assert len(chosen) == 3
    assert set(chosen) < set(listed)


@pytest.mark.slow
def test_writes_a_network_that_says_how_often_it_is_right(
    tmp_path, photo, network, monkeypatch, capsys
):
    write_photograph(tmp_path / "a.png", photo)
    monkeypatch.setattr(
        fit_confidence, "held_out_of_training", lambda *_: [tmp_path / "a.png"]
    )
    given, made = tmp_path / "given.zip", tmp_path / "made.zip"
    network.save(given)
    command = ["--data", str(tmp_path), "--model", str(given), "-o", str(made)]
    assert fit_confidence.main(command) == 0
    text = capsys.readouterr().out
    before, fitted = re.findall(r"calibration error (0\.\d+)$", text, flags=re.M)
    assert float(fitted) <= float(before)
    written = PatchBlurClassifier.load(made)
    # The more the network is sure, the more often it is right.
    assert written.reliability_[1] > 0
    assert written.card_["reliability"] == written.reliability_.tolist()
    assert written.network_.sha256 == network.network_.sha256
