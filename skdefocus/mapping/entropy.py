"""EntropyMapper: entropy of grey levels as a classical measure of focus (sec. 4.1)."""

from __future__ import annotations

import numpy as np

from .._validation import (
    POSITIVE_INTEGER,
    check_parameters,
    to_float_image,
    to_grey,
)
from .window_score import WindowScoreMapper

__all__ = ["EntropyMapper", "entropy_map"]

_LEVELS = 256
# Bits of a window whose grey levels are all equally frequent.
_MOST_BITS = 8.0


def entropy_map(image: np.ndarray, patch_size: int = 16) -> np.ndarray:
    """Blur score of every pixel: one minus the entropy of the window around it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a colour image the grey is used.
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: 1 where all pixels of the window have the
        same of 256 grey levels, 0 where every level is as frequent as any other.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, or an image that is not one.

    Notes
    -----
    With share p of each grey level, the entropy is ``-sum(p * log2(p))``, at most 8
    bits. The histograms of a line of windows are differences of running sums over
    those of columns, which are kept up from line to line: time does not depend on
    ``patch_size``, and memory is that of 256 counts for each column.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping import entropy_map
    >>> stripes = np.indices((32, 32))[0] % 2 * 1.0  # two levels: 1 of 8 bits
    >>> float(entropy_map(stripes)[16, 16])
    0.875
    """
    check_parameters(
        {"patch_size": [POSITIVE_INTEGER]}, {"patch_size": patch_size}, "entropy_map"
    )
    grey = to_grey(to_float_image(image))
    levels = np.rint(grey * np.float32(_LEVELS - 1)).astype(np.uint8)
    before = patch_size // 2
    padded = np.pad(levels, (before, patch_size - 1 - before), mode="symmetric")
    n_pixels = patch_size**2
    counts = np.arange(n_pixels + 1, dtype=np.float64)
    # c * log2(c) of every count; 0 * log2(0) is 0.
    weighted = (counts * np.log2(np.maximum(counts, 1))).astype(np.float32)
    columns = np.arange(padded.shape[1])
    in_column = np.zeros((padded.shape[1], _LEVELS), dtype=np.int32)
    for line in padded[: patch_size - 1]:
        in_column[columns, line] += 1
    up_to = np.zeros((padded.shape[1] + 1, _LEVELS), dtype=np.int32)
    entropy = np.empty(grey.shape, dtype=np.float32)
    for row in range(grey.shape[0]):
        in_column[columns, padded[row + patch_size - 1]] += 1
        np.cumsum(in_column, axis=0, out=up_to[1:])
        in_window = up_to[patch_size:] - up_to[:-patch_size]
        entropy[row] = weighted[in_window].sum(axis=1)
        in_column[columns, padded[row]] -= 1
    bits = np.float32(np.log2(n_pixels)) - entropy / np.float32(n_pixels)
    return np.clip(1 - bits / np.float32(_MOST_BITS), 0, 1)


class EntropyMapper(WindowScoreMapper):
    """Score the blur of photographs by the entropy of their grey levels (sec. 4.1).

    Parameters
    ----------
    patch_size : int, default=16
        Side of the window around a pixel, in pixels.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    See Also
    --------
    LaplacianVarianceMapper, StandardDeviationMapper : The other classical measures.

    References
    ----------
    Galetto and Deng (2022), sec. 4.1.

    Examples
    --------
    >>> from skdefocus import EntropyMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = EntropyMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _function = staticmethod(entropy_map)
