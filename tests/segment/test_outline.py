from __future__ import annotations

import numpy as np
import pytest

from skdefocus.segment._outline import mean_step, steps_between


def test_a_square_steps_by_what_lies_between():
    part = np.zeros((40, 50), bool)
    part[10:30, 10:40] = True
    levels = np.where(part, 0.5, 1.25)
    step, length = mean_step(part, steps_between(levels))
    assert step == pytest.approx(0.75)
    assert length == pytest.approx(100 / np.hypot(40, 50))
    soft = np.tile(np.arange(50) * 0.05, (40, 1))
    down, across = steps_between(soft)
    assert not down.any()
    # Seven cells apart, but less at the ends of the photograph.
    np.testing.assert_allclose(across[:, 5:-5], 0.35)
    assert steps_between(levels * 9)[0].max() == 1.5


def test_nothing_and_all_have_no_outline():
    for part in (np.zeros((5, 6), bool), np.ones((5, 6), bool), np.ones((1, 1), bool)):
        assert mean_step(part, steps_between(np.ones(part.shape))) == (0, 0)
