"""From the pixels at which blur is known to all others, for hand-crafted mappers."""

from __future__ import annotations

import numpy as np

from ..._shared.parameters import StrOptions, unchecked
from ..._shared.validation import to_colors
from ...filters import global_smoother, matting_smoother

__all__ = ["PROPAGATION", "propagate"]

PROPAGATION = [StrOptions({"global", "matting"})]
# Chosen for GlobalRefiner when the compared methods were tuned.
_SMOOTHNESS = 60_000.0
_COLOR_SIGMA = 0.02


def propagate(
    values: np.ndarray,
    photograph: np.ndarray,
    known: np.ndarray,
    propagation: str,
    data_weight: float,
) -> np.ndarray:
    """Spread values along a photograph from where they are known.

    Parameters
    ----------
    values : ndarray of shape (H, W), float32
        What is known, and what to start from elsewhere.
    photograph : ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].
    known : ndarray of shape (H, W), bool
        Where ``values`` are known.
    propagation : {"global", "matting"}
        By the fast global smoother, or by the matting Laplacian.
    data_weight : float
        Weight (lambda) of what is known, in matting.

    Returns
    -------
    ndarray of shape (H, W), float32
        Values everywhere.

    Raises
    ------
    ImportError
        For matting without pymatting.
    """
    weight = known.astype(np.float32)
    guide = to_colors(photograph)
    if propagation == "matting":
        smoother = unchecked(matting_smoother)
        return smoother(values, guide, weight, data_weight=data_weight)
    return unchecked(global_smoother)(
        values,
        guide,
        smoothness=_SMOOTHNESS,
        color_sigma=_COLOR_SIGMA,
        confidence=weight,
    )
