from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus.filters import blur
from skdefocus.metrics import psnr, ssim

BOTH = [psnr, ssim]


@pytest.fixture(autouse=True)
def _scikit_image():
    pytest.importorskip("skimage", reason="the extra 'compare' brings it")


def pair(seed=0, shape=(24, 30, 3)):
    rng = np.random.default_rng(seed)
    image = rng.random(shape)
    return image, np.clip(image + rng.normal(0, 0.1, shape), 0, 1)


def ssim_by_hand(one, other):
    """The formula of Wang et al. in one channel, without a border of half a window."""
    mean = lambda x: ndimage.gaussian_filter(x, 1.5, truncate=3.5)  # noqa: E731
    m1, m2 = mean(one), mean(other)
    v1, v2 = mean(one**2) - m1**2, mean(other**2) - m2**2
    covariance = mean(one * other) - m1 * m2
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * m1 * m2 + c1) * (2 * covariance + c2)
    similarity /= (m1**2 + m2**2 + c1) * (v1 + v2 + c2)
    return similarity[5:-5, 5:-5].mean()


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30))
def test_psnr_is_the_formula(seed, height, width):
    image, answer = pair(seed, (height, width))
    error = np.mean((image.astype(np.float32) - answer.astype(np.float32)) ** 2)
    assert psnr([image], [answer]) == pytest.approx(-10 * np.log10(error), rel=1e-4)


@given(st.integers(0, 1000))
def test_ssim_is_the_formula_in_every_channel(seed):
    image, answer = pair(seed)
    channels = [ssim_by_hand(image[..., c], answer[..., c]) for c in range(3)]
    assert ssim([image], [answer]) == pytest.approx(np.mean(channels), abs=1e-5)
    gray = ssim([image[..., 0]], [answer[..., 0]])
    assert gray == pytest.approx(channels[0], abs=1e-5)


def test_by_hand():
    gray = np.full((20, 20), 100, dtype=np.uint8)
    expected = 20 * np.log10(255 / 5)
    assert psnr([gray], [gray + 5]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("metric", BOTH)
def test_equal_photographs(metric):
    image, _ = pair()
    best = {psnr: np.inf, ssim: 1.0}[metric]
    assert metric([image], [image]) == best
    levels = np.rint(image * 255).astype(np.uint8)
    assert metric([levels], [levels.astype(np.float32) / 255]) == best


@pytest.mark.parametrize("metric", BOTH)
def test_falls_with_blur(metric, photo):
    scores = [metric([photo], [blur(photo, sigma)]) for sigma in (0.5, 1, 2, 4)]
    assert (np.diff(scores) < 0).all()


@pytest.mark.parametrize("metric", BOTH)
def test_mean_over_photographs_of_different_sizes(metric):
    (a, b), (c, d) = pair(1, (40, 50)), pair(2, (12, 15, 3))
    found = metric([a, c], [b, d])
    assert found == pytest.approx((metric([a], [b]) + metric([c], [d])) / 2)


@pytest.mark.parametrize("metric", BOTH)
def test_names_the_photograph(metric):
    image, answer = pair()
    with pytest.raises(
        ValueError,
        match=r"^restored\[1\] must have the shape of its reference, \(24, 30, 3\); "
        r"got shape \(24, 30\)\.$",
    ):
        metric([image, image], [answer, answer[..., 0]])
    with pytest.raises(
        ValueError, match=r"^restored must hold one photograph for ever"
    ):
        metric([image, image], [answer])
    with pytest.raises(ValueError, match=r"^images\[0\] must be float in \[0, 1\]"):
        metric([image * 255], [answer])
    with pytest.raises(ValueError, match=r"^restored\[0\] must be finite"):
        metric([image], [answer * np.nan])
    with pytest.raises(ValueError, match="wrap one photograph in a list"):
        metric(image, answer)


def test_ssim_needs_a_window():
    small = np.zeros((10, 40))
    with pytest.raises(
        ValueError, match=r"images\[0\] must be at least 11 pixels high"
    ):
        ssim([small], [small])


@pytest.mark.parametrize("metric", BOTH)
def test_names_the_extra_without_scikit_image(metric, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ImportError, match=r"pip install 'skdefocus\[compare\]'\.$"):
        metric([np.zeros((20, 20))], [np.zeros((20, 20))])
