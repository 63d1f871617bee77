"""Conditions of a photograph: what its pixels went through besides the lens.

Texture that is as fine as the noise says nothing about blur, and neither does the grid
of JPEG. A network that is told how strong both are can tell them from texture.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.stats import chi2

from .._shared.gray_rows import GrayRows
from .._shared.parameters import NON_NEGATIVE_REAL, checked
from .._shared.validation import check_gray

__all__ = [
    "CLEAN",
    "block_edges",
    "clean_conditions",
    "measure_conditions",
    "pixel_noise",
    "span_of",
]

# What rounding to one level adds, as a standard deviation, in levels.
_ROUNDING = 12**-0.5
# Blocks of diagonal details, and the quantile over them: so low that texture hardly
# counts, and right for pure noise after division by what it is there.
_BLOCK = 4
_QUANTILE = 0.002
_FEWEST_BLOCKS = 20
# Share of the range of a photograph that is less than 16 bits can tell.
_NOTHING = 1e-6
# Share of the range of a photograph, at both ends, in which values may be clipped.
_CLIPPED = 0.013
# Noise that a camera has smoothed is as strong as this multiple of it at half size.
_SMOOTHED = 1.5
# Quantiles between which the span of a photograph lies, and the least span: that of one
# level of 12 bits.
_ENDS = (0.005, 0.995)
_LEAST_SPAN = 1 / 4095
# Side of JPEG's blocks, in pixels.
_JPEG_BLOCK = 8
# Pixels that are looked at: bands of a larger photograph, at equal distances.
_MOST_PIXELS = 2**22
_BAND = 64
# Share of a row or column that must be of one value for it to belong to a bar or frame,
# and how far from it, as a share of the range, still is the same value: half a level.
_OF_ONE_VALUE = 0.95
_SAME = 0.5 / 255

# Noise at full and at half size, strength of JPEG's blocks, and span of a photograph
# of 8 bits without noise.
CLEAN = (_ROUNDING / 255, _ROUNDING / 2 / 255, 0.0, 1.0)


def clean_conditions(n: int) -> np.ndarray:
    """Conditions of patches of which nothing is known: those of a clean photograph.

    Parameters
    ----------
    n : int
        Number of patches.

    Returns
    -------
    ndarray of shape (n, 4), float32
        As `measure_conditions` gives them.

    Examples
    --------
    >>> from skdefocus.filters.conditions import clean_conditions
    >>> clean_conditions(2).shape
    (2, 4)
    """
    return np.tile(np.array(CLEAN, np.float32), (n, 1))


@checked(rounding=[NON_NEGATIVE_REAL])
def measure_conditions(
    gray: np.ndarray | GrayRows, rounding: float = 0.0
) -> np.ndarray:
    """Measure noise, compression and span of a photograph.

    All four scale with the photograph: that of half the contrast has half of each. Bars
    and frames of one value, and values that are clipped, are left out.

    Parameters
    ----------
    gray : array-like of shape (H, W), float, or GrayRows
        Gray in [0, 1], of any size from 1 x 1; noise may leave that range.
    rounding : float, default=0.0
        Distance between neighboring values that the photograph can hold: 1/255 for 8
        bits, 0 for floats.

    Returns
    -------
    ndarray of shape (4,), float32
        Standard deviation of the noise, and of the noise of the photograph at half its
        size; mean strength of the edges of JPEG's blocks; and span, the distance of the
        0.5th from the 99.5th percentile.

    Raises
    ------
    ValueError
        For a negative rounding, or an image that is not gray, not float or not finite.

    See Also
    --------
    noise_deviation : The noise of chosen pixels, such as those that are blurred.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import measure_conditions
    >>> ramp = np.tile(np.linspace(0.2, 0.8, 200, dtype=np.float32), (200, 1))
    >>> noise = np.random.default_rng(0).normal(0, 0.02, ramp.shape)
    >>> found = measure_conditions((ramp + noise).astype(np.float32))
    >>> [round(float(value), 2) for value in found]
    [0.02, 0.01, 0.0, 0.63]
    """
    if not isinstance(gray, GrayRows):
        gray = check_gray(gray)
    seen = _without_frame(_sample(gray))
    span = max(span_of(seen), _LEAST_SPAN)
    # Of floats, too, no less is believed than rounding adds to a clean photograph: the
    # networks have seen no less.
    least = _ROUNDING * max(rounding, span / 255)
    full, half = _noise(seen)
    found = max(full, least), max(half, least / 2), block_edges(seen), span
    return np.array(found, np.float32)


def pixel_noise(full: float | np.ndarray, half: float | np.ndarray) -> np.ndarray:
    """Give the standard deviation of the noise of pixels, whether or not it is smooth.

    Parameters
    ----------
    full, half : float or ndarray
        Noise at full and at half size, from `measure_conditions`. The former is told by
        diagonal details, of which smooth noise has few.

    Returns
    -------
    ndarray
        On the same scale.
    """
    noise: np.ndarray = np.maximum(full, np.multiply(_SMOOTHED, half))
    return noise


def span_of(gray: np.ndarray) -> float:
    """Distance of the 0.5th from the 99.5th percentile of gray.

    Parameters
    ----------
    gray : ndarray of shape (H, W)
        Of any values; of a large image some rows are looked at.

    Returns
    -------
    float
        On the scale of the image.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters.conditions import span_of
    >>> round(span_of(np.linspace(0.2, 0.7, 1001).reshape(7, 143)), 3)
    0.495
    """
    rows = gray[:: 1 + gray.size // 2**20]
    return float(np.ptp(np.quantile(rows, _ENDS)))


def _sample(gray: np.ndarray | GrayRows) -> np.ndarray:
    """Give a photograph, or of a large one bands at equal distances, one below another.

    They begin with a JPEG block if the photograph does.
    """
    read = gray.rows if isinstance(gray, GrayRows) else lambda a, b: gray[a:b]
    height, width = gray.shape
    n_bands = max(1, _MOST_PIXELS // (width * _BAND))
    if height <= n_bands * _BAND:
        return read(0, height)
    firsts = np.linspace(0, height - _BAND, n_bands).astype(int)
    firsts -= firsts % _JPEG_BLOCK
    return np.concatenate([read(first, first + _BAND) for first in firsts])


def _without_frame(gray: np.ndarray) -> np.ndarray:
    """Cut off rows and columns of one value, such as bars of films and frames."""
    bounds = []
    same = _SAME * float(np.ptp(gray))
    for lines in (gray, gray.T):
        middle = np.median(lines, axis=1, keepdims=True)
        plain = np.mean(np.abs(lines - middle) <= same, axis=1) >= _OF_ONE_VALUE
        kept = np.flatnonzero(~plain)
        bounds.append(slice(kept[0], kept[-1] + 1) if len(kept) else slice(None))
    return gray[bounds[0], bounds[1]]


def _noise(gray: np.ndarray) -> tuple[float, float]:
    """Estimate the noise at full and at half size from the flattest blocks."""
    low, high = float(gray.min()), float(gray.max())
    clipped = _CLIPPED * (high - low)
    found = []
    for _ in range(2):
        deviations, gray = _block_deviations(gray, low + clipped, high - clipped)
        noise = 0.0
        if len(deviations) >= _FEWEST_BLOCKS:
            # Few blocks tell no lower quantile than that of the least of them.
            share = max(_QUANTILE, 2 / (3 * len(deviations) + 1))
            least = np.quantile(deviations, share, method="median_unbiased")
            noise = float(least) / _of_pure_noise(share)
        found.append(noise)
    return found[0], found[1]


@lru_cache(maxsize=64)
def _of_pure_noise(share: float) -> float:
    """Quantile of the deviations of blocks of noise of deviation 1."""
    return float(np.sqrt(chi2.ppf(share, _BLOCK**2 - 1) / _BLOCK**2))


def _block_deviations(
    gray: np.ndarray, darkest: float, brightest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Deviation of the diagonal details of each block, and the image at half size."""
    height, width = (length // 2 * 2 for length in gray.shape)
    a, b = gray[:height:2, :width:2], gray[:height:2, 1:width:2]
    c, d = gray[1:height:2, :width:2], gray[1:height:2, 1:width:2]
    half = (a + b + c + d) / 4
    blocks = _blocks((a - b - c + d) / 2)
    means = _blocks(half)
    low, high = means.min(axis=1), means.max(axis=1)
    deviations = blocks.std(axis=1)
    # A block of one value, or without any noise at all, is part of a caption, or noise
    # was rounded away.
    least = _NOTHING * (brightest - darkest)
    usable = (high < brightest) & (low > darkest) & (high > low) & (deviations > least)
    return deviations[usable], half


def _blocks(values: np.ndarray) -> np.ndarray:
    """Reshape to (n_blocks, 16), leaving out what fills no block."""
    rows, columns = (length // _BLOCK for length in values.shape)
    whole = values[: rows * _BLOCK, : columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    return blocks.reshape(rows * columns, _BLOCK**2)


def block_edges(gray: np.ndarray) -> float:
    """Measure by how much more values jump from one JPEG block to the next.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float
        Gray in [0, 1]. The blocks may begin at any pixel.

    Returns
    -------
    float
        Mean absolute step over the borders of blocks minus that elsewhere, on the
        scale of the image; large steps, of edges, are cut off at three times the median
        step. 0 for an image that is no wider than two blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters.conditions import block_edges
    >>> blocks = np.kron(np.random.default_rng(0).random((9, 9)), np.ones((8, 8)))
    >>> ramp = np.tile(np.linspace(0, 1, 72), (72, 1))
    >>> block_edges(0.9 * ramp + 0.1 * blocks) > 0.01, block_edges(ramp) < 1e-6
    (True, True)
    """
    if gray.shape[1] <= 2 * _JPEG_BLOCK:
        return 0.0
    # Along rows alone: a sample of a large photograph has seams from row to row.
    steps = np.abs(np.diff(gray, axis=1))
    steps = np.minimum(steps, 3 * np.median(steps))
    phases = [steps[:, first::_JPEG_BLOCK].mean() for first in range(_JPEG_BLOCK)]
    return float(max(phases) - np.median(phases))
