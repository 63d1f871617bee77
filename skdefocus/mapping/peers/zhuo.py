"""EdgeRatioMapper: sigma at edges by their gradient ratio (Zhuo and Sim 2011)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    POSITIVE_REAL,
    UNIT_INTERVAL,
    checked,
    unchecked,
)
from ..._shared.validation import to_float_image, to_gray
from ...sample import DefocusSample
from ._edge_sigma import known_edge_sigma
from .propagation import PROPAGATION, propagate
from .texture import local_texture_confidence

__all__ = ["EdgeRatioMapper", "edge_ratio_map"]

_CONSTRAINTS = {
    "edge_threshold": [UNIT_INTERVAL],
    "reblur_sigma": [POSITIVE_REAL],
    "max_sigma": [POSITIVE_REAL],
    "propagation": PROPAGATION,
    "data_weight": [POSITIVE_REAL],
}
# Reach of the joint bilateral filter, in pixels and in gray levels on [0, 1].
_SPATIAL_SIGMA = 5.0
_RANGE_SIGMA = 0.1


@checked(_CONSTRAINTS)
def edge_ratio_map(
    image: np.ndarray,
    *,
    edge_threshold: float = 0.01,
    reblur_sigma: float = 1.0,
    max_sigma: float = 10.0,
    propagation: str = "global",
    data_weight: float = 0.001,
) -> np.ndarray:
    """Map the blur of a photograph from the gradient ratio at its edges.

    It needs scikit-image, and pymatting for ``propagation="matting"``:
    ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    edge_threshold : float, default=0.01
        Gradient from which Canny's edges start, as a share of the photograph's
        strongest, from 0 to 1. The authors' own program takes 0.1, which leaves
        faint edges and noise out.
    reblur_sigma : float, default=1.0
        Sigma0 of the Gaussian by which the photograph is blurred again, in pixels,
        above 0.
    max_sigma : float, default=10.0
        Cut of sigma at edges (M), in pixels, above 0. A photograph without any edge is
        this blurred everywhere.
    propagation : {"global", "matting"}, default="global"
        How sigma spreads from edges to all pixels: by the fast global smoother, or by
        the matting Laplacian, as published, which takes many times as long.
    data_weight : float, default=0.001
        Weight (lambda) of sigma at the edges in matting, above 0.

    Returns
    -------
    ndarray of shape (H, W), float32
        Sigma in pixels, from 0 to ``max_sigma``.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.
    ImportError
        Without scikit-image or, for matting, pymatting.

    See Also
    --------
    edge_sigma : Sigma at the edges.

    Notes
    -----
    Edges are Canny's. At each, R is the ratio of the gradient's magnitude to that of
    the photograph blurred again, and ``sigma = sigma0 / sqrt(R^2 - 1)`` (eqs. 5 to 7),
    corrected for the scale of the gradient, a Gaussian's derivative of 1 px. Edges with
    R of 1 or less are dropped. A joint bilateral filter among edges, of 5 px and 0.1 of
    the range of gray, takes outliers away (eq. 8); then sigma is spread (eq. 10).

    References
    ----------
    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition
    44(9), 2011. The threshold, sigma0, M and lambda are those of Galetto and Deng
    (2022), Fig. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.mapping.peers import edge_ratio_map
    >>> step = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> sigma = edge_ratio_map(blur(step, 3.0))
    >>> round(float(np.median(sigma)), 1)
    3.0
    """
    photograph = to_float_image(image)
    gray = to_gray(photograph)
    edges, sigma = known_edge_sigma(
        gray,
        edge_threshold=edge_threshold,
        reblur_sigma=reblur_sigma,
        max_sigma=max_sigma,
        caller="edge_ratio_map",
    )
    if sigma.size == 0:
        return np.full(gray.shape, max_sigma, dtype=np.float32)
    sigma = _joint_bilateral(sigma, edges, gray)
    sparse = np.zeros(gray.shape, dtype=np.float32)
    sparse[edges] = sigma
    # Where next to nothing reaches from edges, the nearest one decides.
    nearest = ndimage.distance_transform_edt(
        ~edges, return_distances=False, return_indices=True
    )
    start = sparse[tuple(nearest)]
    spread = propagate(start, photograph, edges, propagation, data_weight)
    everywhere: np.ndarray = np.clip(spread, sigma.min(), sigma.max())
    return everywhere


def _joint_bilateral(
    sigma: np.ndarray, edges: np.ndarray, gray: np.ndarray
) -> np.ndarray:
    """Mean over edges that are near and of a like gray, at each edge (eq. 8)."""
    reach = int(2 * _SPATIAL_SIGMA)
    is_edge = np.pad(edges, reach)
    width = is_edge.shape[1]
    values: np.ndarray = np.zeros(is_edge.shape, dtype=np.float32)
    values[is_edge] = sigma
    guide = np.pad(gray, reach).ravel()
    values, is_edge = values.ravel(), is_edge.ravel()
    here = np.flatnonzero(is_edge)
    own = guide[here]
    total = np.zeros(here.size, dtype=np.float64)
    weights = np.zeros(here.size, dtype=np.float64)
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            distance2 = down**2 + across**2
            if distance2 > reach**2:
                continue
            there = here + (down * width + across)
            pairs = np.flatnonzero(is_edge[there])
            there = there[pairs]
            unlike = (guide[there] - own[pairs]) ** 2 / (2 * _RANGE_SIGMA**2)
            weight = np.exp(-distance2 / (2 * _SPATIAL_SIGMA**2) - unlike)
            total[pairs] += weight * values[there]
            weights[pairs] += weight
    return (total / weights).astype(np.float32)


class EdgeRatioMapper(ImageTransformer):
    """Map the blur of photographs from the gradient ratio at their edges.

    It needs scikit-image, and pymatting for ``propagation="matting"``:
    ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    edge_threshold : float, default=0.01
        Gradient from which Canny's edges start, as a share of the photograph's
        strongest, from 0 to 1. The authors' own program takes 0.1, which leaves
        faint edges and noise out.
    reblur_sigma : float, default=1.0
        Sigma0 of the Gaussian by which the photograph is blurred again, in pixels,
        above 0.
    max_sigma : float, default=10.0
        Cut of sigma at edges (M), in pixels, above 0. A photograph without any edge is
        this blurred everywhere.
    propagation : {"global", "matting"}, default="global"
        How sigma spreads from edges to all pixels: by the fast global smoother, or by
        the matting Laplacian, as published, which takes many times as long.
    data_weight : float, default=0.001
        Weight (lambda) of sigma at the edges in matting, above 0.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    SlidingWindowMapper : Measures sigma everywhere.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition
    44(9), 2011. The threshold, sigma0, M and lambda are those of Galetto and Deng
    (2022), Fig. 9.

    Examples
    --------
    >>> from skdefocus import EdgeRatioMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = EdgeRatioMapper().transform([load_sample_photograph()])
    >>> sample.unit, float(sample.blur_map.max()) <= 10
    ('px', True)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        edge_threshold: float = 0.01,
        reblur_sigma: float = 1.0,
        max_sigma: float = 10.0,
        *,
        propagation: str = "global",
        data_weight: float = 0.001,
        n_jobs: int | None = None,
    ) -> None:
        self.edge_threshold = edge_threshold
        self.reblur_sigma = reblur_sigma
        self.max_sigma = max_sigma
        self.propagation = propagation
        self.data_weight = data_weight
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(edge_ratio_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="px",
        )
