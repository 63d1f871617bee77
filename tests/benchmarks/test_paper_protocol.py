from __future__ import annotations

import inspect
import json

import numpy as np
import pytest

from benchmarks import paper_protocol
from benchmarks.training_photographs import SOURCES
from skdefocus import PatchBlurClassifier
from skdefocus.io import write_photograph
from skdefocus.patches import make_blur_patches

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*photographs of the split"),
]


@pytest.fixture
def arguments(small_folder, texture, monkeypatch):
    # In black and white, so that patches pass the protocol's gate.
    levels = np.where(texture > 0.5, 255, 0).astype(np.uint8)
    for index, source in enumerate(SOURCES):
        path = small_folder / "sharp" / source / "a.png"
        write_photograph(path, np.roll(levels, 17 * index, axis=1))
    monkeypatch.setattr(paper_protocol, "held_out", lambda folder: [path])
    for name in ("bird", "b_map", "b_map_refined"):
        write_photograph(small_folder / f"{name}.png", levels[:64])
    few = {"n_patches": 160, "epochs": 2, "random_flips": False}
    monkeypatch.setattr(paper_protocol, "START", few)
    return ["--data", str(small_folder), "--reference", str(small_folder)]


def test_prints_and_keeps_rows(arguments, tmp_path, capsys):
    rows = tmp_path / "rows.json"
    arguments += ["--rows", str(rows), "--experiments", "zeros", "2 epochs"]
    zeros = tmp_path / "MobileNetV2, zeros.zip"
    PatchBlurClassifier.pretrained("paper").save(zeros)
    assert paper_protocol.main([*arguments, "--networks", str(zeros)]) == 0
    printed = capsys.readouterr().out.splitlines()
    # The order is that of the experiments.
    names = ["zeros", "2 epochs", zeros.stem, paper_protocol.SHIPPED]
    assert [line[:28].strip() for line in printed[1:]] == names
    kept = {row["name"]: row for row in json.loads(rows.read_text())}
    assert set(kept) == set(names)
    assert (kept["zeros"]["patches"], kept["zeros"]["epochs"]) == (160, 2)
    for row in kept.values():
        assert 0 <= row["own"] <= 1
        assert -1 <= row["bird_raw"] <= 1
        mean, low, high = row["cuhk_refined"]
        assert 0.5 < low <= mean <= high <= 1
    # What is there is not run again, but for a network that is no longer shipped.
    kept["zeros"]["own"], kept[paper_protocol.SHIPPED]["sha256"] = 0.1234, "older"
    rows.write_text(json.dumps([*kept.values()]))
    assert paper_protocol.main(arguments) == 0
    assert "0.1234" in capsys.readouterr().out
    again = {row["name"]: row for row in json.loads(rows.read_text())}
    assert again["zeros"] == kept["zeros"]
    assert again[paper_protocol.SHIPPED]["sha256"] != "older"


def test_the_test_split_is_for_the_shipped_network(arguments, capsys):
    assert paper_protocol.main([*arguments, "--split", "test", "--experiments"]) == 0
    _, row = capsys.readouterr().out.splitlines()
    assert row.startswith(paper_protocol.SHIPPED)


def test_experiments_change_what_there_is():
    known = {*inspect.signature(make_blur_patches).parameters, *paper_protocol.START}
    for settings in paper_protocol.EXPERIMENTS.values():
        assert set(settings) <= known
