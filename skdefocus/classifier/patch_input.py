"""What the classifier accepts: patches and levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..patches import PatchSet
from ..patches.ladders import same_ladder

__all__ = [
    "PatchReader",
    "check_levels",
    "check_patches",
    "chunks",
    "separate_ladder",
]

_CHUNK = 1024


class PatchReader:
    """Patches that are read a few at a time, whatever holds them.

    Parameters
    ----------
    source : array-like of shape (n, size, size) or (n, size * size)
        uint8 or float in [0, 1]; ``source[rows]`` gives the patches of ascending rows.
    size : int
        Side of a patch, in pixels.
    chunk : int, default=1024
        Patches read at a time where all are wanted.
    """

    def __init__(self, source: Any, size: int, chunk: int = _CHUNK) -> None:
        self._source = source
        self.size = size
        self.chunk = chunk
        self.dtype = np.dtype(source.dtype)

    def __len__(self) -> int:
        return len(self._source)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Read patches as they are stored.

        Parameters
        ----------
        rows : ndarray of shape (k,), int
            Ascending: that is the order in which a disk reads fast, and the only one
            that HDF5 allows.

        Returns
        -------
        ndarray of shape (k, size, size), uint8 or float
            The patches.
        """
        return np.asarray(self._source[rows]).reshape(-1, self.size, self.size)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Patches of ascending rows: (k, size, size), float32 in [0, 1]."""
        patches = self.read(rows).astype(np.float32, copy=False)
        return patches / np.float32(255) if self.dtype == np.uint8 else patches

    def __iter__(self) -> Iterator[np.ndarray]:
        """All patches, a chunk at a time, as `__getitem__` gives them."""
        return (self[rows] for rows in chunks(len(self), self.chunk))


def chunks(n: int, size: int = _CHUNK) -> Iterator[np.ndarray]:
    """Split rows into runs of about a thousand: 1 MB of uint8 patches of 32 x 32.

    Parameters
    ----------
    n : int
        Number of rows.
    size : int, default=1024
        Longest run.

    Yields
    ------
    ndarray of int
        Ascending rows, from 0 to ``n - 1``.
    """
    for start in range(0, n, size):
        yield np.arange(start, min(n, start + size))


def _as_source(X: Any) -> Any:
    """Leave alone what can be read by rows; make an array of anything else."""
    if hasattr(X, "toarray"):
        raise TypeError(
            "X is a sparse matrix; PatchBlurClassifier accepts dense arrays only."
        )
    if isinstance(X, PatchSet):
        raise TypeError("X is a PatchSet; give its patches alone, the attribute 'X'.")
    lazy = isinstance(getattr(X, "dtype", None), np.dtype) and all(
        hasattr(X, name) for name in ("shape", "__len__", "__getitem__")
    )
    source = X if lazy else np.asarray(X)
    return np.asarray(source).astype(np.float64) if source.dtype == object else source


def check_patches(
    X: Any, size: int, name: str = "X", *, chunk: int = _CHUNK
) -> PatchReader:
    """Check patches without holding or copying all of them.

    Parameters
    ----------
    X : array-like of shape (n, size, size) or (n, size * size)
        uint8, or float in [0, 1]. Arrays, memory-mapped ones, and any object with
        ``shape``, ``dtype``, ``len`` and indexing by an array of integers are read a
        few rows at a time. uint8 is not read here at all.
    size : int
        Side of a patch, in pixels.
    name : str, default="X"
        How messages call it.
    chunk : int, default=1024
        Patches read at a time where all are wanted.

    Returns
    -------
    PatchReader
        Gives patches by rows.

    Raises
    ------
    ValueError
        For other shapes, dtypes or values, or for no patches.
    TypeError
        For a sparse matrix or a whole `PatchSet`.
    """
    source = _as_source(X)
    shape = tuple(source.shape)
    if shape[1:] not in ((size, size), (size * size,)):
        raise ValueError(
            f"{name} must have shape (n, {size}, {size}) or (n, {size * size}); got "
            f"shape {shape}."
        )
    if len(source) == 0:
        raise ValueError(f"{name} must hold at least one patch; it is empty.")
    patches = PatchReader(source, size, chunk)
    if patches.dtype == np.uint8:
        return patches
    if patches.dtype.kind != "f":
        raise ValueError(
            f"{name} must be uint8, or float in [0, 1]; got dtype {patches.dtype}."
        )
    low, high = np.inf, -np.inf
    for rows in chunks(len(patches), chunk):
        values = patches.read(rows)
        # NumPy's minimum and maximum keep NaN.
        low = np.minimum(low, values.min())
        high = np.maximum(high, values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} must be finite; it contains NaN or infinity.")
    if low < 0 or high > 1:
        raise ValueError(
            f"{name} must be float in [0, 1]; its values span [{low:.6g}, {high:.6g}]."
        )
    return patches


def _first_odd(levels: np.ndarray) -> Any:
    """Find the first level that is no whole number, or the first of all."""
    odd = levels != np.floor(levels) if levels.dtype.kind == "f" else []
    return (levels[odd] if np.any(odd) else levels).tolist()[0]


def check_levels(y: Any, n_samples: int, n_levels: int, name: str = "y") -> np.ndarray:
    """Check the level of each patch.

    Parameters
    ----------
    y : array-like of shape (n_samples,), int
        From 0 to ``n_levels - 1``. Floats are refused even if they are whole numbers,
        because nobody can tell levels like 2.0 and sigmas like 2.0 apart.
    n_samples, n_levels : int
        Patches, and levels of the ladder.
    name : str, default="y"
        How messages call it.

    Returns
    -------
    ndarray of shape (n_samples,), int64
        The levels.

    Raises
    ------
    ValueError
        If they are anything else.
    """
    if y is None:
        raise ValueError(
            f"PatchBlurClassifier needs the level of each patch as {name}."
        )
    levels = np.asarray(y)
    if levels.ndim == 2 and levels.shape[1] == 1:
        levels = levels[:, 0]
    if levels.ndim != 1 or len(levels) != n_samples:
        raise ValueError(
            f"{name} must hold one level for each of the {n_samples} patches; got "
            f"shape {levels.shape}."
        )
    if levels.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must hold integer levels, got {_first_odd(levels)!r}: sigmas in "
            f"pixels belong in 'ladder', and {name} holds indices into it, as integers."
        )
    if levels.min() < 0 or levels.max() >= n_levels:
        raise ValueError(
            f"{name} must hold levels from 0 to {n_levels - 1}, indices into 'ladder'; "
            f"they span [{levels.min():g}, {levels.max():g}]."
        )
    return levels.astype(np.int64)


def separate_ladder(
    X: Any,
    y: Any,
    groups: Any,
    validation_data: Any,
    ladder: tuple[float, ...] | None,
) -> tuple[Any, Any, Any, Any, tuple[float, ...], np.ndarray | None]:
    """Take patch sets apart, and find the one ladder that all levels refer to.

    Parameters
    ----------
    X : PatchSet or array-like
        What `PatchBlurClassifier.fit` was given.
    y, groups : array-like or None
        None with a `PatchSet`, which has its own.
    validation_data : PatchSet, tuple (X, y) or None
        Patches to validate on.
    ladder : tuple of float or None
        What the classifier was given: sigma of each level, in pixels.

    Returns
    -------
    X, y, groups, validation_data
        Arrays, not checked yet, and a tuple or None.
    ladder : tuple of float
        Sigma of each level, in pixels.
    conditions : ndarray of shape (n, 4) or None
        Noise, compression and span of the photograph of each patch, if they are known.

    Raises
    ------
    ValueError
        If nothing tells the ladder, or two ladders differ.
    """
    conditions = None
    if isinstance(X, PatchSet):
        if y is not None or groups is not None:
            raise ValueError(
                "PatchBlurClassifier.fit takes y and groups from its PatchSet; give "
                "the PatchSet alone."
            )
        if ladder is not None and not same_ladder(ladder, X.ladder):
            raise ValueError(
                f"The 'ladder' parameter of PatchBlurClassifier must be that of the "
                f"PatchSet, {X.ladder}, or None to use that. Got {ladder} instead."
            )
        ladder, conditions = X.ladder, X.conditions
        X, y, groups = X
    elif ladder is None:
        raise ValueError(
            "PatchBlurClassifier needs the sigma of each level in y: give ladder=..., "
            "in pixels, or fit a PatchSet, which has its ladder."
        )
    if isinstance(validation_data, PatchSet):
        if not same_ladder(ladder, validation_data.ladder):
            raise ValueError(
                f"validation_data must be a PatchSet with the ladder of the training, "
                f"{ladder}; its ladder is {validation_data.ladder}."
            )
        judged = validation_data
        validation_data = (judged.X, judged.y, judged.conditions)
    return X, y, groups, validation_data, ladder, conditions
