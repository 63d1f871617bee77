"""Patches that stay where they are until they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["LazyPatches"]


class LazyPatches:
    """Rows of several arrays, read when they are indexed.

    It behaves as one read-only array of patches as far as training needs it: ``len``,
    ``shape``, ``dtype``, indexing along the first axis by a number, a slice, integers
    or a mask (further axes as usual), and ``np.asarray``, which reads everything.

    Parameters
    ----------
    sources : sequence of array-like of shape (n_k, size, size)
        Arrays, memory-mapped ones for example, of one dtype and patch size.
    rows : array-like of shape (n,), int, optional
        Which of their rows, counted through all sources. All by default.

    Attributes
    ----------
    shape : tuple of int
        (n, size, size).
    dtype : dtype
        That of the sources.
    ndim : int
        3.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches.lazy_patches import LazyPatches
    >>> first, second = np.zeros((2, 4, 4), np.uint8), np.ones((3, 4, 4), np.uint8)
    >>> both = LazyPatches([first, second])
    >>> both.shape, both[[4, 0]][:, 0, 0].tolist()
    ((5, 4, 4), [1, 0])
    """

    def __init__(self, sources: Sequence[Any], rows: Any = None) -> None:
        self._sources = tuple(sources)
        self._starts = np.cumsum([0, *(len(source) for source in self._sources)])
        self._rows = None if rows is None else np.asarray(rows, dtype=np.int64)
        n_rows = self._starts[-1] if rows is None else len(self._rows)
        self.shape = (int(n_rows), *self._sources[0].shape[1:])
        self.dtype = self._sources[0].dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LazyPatches(shape={self.shape}, dtype={self.dtype})"

    def __getitem__(self, key: Any) -> np.ndarray:
        key, *rest = key if isinstance(key, tuple) else (key,)
        # Slices, masks, negative numbers and errors as NumPy has them.
        rows = np.arange(len(self))[key]
        patches = self._read(np.atleast_1d(rows))
        if np.ndim(rows) == 0:
            return patches[(0, *rest)]
        return patches[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("LazyPatches can only become an array by a copy.")
        patches = self[:]
        return patches if dtype is None else patches.astype(dtype, copy=False)

    def _read(self, rows: np.ndarray) -> np.ndarray:
        if self._rows is not None:
            rows = self._rows[rows]
        patches = np.empty((len(rows), *self.shape[1:]), self.dtype)
        owners = np.searchsorted(self._starts, rows, side="right") - 1
        for index in np.unique(owners):
            mine = owners == index
            # HDF5 reads ascending rows only, and each once.
            wanted, places = np.unique(
                rows[mine] - self._starts[index], return_inverse=True
            )
            patches[mine] = self._sources[index][wanted][places]
        return patches
