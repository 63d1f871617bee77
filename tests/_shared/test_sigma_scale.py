from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus._shared.sigma_scale import from_log_sigma, to_log_sigma
from skdefocus.patches import REAL_LADDER

sigmas = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(max_dims=2),
    elements=st.floats(0, 100, width=32),
)


@given(sigmas)
def test_there_and_back(sigma):
    found = from_log_sigma(to_log_sigma(sigma))
    assert found.dtype == sigma.dtype
    assert (found >= 0).all()
    np.testing.assert_allclose(found, sigma, rtol=1e-5, atol=1e-6)


@given(sigmas)
def test_is_the_formula_in_the_dtype_of_the_input(sigma):
    found = to_log_sigma(sigma)
    assert found.dtype == sigma.dtype
    np.testing.assert_allclose(
        found, np.log(sigma.astype(np.float64) + 0.8), rtol=1e-5, atol=1e-6
    )


@given(sigmas)
def test_in_place_is_the_same(sigma):
    log_sigma = to_log_sigma(sigma)
    given_ = sigma.copy()
    assert to_log_sigma(given_, out=given_) is given_
    np.testing.assert_array_equal(given_, log_sigma)
    back = from_log_sigma(log_sigma)
    assert from_log_sigma(given_, out=given_) is given_
    np.testing.assert_array_equal(given_, back)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_0_comes_back_as_0_and_nothing_is_below(dtype):
    assert from_log_sigma(to_log_sigma(dtype(0))) == pytest.approx(0, abs=1e-7)
    assert from_log_sigma(np.array([-50.0, -1.0, np.log(0.8) - 1e-9], dtype)).max() == 0


def test_levels_of_the_ladder_lie_at_more_equal_distances():
    distances = np.diff(to_log_sigma(np.array(REAL_LADDER)))
    assert distances.max() < 4 * distances.min()
    assert np.diff(REAL_LADDER).max() > 10 * np.diff(REAL_LADDER).min()
