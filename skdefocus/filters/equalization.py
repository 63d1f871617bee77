"""Contrast-limited adaptive histogram equalization (CLAHE) of float images.

scikit-image's stretches every image to its own range and OpenCV's rounds to 8 bits;
both would change an image that no contrast is asked for.
"""

from __future__ import annotations

import numpy as np

from .._shared.parameters import POSITIVE_INTEGER, UNIT_INTERVAL, checked
from .._shared.validation import to_float_image

__all__ = ["adaptive_equalization"]

# Halvings of the interval in which the level of the poured excess lies.
_HALVINGS = 40


@checked(
    clip_limit=[UNIT_INTERVAL],
    n_tiles=[POSITIVE_INTEGER],
    n_bins=[POSITIVE_INTEGER],
)
def adaptive_equalization(
    image: np.ndarray,
    clip_limit: float = 0.01,
    *,
    n_tiles: int = 8,
    n_bins: int = 256,
) -> np.ndarray:
    """Equalize the contrast of a gray image, tile by tile, up to a limit.

    In every tile the histogram is cut off at the limit, what is cut off is spread over
    the bins below it, and gray values are mapped by the cumulative sum. Between the
    centers of tiles their mappings are interpolated.

    Parameters
    ----------
    image : array-like of shape (H, W)
        uint8, uint16, or float in [0, 1].
    clip_limit : float, default=0.01
        From 0, which leaves the image as it is, to 1, which sets no limit: the share of
        a tile that one bin may hold beyond an even histogram's.
    n_tiles : int, default=8
        Tiles along each side.
    n_bins : int, default=256
        Bins of the histograms on [0, 1].

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not gray.

    References
    ----------
    Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV,
    1994. The scale of the limit is that of MATLAB's ``adapthisteq``.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import adaptive_equalization
    >>> dull = 0.4 + 0.1 * np.random.default_rng(0).random((64, 64))
    >>> bool(adaptive_equalization(dull, 0.05).std() > 2 * dull.std())
    True
    """
    image = to_float_image(image)
    if image.ndim != 2:
        raise ValueError(
            f"image must be gray, of shape (H, W); got shape {image.shape}."
        )
    mappings = _tile_mappings(image, clip_limit, n_tiles, n_bins)
    height, width = image.shape
    rows, row_share = _nearest_tiles(height, n_tiles)
    columns, column_share = _nearest_tiles(width, n_tiles)
    bins, bin_share = _bins(image, n_bins)
    result = np.empty_like(image)
    # Rows between two centers share their tiles: bands of bounded memory.
    for tile in np.unique(rows):
        band = rows == tile
        upper = mappings[tile]
        lower = mappings[min(tile + 1, n_tiles - 1)]
        share = row_share[band, np.newaxis]
        index, within = bins[band], bin_share[band]
        left = _look_up(upper, lower, share, columns, index, within)
        neighbors = np.minimum(columns + 1, n_tiles - 1)
        right = _look_up(upper, lower, share, neighbors, index, within)
        result[band] = left + column_share * (right - left)
    equalized: np.ndarray = np.clip(result, 0, 1)
    return equalized


def _nearest_tiles(length: int, n_tiles: int) -> tuple[np.ndarray, np.ndarray]:
    """Tile whose center lies before each pixel, and the share of the next one."""
    size = -(-length // n_tiles)
    position = np.clip((np.arange(length) + 0.5) / size - 0.5, 0, n_tiles - 1)
    tile = position.astype(np.intp)
    return tile, (position - tile).astype(np.float32)


def _bins(image: np.ndarray, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    position = image * np.float32(n_bins)
    index = np.minimum(position.astype(np.intp), n_bins - 1)
    return index, (position - index).astype(np.float32)


def _look_up(
    upper: np.ndarray,
    lower: np.ndarray,
    share: np.ndarray,
    columns: np.ndarray,
    index: np.ndarray,
    within: np.ndarray,
) -> np.ndarray:
    """Map a band of pixels by its upper and lower tiles, mixed by their share."""
    start = upper[columns, index] * (1 - share) + lower[columns, index] * share
    index = index + 1
    end = upper[columns, index] * (1 - share) + lower[columns, index] * share
    mapped: np.ndarray = start + within * (end - start)
    return mapped


def _tile_mappings(
    image: np.ndarray, clip_limit: float, n_tiles: int, n_bins: int
) -> np.ndarray:
    """Gray value to which each edge of a bin is mapped: (tiles, tiles, bins + 1)."""
    height, width = image.shape
    rows, columns = -(-height // n_tiles), -(-width // n_tiles)
    padding = ((0, rows * n_tiles - height), (0, columns * n_tiles - width))
    bins = _bins(np.pad(image, padding, mode="symmetric"), n_bins)[0]
    tiles = bins.reshape(n_tiles, rows, n_tiles, columns).swapaxes(1, 2)
    counts = np.stack(
        [
            np.bincount(tile.ravel(), minlength=n_bins)
            for tile in tiles.reshape(n_tiles**2, rows, columns)
        ]
    )
    shares = counts / (rows * columns)
    limit = 1 / n_bins + clip_limit * (1 - 1 / n_bins)
    shares = _spread_excess(shares, limit)
    mapping = np.zeros((n_tiles**2, n_bins + 1))
    np.cumsum(shares, axis=1, out=mapping[:, 1:])
    return mapping.reshape(n_tiles, n_tiles, n_bins + 1).astype(np.float32)


def _spread_excess(shares: np.ndarray, limit: float) -> np.ndarray:
    """Cut histograms off at a limit and raise all bins alike, up to it, to sum to 1."""
    low = np.zeros((len(shares), 1))
    high = np.full((len(shares), 1), limit)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_much = np.minimum(shares + middle, limit).sum(axis=1, keepdims=True) > 1
        low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
    return np.minimum(shares + low, limit)
