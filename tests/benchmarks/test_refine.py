from __future__ import annotations

import re

import pytest
from PIL import Image

from benchmarks import refine


def test_prints_the_table_and_draws(capsys, tmp_path):
    arguments = ["--shape", "105", "150", "--repeats", "1"]
    arguments += ["--picture", str(tmp_path / "refiners.png"), "--refiners"]
    names = [name for name in refine.REFINERS if name != "matting"]
    assert refine.main([*arguments, *names]) == 0
    rows = re.findall(
        r"^(\w.*?) {2,}\d+\.\d{3}.* ([01]\.\d{4})$", capsys.readouterr().out, re.M
    )
    assert [name for name, _ in rows] == names
    assert all(0.1 < float(share) < 0.9 for _, share in rows)
    with Image.open(tmp_path / "refiners.png") as picture:
        assert picture.size == (3 * 150, 2 * (2 * 105 + 28))


def test_refuses_unknown_refiners():
    with pytest.raises(SystemExit):
        refine.main(["--refiners", "magic"])
