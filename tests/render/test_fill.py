"""What is unknown of a map is filled from what is known, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skdefocus.render import fill, fill_unknown


def known(unknown: np.ndarray) -> np.ndarray:
    """Confidence of what is known for sure or not at all."""
    return 1.0 - unknown


CASES = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float32, shape, elements=st.floats(0, 16, width=16)),
        arrays(bool, shape),
    )
)


@given(CASES)
def test_known_pixels_stay_and_the_rest_is_within_their_range(case):
    blur_map, unknown = case
    before = blur_map.copy()
    filled = fill_unknown(blur_map, known(unknown))
    np.testing.assert_array_equal(blur_map, before)
    if unknown.all():
        assert filled is blur_map
        return
    kept = blur_map[~unknown]
    np.testing.assert_array_equal(filled[~unknown], kept)
    assert filled.dtype == blur_map.dtype
    assert filled.min() >= kept.min() - 1e-5
    assert filled.max() <= kept.max() + 1e-5


def test_what_is_nearly_known_is_nearly_kept():
    blur_map = np.ones((32, 64), np.float32)
    blur_map[:, 32:] = 9.0
    confidence = np.ones(blur_map.shape, np.float32)
    for own, share in ((0.0, 0.0), (0.125, 0.5), (0.2, 0.8), (0.25, 1.0)):
        confidence[:, 32:] = own
        filled = fill_unknown(blur_map, confidence)
        np.testing.assert_allclose(filled[:, 32:], 1 + 8 * share, atol=1e-5)
    # To who asks for more, more is unknown.
    filled = fill_unknown(blur_map, confidence, unknown_below=0.5)
    np.testing.assert_allclose(filled[:, 32:], 5, atol=1e-5)
    assert fill_unknown(blur_map, confidence, unknown_below=0) is blur_map


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_goes_on_and_the_dtype_stays(dtype):
    unknown = np.random.default_rng(0).random((61, 47)) < 0.9
    blur_map = np.where(unknown, 9, 2).astype(dtype)
    filled = fill_unknown(blur_map, known(unknown))
    assert filled.dtype == dtype
    np.testing.assert_allclose(filled, 2, atol=1e-6)


def test_neighbors_count_more_than_what_is_far():
    blur_map = np.ones((64, 256), np.float32)
    blur_map[:, 128:] = 8.0
    unknown = np.zeros(blur_map.shape, bool)
    unknown[:, 40:216] = True
    blur_map[unknown] = 15.0
    filled = fill_unknown(blur_map, known(unknown))
    assert (filled[:, 40:60] < 2.5).all()
    assert (filled[:, 196:216] > 6.5).all()
    # From one to the other without a step.
    assert abs(np.diff(filled, axis=1)).max() < 0.5
    assert (np.diff(filled.mean(axis=0)) > -0.05).all()


def test_along_an_outline_both_sides_stay_what_they_are():
    blur_map = np.full((160, 240), 9.0, np.float32)
    blur_map[40:120, 60:180] = 0.5
    unknown = np.zeros(blur_map.shape, bool)
    unknown[32:128, 52:188] = True
    unknown[48:112, 68:172] = False
    filled = fill_unknown(blur_map, known(unknown))
    np.testing.assert_allclose(filled, blur_map, atol=1e-5)
    # What is like neither side is filled.
    blur_map[unknown] = 15.0
    filled = fill_unknown(blur_map, known(unknown))
    assert filled[unknown].max() < 9.01
    assert filled[76:84, 50:54].max() > 5
    assert filled[76:84, 66:68].max() < 3


def test_a_gap_in_a_slope_is_bridged():
    blur_map = np.tile(np.linspace(0, 8, 128, dtype=np.float32), (96, 1))
    unknown = np.zeros(blur_map.shape, bool)
    unknown[20:60, 50:80] = True
    broken = np.where(unknown, 16, blur_map)
    assert abs(fill_unknown(broken, known(unknown)) - blur_map).max() < 0.9


def test_the_subject_is_neither_filled_nor_a_source():
    blur_map = np.full((32, 64), 6.0, np.float32)
    blur_map[:, :32] = 0.5
    unknown = np.zeros(blur_map.shape, bool)
    unknown[:, 24:40] = True
    blur_map[unknown] = 15.0
    subject = np.zeros(blur_map.shape, bool)
    subject[:, :32] = True
    for mask in (subject, subject.astype(np.uint8) * 255, subject.astype(float)):
        filled = fill_unknown(blur_map, known(unknown), mask)
        np.testing.assert_array_equal(filled[:, :32], blur_map[:, :32])
        np.testing.assert_allclose(filled[:, 32:], 6.0, atol=1e-5)
    # Where only the subject is known, nothing is known of the rest.
    assert fill_unknown(blur_map, known(unknown | ~subject), subject) is blur_map


def test_what_is_less_than_half_a_subject_is_none():
    blur_map = np.full((32, 64), 6.0, np.float32)
    blur_map[:, 24:40] = 15.0
    confidence = known(blur_map == 15)
    faint = np.full(blur_map.shape, 1e-6)
    np.testing.assert_array_equal(
        fill_unknown(blur_map, confidence, faint), fill_unknown(blur_map, confidence)
    )


def test_bands_make_no_difference(monkeypatch):
    rng = np.random.default_rng(1)
    blur_map = rng.random((301, 77), dtype=np.float32)
    unknown = rng.random(blur_map.shape) < 0.8
    expected = fill_unknown(blur_map, known(unknown))
    monkeypatch.setattr(fill, "_BAND", 32)
    np.testing.assert_array_equal(fill_unknown(blur_map, known(unknown)), expected)


@pytest.mark.parametrize(
    ("confidence", "subject", "message"),
    [
        (
            np.zeros((4, 5)),
            None,
            r"confidence must have the photograph's shape \(5, 4\)",
        ),
        (np.full((5, 4), 2.0), None, r"confidence must be in \[0, 1\]"),
        (np.zeros((5, 4)), np.zeros((4, 5)), "subject_mask must have the photog"),
    ],
)
def test_refuses_what_does_not_fit(confidence, subject, message):
    with pytest.raises(ValueError, match=message):
        fill_unknown(np.ones((5, 4)), confidence, subject)


def test_refuses_a_limit_that_is_no_probability():
    with pytest.raises(ValueError, match="unknown_below"):
        fill_unknown(np.ones((5, 4)), np.ones((5, 4)), unknown_below=1.5)


@pytest.mark.parametrize(
    ("blur_map", "message"),
    [
        ([1.0, 2.0, 3.0], r"blur_map must have shape \(H, W\); got shape \(3,\)"),
        (np.zeros((0, 4)), r"blur_map must not be empty; got shape \(0, 4\)"),
    ],
)
def test_refuses_what_is_no_map(blur_map, message):
    with pytest.raises(ValueError, match=message):
        fill_unknown(blur_map, np.ones(np.shape(blur_map)))
