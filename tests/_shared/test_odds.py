from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.odds import log_odds


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rises_evenly_on_both_sides_of_one_half(dtype):
    probability = np.linspace(0, 1, 101, dtype=dtype)
    found = log_odds(probability)
    assert found.dtype == dtype
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, -found[::-1], atol=1e-5)


def test_is_bounded_and_near_the_logit_between():
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
    assert log_odds(np.array(0.8)) == pytest.approx(np.log(4), abs=0.05)
