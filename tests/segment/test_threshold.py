from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import edge_threshold
from skdefocus.segment import defocus_mask, photograph_threshold
from tests.strategies import maps


@given(maps(), st.floats(0, 5))
def test_counts_from_the_sharpest(pair, threshold):
    _, blur_map = pair
    above = photograph_threshold(blur_map, threshold)
    absolute = photograph_threshold(blur_map, threshold, reference="absolute")
    assert absolute == threshold
    quantile = np.quantile(blur_map, 0.05)
    assert above == pytest.approx(threshold + min(quantile, 1.25), abs=1e-5)
    score = photograph_threshold(blur_map, threshold, unit="relative")
    assert score == pytest.approx(threshold + quantile, abs=1e-5)


def test_a_small_subject_leaves_the_background_out_of_focus():
    blur_map = np.full((100, 100), 4.0)
    blur_map[40:50, 40:60] = 0.3
    np.testing.assert_array_equal(defocus_mask(blur_map), blur_map > 1)


@given(maps())
def test_automatic_lies_within_the_map(pair):
    _, blur_map = pair
    automatic = photograph_threshold(blur_map, "auto")
    # Where nothing is in focus it may lie below all, but not below the default.
    least = min(blur_map.min(), photograph_threshold(blur_map))
    assert least - 1e-5 <= automatic <= blur_map.max() + 1e-5


@given(st.floats(0.1, 2), st.floats(3, 15), st.integers(3, 97))
def test_automatic_does_not_depend_on_the_size_of_the_subject(sharp, blurred, width):
    blur_map = np.repeat([[sharp, blurred]], [width, 100 - width], axis=1)
    middle = np.exp(np.log([sharp + 0.8, blurred + 0.8]).mean()) - 0.8
    automatic = photograph_threshold(blur_map, "auto")
    assert sharp < automatic <= middle * (1 + 1e-5)
    if width > 5:
        half = np.repeat([[sharp, blurred]], 50, axis=1)
        assert automatic == pytest.approx(photograph_threshold(half, "auto"))


def test_automatic_does_not_follow_a_rough_background():
    rng = np.random.default_rng(0)
    blur_map = np.where(np.arange(200) < 100, 0.3, rng.uniform(2, 12, (200, 200)))
    edges = np.exp(edge_threshold(np.log(blur_map + 0.8))) - 0.8
    assert photograph_threshold(blur_map, "auto") < 2 < edges


def test_automatic_follows_the_photograph():
    rng = np.random.default_rng(0)
    near = rng.normal([[1.0], [3.0]], 0.05, (2, 500))
    far = rng.normal([[1.0], [12.0]], 0.05, (2, 500))
    low, high = (photograph_threshold(m, "auto") for m in (near, far))
    assert 1.2 < low < 2.9
    assert low < high < 11


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
        ({"reference": "mean"}, "'reference' parameter of photograph_threshold"),
        ({"unit": "mm"}, "'unit' parameter of photograph_threshold"),
        ({"blur_map": [[-1.0]]}, "blur_map must be non-negative"),
        ({"blur_map": [[np.nan]]}, "blur_map must be finite"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        photograph_threshold(**{"blur_map": [[1.0]], **arguments})
