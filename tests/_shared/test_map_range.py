from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.map_range import automatic_limits, check_map_range


def test_a_map_s_own_range_holds_nearly_all_of_it():
    sigma = np.linspace(3, 5, 1000).reshape(20, 50)
    low, high = automatic_limits(sigma)
    assert 3 <= low < 3.1
    assert 4.9 < high <= 5
    low, high = automatic_limits(np.full((4, 4), 2.0))
    assert (low, high) == (2.0, 2.1)


@pytest.mark.parametrize("given", [None, "auto", (0, 8), [0.5, 1.0]])
def test_what_is_a_range(given):
    found = check_map_range(given)
    assert found == (tuple(given) if isinstance(given, list) else given)


@pytest.mark.parametrize(
    "given", ["own", (1,), (2, 1), (1, 1), (-1, 2), (0, np.inf), (0, 1, 2), 3, "ab"]
)
def test_what_is_none(given):
    with pytest.raises(ValueError, match="map_range must be 'auto' or two numbers"):
        check_map_range(given)
