from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

from skdefocus.mapping import classify_windows
from skdefocus.mapping.classify_patches import (
    _confidence,
    _estimate,
    classify_bands,
    spread_confidence,
    texture_confidence,
)
from tests.mapping.only_patches import OnlyPatches


def in_bands(gray, classifier, *, step, estimate="mode", **sizes):
    """Classify by bands and chunks of other sizes, and put the bands together."""
    settings = {"patch_size": 32, "step": step, "estimate": estimate}
    bands = classify_bands(gray, classifier, n_threads=1, **settings, **sizes)
    return tuple(map(np.concatenate, zip(*bands, strict=True)))


@pytest.mark.parametrize("step", [4, 6, 16])
def test_bands_and_chunks_do_not_change_the_result(photo, shipped, step):
    gray = (photo[..., 1] / 255).astype(np.float32)
    whole = classify_windows(gray, shipped, step=step, estimate="mean")
    sizes = {"band_pixels": 640 * 70, "chunk": 50}
    banded = in_bands(gray, shipped, step=step, estimate="mean", **sizes)
    for a, b in zip(whole, banded, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_chunks_of_patches_do_not_change_the_result(photo, chunk):
    gray = (photo[100:230, 200:370, 1] / 255).astype(np.float32)
    whole = classify_windows(gray, OnlyPatches(), step=12, estimate="mean")
    classifier = OnlyPatches()
    sizes = {"band_pixels": 170 * 60, "chunk": chunk}
    banded = in_bands(gray, classifier, step=12, estimate="mean", **sizes)
    assert classifier.largest <= chunk
    for a, b in zip(whole, banded, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_patches_are_streamed(photo):
    classifier = OnlyPatches()
    in_bands(photo[..., 1] / np.float32(255), classifier, step=16, chunk=200)
    assert classifier.n_patches == 26 * 39
    assert classifier.largest <= 200


def test_a_saturated_top_level_lowers_confidence():
    sigmas = np.array([0.0, 5.0, 19.0], np.float32)
    certain = np.eye(3, dtype=np.float32)
    texture = np.ones(3, np.float32)
    confidence = _confidence(certain, sigmas, texture)
    np.testing.assert_allclose(confidence, [1, 1, 0.5], rtol=1e-5)
    spread = np.full((1, 3), 1 / 3, np.float32)
    assert _confidence(spread, sigmas, texture[:1]) < 0.05


def test_the_order_of_classes_does_not_matter():
    rng = np.random.default_rng(0)
    sigmas = np.array([0.0, 1.0, 2.5, 5.0, 19.0], np.float32)
    shares = rng.dirichlet(np.full(5, 0.3), size=40).astype(np.float32)
    texture = np.ones(40, np.float32)
    order = np.array([4, 0, 2, 1, 3])
    for estimate in ("mode", "mean"):
        np.testing.assert_allclose(
            _estimate(shares[:, order], sigmas[order], estimate),
            _estimate(shares, sigmas, estimate),
            rtol=1e-5,
            atol=1e-6,
        )
    np.testing.assert_allclose(
        _confidence(shares[:, order], sigmas[order], texture),
        _confidence(shares, sigmas, texture),
        rtol=1e-4,
    )


def test_modes_and_means(photo, shipped):
    mode, _ = classify_windows(
        (photo[..., 1] / 255).astype(np.float32), shipped, estimate="mode"
    )
    assert set(np.unique(mode)) <= set(shipped.sigmas_)
    mean, _ = classify_windows(
        (photo[..., 1] / 255).astype(np.float32), shipped, estimate="mean"
    )
    assert len(np.unique(mean)) > 100


class Contrast(ClassifierMixin, BaseEstimator):
    """Levels by the deviation of a patch: an oracle without a network."""

    classes_ = np.array([0, 1, 2])

    def predict_proba(self, X):
        share = np.clip(X.std(axis=1) * 3, 0, 1)
        return np.stack([share, (1 - share) * 0.7, (1 - share) * 0.3], axis=1)


@pytest.mark.parametrize("estimate", ["mode", "mean"])
@pytest.mark.parametrize(("patch_size", "step"), [(8, 4), (8, 8), (5, 3)])
def test_equals_brute_force(photo, patch_size, step, estimate):
    # As many pixels as 12 x 16 windows fill, so that nothing is padded.
    rows, columns = (patch_size + step * n for n in (11, 15))
    gray = (photo[200 : 200 + rows, 250 : 250 + columns, 1] / 255).astype(np.float32)
    settings = {"patch_size": patch_size, "step": step, "estimate": estimate}
    sigmas = np.array([0, 2, 6])
    sigma, confidence = classify_windows(gray, Contrast(), sigmas=sigmas, **settings)
    assert sigma.shape == confidence.shape == (12, 16)
    assert sigma.dtype == confidence.dtype == np.float32
    logs = np.log(sigmas + 0.8)
    for i, j in np.ndindex(12, 16):
        window = gray[i * step :, j * step :][:patch_size, :patch_size].astype(float)
        (shares,) = Contrast().predict_proba(window.reshape(1, -1))
        mean = shares @ logs
        expected = sigmas[shares.argmax()]
        if estimate == "mean":
            expected = np.exp(mean) - 0.8
        assert sigma[i, j] == pytest.approx(expected, abs=1e-4)
        spread = shares @ (logs - mean) ** 2
        trust = np.clip(window.std() * 255 / 20, 0.02, 1) / (1 + spread / 0.018)
        assert confidence[i, j] == pytest.approx(trust * (1 - shares[-1] / 2), abs=1e-4)


def test_says_sigmas_that_the_classifier_does_not_know(photo, shipped):
    gray = (photo[:64, :64, 1] / 255).astype(np.float32)
    dummy = DummyClassifier().fit(np.zeros((1, 1024)), [3])
    with pytest.raises(
        ValueError,
        match=r"^classify_windows does not know the sigma of the classes of Dummy",
    ):
        classify_windows(gray, dummy)
    assert set(classify_windows(gray, dummy, sigmas=[0.7])[0].flat) == {np.float32(0.7)}
    with pytest.raises(ValueError, match=r"'sigmas' parameter of classify_windows"):
        classify_windows(gray, shipped, sigmas=shipped.sigmas_)


class TestConfidence:
    @given(st.integers(1, 6), st.integers(0, 2**16))
    def test_agreement_is_by_the_variance_of_levels(self, n_levels, seed):
        rng = np.random.default_rng(seed)
        levels = np.log(rng.uniform(0.8, 20, n_levels))
        shares = rng.dirichlet(np.full(n_levels, 0.3), size=(2, 3))
        found = spread_confidence(shares, levels)
        for place in np.ndindex(2, 3):
            mean = np.average(levels, weights=shares[place])
            variance = np.average((levels - mean) ** 2, weights=shares[place])
            assert found[place] == pytest.approx(1 / (1 + variance / 0.018), rel=1e-4)

    def test_one_clear_level_is_believed_and_a_doubt_of_all_is_not(self, shipped):
        levels = np.log(shipped.sigmas_ + 0.8)
        one = np.eye(len(levels), dtype=np.float32)
        np.testing.assert_allclose(spread_confidence(one, levels), 1, atol=1e-3)
        evenly = np.full(len(levels), 1 / len(levels))
        assert spread_confidence(evenly, levels) < 0.03
        # Two neighbors of the middle of the ladder, in the proportion of doubt.
        doubt = (one[5:-5] + one[6:-4]) / 2
        half = spread_confidence(doubt, levels)
        assert 0.5 < half.min() <= half.max() < 0.85

    @given(st.floats(0, 1, width=32))
    def test_texture_counts_up_to_twenty_levels_of_gray(self, deviation):
        found = texture_confidence(np.array([deviation], np.float32))
        assert found.dtype == np.float32
        expected = min(1, max(0.02, deviation * 255 / 20))
        assert found[0] == pytest.approx(expected, rel=1e-5)
