from __future__ import annotations

import numpy as np
import pytest
from scipy import fft, ndimage, special

from skdefocus import HiFSTMapper
from skdefocus._shared.threads import limited_threads
from skdefocus.filters import blur
from skdefocus.mapping.peers import golestaneh, hifst_map
from skdefocus.mapping.peers.golestaneh import _fused_layers, _high_frequencies


def by_definition(gradient, sizes, step, contrast):
    """Block by block, coefficient by coefficient."""
    reach = max(sizes) // 2 + step
    padded = np.pad(gradient, reach, mode="symmetric")
    shape = [-(-n // step) for n in gradient.shape]
    score = np.zeros(shape)
    for i, j in np.ndindex(*shape):
        y, x = i * step + step // 2 + reach, j * step + step // 2 + reach
        values = []
        for size in sizes:
            half = size // 2
            block = padded[y - half : y + half + 1, x - half : x + half + 1]
            matrix = fft.dct(np.eye(size), axis=0, norm="ortho")
            coefficients = matrix @ block.astype(np.float64) @ matrix.T
            values += [
                abs(coefficients[u, v])
                for u, v in np.ndindex(size, size)
                if u + v >= size - 1
            ]
        layers = np.sort(values)[: 1 + sum(sizes)]
        places = (np.arange(len(layers)) + 0.5) / len(values)
        # Half-normal quantiles, by the error function.
        expected = contrast * np.sqrt(2) * special.erfinv(places)
        score[i, j] = np.log1p(layers / expected).mean() / np.log1p(1 / contrast)
    return np.minimum(score, 1)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("step", [1, 3, 4])
@pytest.mark.parametrize("portion", [1, 2**24])
def test_layers_by_definition(compiled, step, portion, monkeypatch):
    if not compiled:
        monkeypatch.setattr(golestaneh, "compiled", lambda: None)
    gradient = np.random.default_rng(0).random((9, 14)).astype(np.float32) / 10
    result = _fused_layers(gradient, (3, 7), step, 0.01, most_values=portion)
    np.testing.assert_allclose(
        result, by_definition(gradient, (3, 7), step, 0.01), rtol=1e-4
    )


def test_kernels_and_numpy_agree_in_every_size(texture, monkeypatch):
    fast = hifst_map(texture, step=7)
    monkeypatch.setattr(golestaneh, "compiled", lambda: None)
    np.testing.assert_allclose(fast, hifst_map(texture, step=7), atol=1e-5)


@pytest.mark.parametrize("step", [1, 8])
def test_threads_change_no_bit(texture, step):
    with limited_threads(1):
        alone = hifst_map(texture[:40], sizes=(7, 15), step=step)
    with limited_threads(3):
        np.testing.assert_array_equal(
            hifst_map(texture[:40], sizes=(7, 15), step=step), alone
        )


def test_every_size_adds_half_of_its_coefficients():
    gradient = np.zeros((8, 8), np.float32)
    padded = np.pad(gradient, 31, mode="symmetric")
    for size in (7, 15, 31, 63):
        values = _high_frequencies(padded, 31, np.array([31, 35]), size)
        assert values.shape == (2, size * (size + 1) // 2)


def test_blur_raises_the_score(texture):
    scores = [hifst_map(blur(texture, sigma)).mean() for sigma in (0, 0.7, 1.5, 3, 6)]
    assert np.all(np.diff(scores) > 0.002)


def test_the_score_follows_the_photograph(texture):
    half = texture.shape[1] // 2
    image = texture.copy()
    image[:, half:] = blur(texture, 4.0)[:, half:]
    score = hifst_map(image)
    assert score.dtype == np.float32
    assert score.shape == image.shape[:2]
    assert score[:, : half - 20].mean() < score[:, half + 20 :].mean() - 0.1
    # No scaling by the photograph's own range: a part has the score of the whole.
    alone = hifst_map(texture)
    inside = np.s_[40:-40, 40 : half - 50]
    np.testing.assert_allclose(score[inside], alone[inside], atol=0.02)


def test_flat_and_tiny_photographs():
    assert hifst_map(np.full((40, 50), 0.4)).min() == pytest.approx(1, abs=1e-3)
    for shape in ((1, 1), (2, 9), (5, 3, 3)):
        result = hifst_map(np.random.default_rng(1).random(shape))
        assert result.shape == shape[:2]
        assert 0 <= result.min() <= result.max() <= 1


def test_gradients_are_those_of_half_a_pixel(texture):
    gradient = ndimage.gaussian_gradient_magnitude(texture, 0.5, mode="reflect")
    expected = 1 - _fused_layers(gradient.astype(np.float32), (7,), 1, 0.003)
    result = hifst_map(texture, sizes=(7,), step=1)
    # Smoothing along edges changes no mean.
    assert result.mean() == pytest.approx(expected.mean(), abs=5e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": ()}, "'sizes' parameter of hifst_map must name a size"),
        ({"sizes": (7, 8)}, "must hold odd sides. Got 8"),
        ({"sizes": (0,)}, "'sizes' parameter of hifst_map must be an int"),
        ({"sizes": 7}, "'sizes' parameter of hifst_map must be an instance"),
        ({"step": 0}, "'step' parameter of hifst_map"),
        ({"contrast": 0.0}, "'contrast' parameter of hifst_map"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        hifst_map(np.zeros((20, 20)), **changes)
    with pytest.raises(ValueError, match=message.replace("hifst_map", "HiFSTMapper")):
        HiFSTMapper(**changes).transform([np.zeros((20, 20))])
