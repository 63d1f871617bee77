"""What the classifier accepts: patches, levels and the ladder of their sigmas."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_ladder", "check_levels", "check_patches"]


def check_ladder(sigmas: Any) -> np.ndarray:
    """Check the sigma of each level.

    Parameters
    ----------
    sigmas : array-like of shape (n_levels,)
        Ascending from 0 or more, at least two.

    Returns
    -------
    ndarray of shape (n_levels,), float64
        The ladder.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    ladder = np.asarray(sigmas)
    if (
        ladder.ndim != 1
        or len(ladder) < 2
        or ladder.dtype.kind not in "fiu"
        or not np.isfinite(ladder).all()
        or ladder[0] < 0
        or (np.diff(ladder) <= 0).any()
    ):
        raise ValueError(
            f"The 'ladder' parameter of PatchBlurClassifier must be at least two "
            f"sigmas in pixels, ascending from 0 or more. Got {sigmas!r} "
            f"instead."
        )
    return ladder.astype(np.float64)


def check_patches(X: Any, size: int, *, keep_uint8: bool = False) -> np.ndarray:
    """Check patches and bring them to one shape.

    Parameters
    ----------
    X : array-like of shape (n, size, size) or (n, size * size)
        uint8, or float in [0, 1].
    size : int
        Side of a patch, in pixels.
    keep_uint8 : bool, default=False
        Leave uint8 patches as they are; a training set is four times smaller so.

    Returns
    -------
    ndarray of shape (n, size, size), float32 in [0, 1] or uint8
        Not a copy where none is needed.

    Raises
    ------
    ValueError
        For other shapes, dtypes or values, or for no patches.
    TypeError
        For a sparse matrix.
    """
    if hasattr(X, "toarray"):
        raise TypeError(
            "X is a sparse matrix; PatchBlurClassifier accepts dense arrays only."
        )
    patches = np.asarray(X)
    if patches.dtype == object:
        patches = patches.astype(np.float64)
    if patches.shape[1:] not in ((size, size), (size * size,)):
        raise ValueError(
            f"X must have shape (n, {size}, {size}) or (n, {size * size}); got shape "
            f"{patches.shape}."
        )
    if len(patches) == 0:
        raise ValueError("X must hold at least one patch; it is empty.")
    patches = patches.reshape(-1, size, size)
    if patches.dtype == np.uint8:
        return patches if keep_uint8 else patches.astype(np.float32) / 255
    if patches.dtype.kind != "f":
        raise ValueError(
            f"X must be uint8, or float in [0, 1]; got dtype {patches.dtype}."
        )
    low, high = float(patches.min()), float(patches.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("X must be finite; it contains NaN or infinity.")
    if low < 0 or high > 1:
        raise ValueError(
            f"X must be float in [0, 1]; its values span [{low:.6g}, {high:.6g}]."
        )
    return patches.astype(np.float32, copy=False)


def _first_odd(levels: np.ndarray) -> Any:
    """Find the first level that is no whole number."""
    if levels.dtype.kind != "f":
        return levels.tolist()[0]
    return levels[levels != np.floor(levels)].tolist()[0]


def check_levels(y: Any, n_samples: int, n_levels: int) -> np.ndarray:
    """Check the level of each patch.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Whole numbers from 0 to ``n_levels - 1``.
    n_samples, n_levels : int
        Patches, and levels of the ladder.

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
        raise ValueError("PatchBlurClassifier needs the level of each patch as y.")
    levels = np.asarray(y)
    if levels.ndim == 2 and levels.shape[1] == 1:
        levels = levels[:, 0]
    if levels.ndim != 1 or len(levels) != n_samples:
        raise ValueError(
            f"y must hold one level for each of the {n_samples} patches; got shape "
            f"{levels.shape}."
        )
    whole = levels.dtype.kind in "iu" or (
        levels.dtype.kind == "f" and bool((levels == np.floor(levels)).all())
    )
    if not whole:
        raise ValueError(
            f"y must hold integer levels, got {_first_odd(levels)!r}: sigmas in pixels "
            f"belong in 'ladder', and y holds indices into it."
        )
    if levels.min() < 0 or levels.max() >= n_levels:
        raise ValueError(
            f"y must hold levels from 0 to {n_levels - 1}, indices into 'ladder'; "
            f"they span [{levels.min():g}, {levels.max():g}]."
        )
    return levels.astype(np.int64)
