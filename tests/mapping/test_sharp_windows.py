from __future__ import annotations

import numpy as np
import pytest

from skdefocus import SlidingWindowMapper
from skdefocus._shared.gray_rows import GrayRows
from skdefocus._shared.sigma_scale import from_log_sigma, to_log_sigma
from skdefocus.filters import measure_conditions
from skdefocus.mapping import average_windows, classify_windows, count_windows
from skdefocus.mapping.sharp_windows import measure_sharp_windows


@pytest.fixture
def gray(photo):
    return (photo[:200, :340, 1] / 255).astype(np.float32)


def halves(gray, sigma, confidence=0.5):
    shape = gray.shape[0] // 2, gray.shape[1] // 2
    return np.full(shape, sigma, np.float32), np.full(shape, confidence, np.float32)


def measure(gray, half, classifier, **changes):
    settings = {"patch_size": 32, "step": 4, "estimate": "mean", **changes}
    conditions = measure_conditions(gray)
    sigmas = getattr(classifier, "sigmas_", None)
    return measure_sharp_windows(
        gray, *half, classifier, sigmas, conditions=conditions, **settings
    )


def test_what_is_blurred_at_half_the_size_is_taken_from_there(gray, shipped):
    sigma, confidence = measure(gray, halves(gray, 3.0, 0.7), shipped)
    assert sigma.shape == confidence.shape == gray.shape
    assert sigma.dtype == confidence.dtype == np.float32
    np.testing.assert_allclose(sigma, 6.0, rtol=1e-5)


@pytest.mark.parametrize(("step", "taken"), [(4, 16), (16, 16), (24, 24), (32, 32)])
@pytest.mark.parametrize("estimate", ["mean", "mode"])
def test_what_is_sharp_is_classified_in_windows(gray, shipped, step, taken, estimate):
    found, _ = measure(gray, halves(gray, 0.2), shipped, step=step, estimate=estimate)
    expected, _ = classify_windows(gray, shipped, step=taken, estimate=estimate)
    shape = [count_windows(n, 32, taken) for n in gray.shape]
    assert expected.shape == tuple(shape)
    # The first pixel is covered by the first window alone.
    assert found[0, 0] == pytest.approx(expected[0, 0], rel=1e-4)
    means = average_windows(
        to_log_sigma(expected) if estimate == "mean" else expected,
        gray.shape,
        32,
        taken,
    )
    if estimate == "mean":
        means = from_log_sigma(means)
    # One network run over the image, one over patches.
    np.testing.assert_allclose(np.median(found / np.maximum(means, 0.1)), 1, rtol=1e-3)


def test_only_windows_around_what_is_sharp_are_classified(gray, shipped):
    class Counting:
        sigmas_, reliability_ = shipped.sigmas_, None

        def __init__(self):
            self.n_patches = 0

        def predict_proba(self, patches):
            self.n_patches += len(patches)
            return shipped.predict_proba(patches)

    sigma, confidence = halves(gray, 3.0)
    sigma[:, :60] = 0.3
    counting = Counting()
    found, _ = measure(gray, (sigma, confidence), counting)
    n_down, n_across = (count_windows(n, 32, 16) for n in gray.shape)
    assert counting.n_patches == n_down * 7 < n_down * n_across
    np.testing.assert_allclose(found[:, 160:], 6.0, rtol=1e-5)
    assert np.abs(found[:, :90] - 6.0).min() > 0


def test_bands_of_rows_change_nothing(gray, shipped, monkeypatch):
    half = halves(gray, 0.2)
    whole = measure(gray, half, shipped)
    monkeypatch.setattr("skdefocus.mapping.sharp_windows._ROWS", 1)
    rows = measure(GrayRows(gray), half, shipped)
    for one, other in zip(whole, rows, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_where_the_half_shows_nothing_the_full_size_is_looked_at(gray, shipped):
    unclear, _ = measure(gray, halves(gray, 15.0, 0.01), shipped)
    sharp, _ = measure(gray, halves(gray, 0.2), shipped)
    np.testing.assert_array_equal(unclear, sharp)
    clear, _ = measure(gray, halves(gray, 15.0, 0.5), shipped)
    np.testing.assert_allclose(clear, 30, rtol=1e-5)


@pytest.mark.parametrize("shape", [(360, 540), (1500, 2200)])
def test_uniform_photographs_never_read_beyond_the_ladder(shape):
    flat = np.full(shape, 90, np.uint8)
    (sample,) = SlidingWindowMapper(step=16, estimate="mean", scale="auto").transform(
        [flat]
    )
    assert sample.blur_map.max() <= 19 * (1 + 1e-6)
    assert sample.confidence.max() < 0.05


def test_nothing_jumps_at_1600_pixels(photo):
    from PIL import Image

    means = []
    for width in (1600, 1601):
        size = width, round(photo.shape[0] * width / photo.shape[1])
        large = Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC)
        mapper = SlidingWindowMapper(step=8, estimate="mean", scale="auto")
        (sample,) = mapper.transform([np.asarray(large)])
        means.append(sample.blur_map.mean())
    assert means[1] == pytest.approx(means[0], rel=0.05)


def test_sharp_photographs_are_sharp_at_every_size(texture):
    # Repeated, not enlarged: it has the finest detail at every size.
    medians = []
    for width in (640, 1700, 3400):
        n_across = -(-width // (2 * texture.shape[1]))
        mirrored = np.concatenate([texture, texture[:, ::-1]], axis=1)
        wide = np.tile(mirrored, (1, n_across))[:, :width]
        (sample,) = SlidingWindowMapper(
            step=8, estimate="mean", scale="auto"
        ).transform([wide])
        medians.append(np.median(sample.blur_map))
    assert max(medians) < min(medians) + 0.1
