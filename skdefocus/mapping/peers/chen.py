"""FastDefocusMapper: sigma at edges, spread over superpixels (Chen et al. 2016)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..._base import ImageTransformer
from ..._shared.parameters import (
    N_JOBS,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    UNIT_INTERVAL,
    checked,
    unchecked,
)
from ..._shared.validation import to_colors, to_float_image, to_gray
from ...sample import DefocusSample
from ._edge_sigma import known_edge_sigma
from .texture import local_texture_confidence

__all__ = ["FastDefocusMapper", "fast_defocus_map"]

_CONSTRAINTS = {
    "n_superpixels": [POSITIVE_INTEGER],
    "color_sigma": [POSITIVE_REAL],
    "smoothness": [POSITIVE_REAL],
    "edge_threshold": [UNIT_INTERVAL],
    "max_sigma": [POSITIVE_REAL],
}
# Of the blur put on top, as EdgeRatioMapper has it, in pixels.
_REBLUR_SIGMA = 1.0
# Compactness of superpixels of colors in CIELAB.
_COMPACTNESS = 10.0
# Ties between superpixels of any color: those without an edge hang on them.
_LEAST_AFFINITY = 1e-4


@checked(_CONSTRAINTS)
def fast_defocus_map(
    image: np.ndarray,
    *,
    n_superpixels: int = 200,
    color_sigma: float = 0.75,
    smoothness: float = 10.0,
    edge_threshold: float = 0.01,
    max_sigma: float = 10.0,
) -> np.ndarray:
    """Map the blur of a photograph from its edges, one sigma for each superpixel.

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    n_superpixels : int, default=200
        About how many superpixels the photograph is divided into.
    color_sigma : float, default=0.75
        Difference of color at which neighboring superpixels are tied less, above 0,
        as a share of the mean difference between neighbors of the photograph.
    smoothness : float, default=10.0
        Weight of the ties, above 0. A superpixel's own edges weigh 1 where they are as
        many as in the mean superpixel.
    edge_threshold : float, default=0.01
        Gradient from which Canny's edges start, as a share of the photograph's
        strongest, from 0 to 1.
    max_sigma : float, default=10.0
        Cut of sigma at edges, in pixels, above 0. A photograph without any edge is this
        blurred everywhere.

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
    edge_ratio_map : Spreads the same sigma from pixel to pixel.

    Notes
    -----
    1. Sigma at edges is that of Zhuo and Sim, see `edge_sigma`.
    2. SLIC divides the photograph into superpixels. What a superpixel knows is the
       median of its edges, and weighs as much as it has of them.
    3. Neighbors are tied by ``exp(-d^2 / (2 s^2))``, with d the distance of their mean
       colors in CIELAB and s ``color_sigma`` times the mean distance of neighbors.
       All superpixels together minimize the weighted square distance from what they
       know plus ``smoothness`` times that between tied neighbors.

    The outline, the number of superpixels and sigma are as Galetto and Deng (2022) give
    them, the rest is usual for such ties, and ``smoothness`` was chosen on ten
    photographs of CUHK 0201 to 0400.

    References
    ----------
    Chen, Chen and Chang, "Fast defocus map estimation", ICIP 2016, as described by
    Galetto and Deng (2022), sec. 4.2 and Fig. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.mapping.peers import fast_defocus_map
    >>> step = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> sigma = fast_defocus_map(blur(step, 3.0), n_superpixels=20)
    >>> round(float(np.median(sigma)), 1)
    3.0
    """
    photograph = to_float_image(image)
    gray = to_gray(photograph)
    edges, sigma = known_edge_sigma(
        gray,
        edge_threshold=edge_threshold,
        reblur_sigma=_REBLUR_SIGMA,
        max_sigma=max_sigma,
        caller="fast_defocus_map",
    )
    if sigma.size == 0:
        return np.full(gray.shape, max_sigma, dtype=np.float32)
    labels, colors = _superpixels(photograph, n_superpixels)
    ties = _affinity(labels, colors, color_sigma)
    medians, counts = _medians(sigma, labels[edges], len(colors))
    spread = _spread(medians, counts / counts.mean(), ties, smoothness)
    everywhere: np.ndarray = np.clip(spread, sigma.min(), sigma.max()).astype(
        np.float32
    )[labels]
    return everywhere


def _superpixels(
    photograph: np.ndarray, n_superpixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Superpixel of every pixel, from 0 up, and the mean color of each in CIELAB."""
    from skimage.color import rgb2lab
    from skimage.segmentation import slic

    color = to_colors(photograph)
    lab = rgb2lab(color)
    labels = slic(color, n_superpixels, compactness=_COMPACTNESS, start_label=0)
    # Numbers without a gap, whichever superpixels were merged.
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(lab.shape[:2])
    sizes = np.bincount(labels.ravel())
    sums = [np.bincount(labels.ravel(), lab[..., c].ravel()) for c in range(3)]
    return labels, np.stack(sums, axis=1) / sizes[:, np.newaxis]


