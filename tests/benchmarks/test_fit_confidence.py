"""The fit of confidence, on one small photograph."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import fit_confidence, training_photographs
from skdefocus import PatchBlurClassifier
from skdefocus.filters import blur, resize
from skdefocus.io import write_photograph
from skdefocus.mapping import SlidingWindowMapper
from skdefocus.recipes import recommended_steps
from skdefocus.refine._reliability import Evidence, refined_confidence


@pytest.fixture(scope="module")
def network():
    return PatchBlurClassifier.pretrained("default")


def test_measures_as_the_mapper_does(network, photo):
    # Half of it is long enough to be measured, too.
    part = photo[:160, :240] / np.float32(255)
    image = np.hstack([part, blur(part, 6.0)])
    found, sizes = fit_confidence.measure(image, network)
    mapper = SlidingWindowMapper(
        step=fit_confidence.STEP, estimate="mean", scale="auto"
    )
    (sample,) = mapper.transform([image])
    np.testing.assert_allclose(found, sample.blur_map, atol=1e-5)
    *halves, own = sizes
    assert len(halves) == 1
    weights = [resize(size["weight"], found.shape) for size in sizes]
    np.testing.assert_allclose(sum(weights), 1, atol=1e-5)
    # Sharp parts are measured at full size, and so is what their confidence hangs on.
    told = [own[name] for name in ("trust", "detail", "conditions")]
    confidence = fit_confidence.reliable_confidence(
        *told, network.reliability_, own["disagreement"]
    )
    whole = own["weight"] == 1
    assert whole.mean() > 0.03
    np.testing.assert_allclose(confidence[whole], sample.confidence[whole], atol=1e-5)


def test_pixels_count_at_the_sizes_that_sigma_is_taken_from(network, photo):
    image = photo[:160, :240]
    blur_map, sizes = fit_confidence.measure(image, network)
    *_, right, weight = fit_confidence.judge(image, blur_map, network)
    assert right.all()
    assert 0.02 < weight.min() <= weight.max() <= 1
    n_pixels = blur_map[4::8, 4::8].size
    assert n_pixels <= len(weight) <= len(sizes) * n_pixels
    assert weight.sum() == pytest.approx(n_pixels, rel=0.02)


def test_kinds_weigh_the_same(network, monkeypatch):
    judged = {
        "clean": [(np.zeros(2), np.ones(2))],
        "scenes": [(np.ones(6), np.ones(6))] * 2,
    }
    monkeypatch.setattr(fit_confidence, "judge_photograph", lambda *_: judged)
    kind, weight = fit_confidence.gather(["a", "b"], network, 0, 1)
    assert len(kind) == len(weight) == 28
    assert weight[kind == 0].sum() == pytest.approx(14)
    assert weight[kind == 1].sum() == pytest.approx(14)


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
    command += ["--jobs", "1"]
    assert fit_confidence.main(command) == 0
    text = capsys.readouterr().out
    before, fitted = re.findall(r"calibration error (0\.\d+)$", text, flags=re.M)
    assert float(fitted) <= float(before)
    written = PatchBlurClassifier.load(made)
    # The more the network is sure, the more often it is right.
    assert written.reliability_[1] > 0
    assert written.card_["reliability"] == written.reliability_.tolist()
    assert written.network_.sha256 == network.network_.sha256


@pytest.mark.parametrize("own", [False, True])
def test_refined_maps_are_judged_as_the_steps_refine_them(
    tmp_path, photo, network, own
):
    image = photo[:160, :240]
    network.save(tmp_path / "network.zip")
    model = tmp_path / "network.zip" if own else None
    mapper, refiner = (step for _, step in recommended_steps(network if own else None))
    (sample,) = refiner.transform(mapper.transform([image]))
    truth = sample.blur_map.copy()
    truth[:, 120:] += 20
    *planes, right, weight = fit_confidence.judge_refined(image, truth, model)
    part = np.s_[4::8, 4::8]
    assert (right.reshape(truth[part].shape) == (truth < 20)[part]).all()
    assert (weight == 1).all()
    # Cells brought to pixels differ a little from what is made of them.
    confidence = refined_confidence(Evidence(*planes))
    assert abs(confidence - sample.confidence[part].ravel()).mean() < 0.01


@pytest.mark.slow
def test_prints_the_numbers_of_refined_maps(
    tmp_path, photo, network, monkeypatch, capsys
):
    write_photograph(tmp_path / "a.png", photo)
    monkeypatch.setattr(
        fit_confidence, "held_out_of_training", lambda *_: [tmp_path / "a.png"]
    )
    network.save(tmp_path / "network.zip")
    command = ["--data", str(tmp_path), "--model", str(tmp_path / "network.zip")]
    command += ["--refined", "--jobs", "1"]
    assert fit_confidence.main(command) == 0
    text = capsys.readouterr().out
    assert "before -6.08, -3.63, -0.99, 1.1, -1.23:" in text
    before, fitted = re.findall(r"calibration error (0\.\d+)$", text, flags=re.M)
    assert float(fitted) <= float(before)
    with pytest.raises(SystemExit):
        fit_confidence.main([*command, "-o", str(tmp_path / "made.zip")])
    assert "-o writes the confidence of a network" in capsys.readouterr().err


@pytest.mark.slow
def test_prints_the_numbers_of_patches_and_surroundings(
    tmp_path, photo, monkeypatch, capsys
):
    write_photograph(tmp_path / "a.png", photo)
    monkeypatch.setattr(
        fit_confidence, "held_out_of_training", lambda *_: [tmp_path / "a.png"]
    )
    command = ["--data", str(tmp_path), "--combined", "--jobs", "1"]
    assert fit_confidence.main(command) == 0
    text = capsys.readouterr().out
    assert "before -2.58, 3.97, -2.94, 0.58, 0.28, 0.66:" in text
    before, fitted = re.findall(r"calibration error (0\.\d+)$", text, flags=re.M)
    assert float(fitted) <= float(before)
    with pytest.raises(SystemExit):
        fit_confidence.main([*command, "-o", str(tmp_path / "made.zip")])
