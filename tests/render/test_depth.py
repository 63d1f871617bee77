from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdefocus.optics import sigma_from_distance
from skdefocus.render import defocus_from_depth

DEPTHS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.integers(2, 8)),
    elements=st.floats(1, 9),
).filter(lambda depth: np.ptp(depth) > 0.01)


@given(DEPTHS, st.floats(1, 9))
def test_is_the_thin_lens(depth, focus):
    lens = {"focal_length": 0.05, "aperture_diameter": 0.02, "pixel_pitch": 5e-6}
    sigma = sigma_from_distance(depth, focus_distance=focus, **lens)
    found = defocus_from_depth(depth, float(sigma.max()), focus=focus)
    assert found.dtype == np.float32
    np.testing.assert_allclose(abs(found), sigma, rtol=1e-5, atol=1e-6)
    assert (found[depth > focus] > 0).all()
    assert (found[depth < focus] < 0).all()


@given(DEPTHS, st.floats(1, 9), st.floats(0.1, 100))
def test_disparity_is_inverse_depth_on_any_scale(depth, focus, scale):
    expected = defocus_from_depth(depth, 5.0, focus=focus)
    found = defocus_from_depth(
        scale / depth, 5.0, unit="disparity", focus=scale / focus
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert abs(found).max() == pytest.approx(5)


def test_infinity_is_disparity_0():
    disparity = np.array([[0.0, 0.5, 1.0]])
    found = defocus_from_depth(disparity, 4.0, unit="disparity", focus=0.0)
    np.testing.assert_allclose(found, [[0, -2, -4]])
    found = defocus_from_depth(disparity, 4.0, unit="disparity", focus=1.0)
    np.testing.assert_allclose(found, [[4, 2, 0]])


def test_automatic_focus_is_the_nearer_group():
    rng = np.random.default_rng(0)
    depth = rng.normal(8, 0.2, (40, 40))
    depth[10:30, 10:30] = rng.normal(2, 0.02, (20, 20))
    found = defocus_from_depth(depth, 6.0)
    assert abs(found[10:30, 10:30]).max() < 1
    assert (np.delete(found, slice(10, 30), axis=0) > 5).all()


def test_a_subject_is_in_focus():
    depth = np.repeat([[1.0, 3.0, 9.0]], 10, axis=1) * np.ones((10, 1))
    mask = np.zeros(depth.shape, dtype=bool)
    mask[:, 10:20] = True
    found = defocus_from_depth(depth, 6.0, subject_mask=mask)
    expected = defocus_from_depth(depth, 6.0, focus=3.0)
    np.testing.assert_allclose(found, expected)
    # The farthest is given as in focus, and part of the nearest is still the subject.
    mask[:5, :10] = True
    found = defocus_from_depth(depth, 6.0, focus=9.0, subject_mask=mask)
    assert (found[mask] == 0).all()
    assert (found[5:, :10] == -6).all()


def test_one_depth_everywhere_is_warned_of():
    with pytest.warns(UserWarning, match="depth map is the same everywhere"):
        found = defocus_from_depth(np.full((3, 4), 2.0), 5.0)
    np.testing.assert_array_equal(found, np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("depth", "changes", "message"),
    [
        ([[0.0, 1.0]], {}, "depth map must be above 0 everywhere; it contains 0"),
        ([[-1.0, 1.0]], {"unit": "disparity"}, "disparity map must be non-negative"),
        ([[np.inf, 1.0]], {}, "depth map must be finite"),
        ([1.0, 2.0], {}, r"depth map must have shape \(H, W\)"),
        (
            [[1.0, 2.0]],
            {"focus": 0},
            "'focus' parameter must be above 0 where maps are",
        ),
        ([[1.0, 2.0]], {"focus": -1}, "'focus' parameter of defocus_from_depth"),
        ([[1.0, 2.0]], {"focus": "near"}, "'focus' parameter of defocus_from_depth"),
        ([[1.0, 2.0]], {"unit": "px"}, "'unit' parameter of defocus_from_depth"),
        ([[1.0, 2.0]], {"largest_sigma": 0}, "'largest_sigma' parameter"),
        ([[1.0, 2.0]], {"subject_mask": [[1.0]]}, "subject_mask must have the"),
    ],
)
def test_refuses_what_does_not_fit(depth, changes, message):
    with pytest.raises(ValueError, match=message):
        defocus_from_depth(depth, **{"largest_sigma": 5.0, **changes})


def test_the_strength_is_that_of_the_rest():
    disparity = np.ones((20, 20))
    disparity[:, 10:] = 0.8
    # One wrong pixel within the subject.
    disparity[5, 5] = 5.0
    subject = np.arange(20) < 10
    found = defocus_from_depth(
        disparity, 6.0, unit="disparity", subject_mask=subject * np.ones((20, 1))
    )
    np.testing.assert_allclose(found, np.where(subject, 0, 6) * np.ones((20, 1)))


def test_a_subject_that_is_everything_is_in_focus():
    depth = np.array([[1.0, 2.0, 4.0]])
    found = defocus_from_depth(depth, 6.0, subject_mask=np.ones((1, 3)))
    np.testing.assert_array_equal(found, np.zeros((1, 3)))
