"""The compiled kernels, where they can be had."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np

__all__ = ["compiled", "for_reading", "kernels_for"]


@lru_cache(maxsize=1)
def compiled() -> ModuleType | None:
    """Import the kernels once, on first use: numba takes a moment.

    Returns
    -------
    module or None
        `skdefocus.filters.kernels`; None without numba, or where there is no folder
        that its cache may be written to: compiling takes longer than one photograph.
    """
    try:
        from . import kernels
    except ImportError:
        return None
    except RuntimeError as error:
        # Numba's way to say that its cache has no place.
        if "cache" not in str(error):
            raise
        return None
    return kernels


def kernels_for(*arrays: np.ndarray) -> ModuleType | None:
    """Give the kernels for what a filter works on.

    Parameters
    ----------
    *arrays : ndarray
        All that it reads.

    Returns
    -------
    module or None
        None unless all are float32, and where `compiled` gives None.
    """
    single = all(array.dtype == np.float32 for array in arrays)
    return compiled() if single else None


def for_reading(array: np.ndarray) -> np.ndarray:
    """Give an array as kernels take what they only read.

    Parameters
    ----------
    array : ndarray
        Any; it stays as it is.

    Returns
    -------
    ndarray
        Contiguous and read-only, always: for each kind of array a kernel would be
        compiled again.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
