"""The sigmas that patches are blurred by."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["PAPER_LADDER", "REAL_LADDER", "check_ladder", "same_ladder"]

# Sec. 3.1: the number of a level is its sigma.
PAPER_LADDER = tuple(float(level) for level in range(20))
# Finer at the low end, where photographs of 640 to 1000 px are decided.
REAL_LADDER = (
    *(0.0, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5),
    *(3.2, 4.0, 5.0, 6.5, 8.0, 10.0, 12.5, 15.0, 19.0),
)


def check_ladder(sigmas: Any, caller: str, least: int = 1) -> tuple[float, ...]:
    """Check the sigma of each level.

    Parameters
    ----------
    sigmas : array-like of shape (n_levels,)
        In pixels, ascending from 0 or more.
    caller : str
        Name of the function or class, for the message.
    least : int, default=1
        Fewest levels.

    Returns
    -------
    tuple of float
        The ladder.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    ladder = np.asarray(sigmas)
    if (
        ladder.ndim != 1
        or len(ladder) < least
        or ladder.dtype.kind not in "fiu"
        or not np.isfinite(ladder).all()
        or ladder[0] < 0
        or (np.diff(ladder) <= 0).any()
    ):
        raise ValueError(
            f"The 'ladder' parameter of {caller} must be {least} or more sigmas in "
            f"pixels, ascending from 0 or more. Got {sigmas!r} instead."
        )
    return tuple(ladder.astype(np.float64).tolist())


def same_ladder(one: Any, other: Any) -> bool:
    """Tell whether two ladders have the same sigmas.

    Parameters
    ----------
    one, other : array-like of shape (n_levels,)
        Ladders, in pixels.

    Returns
    -------
    bool
        True if they are equal in float32, the type that a classifier keeps its
        ``sigmas_`` in.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.patches.ladders import same_ladder
    >>> same_ladder((0.0, 0.4), np.float32([0.0, 0.4]))
    True
    >>> same_ladder((0.0, 0.4), (0.0, 0.4, 0.6))
    False
    """
    return np.array_equal(np.float32(one), np.float32(other))
