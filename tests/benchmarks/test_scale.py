from __future__ import annotations

import pytest
from PIL import Image

from benchmarks import scale

pytestmark = pytest.mark.slow


def test_prints_shares_for_every_size(capsys, tmp_path, small_photo):
    paths = [str(tmp_path / name) for name in ("one.png", "two.png")]
    for path in paths:
        Image.fromarray(small_photo).save(path)
    assert scale.main([*paths, "--factors", "1", "1.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("1.5x") for line in lines) == 2
    assert lines[-1].startswith("max/min of the mean over 2 photographs")
