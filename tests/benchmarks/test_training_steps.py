from __future__ import annotations

import pytest

from benchmarks import training_steps

pytestmark = pytest.mark.slow


def test_prints_both_times_and_their_ratio(capsys):
    few = ["--batch-size", "2", "--steps", "1", "--turns", "1"]
    assert training_steps.main(["--networks", "blurnet_small", *few]) == 0
    name, recorded, alone, ratio = capsys.readouterr().out.splitlines()[-1].split()
    assert name == "blurnet_small"
    assert float(ratio) == pytest.approx(float(recorded) / float(alone), abs=0.01)


@pytest.mark.parametrize("recorded", [True, False])
def test_records_only_where_asked(recorded):
    model = training_steps.make_model("blurnet_small", 2, recorded)
    assert hasattr(model, "forward_training") == recorded
