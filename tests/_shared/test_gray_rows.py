from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus._shared.gray_rows import GrayRows
from skdefocus._shared.threads import limited_threads
from skdefocus._shared.validation import to_float_image, to_gray

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]


def an_image(height, width, dtype, *, color):
    shape = (height, width, 3) if color else (height, width)
    image = np.random.default_rng(height).random(shape)
    high = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return (image * high).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("color", [False, True])
# Fewer rows than are converted at a time, as many, one more, and several times more.
@pytest.mark.parametrize("height", [1, 256, 257, 700])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_the_whole_is_converted_as_at_once(dtype, color, height, n_threads):
    image = an_image(height, 5, dtype, color=color)
    gray = GrayRows(image)
    assert gray.shape == (height, 5)
    with limited_threads(n_threads):
        whole = gray.whole()
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, to_gray(to_float_image(image)))


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize(
    ("dtype", "rounding"),
    [(np.uint8, 1 / 255), (np.uint16, 1 / 65535), (np.float32, 0), (np.float64, 0)],
)
def test_knows_how_its_values_were_rounded(dtype, color, rounding):
    gray = GrayRows(an_image(3, 4, dtype, color=color))
    assert gray.rounding == rounding
    big_endian = np.dtype(dtype).newbyteorder(">")
    assert GrayRows(an_image(3, 4, big_endian, color=color)).rounding == rounding
    # Whole gray levels lie that far apart.
    if rounding:
        levels = np.arange(6, dtype=dtype).reshape(2, 3)
        steps = np.diff(GrayRows(levels).whole())
        np.testing.assert_allclose(steps, rounding, rtol=1e-4)


@given(st.data(), st.sampled_from(DTYPES), st.booleans())
def test_rows_are_those_of_the_whole(data, dtype, color):
    image = an_image(12, 4, dtype, color=color)
    first = data.draw(st.integers(0, 11))
    last = data.draw(st.integers(first + 1, 12))
    rows = GrayRows(image).rows(first, last)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, GrayRows(image).whole()[first:last])


def test_is_the_luma_of_8_bits():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 51, 51]]], np.uint8)
    np.testing.assert_allclose(
        GrayRows(image).whole(), [[0.299, 0.587, 0.114, 0.2]], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros(3), r"image must have shape \(H, W\) or \(H, W, 3\)"),
        (np.zeros((2, 2), bool), "got dtype bool"),
        (np.full((300, 2), 1.5), r"float in \[0, 1\]"),
        (np.full((2, 2), np.nan), "NaN or infinity"),
    ],
)
def test_refuses_what_is_no_image_before_it_is_read(image, message):
    with pytest.raises(ValueError, match=message):
        GrayRows(image)
