"""AdaptiveScaleEdgeMapper: edges measured at scales they bear (Karaali and Jung)."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    Interval,
    checked,
    unchecked,
)
from ..._shared.validation import to_float_image, to_gray
from ...filters.box import window_mean
from ...sample import DefocusSample
from ._edge_sigma import canny_edges, edge_sigma
from .texture import local_texture_confidence

__all__ = ["AdaptiveScaleEdgeMapper", "adaptive_scale_map"]

# sigma1, and the scales 1:0.5:5 from which sigma2 is chosen, above sigma1.
_FINE_SCALE = 1.0
_SCALES = tuple(np.arange(1, 5.5, 0.5))
# Edges that are not seen at each of so many of the finest scales are not reliable.
_RELIABLE = 4
# Density of edges at which a window's own fit counts as much as a wider one's, as a
# share of that of one straight edge across the window.
_HALF_EDGE = 0.25

_CONSTRAINTS = {
    "max_sigma": [POSITIVE_REAL],
    "scale_share": [
        Interval(Real, _FINE_SCALE / _SCALES[_RELIABLE - 1], 1, closed="right")
    ],
    "edge_smoothness": [NON_NEGATIVE_REAL],
    "radius": [POSITIVE_INTEGER],
    "eps": [POSITIVE_REAL],
}


@checked(_CONSTRAINTS)
def adaptive_scale_map(
    image: np.ndarray,
    *,
    max_sigma: float = 5.0,
    scale_share: float = 1.0,
    edge_smoothness: float = 20.0,
    radius: int = 8,
    eps: float = 0.01,
) -> np.ndarray:
    """Map the blur of a photograph from edges, each measured at a scale of its own.

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    max_sigma : float, default=5.0
        Cut of sigma at edges, in pixels, above 0. A photograph without any reliable
        edge is this blurred everywhere.
    scale_share : float, default=1.0
        Sigma2 as a share of the last scale at which an edge is seen, above 0.4 and at
        most 1. The wider sigma2, the less noise tells, and the more what is near and
        how the edge bends do; the authors' own program takes 0.5.
    edge_smoothness : float, default=20.0
        Weight of the squared difference of sigma between neighbors on an edge, at
        least 0, against that of the distance from what was measured.
    radius : int, default=8
        Radius of the narrowest windows from which sigma spreads to where no edge is, in
        pixels; where they hold few edges, windows twice as wide take over, and so on.
    eps : float, default=0.01
        Ridge of the guided filter, above 0, on the scale of the variance of gray in
        [0, 1]. More lets sigma depend less on gray.

    Returns
    -------
    ndarray of shape (H, W), float32
        Sigma in pixels, from 0 to ``max_sigma``.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.
    ImportError
        Without scikit-image.

    See Also
    --------
    edge_sigma : Sigma at the edges, given scales.

    Notes
    -----
    1. Canny's edges are found at the scales 1, 1.5, ..., 5. Those of the finest that
       are there, or a pixel away, at each of the next three are reliable.
    2. The ratio of gradients is taken between sigma1 = 1 and sigma2, ``scale_share`` of
       the last scale up to which the edge pixel is seen without a gap: wide where the
       edge stands alone, so that noise tells little, and narrow where others are near.
    3. Connected edge filter: along edges (of 8 neighbors), sigma minimizes the sum of
       ``(1 + c) (x - measured)^2``, c the number of scales at which the pixel is an
       edge, and ``edge_smoothness (x_p - x_q)^2`` over neighbors. What has no
       measurement (a ratio of 1 or less) takes that of its edge.
    4. A guided filter on the edges alone spreads sigma: in every window sigma is fitted
       as ``a * gray + b`` to its edges, and fits are averaged with the number of their
       edges for a weight.

    Time is linear in the number of pixels for all but step 3, whose sparse system is
    solved directly.

    References
    ----------
    Karaali and Jung, "Edge-based defocus blur estimation with adaptive scale
    selection", TIP 27(3), 2018 (online 2017), for the steps and for the scales as
    Galetto and Deng (2022), Fig. 9, give them. How windows without edges are filled is
    ours.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.mapping.peers import adaptive_scale_map
    >>> step = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> sigma = adaptive_scale_map(blur(step, 3.0))
    >>> round(float(np.median(sigma)), 1)
    3.0
    """
    gray = to_gray(to_float_image(image))
    edges, last_scale, n_scales = _reliable_edges(gray)
    coarse_scale = scale_share * last_scale
    measured = unchecked(edge_sigma)(gray, edges, _FINE_SCALE, coarse_scale)
    sigma = _filter_connected(measured, edges, n_scales, edge_smoothness)
    known = np.isfinite(sigma)
    if not known.any():
        return np.full(gray.shape, max_sigma, dtype=np.float32)
    edges[edges] = known
    sigma = np.minimum(sigma[known], max_sigma)
    spread = _spread(sigma, edges, gray.astype(np.float64), radius, eps)
    spread_sigma: np.ndarray = np.clip(spread, sigma.min(), sigma.max()).astype(
        np.float32
    )
    return spread_sigma


def _reliable_edges(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find edges, the last scale of each in an unbroken run, and at how many it is."""
    seen = np.stack(
        [canny_edges(gray, scale, None, "adaptive_scale_map") for scale in _SCALES]
    )
    # Edges wander a little from scale to scale: within a pixel they are the same.
    near = ndimage.binary_dilation(seen, np.ones((1, 3, 3), bool))
    edges = seen[0] & near[:_RELIABLE].all(axis=0)
    at_edges = near[:, edges]
    run = np.logical_and.accumulate(at_edges, axis=0).sum(axis=0)
    return edges, np.take(_SCALES, run - 1), at_edges.sum(axis=0)


