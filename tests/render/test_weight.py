from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.render import automatic_focus_range, sdof_parameters, sdof_weight
from skdefocus.render.weight import (
    LARGEST_SHARE,
    LEAST_DISTANCE,
    resolve_focus_range,
    weigh_subject,
)

SIGMAS = np.linspace(0, 25, 500)


def test_parameters_by_hand():
    gamma, sigma = sdof_parameters(1, 7)
    assert gamma == pytest.approx(8.0464, abs=1e-4)
    assert sigma == pytest.approx(7.0783, abs=1e-4)


@given(
    st.floats(0, 8),
    st.floats(0.1, 5),
    st.floats(0.51, 0.9999),
    st.floats(0.0001, 0.49),
)
def test_goes_through_its_points_and_falls(c0, gap, w0, w1):
    c1 = c0 + gap
    if c1 >= 9.9:
        return
    weight = sdof_weight([c0, c1], c0, c1, w0=w0, w1=w1)
    np.testing.assert_allclose(weight, [w0, w1], rtol=1e-3)
    curve = sdof_weight(SIGMAS, c0, c1, w0=w0, w1=w1)
    assert (np.diff(curve) <= 1e-7).all()
    assert 0 <= curve.min() <= curve.max() <= 1
    assert (curve[SIGMAS >= 10] == 0).all()


def test_literal_is_eq_13():
    gamma, sigma = sdof_parameters(1, 7)
    expected = 1 - np.exp(-(np.abs((SIGMAS - 10) / sigma) ** gamma))
    found = sdof_weight(SIGMAS, literal=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert sdof_weight(18.0, literal=True) == pytest.approx(0.93, abs=0.01)
    assert sdof_weight(18.0) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"c0": 7, "c1": 7}, "0 <= c0 < c1 < pivot"),
        ({"c0": 8, "c1": 7}, "Got c0=8, c1=7, pivot=10"),
        ({"c0": 1, "c1": 10}, "0 <= c0 < c1 < pivot"),
        ({"c0": -1}, "'c0' parameter of sdof_parameters"),
        ({"w0": 1.0}, "'w0' parameter"),
        ({"w1": 0.0}, "'w1' parameter"),
        ({"w0": 0.3, "w1": 0.6}, "0 < w1 < w0 < 1"),
        ({"pivot": np.inf}, "'pivot' parameter"),
    ],
)
def test_refuses_impossible_points(arguments, message):
    with pytest.raises(ValueError, match=message):
        sdof_parameters(**arguments)


class TestAutomaticRange:
    def test_takes_the_two_modes(self):
        rng = np.random.default_rng(0)
        blur_map = np.abs(rng.normal(0.6, 0.1, (60, 60)))
        blur_map[:, 20:] = rng.normal(4, 0.3, (60, 40))
        c0, c1 = automatic_focus_range(blur_map)
        assert c0 == pytest.approx(0.6, abs=0.2)
        assert c1 == pytest.approx(4, abs=0.5)

    @pytest.mark.parametrize("value", [0.0, 3.0, 50.0])
    def test_one_mode_is_warned_of(self, value):
        with pytest.warns(UserWarning, match="no clear distinction"):
            c0, c1 = automatic_focus_range(np.full((20, 20), value))
        assert value == c0 < c1

    @given(
        st.lists(st.floats(0, 1.2), min_size=4, max_size=40),
        st.lists(st.floats(6, 9), min_size=4, max_size=40),
    )
    def test_quantiles_of_two_groups_are_its_ends(self, sharp, blurred):
        rng = np.random.default_rng(0)
        blur_map = rng.permutation(np.float32(sharp + blurred))[np.newaxis]
        c0, c1 = automatic_focus_range(blur_map)
        assert c0 == pytest.approx(np.quantile(np.float32(sharp), 0.9), abs=1e-5)
        assert c1 == pytest.approx(np.quantile(np.float32(blurred), 0.25), abs=1e-5)

    @pytest.mark.parametrize(("gap", "told_apart"), [(0.49, False), (0.51, True)])
    def test_modes_are_told_apart_by_half_a_pixel(self, gap, told_apart):
        blur_map = np.repeat([[1.0, 1.0 + gap]], 50, axis=1)
        if told_apart:
            found = automatic_focus_range(blur_map)
            assert found == pytest.approx((1.0, 1.0 + gap))
            return
        with pytest.warns(UserWarning, match="only sharpened; set c0 and c1"):
            c0, c1 = automatic_focus_range(blur_map)
        # All of the map is in focus.
        assert (c0, c1) == pytest.approx((1.0 + gap, 1.5 + gap))
        np.testing.assert_allclose(sdof_weight(blur_map, c0, c1), 1, atol=2e-3)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 4)])
