"""Motion: the paths that a shaken camera draws with a point of light."""

from __future__ import annotations

import numpy as np

__all__ = ["LENGTH_OF_SIGMA", "draw_path"]

# A straight path of this length, in pixels, has the second moment of a blur of 1 px, as
# the mean of both axes.
LENGTH_OF_SIGMA = 24**0.5
# Side of a path's image, how long a path is on it, and how many points draw it.
_SIDE, _LENGTH, _POINTS = 61, 48, 400
# Most that a path turns, in radians, and most by which its speed changes.
_TURN, _HURRY = 0.9, 0.5


def draw_path(rng: np.random.Generator) -> np.ndarray:
    """Draw a straight or slightly curved path in any direction.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws it.

    Returns
    -------
    ndarray of shape (61, 61), float64
        How long the point was at each place: a point spread function for
        `skdefocus.filters.blur`, which scales it.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.motion import draw_path
    >>> path = draw_path(np.random.default_rng(0))
    >>> path.shape, round(float(path.sum()), 6)
    ((61, 61), 1.0)
    """
    along = np.linspace(-0.5, 0.5, _POINTS)
    turn = rng.uniform(-_TURN, _TURN) if rng.random() < 0.5 else 0.0
    angle = rng.uniform(0, 2 * np.pi) + turn * along
    rows, columns = (
        _LENGTH / _POINTS * np.cumsum(function(angle)) for function in (np.sin, np.cos)
    )
    middle = (_SIDE - 1) / 2
    rows += middle - (rows[0] + rows[-1]) / 2
    columns += middle - (columns[0] + columns[-1]) / 2
    time = 1 + rng.uniform(-_HURRY, _HURRY) * 2 * along
    path = np.zeros((_SIDE, _SIDE))
    # Each point is shared by the four pixels around it.
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, across = rows - top, columns - left
    for row, share in ((0, 1 - down), (1, down)):
        for column, part in ((0, 1 - across), (1, across)):
            np.add.at(path, (top + row, left + column), time * share * part)
    shares: np.ndarray = path / path.sum()
    return shares
