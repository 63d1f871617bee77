from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus import DefocusSample
from skdefocus.refine._distance import map_scale

IMAGE = np.zeros((3, 4), np.float32)


@pytest.mark.parametrize("unit", ["depth", "disparity"])
@given(
    distance=hnp.arrays(
        np.float32, IMAGE.shape, elements=st.floats(0.125, 1e6, width=32)
    )
)
def test_distances_are_taken_by_the_largest(unit, distance):
    scale = map_scale(DefocusSample(IMAGE, distance, unit=unit))
    assert isinstance(scale, float)
    assert scale == distance.max()
    # On any other scale the map divided by it is the same.
    longer = DefocusSample(IMAGE, distance * np.float32(8), unit=unit)
    np.testing.assert_array_equal(
        longer.blur_map / map_scale(longer), distance / np.float32(scale)
    )


@pytest.mark.parametrize("unit", ["px", "relative"])
@given(share=st.floats(0, 1, width=32))
def test_blur_has_a_scale_of_its_own(unit, share):
    sample = DefocusSample(IMAGE, np.full_like(IMAGE, share), unit=unit)
    assert map_scale(sample) == 1.0


def test_nothing_is_divided_by_a_disparity_of_0():
    # All of it is infinitely far.
    sample = DefocusSample(IMAGE, np.zeros_like(IMAGE), unit="disparity")
    assert map_scale(sample) == 1.0