def _affinity(
    labels: np.ndarray, colors: np.ndarray, color_sigma: float
) -> sparse.csr_array:
    """Ties between neighboring superpixels, symmetric, at most 1."""
    beside = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()])
    below = np.stack([labels[:-1].ravel(), labels[1:].ravel()])
    pairs = np.concatenate([beside, below], axis=1)
    pairs = np.unique(np.sort(pairs[:, pairs[0] != pairs[1]], axis=0), axis=1)
    one, other = pairs
    distance = np.linalg.norm(colors[one] - colors[other], axis=1)
    scale = color_sigma * max(distance.mean(), 1e-6) if distance.size else 1.0
    tie = np.maximum(np.exp(-((distance / scale) ** 2) / 2), _LEAST_AFFINITY)
    n = len(colors)
    half = sparse.coo_array((tie, (one, other)), shape=(n, n)).tocsr()
    return half + half.T


def _medians(
    values: np.ndarray, groups: np.ndarray, n_groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Median of the values of each group, 0 where there is none, and their numbers."""
    counts = np.bincount(groups, minlength=n_groups)
    medians = np.zeros(n_groups)
    order = np.lexsort((values, groups))
    ordered = values[order].astype(np.float64)
    ends = np.cumsum(counts)
    filled = counts > 0
    low = (ends - counts + (counts - 1) // 2)[filled]
    high = (ends - counts + counts // 2)[filled]
    medians[filled] = (ordered[low] + ordered[high]) / 2
    return medians, counts


def _spread(
    values: np.ndarray, weights: np.ndarray, ties: sparse.csr_array, smoothness: float
) -> np.ndarray:
    """Minimize distance from what is known plus that between tied superpixels."""
    laplacian = sparse.diags_array(ties.sum(axis=1)) - ties
    system = sparse.diags_array(weights) + smoothness * laplacian
    return np.atleast_1d(linalg.spsolve(sparse.csc_array(system), weights * values))


class FastDefocusMapper(ImageTransformer):
    """Map the blur of photographs from their edges, one sigma for each superpixel.

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    n_superpixels : int, default=200
        About how many superpixels the photograph is divided into.
    color_sigma : float, default=0.75
        Difference of color at which neighboring superpixels are tied less, above 0,
        as a share of the mean difference between neighbors of the photograph.
    smoothness : float, default=10.0
        Weight of the ties, above 0. A superpixel's own edges weigh 1 where they are as
        many as in the mean superpixel.
    edge_threshold : float, default=0.01
        Gradient from which Canny's edges start, as a share of the photograph's
        strongest, from 0 to 1.
    max_sigma : float, default=10.0
        Cut of sigma at edges, in pixels, above 0. A photograph without any edge is this
        blurred everywhere.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    EdgeRatioMapper : Spreads the same sigma from pixel to pixel.

    Notes
    -----
    The confidence of its samples is a weight of texture, no probability
    (``confidence_kind="weight"``).

    References
    ----------
    Chen, Chen and Chang, "Fast defocus map estimation", ICIP 2016, as described by
    Galetto and Deng (2022), sec. 4.2 and Fig. 9.

    Examples
    --------
    >>> from skdefocus import FastDefocusMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> (sample,) = FastDefocusMapper().transform([load_sample_photograph()])
    >>> sample.unit, float(sample.blur_map.max()) <= 10
    ('px', True)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012

    def __init__(
        self,
        n_superpixels: int = 200,
        color_sigma: float = 0.75,
        *,
        smoothness: float = 10.0,
        edge_threshold: float = 0.01,
        max_sigma: float = 10.0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_superpixels = n_superpixels
        self.color_sigma = color_sigma
        self.smoothness = smoothness
        self.edge_threshold = edge_threshold
        self.max_sigma = max_sigma
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        return sample.replace(
            blur_map=unchecked(fast_defocus_map)(sample.image, **self._settings()),
            confidence=local_texture_confidence(sample.image),
            confidence_kind="weight",
            unit="px",
        )
