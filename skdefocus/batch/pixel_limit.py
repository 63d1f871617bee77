"""The default limit on pixels, by the memory that the work takes."""

from __future__ import annotations

from .._shared.memory import available_memory
from ..io import DEFAULT_MAX_PIXELS

__all__ = ["default_max_pixels"]

# Measured with the recommended steps, rounded up: bytes for a process, for each pixel
# of a map, and for each pixel of every picture made of it.
_PROCESS_BYTES = 750 * 2**20
_MAP_BYTES = 90
_PICTURE_BYTES = 40
# However little memory there seems to be.
_LEAST_PIXELS = 1_000_000


def default_max_pixels(n_pictures: int, n_workers: int) -> int:
    """Find the largest photograph that memory allows.

    Parameters
    ----------
    n_pictures : int
        Pictures that are made of each map, the overview too.
    n_workers : int
        Photographs in work at the same time.

    Returns
    -------
    int
        Pixels, at most `skdefocus.io.DEFAULT_MAX_PIXELS`.

    Examples
    --------
    >>> from skdefocus.batch.pixel_limit import default_max_pixels
    >>> 1_000_000 <= default_max_pixels(2, 1) <= 200_000_000
    True
    """
    memory = available_memory()
    if memory is None:
        return DEFAULT_MAX_PIXELS
    per_pixel = _MAP_BYTES + _PICTURE_BYTES * n_pictures
    most = (memory // n_workers - _PROCESS_BYTES) // per_pixel
    return min(max(most, _LEAST_PIXELS), DEFAULT_MAX_PIXELS)
