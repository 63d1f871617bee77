from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import global_smoother, matting_smoother
from skdefocus.mapping.peers import propagation
from skdefocus.mapping.peers.propagation import propagate
from tests.strategies import maps

PYMATTING = pytest.mark.skipif(
    find_spec("pymatting") is None, reason="the extra 'compare' brings it"
)


def scene():
    """Two surfaces; blur is known along one line of each, and wrong elsewhere."""
    photograph = np.repeat([[0.2, 0.7]], 30, axis=1) * np.ones((40, 1))
    truth = np.where(photograph < 0.5, 1.0, 5.0)
    known = np.zeros(truth.shape, bool)
    known[:, [10, 45]] = True
    values = np.where(known, truth, 3.0)
    return values.astype(np.float32), photograph.astype(np.float32), known, truth


@pytest.mark.parametrize(
    "propagation", ["global", pytest.param("matting", marks=PYMATTING)]
)
def test_what_is_known_fills_its_surface_and_stops_at_the_edge(propagation):
    values, photograph, known, truth = scene()
    found = propagate(values, photograph, known, propagation, 1.0)
    assert found.dtype == np.float32
    assert found.shape == values.shape
    np.testing.assert_allclose(found, truth, atol=0.25)


def test_globally_what_is_not_known_has_hardly_a_say():
    values, photograph, known, _ = scene()
    found = propagate(values, photograph, known, "global", 1.0)
    for guess in (0.0, 20.0):
        other = np.where(known, values, np.float32(guess))
        again = propagate(other, photograph, known, "global", 1.0)
        np.testing.assert_allclose(again, found, atol=0.01)


def test_globally_a_surface_of_which_nothing_is_known_stays_as_it_was():
    values, photograph, known, truth = scene()
    known[:, 45] = False
    found = propagate(values, photograph, known, "global", 1.0)
    near = photograph < 0.5
    np.testing.assert_allclose(found[near], truth[near], atol=0.25)
    np.testing.assert_allclose(found[~near], 3, atol=0.25)


@given(maps(np.float32), st.integers(0, 2**16))
def test_globally_one_value_stays_and_the_range_is_kept(pair, seed):
    photograph, values = pair
    known = np.random.default_rng(seed).random(values.shape) < 0.4
    known.flat[seed % known.size] = True
    constant = np.full_like(values, 2.5)
    found = propagate(constant, photograph, known, "global", 1.0)
    np.testing.assert_allclose(found, 2.5, rtol=1e-5)
    found = propagate(values, photograph, known, "global", 1.0)
    assert values.min() <= found.min() <= found.max() <= values.max()


def test_globally_it_is_the_global_smoother(small_photo):
    rng = np.random.default_rng(0)
    photograph = small_photo / np.float32(255)
    values = rng.uniform(0, 9, photograph.shape[:2]).astype(np.float32)
    known = rng.random(values.shape) < 0.3
    expected = global_smoother(
        values,
        photograph,
        smoothness=propagation._SMOOTHNESS,
        color_sigma=propagation._COLOR_SIGMA,
        confidence=known.astype(np.float32),
    )
    for data_weight in (0.1, 10.0):
        found = propagate(values, photograph, known, "global", data_weight)
        np.testing.assert_array_equal(found, expected)


@PYMATTING
@pytest.mark.parametrize("data_weight", [1e-3, 1.0])
def test_matting_weighs_what_is_known(small_photo, data_weight):
    rng = np.random.default_rng(0)
    photograph = small_photo[:30, :40] / np.float32(255)
    values = rng.uniform(0, 9, photograph.shape[:2]).astype(np.float32)
    known = rng.random(values.shape) < 0.3
    found = propagate(values, photograph, known, "matting", data_weight)
    expected = matting_smoother(
        values, photograph, known.astype(float), data_weight=data_weight
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


@PYMATTING
def test_matting_comes_nearer_to_what_is_known_the_more_it_weighs(small_photo):
    rng = np.random.default_rng(0)
    photograph = small_photo[:30, :40] / np.float32(255)
    values = rng.uniform(0, 9, photograph.shape[:2]).astype(np.float32)
    known = rng.random(values.shape) < 0.3
    distances = []
    for data_weight in (0.1, 1, 10, 100):
        found = propagate(values, photograph, known, "matting", data_weight)
        distances.append(float(abs(found - values)[known].mean()))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.1 * distances[0]


def test_nothing_known_is_refused():
    values, photograph, known, _ = scene()
    with pytest.raises(ValueError, match="it is 0 everywhere"):
        propagate(values, photograph, known & False, "global", 1.0)


def test_matting_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    values, photograph, known, _ = scene()
    with pytest.raises(ImportError, match=r"pip install 'skdefocus\[compare\]'"):
        propagate(values, photograph, known, "matting", 1.0)


@pytest.mark.parametrize(
    "propagation", ["global", pytest.param("matting", marks=PYMATTING)]
)
def test_gray_counts_as_three_channels_of_it(propagation):
    values, photograph, known, _ = scene()
    found = propagate(values, photograph, known, propagation, 0.01)
    colors = np.dstack([photograph] * 3)
    expected = propagate(values, colors, known, propagation, 0.01)
    np.testing.assert_array_equal(found, expected)
