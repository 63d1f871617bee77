"""The benchmark on CUHK: on a small folder of that shape, and on the real one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from benchmarks import cuhk
from skdefocus import DefocusSample
from skdefocus.io import write_photograph

pytestmark = pytest.mark.slow


def read_table(text: str) -> dict[str, list[float]]:
    rows = re.findall(r"^(\S.+?) {2,}((?:0|1)\.\d{4}.*)$", text, flags=re.M)
    return {
        name: [float(cell) for cell in re.findall(r"(?<!±)\b[01]\.\d{4}", cells)]
        for name, cells in rows
    }


@pytest.mark.filterwarnings("ignore:.*photographs of the split")
def test_prints_the_table_and_draws(small_folder, capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="Fig. 11 needs matplotlib")
    arguments = ["--data", str(small_folder), "--split", "test", "--jobs", "1"]
    arguments += ["--mappers", "laplacian", "network"]
    arguments += ["--refiners", "none", "wgif", "global", "--range", "0.3"]
    arguments += ["--figure", str(tmp_path / "curves.png")]
    arguments += ["--sheets", str(tmp_path / "sheets")]
    assert cuhk.main(arguments) == 0
    text = capsys.readouterr().out
    assert "CUHK test, 2 photographs" in text
    table = read_table(text)
    assert table["Galetto and Deng (published)"] == [0.8771]
    best, fixed, absolute, auto, f_score, error, precision, in_range = table[
        "network + wgif"
    ]
    assert best > 0.9
    assert best >= max(fixed, absolute, auto, in_range)
    assert best > table["best constant"][0]
    assert f_score > 0.8
    assert error == pytest.approx(1 - fixed, abs=1e-3)
    assert precision > 0.9
    assert {"laplacian + none", "laplacian + global"} <= set(table)
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 500
    with Image.open(tmp_path / "sheets" / "network_wgif.png") as picture:
        assert picture.width > 2000


@pytest.mark.filterwarnings("ignore:.*photographs of the split")
def test_maps_made_elsewhere_join_the_table(small_folder, capsys):
    arguments = ["--data", str(small_folder), "--jobs", "1", "--refiners", "none"]
    arguments += ["--mappers", "precomputed"]
    masks = str(small_folder / "cuhk" / "masks")
    assert cuhk.main([*arguments, "--maps", masks, "--maps-scale", "0.1"]) == 0
    best, *_ = read_table(capsys.readouterr().out)["precomputed + none"]
    assert best == 1
    with pytest.raises(SystemExit):
        cuhk.main(arguments)


@pytest.mark.filterwarnings("ignore:.*photographs of the split")
def test_the_fixed_threshold_never_sees_the_test_split(small_folder, capsys):
    arguments = ["--data", str(small_folder), "--jobs", "1", "--mappers", "laplacian"]
    arguments += ["--refiners", "none", "--split"]

    def threshold() -> str:
        cuhk.main([*arguments, "test"])
        (row,) = re.findall(r"^laplacian \+ none.*$", capsys.readouterr().out, re.M)
        return row.split()[-3:-1]

    before = threshold()
    for mask in (small_folder / "cuhk" / "masks").glob("*000?.png"):
        with Image.open(mask) as opened:
            pixels = np.array(opened)
        pixels[:, 50:] = 255
        write_photograph(mask, pixels)
    assert threshold() == before


def test_threshold_at_a_share_of_the_range():
    blur_map = np.array([[2.0, 4.9, 5.0, 12.0]])
    # From 2 to 12, so at 5.
    expected = np.array([[False, False, True, True]])
    assert cuhk.range_accuracy(blur_map, expected, 0.3) == 1
    assert cuhk.range_accuracy(blur_map, ~expected, 0.3) == 0


def test_learns_from_masks():
    maps = [np.array([[0.0, 1.0, 3.0]]), np.array([[0.0, 2.0, 9.0]])]
    samples = [DefocusSample(np.zeros((1, 3)), m.astype(np.float32)) for m in maps]
    threshold = cuhk.learn(samples, [m > 1.5 for m in maps], "absolute")
    assert 1 < threshold <= 2


def test_says_what_is_missing(small_folder, capsys, monkeypatch):
    monkeypatch.delenv("SKDEFOCUS_DATA", raising=False)
    with pytest.raises(SystemExit):
        cuhk.main([])
    assert "give --data DIR" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cuhk.main(["--data", str(small_folder), "--mappers", "magic"])
    assert "unknown mappers ['magic']" in capsys.readouterr().err


def test_real_photographs(data_folder, capsys):
    arguments = ["--data", str(data_folder), "--limit", "16", "--refiners", "global"]
    assert cuhk.main([*arguments, "--mappers", "laplacian", "network"]) == 0
    table = read_table(capsys.readouterr().out)
    assert table["network + global"][0] > table["laplacian + global"][0]
    assert table["network + global"][0] > 0.9
