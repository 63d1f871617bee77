from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.mapping.confidence import spread_confidence, texture_confidence


class TestWeights:
    @given(st.integers(1, 6), st.integers(0, 2**16))
    def test_agreement_is_by_the_variance_of_levels(self, n_levels, seed):
        rng = np.random.default_rng(seed)
        levels = np.log(rng.uniform(0.8, 20, n_levels))
        shares = rng.dirichlet(np.full(n_levels, 0.3), size=(2, 3))
        found = spread_confidence(shares, levels)
        for place in np.ndindex(2, 3):
            mean = np.average(levels, weights=shares[place])
            variance = np.average((levels - mean) ** 2, weights=shares[place])
            assert found[place] == pytest.approx(1 / (1 + variance / 0.018), rel=1e-4)

    def test_one_clear_level_is_believed_and_a_doubt_of_all_is_not(self, shipped):
        levels = np.log(shipped.sigmas_ + 0.8)
        one = np.eye(len(levels), dtype=np.float32)
        np.testing.assert_allclose(spread_confidence(one, levels), 1, atol=1e-3)
        evenly = np.full(len(levels), 1 / len(levels))
        assert spread_confidence(evenly, levels) < 0.03
        # Two neighbors of the middle of the ladder, in the proportion of doubt.
        doubt = (one[5:-5] + one[6:-4]) / 2
        half = spread_confidence(doubt, levels)
        assert 0.5 < half.min() <= half.max() < 0.85

    @given(st.floats(0, 1, width=32))
    def test_texture_counts_up_to_twenty_levels_of_gray(self, deviation):
        found = texture_confidence(np.array([deviation], np.float32))
        assert found.dtype == np.float32
        expected = min(1, max(0.02, deviation * 255 / 20))
        assert found[0] == pytest.approx(expected, rel=1e-5)
