from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.filters._inputs import to_planes

FLOATS = st.sampled_from([np.float32, np.float64])


@given(FLOATS, st.data())
def test_floats_of_any_range_are_taken_as_they_are(dtype, data):
    shapes = hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)
    elements = {"allow_nan": False, "allow_infinity": False}
    values = data.draw(hnp.arrays(dtype, shapes, elements=elements))
    assert to_planes(values, "image") is values


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(16, 16), (4, 4, 3)])
def test_integers_become_unit_scale(dtype, shape):
    top = np.iinfo(dtype).max
    values = np.linspace(0, top, np.prod(shape)).astype(dtype).reshape(shape)
    planes = to_planes(values, "image")
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes, values / np.float32(top))
    assert (planes.min(), planes.max()) == (0, 1)


@pytest.mark.parametrize("dtype", [np.float16, ">f4", ">f8"])
def test_other_floats_become_float32(dtype):
    planes = to_planes(np.array([[-2.5, 1e4]], dtype), "image")
    assert planes.dtype == np.float32
    assert planes.dtype.isnative
    np.testing.assert_array_equal(planes, [[-2.5, 1e4]])


def test_lists_are_arrays():
    np.testing.assert_array_equal(to_planes([[1.5, -3.0]], "image"), [[1.5, -3.0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(4), r"^guide must have shape .* not be empty; got shape \(4,\)\.$"),
        (np.zeros((1, 2, 3, 4)), r"^guide must have shape \(H, W\) or \(H, W, C\)"),
        (np.zeros((0, 4)), r"^guide must .* not be empty; got shape \(0, 4\)"),
        (np.zeros((4, 4, 0)), r"^guide must .* not be empty; got shape \(4, 4, 0\)"),
        (np.full((2, 2), np.nan), r"^guide must be finite; it contains NaN"),
        (np.full((2, 2), -np.inf, np.float32), r"^guide must be finite"),
        (np.zeros((2, 2), np.int64), r"^guide must .*; got dtype int64"),
        (np.zeros((2, 2), complex), r"^guide must .*; got dtype complex128"),
        ([["a", "b"]], r"^guide must .*; got dtype <U1"),
    ],
)
def test_refusals_name_what_was_given(values, message):
    with pytest.raises(ValueError, match=message):
        to_planes(values, "guide")
