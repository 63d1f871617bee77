"""Labeled patches, in memory or on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..filters.conditions import CLEAN, clean_conditions
from .ladders import check_ladder
from .patch_files import PATCH_DTYPES, map_patches, patch_writer

__all__ = ["LazyPatches", "PatchSet", "check_conditions", "concatenate_patches"]

# Patches copied at a time: 8 MB.
_CHUNK = 8192


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
    >>> from skdefocus.patches.patch_set import LazyPatches
    >>> first, second = np.zeros((2, 4, 4), np.uint8), np.ones((3, 4, 4), np.uint8)
    >>> both = LazyPatches([first, second])
    >>> both.shape, both[[4, 0]][:, 0, 0].tolist()
    ((5, 4, 4), [1, 0])
    """

    def __init__(self, sources: Sequence[Any], rows: Any = None) -> None:
        self._sources = tuple(sources)
        self._starts = np.cumsum([0, *(len(source) for source in self._sources)])
        self._rows = None if rows is None else np.asarray(rows, dtype=np.int64)
        n_rows = self._starts[-1] if self._rows is None else len(self._rows)
        self.shape: tuple[int, ...] = (int(n_rows), *self._sources[0].shape[1:])
        self.dtype = self._sources[0].dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LazyPatches(shape={self.shape}, dtype={self.dtype})"

    def __getitem__(self, key: Any) -> np.ndarray:
        key, *rest = key if isinstance(key, tuple) else (key,)
        if key is Ellipsis:
            key, rest = slice(None), [..., *rest]
        # Slices, masks, negative numbers and errors as NumPy has them.
        rows = np.arange(len(self))[key]
        if rows.ndim > 1:
            raise IndexError(
                f"LazyPatches takes rows as a number, a slice, or integers or a mask "
                f"of one dimension; got {rows.ndim}."
            )
        patches = self._read(np.atleast_1d(rows))
        if np.ndim(rows) == 0:
            picked: np.ndarray = patches[(0, *rest)]
            return picked
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


def _check_integers(values: Any, n: int, name: str, below: int | None) -> np.ndarray:
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.shape != (n,) or (n and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} must hold one integer for each of the {n} patches; got shape "
            f"{array.shape} and dtype {array.dtype}."
        )
    if n and (array.min() < 0 or (below is not None and array.max() >= below)):
        accepted = "0 or more" if below is None else f"from 0 to {below - 1}"
        raise ValueError(
            f"{name} must hold integers {accepted}; they span [{array.min()}, "
            f"{array.max()}]."
        )
    return array.astype(np.int64, copy=False)


