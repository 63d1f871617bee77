from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.reliability import disagreement
from skdefocus.filters import measure_conditions
from skdefocus.mapping import classify_windows
from skdefocus.mapping.classify_patches import (
    classify_bands,
    estimate_sigma,
    probabilities_of,
)
from skdefocus.mapping.confidence import final_confidence, judge_trust
from tests.mapping.only_patches import OnlyPatches


def in_bands(gray, classifier, *, step, estimate="mode", **sizes):
    """Classify by bands and chunks of other sizes, and put the bands together."""
    settings = {"patch_size": 32, "step": step, "estimate": estimate}
    conditions = measure_conditions(gray)
    bands = classify_bands(
        gray, classifier, n_threads=1, conditions=conditions, **settings, **sizes
    )
    sigma, trust, detail = map(np.concatenate, zip(*bands, strict=True))
    log_sigma = np.log(sigma + np.float32(0.8))
    return sigma, final_confidence(
        trust,
        detail,
        conditions,
        classifier,
        lambda: disagreement(log_sigma, 32, step),
    )


@pytest.mark.parametrize("name", ["default", "fast"])
@pytest.mark.parametrize("step", [4, 6, 16])
def test_bands_and_chunks_do_not_change_the_result(photo, name, step):
    gray = (photo[..., 1] / 255).astype(np.float32)
    classifier = PatchBlurClassifier.pretrained(name)
    whole = classify_windows(gray, classifier, step=step, estimate="mean")
    sizes = {"band_pixels": 640 * 70, "chunk": 50}
    banded = in_bands(gray, classifier, step=step, estimate="mean", **sizes)
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
    confidence = judge_trust(certain, sigmas, sigmas, texture, None)
    np.testing.assert_allclose(confidence, [1, 1, 0.5], rtol=1e-5)
    spread = np.full((1, 3), 1 / 3, np.float32)
    assert judge_trust(spread, sigmas, sigmas[:1], texture[:1], None) < 0.05


def test_the_order_of_classes_does_not_matter():
    rng = np.random.default_rng(0)
    sigmas = np.array([0.0, 1.0, 2.5, 5.0, 19.0], np.float32)
    shares = rng.dirichlet(np.full(5, 0.3), size=40).astype(np.float32)
    texture = np.ones(40, np.float32)
    order = np.array([4, 0, 2, 1, 3])
    for estimate in ("mode", "mean"):
        np.testing.assert_allclose(
            estimate_sigma(shares[:, order], sigmas[order], estimate),
            estimate_sigma(shares, sigmas, estimate),
            rtol=1e-5,
            atol=1e-6,
        )
    np.testing.assert_allclose(
        judge_trust(shares[:, order], sigmas[order], texture, texture, None),
        judge_trust(shares, sigmas, texture, texture, None),
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


class Told:
    """A classifier that keeps what it is told."""

    takes_conditions_, reliability_ = True, None

    def __init__(self):
        self.conditions = []

    def predict_proba(self, X, conditions=None):
        self.conditions.append(conditions)
        return np.full((len(X), 2), 0.5)


def test_patches_are_told_the_conditions_of_their_photograph():
    classifier, patches = Told(), np.zeros((3, 1024), np.float32)
    conditions = np.float32([0.1, 0.05, 0, 1])
    found = probabilities_of(classifier, patches, conditions)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(classifier.conditions[0], np.tile(conditions, (3, 1)))
    probabilities_of(classifier, patches, None)
    assert classifier.conditions[1] is None
    # A classifier of scikit-learn is not told any.
    dummy = DummyClassifier().fit(patches, ["a", "a", "b"])
    np.testing.assert_array_equal(
        probabilities_of(dummy, patches, conditions),
        dummy.predict_proba(patches).astype(np.float32),
    )


def test_a_classifier_of_known_reliability_gives_its_word():
    classifier = Told()
    sigmas = np.array([0.0, 1.0, 2.0], np.float32)
    sure, texture = np.float32([[0, 0, 1], [1, 0, 0]]), np.float32([0.2, 0.2])
    conditions = np.float32([0.002, 0.001, 0, 1])
    weight = judge_trust(sure, sigmas, sigmas[[0, 0]], texture, classifier)

    def final(trust, detail=texture, varies=(0, 0)):
        return final_confidence(
            trust, detail, conditions, classifier, lambda: np.float32(varies)
        )

    found = final(weight)
    np.testing.assert_array_equal(found, weight)
    classifier.reliability_ = np.array([-1.0, 1.0, 0.0, 0.0])
    word = judge_trust(sure, sigmas, sigmas[[0, 0]], texture, classifier)
    assert word[0] == 0
    assert word[1] > 0.5
    found = final(word)
    assert found[0] < 0.02
    assert found[1] == pytest.approx(
        1 / (1 + np.e * (1.01 - word[1]) / (0.01 + word[1]))
    )
    # Where all pixels are equal, nobody can know.
    assert final(word, np.zeros(2)).tolist() == [0, 0]
    # Four coefficients know nothing of neighbors; by five, a border is less sure.
    np.testing.assert_array_equal(final(word, varies=(0.5, 0.5)), found)
    classifier.reliability_ = np.array([-1.0, 1.0, 0.0, 0.0, -0.6])
    even, border = final(word), final(word, varies=(0.5, 0.5))
    assert even[1] > border[1] > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_size": 0}, "'patch_size' parameter of classify_windows must be an"),
        ({"step": 0}, "'step' parameter of classify_windows must be an int in"),
        ({"step": 33}, r"must be at most 'patch_size' \(32\), or pixels are left out"),
        ({"estimate": "median"}, "'estimate' parameter of classify_windows must be a"),
        ({"gray": np.zeros((40, 40, 3))}, r"gray must have shape \(H, W\); got shape"),
        ({"gray": np.full((40, 40), np.nan)}, "gray must be finite"),
        ({"gray": np.full((40, 40), 7.0)}, r"gray must be float in \[0, 1\]"),
    ],
)
def test_refuses_parameters_and_images(changes, message):
    classifier = DummyClassifier().fit(np.zeros((1, 1024)), [3])
    parameters = {"gray": np.zeros((40, 40)), "sigmas": [0.7], **changes}
    with pytest.raises(ValueError, match=message):
        classify_windows(classifier=classifier, **parameters)
