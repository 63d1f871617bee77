"""Lists of masks, maps and predicted masks that differ in size."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))
# Few values, so that ties are common; a third, so that bins do not meet them all.
THIRD = float(np.float32(1 / 3))
VALUES = st.sampled_from([-2.0, -0.5, 0.0, THIRD, 0.5, 1.0, 5.0, 19.0])


@st.composite
def scored(draw, values=VALUES):
    """One mask and a map of its shape, float32 or float64."""
    shape = draw(SHAPES)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    blur_map = draw(hnp.arrays(np.float64, shape, elements=values)).astype(dtype)
    return draw(hnp.arrays(bool, shape)), blur_map


@st.composite
def predicted(draw):
    """One mask and a predicted one of its shape."""
    shape = draw(SHAPES)
    return draw(hnp.arrays(bool, shape)), draw(hnp.arrays(bool, shape))


def batches(pairs):
    """Two lists from several pairs."""
    return st.lists(pairs, min_size=1, max_size=4).map(
        lambda drawn: tuple(map(list, zip(*drawn, strict=True)))
    )