def test_weights_have_the_shape_of_the_map(shape):
    sigma = np.random.default_rng(0).uniform(0, 20, shape)
    weight = np.asarray(sdof_weight(sigma))
    assert weight.shape == shape
    assert weight.dtype == np.float32
    one_by_one = [float(sdof_weight(value)) for value in np.ravel(sigma)]
    np.testing.assert_allclose(weight.ravel(), one_by_one, rtol=1e-6)


@given(st.floats(0, 1), st.floats(0.05, 3), st.floats(0.125, 64))
def test_a_curve_of_larger_pixels_is_the_same_curve(c0, gap, factor):
    sigma = np.linspace(0, 12, 100)
    expected = sdof_weight(sigma, c0, c0 + gap, pivot=6.0)
    found = sdof_weight(
        sigma * factor, c0 * factor, (c0 + gap) * factor, pivot=6.0 * factor
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


class TestResolvedRange:
    @pytest.fixture
    def blur_map(self):
        return np.repeat([[0.5, 9.0]], 20, axis=1) * np.ones((10, 1))

    def test_what_is_given_stays(self, blur_map):
        assert resolve_focus_range(blur_map, 1, 7, 10.0) == (1.0, 7.0, 10.0)

    def test_what_is_automatic_is_the_map_s(self, blur_map):
        c0, c1, pivot = resolve_focus_range(blur_map, "auto", "auto", 10.0)
        assert (c0, c1) == pytest.approx((0.5, 9.0))
        assert pivot == pytest.approx(9 / LARGEST_SHARE)
        c0, c1, pivot = resolve_focus_range(blur_map, "auto", "auto", 20.0)
        assert pivot == 20

    @pytest.mark.parametrize(
        ("c0", "c1", "expected"),
        [
            (2.0, "auto", (2.0, 9.0)),
            (9.7, "auto", (9.7, 9.7 + LEAST_DISTANCE)),
            ("auto", 3.0, (0.5, 3.0)),
            ("auto", 0.7, (0.2, 0.7)),
            ("auto", 0.2, (0.0, 0.2)),
        ],
    )
    def test_the_other_end_keeps_its_distance(self, blur_map, c0, c1, expected):
        assert resolve_focus_range(blur_map, c0, c1, 10.0)[:2] == pytest.approx(
            expected
        )


class TestSubject:
    SETTINGS = {"w0": 0.999, "w1": 0.001, "pivot": 10.0, "literal": False}  # noqa: RUF012

    def test_is_the_curve_over_the_map(self):
        blur_map = np.random.default_rng(0).uniform(0, 12, (9, 11))
        found = weigh_subject(blur_map, 1.0, 7.0, subject_mask=None, **self.SETTINGS)
        np.testing.assert_array_equal(found, sdof_weight(blur_map, 1.0, 7.0))

    def test_a_subject_is_in_focus_and_the_range_the_photograph_s(self):
        blur_map = np.repeat([[0.9, 4.0]], 20, axis=1) * np.ones((10, 1))
        mask = np.zeros(blur_map.shape, dtype=bool)
        mask[:, 30:] = True
        plain, found = (
            weigh_subject(blur_map, "auto", "auto", subject_mask=m, **self.SETTINGS)
            for m in (None, mask)
        )
        assert found[mask].min() > 0.999
        np.testing.assert_array_equal(found[~mask], plain[~mask])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[-1.0, 2.0]], "^blur_map must be non-negative; its values span"),
        ([[np.nan, 2.0]], "^blur_map must be finite"),
    ],
)
def test_refuses_what_is_no_sigma(values, message):
    for function in (automatic_focus_range, sdof_weight):
        with pytest.raises(ValueError, match=message):
            function(values)
    with pytest.raises(ValueError, match=r"^blur_map must have shape"):
        automatic_focus_range(values[0])
