"""What the confidence of a refined map hangs on, and how it is learned."""

from __future__ import annotations

import numpy as np
import pytest

from skdefocus.refine._reliability import Evidence, fit_refined, refined_confidence


def some_evidence(own=0.8, distance=0.0, reach=0.9, variance=0.05) -> Evidence:
    return Evidence(
        *(
            np.atleast_1d(x).astype(float)
            for x in np.broadcast_arrays(own, distance, reach, variance)
        )
    )


@pytest.mark.parametrize(
    "given",
    [
        {"reach": [0.3, 0.6, 0.9, 0.99]},
        {"variance": [1.0, 0.3, 0.1, 0.0]},
        {"distance": [1.5, 0.5, 0.2, 0.0]},
        {"distance": [-1.5, -0.5, -0.2, 0.0]},
        # The surer the map was of what stays, and of what does not.
        {"own": [0.1, 0.4, 0.7, 0.95]},
        {"own": [0.95, 0.7, 0.4, 0.1], "distance": 1.0},
    ],
)
def test_more_and_better_evidence_is_worth_more(given):
    confidence = refined_confidence(some_evidence(**given))
    assert (np.diff(confidence) > 0).all()
    assert 0 < confidence.min() < confidence.max() < 1


def test_without_evidence_nothing_is_known():
    confidence = refined_confidence(some_evidence(reach=[0.0, -1e-3, 0.05, 0.1]))
    assert (confidence[:2] == 0).all()
    assert 0 < confidence[2] < confidence[3]


def test_any_shape_is_judged():
    evidence = Evidence(*np.random.default_rng(0).random((4, 5, 7)))
    found = refined_confidence(evidence)
    flat = refined_confidence(Evidence(*(plane.ravel() for plane in evidence)))
    np.testing.assert_allclose(found.ravel(), flat)


def test_a_fit_finds_the_numbers_that_drew_it():
    rng = np.random.default_rng(0)
    own, reach = rng.random((2, 40_000))
    distance, variance = rng.exponential(0.3, (2, 40_000))
    # Nothing lies where the little evidence there is counts for itself.
    evidence = Evidence(own, distance, 0.1 + 0.9 * reach, variance)
    numbers = -3.0, -1.0, -0.4, 1.2, -1.0
    right = rng.random(40_000) < refined_confidence(evidence, numbers)
    found = fit_refined(evidence, right, np.ones(40_000))
    np.testing.assert_allclose(found, numbers, atol=0.15)
    # What weighs nothing is not learned from.
    wrong = Evidence(*(np.tile(plane, 2) for plane in evidence))
    again = fit_refined(
        wrong, np.concatenate([right, ~right]), np.repeat([1.0, 0.0], 40_000)
    )
    np.testing.assert_allclose(again, found, atol=1e-3)
