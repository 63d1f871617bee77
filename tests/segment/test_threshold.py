from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.segment import defocus_mask, photograph_threshold
from tests.strategies import maps


@given(maps(), st.floats(0, 5))
def test_counts_from_the_sharpest(pair, threshold):
    _, blur_map = pair
    above = photograph_threshold(blur_map, threshold)
    absolute = photograph_threshold(blur_map, threshold, reference="absolute")
    assert absolute == threshold
    quantile = np.quantile(blur_map, 0.05)
    limit = 1.25 / 770 * max(np.hypot(*blur_map.shape), 385)
    assert above == pytest.approx(threshold + min(quantile, limit), abs=1e-5)
    score = photograph_threshold(blur_map, threshold, unit="relative")
    assert score == pytest.approx(threshold + quantile, abs=1e-5)


@given(maps(), st.floats(0, 0.1))
def test_shares_hold_at_every_size(pair, share):
    _, blur_map = pair
    size = np.hypot(*blur_map.shape)
    in_shares = photograph_threshold(blur_map, share, threshold_unit="diagonal")
    in_pixels = photograph_threshold(blur_map, share * size)
    assert in_shares == pytest.approx(in_pixels, abs=1e-5)
    default = photograph_threshold(blur_map)
    wanted = photograph_threshold(blur_map, 0.5 / 770 * max(size, 385))
    assert default == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("times", [2, 5])
def test_the_default_holds_at_every_size(times):
    rng = np.random.default_rng(0)
    blur_map = rng.uniform(0, 4, (240, 320))
    larger = np.kron(blur_map * times, np.ones((times, times)))
    mask = defocus_mask(larger)
    assert (mask[::times, ::times] == defocus_mask(blur_map)).mean() > 0.999


def test_a_small_subject_leaves_the_background_out_of_focus():
    blur_map = np.full((100, 100), 4.0)
    blur_map[40:50, 40:60] = 0.3
    np.testing.assert_array_equal(defocus_mask(blur_map), blur_map > 1)


@given(maps())
def test_automatic_lies_within_the_map(pair):
    _, blur_map = pair
    automatic = photograph_threshold(blur_map, "auto")
    assert blur_map.min() - 1e-4 <= automatic <= blur_map.max() * 1.0001 + 1e-4


def test_automatic_does_not_follow_what_is_not_known():
    """A large background without confidence leaves the division to the rest."""
    blur_map = np.full((400, 660), 30.0)
    blur_map[:, :200], blur_map[:, 200:300] = 0.2, 1.0
    confidence = np.full(blur_map.shape, 0.9)
    assert photograph_threshold(blur_map, "auto") > 1.0
    confidence[:, 300:] = 0.0
    assert photograph_threshold(blur_map, "auto", confidence=confidence) < 1.0


def test_automatic_follows_the_photograph():
    rng = np.random.default_rng(0)
    near = rng.normal([[1.0], [3.0]], 0.05, (2, 500))
    far = rng.normal([[1.0], [12.0]], 0.05, (2, 500))
    for blur_map, larger in ((near, 3), (far, 12)):
        assert 1 < photograph_threshold(blur_map, "auto") < larger


def test_a_relative_score_has_no_diagonal():
    with pytest.raises(ValueError, match="a relative score has no length"):
        photograph_threshold(
            [[0.1, 0.9]], 0.1, threshold_unit="diagonal", unit="relative"
        )
    score = np.array([[0.1, 0.9]])
    assert photograph_threshold(score, unit="relative") == pytest.approx(0.5)


def test_a_relative_score_is_split_at_its_edge():
    score = np.repeat([[0.1, 0.9]], 9, axis=0)
    automatic = photograph_threshold(score, "auto", unit="relative")
    assert automatic == pytest.approx(0.5)


def test_equality_is_out_of_focus():
    mask = defocus_mask([[0.0, 2.0, 3.0]], 2.0, reference="absolute")
    assert mask.tolist() == [[False, True, True]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": "otsu"}, "'threshold' parameter of photograph_threshold"),
        ({"threshold_unit": "m"}, "'threshold_unit' parameter of photograph"),
        ({"reference": "mean"}, "'reference' parameter of photograph_threshold"),
        ({"unit": "mm"}, "'unit' parameter of photograph_threshold"),
        ({"blur_map": [[-1.0]]}, "blur_map must be non-negative"),
        ({"blur_map": [[np.nan]]}, "blur_map must be finite"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        photograph_threshold(**{"blur_map": [[1.0]], **arguments})
