from __future__ import annotations

import numpy as np

from benchmarks import training_photographs
from skdefocus.io import write_photograph


def test_lists_all_but_those_held_out(tmp_path, capsys):
    names = training_photographs._HELD_OUT.read_text().split()
    assert names == sorted(set(names), key=names.index)
    pixels = np.zeros((4, 4), np.uint8)
    for source in training_photographs.SOURCES:
        for name in ("a.png", "b.png"):
            write_photograph(tmp_path / "sharp" / source / name, pixels)
    first = next(name for name in names if name.endswith(".png"))
    write_photograph(tmp_path / first, pixels)
    assert training_photographs.main([str(tmp_path)]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 8
    assert str(tmp_path / first) not in listed
    assert training_photographs.main([str(tmp_path), "--held-out"]) == 0
    assert str(tmp_path / first) in capsys.readouterr().out.splitlines()
