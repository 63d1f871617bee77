"""The benchmark of confidence, on two small photographs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import confidence
from skdefocus.io import write_photograph


@pytest.mark.slow
def test_prints_curves_and_medians(tmp_path, photo, capsys):
    for name, part in (("a", photo), ("b", photo[:, ::-1])):
        write_photograph(tmp_path / f"{name}.png", np.ascontiguousarray(part))
    assert confidence.main([str(tmp_path), "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("2 photographs\n")
    for title in ("clean", "noisy", "scenes", "together"):
        (error,) = re.findall(rf"^{title}: .* error (0\.\d+)$", text, flags=re.M)
        assert 0 < float(error) < 0.5
    rows = re.findall(r"^ +(0|5|10) ((?: +(?:0|1)\.\d+){9})$", text, flags=re.M)
    assert [noise for noise, _ in rows] == ["0", "5", "10"]
    clean, *_, noisy = ([float(cell) for cell in cells.split()] for _, cells in rows)
    # Noise takes confidence away.
    assert sum(noisy[:-1]) < sum(clean[:-1])


def test_what_is_right_as_often_as_it_says_has_no_error():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0, 1, 100_000)
    curve, error = confidence.reliability(np.stack([sure, rng.random(100_000) < sure]))
    assert error < 0.01
    assert curve[2].sum() == 100_000
    _, error = confidence.reliability(np.stack([sure, np.zeros(100_000)]))
    assert error == pytest.approx(0.5, abs=0.01)


def test_right_is_within_the_tolerance():
    truth = np.full((16, 16), 2.0)
    for wrong, right in ((0.49, 1), (0.51, 0)):
        pairs = confidence.judged(truth + wrong, np.full((16, 16), 0.7), truth)
        assert pairs.tolist() == [[0.7] * 4, [right] * 4]
