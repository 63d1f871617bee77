from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import classifier

pytestmark = pytest.mark.slow


@pytest.fixture
def photographs(tmp_path, texture):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for index in range(6):
        # In black and white, so that patches pass the protocol's gate.
        turned = np.where(np.rot90(texture, index) > 0.5, 255, 0)
        levels = np.roll(turned, 17 * index, axis=1).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index}.png")
    return folder


def test_prints_the_tables_and_draws_the_figures(photographs, tmp_path, capsys):
    work, rows = tmp_path / "work", tmp_path / "rows.json"
    arguments = ["--photos", str(photographs), "--work", str(work)]
    arguments += ["--networks", "blurnet", "--epochs", "1", "--rows", str(rows)]
    assert classifier.main(arguments) == 0
    printed = capsys.readouterr().out
    for table in ("Table 1", "Table 2", "Table 3"):
        assert table in printed
    assert "mobilenet_v2 (published)" in printed
    (row,) = json.loads(rows.read_text())
    assert (row["network"], row["epochs"], row["padding"]) == ("blurnet", 1, "nearest")
    # All levels of a patch are in the same set.
    assert all(count % 20 == 0 for count in row["patches"].values())
    for name in ("levels_nearest.png", "history_blurnet_nearest_constant.png"):
        with Image.open(work / name) as picture:
            assert min(picture.size) > 300
    # Goes on from the checkpoint, and puts the new row in place of the old.
    arguments[arguments.index("--epochs") + 1] = "2"
    assert classifier.main(arguments) == 0
    (row,) = json.loads(rows.read_text())
    assert row["epochs"] == 2
    assert len(row["train"]) == len(row["test"]) == 2
    # A run with flips is a row and a checkpoint of its own.
    assert classifier.main([*arguments, "--random-flips"]) == 0
    assert [row["random_flips"] for row in json.loads(rows.read_text())] == [0, 1]
    assert (work / "blurnet_nearest_constant_flips.checkpoint").is_file()
    assert "blurnet, nearest, constant, flips" in capsys.readouterr().out


def test_photographs_are_divided_without_overlap(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(20)]
    parts = classifier.divide(paths, 0)
    assert [len(part) for part in parts.values()] == [14, 3, 3]
    assert sorted(path for part in parts.values() for path in part) == sorted(paths)
    assert parts == classifier.divide(paths, 0) != classifier.divide(paths, 1)


def test_needs_photographs(tmp_path):
    with pytest.raises(SystemExit):
        classifier.main(["--work", str(tmp_path)])
