"""Mutually guided image filtering (Guo et al. 2018): keep the structure two share."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve_banded, cholesky_banded

from .._validation import (
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    check_parameters,
)
from ._planes import to_planes

__all__ = ["MUTUAL_CONSTRAINTS", "mutual_guided_filter"]

MUTUAL_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "guide_smoothness": [NON_NEGATIVE_REAL],
    "eps": [POSITIVE_REAL],
    "guide_eps": [POSITIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
}
# Residual, relative to the image, at which a solve is done: below a grey level.
_TOLERANCE = 1e-3


def mutual_guided_filter(
    image: np.ndarray,
    guide: np.ndarray | None = None,
    *,
    smoothness: float,
    guide_smoothness: float = 0.0,
    eps: float = 0.01,
    guide_eps: float = 0.01,
    n_iter: int = 3,
) -> np.ndarray:
    """Smooth an image, or a map, but for the structure that it shares with a guide.

    Where only one of the two has an edge, it goes; where both have, it stays.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, C)
        What is filtered: floats on a scale on which ``eps`` is little, or a uint8 or
        uint16 image, taken as float in [0, 1]. Channels share their edges.
    guide : array-like of shape (H, W) or (H, W, C), optional
        Grey or colour guide, likewise. By default the image guides itself.
    smoothness : float
        Strength on the image, at least 0; 0 leaves it as it is.
    guide_smoothness : float, default=0.0
        Strength on the guide, which is filtered along with the image as its own guide;
        0 keeps the guide as it is ("static"). Unused without a guide.
    eps, guide_eps : float, default=0.01
        Differences between neighbours, in image and guide, above 0, below which all
        count the same.
    n_iter : int, default=3
        Rounds of weights and solutions.

    Returns
    -------
    ndarray of the image's shape, float32 or float64
        Within the range of each channel. float64 if image and guide are float64,
        otherwise float32.

    Raises
    ------
    ValueError
        For parameters outside their range, or shapes that do not fit.

    See Also
    --------
    skdefocus.MutualGuidedRefiner : Refines blur maps with it.

    Notes
    -----
    With target T and reference R the relative structure, the sum over neighbours of
    ``|dT| / max(|dR|, guide_eps)``, is held small together with ``(T - T0)^2``, and the
    same with T and R exchanged. ``|dT|`` is replaced by ``dT^2 / max(|dT|, eps)`` with
    the denominators of the round before, so that a round is one linear system for T
    and one for R. Of several channels the largest difference counts. The systems are
    solved in float64 by conjugate gradients, preconditioned by exact solves along rows
    and columns.

    References
    ----------
    Guo, Li, Ma and Ling, "Mutually guided image filtering", TPAMI 42(3), 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import mutual_guided_filter
    >>> guide = np.repeat([[0.2, 0.8]], 8, axis=1) * np.ones((8, 1))
    >>> noisy = guide + 0.05 * np.random.default_rng(0).standard_normal(guide.shape)
    >>> smooth = mutual_guided_filter(noisy, guide, smoothness=0.05)
    >>> bool(abs(smooth - guide).mean() < abs(noisy - guide).mean() / 2)
    True
    """
    check_parameters(
        MUTUAL_CONSTRAINTS,
        {
            "smoothness": smoothness,
            "guide_smoothness": guide_smoothness,
            "eps": eps,
            "guide_eps": guide_eps,
            "n_iter": n_iter,
        },
        "mutual_guided_filter",
    )
    image = to_planes(image, "image")
    own = guide is None
    guide = image if own else to_planes(guide, "guide")
    if guide.shape[:2] != image.shape[:2]:
        raise ValueError(
            f"guide must have the image's height and width {image.shape[:2]}; got "
            f"shape {guide.shape}."
        )
    both64 = image.dtype == guide.dtype == np.float64
    first = np.atleast_3d(image).astype(np.float64)
    first_guide = np.atleast_3d(guide).astype(np.float64)
    target, reference = first, first_guide
    for _ in range(n_iter):
        ties = [
            1 / (np.maximum(a, eps) * np.maximum(b, guide_eps))
            for a, b in zip(_differences(target), _differences(reference), strict=True)
        ]
        target = _solve(first, target, ties, smoothness)
        if own:
            reference = target
        elif guide_smoothness > 0:
            reference = _solve(first_guide, reference, ties, guide_smoothness)
    low, high = first.min(axis=(0, 1)), first.max(axis=(0, 1))
    result = np.clip(target, low, high).reshape(image.shape)
    return result.astype(np.float64 if both64 else np.float32)


def _differences(planes: np.ndarray) -> list[np.ndarray]:
    """Largest difference over channels between neighbours down and across."""
    return [np.abs(np.diff(planes, axis=axis)).max(axis=2) for axis in (0, 1)]


def _solve(
    data: np.ndarray, start: np.ndarray, ties: list[np.ndarray], smoothness: float
) -> np.ndarray:
    """Minimise ``(u - data)^2 + smoothness * ties * du^2``, each channel by itself."""
    down, across = (smoothness * tie for tie in ties)
    height, width = data.shape[:2]
    diagonal = np.ones((height, width))
    diagonal[:-1] += down
    diagonal[1:] += down
    diagonal[:, :-1] += across
    diagonal[:, 1:] += across
    right = np.zeros((height, width))
    right[:, :-1] = -across
    right, below = right.ravel()[:-1], -down.ravel()
    # Along one row or one column the other direction has no neighbours.
    diagonals, offsets = [diagonal.ravel()], [0]
    for values, offset in ((right, 1), (below, width)):
        if values.any():
            diagonals += [values, values]
            offsets += [offset, -offset]
    matrix = sparse.diags_array(diagonals, offsets=offsets, format="csr")
    lines = _line_solver(diagonal, down, across)
    size = height * width
    preconditioner = sparse.linalg.LinearOperator((size, size), lines)
    solution = np.empty_like(data)
    for channel in range(data.shape[2]):
        solved, _ = sparse.linalg.cg(
            matrix,
            data[..., channel].ravel(),
            x0=start[..., channel].ravel(),
            rtol=_TOLERANCE,
            atol=1e-12,
            M=preconditioner,
        )
        solution[..., channel] = solved.reshape(height, width)
    return solution


def _line_solver(diagonal: np.ndarray, down: np.ndarray, across: np.ndarray) -> Any:
    """Mean of the solutions with the ties of rows only and of columns only."""

    def factor(diagonal: np.ndarray, along: np.ndarray) -> Any:
        upper = np.zeros(diagonal.shape)
        upper[:, 1:] = -along
        banded = np.stack([upper.ravel(), diagonal.ravel()])
        return cholesky_banded(banded, check_finite=False), False

    rows, columns = factor(diagonal, across), factor(diagonal.T, down.T)

    def solve(vector: np.ndarray) -> np.ndarray:
        plane = vector.reshape(diagonal.shape)
        by_row = cho_solve_banded(rows, plane.ravel(), check_finite=False)
        by_column = cho_solve_banded(columns, plane.T.ravel(), check_finite=False)
        turned = by_column.reshape(diagonal.T.shape).T
        return (by_row.reshape(diagonal.shape) + turned).ravel() / 2

    return solve
