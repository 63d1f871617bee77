"""Local binary patterns, and how many of them are busy (Yi and Eramian 2016)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..._shared.parameters import NON_NEGATIVE_REAL, POSITIVE_INTEGER, checked
from ..._shared.validation import to_float_image, to_gray

__all__ = ["PATTERN_THRESHOLD", "busy_patterns", "lbp_sharpness"]

PATTERN_THRESHOLD = [NON_NEGATIVE_REAL]
# Neighbors at a radius of 1 px, in turn around the center: rows, columns.
_DIAGONAL = np.sqrt(0.5)
_RING = (
    *((0, 1), (-_DIAGONAL, _DIAGONAL), (-1, 0), (-_DIAGONAL, -_DIAGONAL)),
    *((0, -1), (_DIAGONAL, -_DIAGONAL), (1, 0), (_DIAGONAL, _DIAGONAL)),
)


@checked(size=[POSITIVE_INTEGER], threshold=PATTERN_THRESHOLD)
def lbp_sharpness(
    image: np.ndarray, size: int = 11, threshold: float = 0.025
) -> np.ndarray:
    """Share of busy local binary patterns in the window around every pixel.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    size : int, default=11
        Side of the window, in pixels.
    threshold : float, default=0.025
        By how much a neighbor must be brighter than the center to count (T), at least
        0, with gray in [0, 1].

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is sharper.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.

    Notes
    -----
    Each pixel is compared with its 8 neighbors at 1 px, those on diagonals by bilinear
    interpolation. With at most two changes between brighter and not on the way around,
    the pattern's code is the number of brighter neighbors, from 0 to 8; otherwise it
    is 9. Blur makes codes from 6 to 9 rare: they are counted. Time does not depend on
    ``size``.

    References
    ----------
    Yi and Eramian, "LBP-based segmentation of defocus blur", TIP 25(4), 2016, sec. III.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.peers import lbp_sharpness
    >>> holes = np.ones((30, 30))
    >>> holes[::2, ::2] = 0  # a quarter is darker than all its neighbors
    >>> round(float(lbp_sharpness(holes, size=10)[15, 15]), 2)
    0.25
    """
    busy = busy_patterns(to_gray(to_float_image(image)), threshold)
    share = ndimage.uniform_filter(busy.astype(np.float32), size, mode="reflect")
    sharpness: np.ndarray = np.clip(share, 0, 1)
    return sharpness


def busy_patterns(gray: np.ndarray, threshold: float) -> np.ndarray:
    """Find pixels whose uniform rotation-invariant LBP(8, 1) is 6, 7, 8 or 9.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        In [0, 1].
    threshold : float
        By how much a neighbor must be brighter to count.

    Returns
    -------
    ndarray of shape (H, W), bool
        True there.
    """
    padded = np.pad(gray, 1, mode="edge")
    height, width = gray.shape
    brighter = []
    for down, across in _RING:
        neighbor = np.zeros_like(gray)
        # Weights of the four pixels around the point on the ring.
        for row, row_share in _between(down):
            for column, column_share in _between(across):
                part = padded[1 + row :, 1 + column :][:height, :width]
                neighbor += np.float32(row_share * column_share) * part
        brighter.append(neighbor - gray > threshold)
    ring = np.stack(brighter)
    count = ring.sum(axis=0, dtype=np.uint8)
    changes = (ring != np.roll(ring, 1, axis=0)).sum(axis=0, dtype=np.uint8)
    busy: np.ndarray = (count >= 6) | (changes > 2)
    return busy


def _between(offset: float) -> list[tuple[int, float]]:
    """Give the whole offsets around one, with their shares."""
    lower = int(np.floor(offset))
    share = offset - lower
    return [(lower, 1 - share), (lower + 1, share)] if share else [(lower, 1.0)]
