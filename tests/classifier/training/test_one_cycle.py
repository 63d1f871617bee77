from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.loop import one_cycle


@pytest.mark.parametrize("n_steps", [1, 3, 4, 50])
def test_is_the_cosine_of_keras_with_a_warm_up(n_steps):
    keras = import_keras()
    peer = keras.optimizers.schedules.CosineDecay(
        3e-3 / 25,
        max(1, n_steps - n_steps // 4),
        alpha=1e-4,
        warmup_target=3e-3,
        warmup_steps=n_steps // 4,
    )
    found = one_cycle(keras, 3e-3, n_steps)
    for step in range(n_steps + 1):
        rates = [float(schedule(np.int64(step))) for schedule in (found, peer)]
        assert rates[0] == pytest.approx(rates[1], rel=1e-5, abs=1e-9)
