from __future__ import annotations

import itertools

import numpy as np
import pytest

from skdefocus import LBPMapper
from skdefocus.filters import blur
from skdefocus.mapping.peers import lbp_map
from skdefocus.mapping.peers.yi import _infer
from skdefocus.synthesis import defocus


def exact_log_odds(alphas, weight):
    """By the sum over all labelings."""
    nodes = list(np.ndindex(alphas.shape))
    pairs = [
        (one, other)
        for one, other in itertools.combinations(range(len(nodes)), 2)
        if np.abs(np.subtract(nodes[one], nodes[other])).sum() == 1
    ]
    mass = np.zeros((2, len(nodes)))
    for labels in itertools.product((0, 1), repeat=len(nodes)):
        h = np.array(labels)
        energy = np.abs(h - alphas.ravel()).sum()
        energy += weight * sum(h[one] != h[other] for one, other in pairs)
        mass[h, np.arange(len(nodes))] += np.exp(-energy)
    return np.log(mass[1] / mass[0]).reshape(alphas.shape)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 1), (1, 7, 1), (1, 1, 8)])
@pytest.mark.parametrize("weight", [0.0, 0.25, 2.0])
def test_inference_is_exact_on_chains(shape, weight):
    alphas = np.random.default_rng(0).random(shape)
    np.testing.assert_allclose(
        _infer(alphas, weight), exact_log_odds(alphas, weight), atol=1e-3
    )


def test_inference_is_close_on_grids():
    alphas = np.random.default_rng(0).random((3, 2, 2))
    found, exact = _infer(alphas, 0.25), exact_log_odds(alphas, 0.25)
    np.testing.assert_allclose(found, exact, atol=0.05)


def test_inference_stays_finite():
    alphas = np.random.default_rng(0).integers(0, 2, (3, 8, 9)).astype(np.float32)
    assert np.isfinite(_infer(alphas, 1e6)).all()


@pytest.mark.parametrize("propagation", ["global", "matting"])
def test_two_halves(propagation):
    if propagation == "matting":
        pytest.importorskip("pymatting", reason="the extra 'compare' brings it")
    fine = blur(np.random.default_rng(0).random((96, 192)), 0.7)
    truth = np.where(np.arange(192) < 96, 0.0, 4.0) * np.ones((96, 1))
    score = lbp_map(defocus(fine, truth), propagation=propagation)
    assert score.dtype == np.float32
    assert 0 <= score.min() <= score.max() <= 1
    assert score[:, :80].max() < 0.3 < 0.7 < score[:, 112:].min()


def test_nothing_decided_is_left_as_it_is():
    # A busy pixel in 25 everywhere: between 0.005 and 0.15 at each scale.
    image = np.ones((45, 45), np.float32)
    image[2::5, 2::5] = 0
    score = lbp_map(image, sizes=(5, 10, 15), neighbor_weight=0.0)
    alpha = (1 / 25 - 0.005) / (0.15 - 0.005)
    np.testing.assert_allclose(score, 1 / (1 + np.exp(2 * alpha - 1)), rtol=1e-4)


def test_flat_is_blurred():
    score = lbp_map(np.full((20, 30), 0.3))
    assert (score > 0.7).all()
    assert lbp_map(np.zeros((1, 1))).shape == (1, 1)


def test_samples_are_relative(photo):
    (sample,) = LBPMapper().transform([photo])
    assert sample.unit == "relative"
    assert sample.blur_map.dtype == sample.confidence.dtype == np.float32
    assert sample.blur_map[180:280, 260:360].mean() < 0.3
    assert sample.blur_map[:60, :100].mean() > 0.7


def test_refusals(photo):
    for name, value in (
        ("threshold", -1),
        ("sizes", 7),
        ("sizes", (7, 0)),
        ("sizes", ()),
        ("neighbor_weight", -0.1),
        ("propagation", "none"),
    ):
        with pytest.raises(ValueError, match=f"'{name}' parameter of LBPMapper must"):
            LBPMapper().set_params(**{name: value}).transform([photo])
        with pytest.raises(ValueError, match=f"'{name}' parameter of lbp_map must"):
            lbp_map(photo, **{name: value})
