from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

from skdefocus import FastDefocusMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import fast_defocus_map
from skdefocus.mapping.peers.chen import _affinity, _medians, _spread, _superpixels
from skdefocus.synthesis import defocus


@given(st.lists(st.tuples(st.floats(0, 10, width=32), st.integers(0, 4)), min_size=1))
def test_medians_by_definition(pairs):
    values, groups = (np.array(column) for column in zip(*pairs, strict=True))
    medians, counts = _medians(values.astype(np.float32), groups, 6)
    for group in range(6):
        own = values[groups == group]
        assert counts[group] == len(own)
        assert medians[group] == pytest.approx(np.median(own) if len(own) else 0)


def test_neighbors_are_tied_by_their_colors():
    labels = np.array([[0, 0, 1], [2, 2, 1]])
    colors = np.array([[0.0, 0, 0], [3, 4, 0], [0, 0, 1]])
    ties = _affinity(labels, colors, 0.5).toarray()
    # Distances 5, 1 and sqrt(26): 0 and 1, 0 and 2, 1 and 2.
    scale = 0.5 * (5 + 1 + 26**0.5) / 3
    expected = np.exp(-np.array([25, 1, 26]) / scale**2 / 2)
    np.testing.assert_allclose(ties[[0, 0, 1], [1, 2, 2]], expected)
    np.testing.assert_allclose(ties, ties.T)
    assert not ties.diagonal().any()
    alone = _affinity(np.zeros((3, 3), int), np.zeros((1, 3)), 0.5)
    assert alone.nnz == 0


def test_spreading_is_the_minimum():
    rng = np.random.default_rng(0)
    ties = np.triu(rng.random((6, 6)), 1)
    ties = ties + ties.T
    values, weights = rng.random(6) * 5, np.array([1, 2, 0, 0.5, 0, 3])

    def energy(f):
        between = ties * np.subtract.outer(f, f) ** 2
        return (weights * (f - values) ** 2).sum() + 0.7 * between.sum() / 2

    found = _spread(values, weights, sparse.csr_array(ties), 0.7)
    best = optimize.minimize(energy, values, tol=1e-10)
    np.testing.assert_allclose(found, best.x, atol=1e-4)


def test_superpixels_are_numbered_without_a_gap(small_photo):
    labels, colors = _superpixels(small_photo.astype(np.float32) / 255, 30)
    assert labels.shape == small_photo.shape[:2]
    np.testing.assert_array_equal(np.unique(labels), np.arange(len(colors)))
    assert 15 <= len(colors) <= 45


def test_superpixels_follow_colors():
    y, x = np.mgrid[:120, :120]
    disc = np.hypot(y - 60, x - 60) < 40
    image = np.where(disc[..., np.newaxis], [0.9, 0.2, 0.1], [0.1, 0.3, 0.8])
    labels, _ = _superpixels(image.astype(np.float32), 30)
    inside = np.bincount(labels.ravel(), disc.ravel()) / np.bincount(labels.ravel())
    # Nearly all pixels of each superpixel are of one color.
    assert np.minimum(inside, 1 - inside).mean() < 0.03


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
def test_sigma_of_a_blurred_step(sigma):
    step = np.repeat([[0.2, 0.8]], 48, axis=1) * np.ones((96, 1))
    found = fast_defocus_map(blur(step, sigma), n_superpixels=30)
    assert found.dtype == np.float32
    assert np.median(found) == pytest.approx(sigma, rel=0.1)


def test_two_depths(texture):
    truth = np.full(texture.shape, 1.0)
    truth[:, 96:] = 4.0
    found = fast_defocus_map(defocus(texture, truth))
    assert np.median(found[:, 116:]) > 1.8 * np.median(found[:, :76])


def test_a_flat_photograph_is_as_blurred_as_can_be():
    flat = np.full((20, 30, 3), 0.5)
    assert (fast_defocus_map(flat, max_sigma=7.0) == 7).all()
    assert fast_defocus_map(np.zeros((1, 1))).shape == (1, 1)


def test_names_the_extra_without_scikit_image(monkeypatch, small_photo):
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(ImportError, match=r"fast_defocus_map needs scikit-image"):
        fast_defocus_map(small_photo)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_superpixels": 0}, "'n_superpixels' parameter of"),
        ({"color_sigma": 0.0}, "'color_sigma' parameter of"),
        ({"smoothness": -1.0}, "'smoothness' parameter of"),
        ({"edge_threshold": 2.0}, "'edge_threshold' parameter of"),
        ({"max_sigma": 0}, "'max_sigma' parameter of"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(ValueError, match=f"{message} fast_defocus_map"):
        fast_defocus_map(np.zeros((20, 20)), **changes)
    with pytest.raises(ValueError, match=f"{message} FastDefocusMapper"):
        FastDefocusMapper(**changes).transform([np.zeros((20, 20))])
