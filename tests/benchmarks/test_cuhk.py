"""The benchmark on CUHK: on a small folder of that shape, and on the real one."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import cuhk
from skdefocus.io import write_photograph
from skdefocus.synthesis import defocus


@pytest.fixture
def small_folder(tmp_path, texture):
    for number, ending in ((1, ".jpg"), (2, ".JPG"), (201, ".jpg")):
        mask = np.zeros(texture.shape, bool)
        mask[:, 60 + number % 7 :] = True
        image = defocus(texture, mask * 5.0)
        stem = f"out_of_focus{number:04d}"
        write_photograph(tmp_path / "cuhk" / "images" / f"{stem}{ending}", image)
        gt = np.where(mask, 255, 0).astype(np.uint8)
        gt = gt if number > 1 else np.dstack([gt, gt, gt, np.full_like(gt, 255)])
        rgb = gt if gt.ndim == 2 else gt[..., :3]
        write_photograph(tmp_path / "cuhk" / "masks" / f"{stem}.png", rgb)
    return tmp_path


def read_table(text: str) -> dict[str, float]:
    rows = re.findall(r"^(.+?) {2,}(0\.\d{4}|1\.0000)", text, flags=re.M)
    return {name: float(value) for name, value in rows}


def test_prints_the_table(small_folder, capsys):
    assert (
        cuhk.main(["--data", str(small_folder), "--split", "test", "--jobs", "1"]) == 0
    )
    text = capsys.readouterr().out
    assert "CUHK test, 2 photographs" in text
    table = read_table(text)
    assert table["Galetto and Deng (published)"] == 0.8771
    network = table["network, step 4, mean + WGIFRefiner"]
    assert network > 0.9
    assert network > table["best constant per photograph"]
    assert "variance of Laplacian, 16 x 16 + WGIFRefiner" in table


def test_splits_do_not_mix(small_folder):
    (pair,) = cuhk.find_pairs(small_folder, cuhk.SPLITS["validation"])
    assert pair[0].stem == pair[1].stem == "out_of_focus0201"
    assert not set(cuhk.SPLITS["test"]) & set(cuhk.SPLITS["validation"])


def test_masks_must_have_two_values(tmp_path):
    write_photograph(tmp_path / "m.png", np.array([[0, 255, 128]], np.uint8))
    with pytest.raises(ValueError, match="values other than 0 and 255"):
        cuhk.read_mask(tmp_path / "m.png")


def test_says_what_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SKDEFOCUS_DATA", raising=False)
    with pytest.raises(SystemExit):
        cuhk.main([])
    assert "give --data DIR" in capsys.readouterr().err


def test_real_photographs(data_folder, capsys):
    arguments = ["--data", str(data_folder), "--split", "validation", "--limit", "16"]
    assert cuhk.main(arguments) == 0
    table = read_table(capsys.readouterr().out)
    network = table["network, step 4, mean + WGIFRefiner"]
    assert network > table["variance of Laplacian, 16 x 16 + WGIFRefiner"]
    assert network > 0.85
