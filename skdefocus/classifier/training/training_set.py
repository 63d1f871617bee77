"""Labeled patches for training, and those that it is judged by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...patches.patch_set import check_conditions
from ..patch_input import PatchReader, check_levels, check_patches, chunks

__all__ = ["LabeledPatches", "TrainingSet", "draw_held_out", "make_training_set"]

# Keeps the draw of photographs apart from others of the same seed.
_SPLIT_STREAM = 0


@dataclass(frozen=True, eq=False)
class LabeledPatches:
    """Some of the patches that a reader gives, each with its class.

    Attributes
    ----------
    patches : PatchReader
        Where they are.
    rows : ndarray of shape (n,), int64
        Which of them, ascending.
    classes : ndarray of shape (n,), int64
        Class of each, from 0.
    conditions : ndarray of shape (n, 4), float32
        Noise, compression and span of the photograph of each.
    """

    patches: PatchReader
    rows: np.ndarray
    classes: np.ndarray
    conditions: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read a few of them.

        Parameters
        ----------
        items : ndarray of shape (k,), int
            Which, from 0 to ``n - 1``; they are read in ascending order.

        Returns
        -------
        X : ndarray of shape (k, 1, size, size), float32 in [0, 1]
            Patches, as networks take them.
        y : ndarray of shape (k,), int64
            Their classes.
        conditions : ndarray of shape (k, 4), float32
            Their conditions.
        """
        items = np.sort(items)
        X = self.patches[self.rows[items]][:, np.newaxis]
        return X, self.classes[items], self.conditions[items]

    def digest(self) -> str:
        """Hash every patch, class and condition, reading a chunk of patches at a time.

        Returns
        -------
        str
            SHA-256, in hexadecimal, of dtype, shape and values.
        """
        found = hashlib.sha256(f"{self.patches.dtype.str} {self.patches.size}".encode())
        found.update(self.classes.tobytes())
        found.update(self.conditions.tobytes())
        for items in chunks(len(self), self.patches.chunk):
            found.update(self.patches.read(self.rows[items]).tobytes())
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a network is trained on and judged by.

    Attributes
    ----------
    levels : ndarray of shape (n_classes,), int64
        Level of each class, ascending.
    training : LabeledPatches
        To learn from.
    validation : LabeledPatches or None
        To judge every epoch by.
    validation_groups : ndarray or None
        The groups that were held out for it.
    """

    levels: np.ndarray
    training: LabeledPatches
    validation: LabeledPatches | None = None
    validation_groups: np.ndarray | None = None


def make_training_set(
    X: Any,
    y: Any,
    groups: Any,
    validation_data: Any,
    *,
    conditions: Any = None,
    patch_size: int,
    n_levels: int,
    validation_fraction: float,
    seed: int,
) -> TrainingSet:
    """Check labeled patches and hold some out for validation.

    Parameters
    ----------
    X : array-like of shape (n, patch_size, patch_size) or (n, patch_size ** 2)
        Patches, uint8 or float in [0, 1].
    y : array-like of shape (n,)
        Level of each.
    groups : array-like of shape (n,) or None
        Photograph of each; without it every patch is a group of its own.
    validation_data : tuple (X, y, conditions) or None
        Patches to validate on; conditions may be left out.
    conditions : array-like of shape (n, 4) or None
        Of the photograph of each; None for clean ones.
    patch_size : int
        Side of a patch, in pixels.
    n_levels : int
        Levels of the ladder.
    validation_fraction : float
        Share of the groups that is held out instead: at least one if above 0.
    seed : int
        Of the choice of groups.

    Returns
    -------
    TrainingSet
        Nothing in it is a copy of the patches.

    Raises
    ------
    ValueError
        For patches, levels, groups or validation data that are not accepted.
    """
    patches = check_patches(X, patch_size)
    y = check_levels(y, len(patches), n_levels)
    levels, classes = np.unique(y, return_inverse=True)
    if len(levels) < 2:
        raise ValueError(
            f"y must hold at least 2 levels to tell apart; got one class, {levels[0]}."
        )
    told = check_conditions(conditions, len(patches))
    names, members = _check_groups(groups, len(patches))
    if validation_data is not None:
        if validation_fraction > 0:
            raise ValueError(
                f"validation_data takes the place of validation_fraction; got both, "
                f"the latter {validation_fraction:g}."
            )
        return TrainingSet(
            levels,
            LabeledPatches(patches, np.arange(len(patches)), classes, told),
            _check_validation(validation_data, levels, patch_size, n_levels),
        )
    held_out = np.zeros(len(names), dtype=bool)
    if validation_fraction > 0:
        if len(names) < 2:
            raise ValueError(
                f"validation_fraction={validation_fraction:g} needs at least 2 groups "
                f"of patches, one to hold out and one to learn from; got 1."
            )
        held_out[draw_held_out(len(names), validation_fraction, seed)] = True

    lost = np.setdiff1d(classes[held_out[members]], classes[~held_out[members]])
    if len(lost):
        raise ValueError(
            f"all patches of level {levels[lost[0]]} are of groups that "
            f"validation_fraction={validation_fraction:g} holds out, and none is left "
            f"to learn from; give validation_data, or patches of that level in more "
            f"groups."
        )

    def choose(mask: np.ndarray) -> LabeledPatches:
        rows = np.flatnonzero(mask)
        return LabeledPatches(patches, rows, classes[mask], told[mask])

    if not held_out.any():
        return TrainingSet(levels, choose(~held_out[members]))
    return TrainingSet(
        levels,
        choose(~held_out[members]),
        choose(held_out[members]),
        names[held_out],
    )


def draw_held_out(n: int, fraction: float, seed: int) -> np.ndarray:
    """Draw what is held out of training.

    Parameters
    ----------
    n : int
        Number of photographs, at least 2.
    fraction : float
        Share that is held out, above 0.
    seed : int
        The same seed and number hold out the same.

    Returns
    -------
    ndarray of int
        Indices, ascending: at least one and not all.

    Examples
    --------
    >>> from skdefocus.classifier.training.training_set import draw_held_out
    >>> len(draw_held_out(20, 0.1, 0)), len(draw_held_out(2, 0.9, 0))
    (2, 1)
    """
    count = max(1, min(n - 1, round(fraction * n)))
    rng = np.random.default_rng([seed, _SPLIT_STREAM])
    return np.sort(rng.permutation(n)[:count])


def _check_groups(groups: Any, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the groups, ascending, and the index of each patch's group."""
    if groups is None:
        return np.arange(n_samples), np.arange(n_samples)
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise ValueError(
            f"groups must name the photograph of each of the {n_samples} patches; got "
            f"shape {groups.shape}."
        )
    try:
        return np.unique(groups, return_inverse=True)
    except TypeError as error:
        raise ValueError(
            "groups must be all numbers or all names; got a mixture."
        ) from error


def _check_validation(
    data: Any, levels: np.ndarray, patch_size: int, n_levels: int
) -> LabeledPatches:
    """Check patches to validate on, with their levels."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        found = type(data).__name__
        if isinstance(data, tuple | list):
            found += f" of {len(data)}"
        raise ValueError(
            f"validation_data must be a PatchSet, or a pair (X, y); got {found}."
        )
    patches = check_patches(data[0], patch_size, "X of validation_data")
    y = check_levels(data[1], len(patches), n_levels, "y of validation_data")
    unknown = np.setdiff1d(y, levels)
    if len(unknown):
        raise ValueError(
            f"y of validation_data must hold levels that y holds too; got level "
            f"{unknown[0]}."
        )
    rows = np.arange(len(patches))
    told = check_conditions(data[2] if len(data) == 3 else None, len(patches))
    return LabeledPatches(patches, rows, np.searchsorted(levels, y), told)
