from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.validation import (
    check_gray,
    check_map,
    check_subject_mask,
    image_batch,
    to_float_image,
    to_gray,
)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        (np.uint8, 255, 1.0),
        (np.uint8, 51, 0.2),
        (np.uint16, 65535, 1.0),
        (np.float16, 0.5, 0.5),
        (np.float32, 0.25, 0.25),
        (np.float64, 1.0, 1.0),
    ],
)
def test_converts_every_kind_of_image(dtype, value, expected):
    image = to_float_image(np.full((2, 3), value, dtype=dtype))
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, expected, rtol=1e-7)


def test_float32_is_not_copied():
    image = np.zeros((4, 4), dtype=np.float32)
    assert to_float_image(image) is image


def test_rounding_beyond_the_range_is_clipped():
    assert to_float_image(np.array([[-1e-7, 1 + 1e-7]])).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            np.zeros(3),
            r"image must have shape \(H, W\) or \(H, W, 3\); got shape \(3,\)",
        ),
        (np.zeros((4, 4, 4)), r"got shape \(4, 4, 4\)"),
        (np.zeros((2, 4, 4, 3)), r"got shape \(2, 4, 4, 3\)"),
        (np.zeros((0, 4)), "must not be empty"),
        (np.zeros((4, 4), dtype=np.int32), "got dtype int32"),
        (np.zeros((4, 4), dtype=bool), "got dtype bool"),
        (np.array([["a"]]), "got dtype <U1"),
        (np.full((4, 4), 1.5), r"its values span \[1.5, 1.5\]"),
        (np.full((4, 4), -0.5), r"float in \[0, 1\]"),
        (np.array([[0, np.nan]]), "NaN or infinity"),
        (np.array([[0, np.inf]]), "NaN or infinity"),
    ],
)
def test_refuses_what_is_no_image(image, message):
    with pytest.raises(ValueError, match=message):
        to_float_image(image)


def test_gray_is_luma():
    image = np.eye(3, dtype=np.float32)[np.newaxis]
    np.testing.assert_allclose(to_gray(image), [[0.299, 0.587, 0.114]])
    gray = np.zeros((2, 2), dtype=np.float32)
    assert to_gray(gray) is gray


@pytest.mark.parametrize("shape", [(427, 640, 3), (10, 12, 4), (10, 12)])
def test_refuses_a_bare_photograph_with_a_hint(shape):
    with pytest.raises(ValueError, match=r"wrap one photograph in a list, \[photo\]"):
        image_batch(np.zeros(shape))


@pytest.mark.parametrize("X", [5, "photo.jpg", b"photo", None])
def test_refuses_what_is_no_batch(X):
    message = r"X must be a batch of images.*wrap one photograph in a list, \[photo\]"
    with pytest.raises(ValueError, match=message):
        image_batch(X)


@pytest.mark.parametrize("X", [[], (), np.zeros((0, 4, 5))])
def test_refuses_an_empty_batch(X):
    with pytest.raises(ValueError, match="at least one image"):
        image_batch(X)


def test_accepts_photographs_of_several_sizes_in_an_array_or_a_column():
    items = [np.zeros((4, 6)), np.zeros((5, 3))]
    array = np.empty(2, dtype=object)
    array[:] = items
    for batch in (array, Column(items)):
        assert all(a is b for a, b in zip(image_batch(batch), items, strict=True))
    assert image_batch(np.array(["a.png", "b.png"])) == ["a.png", "b.png"]


class Column:
    """As pandas has them: with a shape, and an array of objects."""

    def __init__(self, items):
        self.items, self.shape = items, (len(items),)

    def __iter__(self):
        return iter(self.items)

    def __array__(self, dtype=None, copy=None):
        array = np.empty(len(self.items), dtype=object)
        array[:] = self.items
        return array


def test_accepts_batches():
    assert len(image_batch(np.zeros((2, 8, 9)))) == 2
    assert len(image_batch(np.zeros((2, 8, 9, 3)))) == 2
    assert len(image_batch([np.zeros((8, 3)), np.zeros((4, 4, 3))])) == 2
    assert len(image_batch(iter([np.zeros((8, 3))]))) == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 4)), "must have the photograph's shape"),
        (np.full((4, 4), np.nan), "NaN or infinity"),
        (np.full((4, 4), -1.0), "must be non-negative"),
        (np.zeros((4, 4), dtype=complex), "real numbers"),
        (np.zeros((4, 4), dtype=bool), "real numbers"),
    ],
)
def test_refuses_a_bad_map(values, message):
    with pytest.raises(ValueError, match=message):
        check_map(values, (4, 4, 3), "blur_map")


def test_map_keeps_its_floats_and_turns_integers_to_float32():
    assert check_map(np.zeros((2, 2)), (2, 2), "m").dtype == np.float64
    assert check_map(np.zeros((2, 2), int), (2, 2), "m").dtype == np.float32


def test_gray_of_floats_stays_as_it_is_even_where_noise_leaves_the_range():
    gray = np.array([[-0.2, 1.3]], np.float32)
    assert check_gray(gray) is gray


@pytest.mark.parametrize(
    ("gray", "message"),
    [
        (np.zeros((2, 2, 3)), r"^X must have shape \(H, W\) and not be empty; got sha"),
        (np.zeros((2, 0)), r"^X must have shape \(H, W\) and not be empty; got shape"),
        (np.zeros((2, 2), np.uint8), r"^X must be float in \[0, 1\]; got dtype uint8"),
        (np.full((2, 2), np.inf), "^X must be finite; it contains NaN or infinity"),
    ],
)
def test_refuses_what_is_no_gray(gray, message):
    with pytest.raises(ValueError, match=message):
        check_gray(gray, "X")


@pytest.mark.parametrize("beyond", [1e-16, 1e-9, 5e-4])
def test_a_share_that_rounding_took_out_of_its_range_is_brought_back(beyond):
    values = np.array([[-beyond, 0.5, 1 + beyond]])
    found = check_map(values, (1, 3), "confidence", upper=1.0)
    np.testing.assert_array_equal(found, [[0, 0.5, 1]])
    with pytest.raises(ValueError, match=r"confidence must be in \[0, 1\]"):
        check_map(values + 0.1, (1, 3), "confidence", upper=1.0)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_a_mask_of_zeros_and_ones_is_one_whatever_its_type(dtype):
    mask = np.array([[0, 1, 1]], dtype)
    np.testing.assert_array_equal(check_subject_mask(mask, (1, 3)), [[0, 1, 1]])


def test_a_mask_of_bytes_may_be_soft():
    mask = np.array([[0, 51, 255]], np.uint8)
    np.testing.assert_allclose(check_subject_mask(mask, (1, 3)), [[0, 0.2, 1]])
