"""Patches that tests watch being read."""

from __future__ import annotations

import numpy as np


class Lazy:
    """Patches that can only be read by ascending rows; notes how many at a time."""

    def __init__(self, X):
        self._X = X
        self.shape, self.dtype = X.shape, X.dtype
        self.sizes = []

    def __len__(self):
        return len(self._X)

    def __getitem__(self, rows):
        assert isinstance(rows, np.ndarray)
        assert (np.diff(rows) > 0).all()
        self.sizes.append(len(rows))
        return self._X[rows]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("all of X was read")