def _filter_connected(
    measured: np.ndarray, edges: np.ndarray, n_scales: np.ndarray, smoothness: float
) -> np.ndarray:
    """Smooth sigma along edges; NaN is left on edges where nothing was measured."""
    if measured.size == 0:
        return measured.astype(np.float64)
    known = np.isfinite(measured)
    weight = np.where(known, 1.0 + n_scales, 0.0)
    number = np.full(np.add(edges.shape, 2), -1)
    number[1:-1, 1:-1][edges] = np.arange(measured.size)
    height, width = edges.shape
    here, pairs = number[1:-1, 1:-1][edges], []
    # Half of the 8 neighbors, so that each pair is met once.
    for down, across in ((0, 1), (1, -1), (1, 0), (1, 1)):
        shifted = number[1 + down :, 1 + across :][:height, :width][edges]
        is_edge = shifted >= 0
        pairs.append((here[is_edge], shifted[is_edge]))
    one, other = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    ties = sparse.coo_array(
        (np.full(one.size, float(smoothness)), (one, other)),
        shape=(measured.size, measured.size),
    )
    ties = (ties + ties.T).tocsr()
    _, part = sparse.csgraph.connected_components(ties, directed=False)
    has_evidence = np.bincount(part, weights=weight)[part] > 0
    # A part without evidence has no answer; any diagonal lets the rest be solved.
    diagonal = ties.sum(axis=1) + np.where(has_evidence, weight, 1.0)
    system = sparse.diags_array(diagonal) - ties
    target = weight * np.where(known, measured, 0)
    smooth = np.atleast_1d(spsolve(system.tocsc(), target))
    return np.where(has_evidence, smooth, np.nan)


def _spread(
    sigma: np.ndarray, edges: np.ndarray, gray: np.ndarray, radius: int, eps: float
) -> np.ndarray:
    """Carry sigma from edges everywhere by a guided filter that sees edges alone."""
    radii = [radius]
    while 2 * radii[-1] + 1 < 2 * max(edges.shape):
        radii.append(2 * radii[-1])
    mean = float(sigma.mean())
    values = np.zeros(edges.shape)
    values[edges] = sigma - mean
    spread = np.zeros(edges.shape)
    for width in reversed(radii):
        fitted, density = _fit(values, edges.astype(np.float64), gray, width, eps)
        share = density / (density + _HALF_EDGE / (2 * width + 1))
        spread += share * (fitted - spread)
    return mean + spread


def _fit(
    values: np.ndarray, weight: np.ndarray, gray: np.ndarray, radius: int, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Guided filter with weights; give the density of weight around a pixel too."""
    density = window_mean(weight, radius)
    # Running sums leave rounding where the weight is none.
    inverse = np.where(density > 1e-9, 1 / np.maximum(density, 1e-9), 0)
    mean_gray = window_mean(weight * gray, radius) * inverse
    mean_value = window_mean(weight * values, radius) * inverse
    covariance = window_mean(weight * gray * values, radius) * inverse
    variance = window_mean(weight * gray**2, radius) * inverse - mean_gray**2
    slope = (covariance - mean_gray * mean_value) / (np.maximum(variance, 0) + eps)
    offset = mean_value - slope * mean_gray
    total = window_mean(density, radius)
    inverse = np.where(total > 1e-9, 1 / np.maximum(total, 1e-9), 0)
    slope = window_mean(density * slope, radius) * inverse
    offset = window_mean(density * offset, radius) * inverse
    return slope * gray + offset, total


class AdaptiveScaleEdgeMapper(ImageTransformer):
    """Map the blur of photographs from edges, each measured at a scale of its own.

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    max_sigma : float, default=5.0
        Cut of sigma at edges, in pixels, above 0. A photograph without any reliable
        edge is this blurred everywhere.
    scale_share : float, default=1.0
        Sigma2 as a share of the last scale at which an edge is seen, above 0.4 and at
        most 1. The wider sigma2, the less noise tells, and the more what is near and
        how the edge bends do; the authors' own program takes 0.5.
    edge_smoothness : float, default=20.0
        Weight of the squared difference of sigma between neighbors on an edge, at
        least 0, against that of the distance from what was measured.
    radius : int, default=8
        Radius of the narrowest windows from which sigma spreads to where no edge is, in
        pixels; where they hold few edges, windows twice as wide take over, and so on.
    eps : float, default=0.01
        Ridge of the guided filter, above 0, on the scale of the variance of gray in
        [0, 1]. More lets sigma depend less on gray.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    EdgeRatioMapper : Measures all edges at one scale.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Karaali and Jung, "Edge-based defocus blur estimation with adaptive scale
    selection", TIP 27(3), 2018 (online 2017), with the scales of Galetto and Deng
    (2022), Fig. 9.

    Examples
    --------
    >>> from skdefocus import AdaptiveScaleEdgeMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = AdaptiveScaleEdgeMapper().transform([load_sample_photograph()])
    >>> sample.unit, float(sample.blur_map.max()) <= 5
    ('px', True)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        max_sigma: float = 5.0,
        scale_share: float = 1.0,
        *,
        edge_smoothness: float = 20.0,
        radius: int = 8,
        eps: float = 0.01,
        n_jobs: int | None = None,
    ) -> None:
        self.max_sigma = max_sigma
        self.scale_share = scale_share
        self.edge_smoothness = edge_smoothness
        self.radius = radius
        self.eps = eps
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(adaptive_scale_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="px",
        )
