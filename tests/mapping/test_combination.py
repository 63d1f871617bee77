from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.reliability import tolerance
from skdefocus.mapping.combination import COMBINATION, combine_maps, fit_combination


def planes(*values):
    return (np.full((3, 4), value, np.float32) for value in values)


@pytest.fixture(scope="module")
def measured():
    """Two measurements that are as good as they say."""
    rng = np.random.default_rng(0)
    n = 4000
    truth = rng.uniform(0.5, 8, n)
    columns = []
    for _ in range(2):
        sure = rng.uniform(0.03, 0.97, n)
        right = rng.random(n) < sure
        wrong = np.exp(rng.uniform(-1, 1, n))
        sigma = truth * np.where(right, rng.uniform(0.9, 1.1, n), wrong)
        columns += [sigma.astype(np.float32), sure.astype(np.float32)]
    return (*columns, truth, np.ones(n))


class TestCombining:
    @pytest.mark.parametrize(
        ("sure", "context_sure", "low", "high"),
        [
            (0.98, 0.5, 1.0, 1.1),
            (0.9, 0.97, 1.5, 4.5),
            (0.3, 0.6, 3.8, 4.0),
            (0.0, 0.1, 3.9, 4.0),
        ],
    )
    def test_the_surer_the_patches_the_more_they_count(
        self, sure, context_sure, low, high
    ):
        sigma, _ = combine_maps(*planes(1.0, sure, 4.0, context_sure))
        assert sigma.dtype == np.float32
        assert low <= sigma[0, 0] <= high

    def test_where_both_agree_sigma_stays(self):
        values = np.linspace(0, 19, 12, dtype=np.float32).reshape(3, 4)
        sure, context_sure = planes(0.4, 0.7)
        sigma, _ = combine_maps(values, sure, values.copy(), context_sure)
        np.testing.assert_allclose(sigma, values, rtol=1e-5, atol=1e-5)

    def test_the_mean_is_taken_of_logarithms(self):
        half = ((0.0, 0.0, 0.0), COMBINATION[1])
        sigma, _ = combine_maps(*planes(1.0, 0.5, 4.0, 0.5), half)
        expected = np.exp(np.log([1.8, 4.8]).mean()) - 0.8
        np.testing.assert_allclose(sigma, expected, rtol=1e-5)

    def test_what_is_given_is_left_as_it_is(self):
        given = [*planes(1.0, 0.9, 4.0, 0.5)]
        kept = [plane.copy() for plane in given]
        combine_maps(*given)
        for plane, before in zip(given, kept, strict=True):
            np.testing.assert_array_equal(plane, before)

    def test_confidence_rises_with_both(self):
        levels = np.linspace(0.02, 1, 20, dtype=np.float32)
        one, two = np.meshgrid(levels, levels)
        sigma = np.ones_like(one)
        _, confidence = combine_maps(sigma, one, sigma, two)
        assert confidence.dtype == np.float32
        assert (np.diff(confidence, axis=0) > 0).all()
        assert (np.diff(confidence, axis=1) > 0).all()
        assert 0 < confidence.min() < confidence.max() < 1

    def test_where_patches_show_nothing_nothing_is_known(self):
        for sure, most in ((0.0, 0.0), (0.002, 0.1)):
            _, confidence = combine_maps(*planes(1.0, sure, 4.0, 1.0))
            assert confidence.max() <= most


class TestFit:
    def test_the_surer_is_followed(self, measured):
        (_, patches, context), _ = fit_combination(*measured)
        assert patches > 0.5
        assert context < -0.5

    def test_errs_less_than_either_and_knows_how_often(self, measured):
        *maps, truth, _ = measured
        sigma, confidence = combine_maps(*maps, fit_combination(*measured))
        errors = [np.abs(s - truth).mean() for s in (sigma, maps[0], maps[2])]
        assert errors[0] < 0.8 * min(errors[1:])
        right = np.abs(sigma - truth) <= tolerance(truth)
        assert confidence.mean() == pytest.approx(right.mean(), abs=0.02)
        unsure = confidence < np.median(confidence)
        assert right[unsure].mean() < right[~unsure].mean() - 0.1

    def test_weights_count(self, measured):
        *maps, truth, _ = measured
        # Where patches alone are right, only they are to be followed.
        right = np.abs(maps[0] - truth) <= tolerance(truth)
        share, _ = fit_combination(*maps, truth, right + 1e-3)
        followed, _ = combine_maps(*planes(1.0, 0.5, 4.0, 0.5), (share, (0.0,) * 3))
        plain, _ = combine_maps(
            *planes(1.0, 0.5, 4.0, 0.5), fit_combination(*maps, truth, np.ones(4000))
        )
        assert followed[0, 0] < plain[0, 0]