def check_conditions(conditions: Any, n: int) -> np.ndarray:
    """Check what a network is told of each patch beside its pixels.

    Parameters
    ----------
    conditions : array-like of shape (n, 4) or None
        From `skdefocus.filters.measure_conditions`; None for clean photographs.
    n : int
        Number of patches.

    Returns
    -------
    ndarray of shape (n, 4), float32
        The conditions.

    Raises
    ------
    ValueError
        For another shape, or for what is not finite, negative, or a noise or span of 0.
    """
    if conditions is None:
        return clean_conditions(n)
    # Those on disk stay there.
    is_array = isinstance(conditions, np.ndarray)
    array = conditions if is_array else np.asarray(conditions)
    if array.shape != (n, len(CLEAN)) or array.dtype.kind != "f":
        raise ValueError(
            f"conditions must be floats of shape ({n}, {len(CLEAN)}), one row for each "
            f"patch; got shape {array.shape} and dtype {array.dtype}."
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    # Compression may be nothing; noise and span never are.
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError("conditions must be finite and not negative.")
    if not (array[:, [0, 1, 3]] > 0).all():
        raise ValueError("the noise and span in conditions must be above 0.")
    return array


@dataclass(frozen=True, eq=False, repr=False)
class PatchSet:
    """Patches of known blur, and the photograph each came from.

    ``PatchBlurClassifier().fit(patches)`` takes the ladder from the set. A set also
    unpacks as ``X, y, groups = patches``, for scikit-learn's functions; these arrays do
    not know the ladder, so keep ``patches.ladder`` for what is trained on them.

    Parameters
    ----------
    X : array-like of shape (n, size, size), uint8 or float32
        Gray patches; floats lie in [0, 1], which `PatchBlurClassifier.fit` checks. What
        `load` and `concatenate_patches` give stays on disk; any object with ``shape``,
        ``dtype`` and row indexing is kept as it is.
    y : array-like of shape (n,), int
        Level of each patch, an index into ``ladder``; kept as int64.
    groups : array-like of shape (n,), int
        Number of the photograph that each patch came from, 0 or more; kept as int64.
        Split by it, as patches of one photograph are alike.
    ladder : sequence of float
        Sigma of each level, in pixels, ascending; kept as a tuple.
    conditions : array-like of shape (n, 4), optional
        Noise, compression and span of the photograph that each patch came from, as
        `skdefocus.filters.measure_conditions` gives them; kept as float32. By default
        those of a clean photograph.

    Raises
    ------
    ValueError
        If they do not fit each other.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from skdefocus.patches import PatchSet
    >>> X = np.zeros((4, 32, 32), np.uint8)
    >>> patches = PatchSet(X, [0, 1, 0, 1], [0, 0, 1, 1], (0.0, 2.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     patches.save(folder)
    ...     again = PatchSet.load(folder)
    >>> again, again.ladder
    (PatchSet(n_patches=4, patch_size=32, n_levels=2), (0.0, 2.0))
    """

    X: Any
    y: np.ndarray
    groups: np.ndarray
    ladder: tuple[float, ...]
    conditions: Any = None

    def __post_init__(self) -> None:
        # Tensors and tables have shapes, too, but not the types of arrays.
        is_array = isinstance(getattr(self.X, "dtype", None), np.dtype)
        X = self.X if is_array else np.asarray(self.X)
        is_square = len(X.shape) == 3 and X.shape[1] == X.shape[2]
        if not is_square or X.dtype.name not in PATCH_DTYPES:
            raise ValueError(
                f"X must be uint8 or float32 patches of shape (n, size, size); got "
                f"shape {tuple(X.shape)} and dtype {X.dtype}."
            )
        ladder = check_ladder(self.ladder, "PatchSet")
        checked = {
            "X": X,
            "y": _check_integers(self.y, len(X), "y", len(ladder)),
            "groups": _check_integers(self.groups, len(X), "groups", None),
            "ladder": ladder,
            "conditions": check_conditions(self.conditions, len(X)),
        }
        for name, value in checked.items():
            # The only way in a frozen class.
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.X)

    def __iter__(self) -> Iterator[Any]:
        """Unpack into ``X``, ``y`` and ``groups``."""
        return iter((self.X, self.y, self.groups))

    def __repr__(self) -> str:
        return (
            f"PatchSet(n_patches={len(self)}, patch_size={self.X.shape[1]}, "
            f"n_levels={len(self.ladder)})"
        )

    def take(self, rows: Any) -> PatchSet:
        """Choose patches without reading them.

        Parameters
        ----------
        rows : array-like of int or bool
            Rows to keep, in order, or a mask over all rows; for example
            ``np.isin(patches.groups, photographs)``.

        Returns
        -------
        PatchSet
            Its ``X`` reads from this one's when it is indexed.

        Raises
        ------
        IndexError
            For rows that are not there.

        Examples
        --------
        >>> import numpy as np
        >>> from skdefocus.patches import PatchSet
        >>> X = np.zeros((4, 32, 32), np.uint8)
        >>> patches = PatchSet(X, [0, 1, 0, 1], [0, 0, 1, 1], (0.0, 2.0))
        >>> patches.take(patches.groups == 1).y.tolist()
        [0, 1]
        """
        rows = rows if isinstance(rows, np.ndarray) else list(rows)
        chosen = np.arange(len(self))[rows]
        X = LazyPatches([self.X], chosen)
        return PatchSet(
            X,
            self.y[chosen],
            self.groups[chosen],
            self.ladder,
            self.conditions[chosen],
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the set to a folder: its arrays as ``.npy`` files, and a card.

        Nothing is there before all of it is written, and of a set on disk only a
        few thousand patches are in memory at a time.

        Parameters
        ----------
        folder : path-like
            Made if needed; a set that it holds is replaced.

        Raises
        ------
        OSError
            If the files cannot be written.
        """
        size, dtype = self.X.shape[1], self.X.dtype.name
        with patch_writer(folder, size, self.ladder, dtype) as writer:
            for start in range(0, len(self), _CHUNK):
                rows = slice(start, start + _CHUNK)
                columns = self.X, self.y, self.groups, self.conditions
                writer.append(*(column[rows] for column in columns))

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> PatchSet:
        """Open a set that `save` or ``make_blur_patches(..., out=folder)`` wrote.

        Parameters
        ----------
        folder : path-like
            Where it is.

        Returns
        -------
        PatchSet
            Its arrays are memory-mapped, read-only.

        Raises
        ------
        FileNotFoundError
            If the folder or one of its files is missing.
        ValueError
            If a file is not what it should be, or they do not fit each other.

        Examples
        --------
        >>> from skdefocus.patches import PatchSet
        >>> PatchSet.load("nowhere")
        Traceback (most recent call last):
            ...
        FileNotFoundError: nowhere holds no patch set: patches.json is missing.
        """
        return cls(*map_patches(folder))


def concatenate_patches(
    sets: Sequence[PatchSet], *, same_photographs: bool = False
) -> PatchSet:
    """Join patch sets without copying their patches.

    Parameters
    ----------
    sets : sequence of PatchSet
        Of one ladder, patch size and dtype, at least one.
    same_photographs : bool, default=False
        Whether the sets were made from the same list of photographs, so that a number
        in ``groups`` means the same photograph in all of them. By default the sets'
        photographs are different ones, and are numbered on from set to set.

    Returns
    -------
    PatchSet
        Its ``X`` reads from the sets when it is indexed: ``X[rows]`` is an ndarray.

    Raises
    ------
    ValueError
        If there is no set, or their ladders, patch sizes or dtypes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches import PatchSet, concatenate_patches
    >>> X = np.zeros((2, 32, 32), np.uint8)
    >>> one = PatchSet(X, [0, 1], [0, 0], (0.0, 2.0))
    >>> both = concatenate_patches([one, one])
    >>> both.X.shape, both.groups.tolist()
    ((4, 32, 32), [0, 0, 1, 1])
    """
    sets = list(sets)
    if not sets:
        raise ValueError("sets must hold at least one PatchSet; it is empty.")
    kinds = {
        (patches.X.shape[1], patches.X.dtype.name, patches.ladder) for patches in sets
    }
    if len(kinds) > 1:
        found = "; ".join(
            f"{size} px, {dtype}, {ladder}" for size, dtype, ladder in sorted(kinds)
        )
        raise ValueError(
            f"sets must share one patch size, one dtype and one ladder; got {found}."
        )
    groups, n_before = [], 0
    for patches in sets:
        groups.append(patches.groups + n_before)
        if not same_photographs and len(patches):
            n_before += int(patches.groups.max()) + 1
    return PatchSet(
        LazyPatches([patches.X for patches in sets]),
        np.concatenate([patches.y for patches in sets]),
        np.concatenate(groups),
        sets[0].ladder,
        np.concatenate([patches.conditions for patches in sets]),
    )
