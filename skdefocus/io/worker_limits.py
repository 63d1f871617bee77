"""How long a decoder may work in its process, and how much memory it may take.

Both grow with what a header says and has been accepted, and both are wide: on one busy
core the slowest decoder, of JPEG 2000 with 16 bits, needs a sixth of the time, and the
greediest, of OpenEXR, less than half of the memory. They are there for decoders that
never end.
"""

from __future__ import annotations

import os

__all__ = ["BYTES_PER_PIXEL", "most_bytes", "most_seconds"]

# To start, and to find out what a file is.
_SECONDS, _PIXELS_PER_SECOND = 60.0, 200_000
# Python and the libraries; each core has threads of its own, with their stacks.
_BASE_BYTES, _BYTES_PER_CORE = 2 * 2**30, 64 * 2**20
# Copies that a decoder holds at a time of what it decodes and of the file.
_COPIES = 4
# What a pixel takes that is decoded to up to four channels of up to four bytes, and
# what decoders keep beside it.
BYTES_PER_PIXEL = 40


def most_seconds(n_pixels: int) -> float:
    """Give the seconds that a decoder may take.

    Parameters
    ----------
    n_pixels : int
        What the header says; 0 as long as that is not known.

    Returns
    -------
    float
        A minute, and 5 seconds more for each megapixel.

    Examples
    --------
    >>> from skdefocus.io.worker_limits import most_seconds
    >>> most_seconds(0), most_seconds(100_000_000)
    (60.0, 560.0)
    """
    return _SECONDS + n_pixels / _PIXELS_PER_SECOND


def most_bytes(n_bytes: int) -> int:
    """Give the bytes of memory that a decoder may take, with its process.

    Parameters
    ----------
    n_bytes : int
        What the file and the pixels take.

    Returns
    -------
    int
        Four times that, 2 GiB for the process, and 64 MiB for each core.
    """
    return _BASE_BYTES + _BYTES_PER_CORE * (os.cpu_count() or 1) + _COPIES * n_bytes
