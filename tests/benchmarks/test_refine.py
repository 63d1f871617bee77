from __future__ import annotations

import pytest
from PIL import Image

from benchmarks import refine

pytestmark = pytest.mark.slow


def test_prints_the_table_and_draws(capsys, tmp_path):
    arguments = ["--shape", "105", "150", "--repeats", "1"]
    arguments += ["--picture", str(tmp_path / "refiners.png"), "--refiners"]
    names = [name for name in refine.REFINERS if name != "matting"]
    assert refine.main([*arguments, *names]) == 0
    rows = [
        (line[:20].strip(), float(line.split()[-1]))
        for line in capsys.readouterr().out.splitlines()[2:]
    ]
    assert [name for name, _ in rows] == names
    assert all(0.1 < share <= 1 for _, share in rows)
    with Image.open(tmp_path / "refiners.png") as picture:
        assert picture.size == (3 * 150, 2 * (2 * 105 + 28))


def test_refuses_unknown_refiners():
    with pytest.raises(SystemExit):
        refine.main(["--refiners", "magic"])
