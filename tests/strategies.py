"""Hypothesis strategies for images, maps and filter parameters."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

__all__ = ["color_images", "gray_images", "maps", "radii"]

_SIDES = st.integers(1, 12)
radii = st.integers(0, 6)


def _floats(high: float) -> st.SearchStrategy[float]:
    return st.floats(0, high, width=32)


def gray_images(dtype=np.float64) -> st.SearchStrategy[np.ndarray]:
    """Gray images in [0, 1] from 1 x 1 to 12 x 12."""
    shapes = st.tuples(_SIDES, _SIDES)
    return hnp.arrays(dtype, shapes, elements=_floats(1))


def color_images(dtype=np.float64) -> st.SearchStrategy[np.ndarray]:
    """Color images in [0, 1] from 1 x 1 to 12 x 12."""
    shapes = st.tuples(_SIDES, _SIDES, st.just(3))
    return hnp.arrays(dtype, shapes, elements=_floats(1))


@st.composite
def maps(draw, dtype=np.float64):
    """A gray image in [0, 1] and a blur map of its shape, up to 19 px."""
    image = draw(gray_images(dtype))
    return image, draw(hnp.arrays(dtype, image.shape, elements=_floats(19)))
