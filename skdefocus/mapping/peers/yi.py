"""LBPMapper: how many local binary patterns are busy, at three scales (Yi, Eramian)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage, special

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    check_parameters,
    checked,
    unchecked,
)
from ..._shared.validation import to_float_image, to_gray
from ...sample import DefocusSample
from .binary_patterns import PATTERN_THRESHOLD, busy_patterns
from .propagation import PROPAGATION, propagate
from .texture import local_texture_confidence

__all__ = ["LBPMapper", "lbp_map"]

_SIZE = [POSITIVE_INTEGER]
_CONSTRAINTS: dict[str, list[Any]] = {
    "threshold": PATTERN_THRESHOLD,
    "sizes": [tuple, list],
    "neighbor_weight": [NON_NEGATIVE_REAL],
    "propagation": PROPAGATION,
}
# The authors' thresholds, 0.3 and 0.01 of a photograph's largest share of busy
# patterns, with 0.5 for the largest share of any: from the first a window is sharp, up
# to the second it is blurred.
_BUSIEST = 0.5
_SHARP = 0.3 * _BUSIEST
_BLURRED = 0.01 * _BUSIEST
# Weight of sharp and blurred seeds in matting.
_DATA_WEIGHT = 0.01
# Inference ends when no message changes by more, or after so many rounds.
_TOLERANCE = 1e-3
_MOST_ROUNDS = 50


def _check_sizes(caller: str, parameters: Mapping[str, Any]) -> None:
    sizes = parameters["sizes"]
    if not sizes:
        raise ValueError(f"The 'sizes' parameter of {caller} must name a size. Got ().")
    for size in sizes:
        check_parameters({"sizes": _SIZE}, {"sizes": size}, caller)


@checked(_CONSTRAINTS, _check_sizes)
def lbp_map(
    image: np.ndarray,
    *,
    threshold: float = 0.025,
    sizes: Sequence[int] = (7, 11, 15),
    neighbor_weight: float = 0.25,
    propagation: str = "global",
) -> np.ndarray:
    """Blur score of every pixel, from how rare busy local binary patterns are.

    With ``propagation="matting"`` it needs pymatting:
    ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    threshold : float, default=0.025
        By how much a neighbor must be brighter than a pixel to count (T), at least 0,
        with gray in [0, 1].
    sizes : tuple of int, default=(7, 11, 15)
        Sides of the windows of each scale (s1, s2, s3), in pixels, from fine to coarse.
    neighbor_weight : float, default=0.25
        Weight (beta) of disagreement between neighbors and between scales, at least 0.
    propagation : {"global", "matting"}, default="global"
        How what is sharp and what is blurred spreads to where it is in doubt: by the
        fast global smoother, or by the matting Laplacian, as published, which takes
        many times as long.

    Returns
    -------
    ndarray of shape (H, W), float32
        In [0, 1], larger is more blurred: probability of blur at the coarsest scale.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.
    ImportError
        For matting without pymatting.

    See Also
    --------
    lbp_sharpness : The share of busy patterns, at one scale.

    Notes
    -----
    1. At each scale the share of busy patterns is measured. From a share of 0.15 a
       pixel is taken for sharp, and up to 0.005 for blurred. (The authors take 0.3 and
       0.01 of the photograph's largest share; here that counts as 0.5, about what fine
       texture in focus reaches, so that scores of photographs can be compared.)
    2. Both are spread to the pixels in between; alpha is 1 where all is sharp.
    3. Over the labels h of all pixels at all scales, 1 for sharp, the energy
       ``sum |h - alpha| + beta * sum |h - h'|`` has its second sum over pairs of
       neighbors (4 of the same scale, and the same pixel at the next scale). Loopy
       belief propagation gives the probability of each label under ``exp(-energy)``.

    References
    ----------
    Yi and Eramian, "LBP-based segmentation of defocus blur", TIP 25(4), 2016. The
    parameters are those of Galetto and Deng (2022), Fig. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.mapping.peers import lbp_map
    >>> noise = np.random.default_rng(0).random((64, 64))
    >>> noise[:, 32:] = 0.5
    >>> score = lbp_map(noise)
    >>> bool(score[:, :20].max() < 0.5 < score[:, 44:].min())
    True
    """
    photograph = to_float_image(image)
    busy = busy_patterns(to_gray(photograph), threshold).astype(np.float32)
    alphas = [
        _spread(
            ndimage.uniform_filter(busy, size, mode="reflect"), photograph, propagation
        )
        for size in sizes
    ]
    log_odds = _infer(np.stack(alphas), neighbor_weight)
    score: np.ndarray = special.expit(-log_odds[-1])
    return score


def _spread(share: np.ndarray, photograph: np.ndarray, propagation: str) -> np.ndarray:
    """Carry what is clearly sharp, 1, and clearly blurred, 0, to what lies between."""
    alpha = np.clip((share - _BLURRED) / (_SHARP - _BLURRED), 0, 1).astype(np.float32)
    decided = (alpha == 0) | (alpha == 1)
    if not decided.any():
        return alpha
    spread = propagate(alpha, photograph, decided, propagation, _DATA_WEIGHT)
    within: np.ndarray = np.clip(spread, 0, 1)
    return within


def _infer(alphas: np.ndarray, weight: float) -> np.ndarray:
    """Logarithm of the odds of sharp at every node of scales, rows and columns.

    Messages are exchanged all at once, as logarithms of odds, until they settle. One
    that passes a tie of strength ``weight`` becomes
    ``2 artanh(tanh(weight / 2) tanh(message / 2))``.
    """
    # exp(-|1 - alpha|) against exp(-|alpha|).
    evidence = 2 * alphas - 1
    # Below 1, so that even the strongest tie passes on a finite message.
    pass_on = np.float32(min(np.tanh(weight / 2), 1 - 1e-6))
    # For each axis, messages forward to the next node and backward to the previous.
    ends = [
        (_along(axis, slice(1, None)), _along(axis, slice(None, -1)))
        for axis in range(3)
    ]
    ties = [*ends, *(pair[::-1] for pair in ends)]
    messages = [np.zeros_like(evidence[into]) for into, _ in ties]
    beliefs = evidence
    for _ in range(_MOST_ROUNDS):
        sent = []
        for index, (_, source) in enumerate(ties):
            # A node leaves out what it heard from the one it speaks to.
            heard = messages[(index + 3) % 6]
            odds = beliefs[source] - heard
            sent.append(2 * np.arctanh(pass_on * np.tanh(odds / 2)))
        change = max(
            (
                np.abs(new - old).max()
                for new, old in zip(sent, messages, strict=True)
                if new.size
            ),
            default=0,
        )
        messages = sent
        beliefs = evidence.copy()
        for (into, _), message in zip(ties, messages, strict=True):
            beliefs[into] += message
        if change < _TOLERANCE:
            break
    return beliefs


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (part,)


class LBPMapper(ImageTransformer):
    """Score the blur of photographs by their local binary patterns.

    With ``propagation="matting"`` it needs pymatting:
    ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    threshold : float, default=0.025
        By how much a neighbor must be brighter than a pixel to count (T), at least 0,
        with gray in [0, 1].
    sizes : tuple of int, default=(7, 11, 15)
        Sides of the windows of each scale (s1, s2, s3), in pixels, from fine to coarse.
    neighbor_weight : float, default=0.25
        Weight (beta) of disagreement between neighbors and between scales, at least 0.
    propagation : {"global", "matting"}, default="global"
        How what is sharp and what is blurred spreads to where it is in doubt: by the
        fast global smoother, or by the matting Laplacian, as published, which takes
        many times as long.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    LaplacianVarianceMapper : Another score without a unit.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Yi and Eramian, "LBP-based segmentation of defocus blur", TIP 25(4), 2016. The
    parameters are those of Galetto and Deng (2022), Fig. 9.

    Examples
    --------
    >>> from skdefocus import LBPMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = LBPMapper().transform([load_sample_photograph()])
    >>> sample.unit
    'relative'
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        threshold: float = 0.025,
        sizes: Sequence[int] = (7, 11, 15),
        *,
        neighbor_weight: float = 0.25,
        propagation: str = "global",
        n_jobs: int | None = None,
    ) -> None:
        self.threshold = threshold
        self.sizes = sizes
        self.neighbor_weight = neighbor_weight
        self.propagation = propagation
        self.n_jobs = n_jobs

    def _check(self) -> None:
        super()._check()
        _check_sizes(type(self).__name__, self._settings())

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(lbp_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="relative",
        )
