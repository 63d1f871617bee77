from __future__ import annotations

import pytest

from benchmarks import training_steps

pytestmark = pytest.mark.slow


def test_prints_both_times_and_their_ratio(capsys):
    few = ["--batch-size", "2", "--steps", "1", "--turns", "1"]
    assert training_steps.main(["--networks", "blurnet_small", *few]) == 0
    name, ours, alone, ratio = capsys.readouterr().out.splitlines()[-1].split()
    assert name == "blurnet_small"
    assert float(ratio) == pytest.approx(float(ours) / float(alone), abs=0.01)


def test_the_other_is_keras_alone():
    ours, alone = (
        training_steps.make_model("blurnet_small", 2, by_keras)
        for by_keras in (False, True)
    )
    # A functional model of Keras itself; ours derives from it.
    assert type(alone).__module__.startswith("keras.")
    assert not type(ours).__module__.startswith("keras.")
