from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus._shared.sigma_scale import from_log_sigma, to_log_sigma
from skdefocus._shared.threads import limited_threads
from skdefocus.classifier.reliability import disagreement, reliable_confidence
from skdefocus.mapping import average_windows, count_windows
from skdefocus.mapping.map_means import MapMeans

# Higher than a strip.
SHAPE, CONDITIONS = (301, 52), np.float32([0.004, 0.002, 0, 0.8])


class Reliable:
    reliability_ = np.array([-0.5, 1.5, -0.2, 0.4])


class KnowsNeighbors:
    reliability_ = np.array([-1.5, 1.5, -0.2, 0.4, -0.6])


def windows(seed=0, patch_size=8, step=4):
    rng = np.random.default_rng(seed)
    counts = [count_windows(n, patch_size, step) for n in SHAPE]
    return tuple(
        rng.uniform(low, high, counts).astype(np.float32)
        for low, high in ((0, 9), (0, 1), (0.001, 0.2))
    )


def means_of(values, estimate, classifier, rows=3):
    means = MapMeans(SHAPE, 8, 4, estimate)
    for first in range(0, len(values[0]), rows):
        means.add(*(one[first : first + rows] for one in values))
    return means.finish(CONDITIONS, classifier)


@pytest.mark.parametrize("estimate", ["mean", "mode"])
def test_sigma_is_a_mean_on_the_scale_of_the_estimate(estimate):
    values = windows()
    sigma, trust = means_of(values, estimate, None)
    logarithmic = estimate == "mean"
    expected = average_windows(
        to_log_sigma(values[0]) if logarithmic else values[0], SHAPE, 8, 4
    )
    expected = from_log_sigma(expected) if logarithmic else expected
    np.testing.assert_allclose(sigma, expected, rtol=1e-5)
    # A weight stays what it is.
    np.testing.assert_allclose(
        trust, average_windows(values[1], SHAPE, 8, 4), rtol=1e-5
    )


@pytest.mark.parametrize("classifier", [Reliable(), KnowsNeighbors()])
@pytest.mark.parametrize("estimate", ["mean", "mode"])
def test_confidence_is_that_of_the_means(classifier, estimate):
    values = windows()
    sigma, confidence = means_of(values, estimate, classifier)
    expected = reliable_confidence(
        average_windows(values[1], SHAPE, 8, 4),
        np.exp(average_windows(np.log(values[2]), SHAPE, 8, 4)),
        CONDITIONS,
        classifier.reliability_,
        disagreement(to_log_sigma(sigma), 8, 1),
    )
    np.testing.assert_allclose(confidence, expected, rtol=1e-4)
    assert confidence.dtype == np.float32


@given(st.integers(1, 9), st.integers(0, 2**16))
def test_rows_may_come_in_any_portions(rows, seed):
    values = windows(seed)
    whole = means_of(values, "mean", KnowsNeighbors(), rows=99)
    for one, other in zip(
        whole, means_of(values, "mean", KnowsNeighbors(), rows), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_threads_change_no_bit():
    values = windows()
    found = []
    for n in (1, 2):
        with limited_threads(n):
            found.append(means_of(values, "mean", KnowsNeighbors()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
