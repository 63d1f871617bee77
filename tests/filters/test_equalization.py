from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdefocus.filters import adaptive_equalization
from tests.strategies import gray_images


def spread_by_hand(shares, limit):
    """Pour out what is cut off, a little at a time, over the bins below the limit."""
    cut = np.minimum(shares, limit)
    excess = 1 - cut.sum()
    while excess > 1e-9:
        free = cut < limit - 1e-12
        part = min(excess / free.sum(), (limit - cut[free]).min())
        cut[free] += part
        excess -= part * free.sum()
    return cut


def map_value(values, value, limit, n_bins):
    """Gray value to which one tile maps one value."""
    index = np.minimum((values * n_bins).astype(int), n_bins - 1)
    shares = np.bincount(index.ravel(), minlength=n_bins) / index.size
    edges = np.concatenate([[0], np.cumsum(spread_by_hand(shares, limit))])
    return np.interp(value * n_bins, np.arange(n_bins + 1), edges)


def brute_force(image, clip_limit, n_tiles, n_bins):
    height, width = image.shape
    rows, columns = -(-height // n_tiles), -(-width // n_tiles)
    padding = ((0, rows * n_tiles - height), (0, columns * n_tiles - width))
    padded = np.pad(image, padding, mode="symmetric")
    limit = 1 / n_bins + clip_limit * (1 - 1 / n_bins)
    result = np.zeros(image.shape)
    for y, x in np.ndindex(image.shape):
        for i, j in np.ndindex(n_tiles, n_tiles):
            tile = padded[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
            # The weight of a tile falls linearly from its center to the next one's.
            distances = (y + 0.5) / rows - 0.5 - i, (x + 0.5) / columns - 0.5 - j
            weight = 1.0
            for distance, k in zip(distances, (i, j), strict=True):
                outermost = (k == 0 and distance < 0) or (
                    k == n_tiles - 1 and distance > 0
                )
                weight *= 1 if outermost else max(0, 1 - abs(distance))
            if weight:
                result[y, x] += weight * map_value(tile, image[y, x], limit, n_bins)
    return result


@pytest.mark.parametrize(
    ("shape", "n_tiles"), [((12, 16), 4), ((11, 13), 2), ((3, 5), 4), ((9, 9), 1)]
)
@pytest.mark.parametrize("clip_limit", [0.0, 0.01, 0.2, 1.0])
def test_against_brute_force(shape, n_tiles, clip_limit):
    image = 0.3 + 0.3 * np.random.default_rng(1).random(shape) ** 2
    found = adaptive_equalization(image, clip_limit, n_tiles=n_tiles, n_bins=16)
    expected = brute_force(image.astype(np.float32), clip_limit, n_tiles, 16)
    np.testing.assert_allclose(found, expected, atol=2e-6)


@given(gray_images(np.float32), st.integers(1, 9))
def test_no_limit_at_0_is_the_identity(image, n_tiles):
    found = adaptive_equalization(image, 0.0, n_tiles=n_tiles)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, image, atol=1e-5)


@given(gray_images(np.float32), st.floats(0, 1))
def test_stays_in_range_and_flips(image, clip_limit):
    found = adaptive_equalization(image, clip_limit, n_tiles=1)
    assert (found >= 0).all()
    assert (found <= 1).all()
    flipped = adaptive_equalization(image[::-1], clip_limit, n_tiles=1)
    np.testing.assert_allclose(flipped, found[::-1], atol=1e-6)


def test_one_tile_without_limit_equalizes():
    image = np.random.default_rng(0).random((60, 60)) ** 3
    found = adaptive_equalization(image, 1.0, n_tiles=1)
    np.testing.assert_allclose(
        np.quantile(found, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.01
    )


def test_agrees_with_scikit_image_where_both_do_the_same():
    exposure = pytest.importorskip("skimage.exposure")
    image = np.random.default_rng(0).random((64, 64)) ** 2
    image[0, 0], image[-1, -1] = 0, 1  # its range is stretched to [0, 1]
    expected = exposure.equalize_adapthist(image, kernel_size=16, clip_limit=1.0)
    found = adaptive_equalization(image, 1.0, n_tiles=4)
    # scikit-image maps whole bins and stretches the result once more.
    assert abs(found - expected).mean() < 0.03
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999


def test_contrast_grows_with_the_limit():
    dull = 0.4 + 0.1 * np.random.default_rng(0).random((64, 64))
    spreads = [adaptive_equalization(dull, c).std() for c in (0, 5e-4, 0.01, 0.1, 1)]
    assert (np.diff(spreads) > 0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clip_limit": 1.5}, "'clip_limit' parameter of adaptive_equalization"),
        ({"n_tiles": 0}, "'n_tiles' parameter"),
        ({"n_bins": 2.5}, "'n_bins' parameter"),
    ],
)
def test_refuses_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        adaptive_equalization(np.zeros((4, 4)), **changes)


def test_refuses_color():
    with pytest.raises(ValueError, match=r"must be gray, .* got shape \(4, 4, 3\)"):
        adaptive_equalization(np.zeros((4, 4, 3)))
