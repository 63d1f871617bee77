"""WGIFRefiner: the paper's refinement of a blur map (sec. 3.3)."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._shared.gray_rows import GrayRows
from .._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.validation import check_map, to_float_image
from ..filters.guided import GUIDED_CONSTRAINTS
from ..filters.weighted_guided import apply_weighted
from ..sample import DefocusSample

__all__ = ["WGIFRefiner", "refine_wgif"]

_CONSTRAINTS = {
    **GUIDED_CONSTRAINTS,
    "n_iter": [NON_NEGATIVE_INTEGER],
    "guide_channels": [StrOptions({"gray", "color"})],
    "weight_smoothing": [NON_NEGATIVE_REAL],
    "iterate": [StrOptions({"guide", "map"})],
}


@checked(_CONSTRAINTS)
def refine_wgif(
    blur_map: np.ndarray,
    image: np.ndarray,
    *,
    radius: int = 16,
    eps: float = 0.005,
    n_iter: int = 7,
    guide_channels: str = "gray",
    weight_smoothing: float = 0.0,
    iterate: str = "guide",
) -> np.ndarray:
    """Refine a blur map with a photograph smoothed to its silhouettes as guide.

    The photograph is filtered by the weighted guided filter ``n_iter`` times, guided
    by itself, which removes its texture but keeps large edges. One pass with it as
    guide then takes the map to those edges.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    radius : int, default=16
        Radius of the guided filter, in pixels: its windows are ``2 * radius + 1`` wide.
    eps : float, default=0.005
        Ridge, above 0, on the scale of the photograph's variance in [0, 1].
    n_iter : int, default=7
        Passes over the photograph, or over the map with ``iterate="map"``.
    guide_channels : {"gray", "color"}, default="gray"
        Guide: luminance or color of the photograph.
    weight_smoothing : float, default=0.0
        Sigma of a Gaussian over the edge weights, in pixels.
    iterate : {"guide", "map"}, default="guide"
        "guide" smooths the photograph, then refines the map in one pass, as the paper
        does (Fig. 6g). "map" filters the map ``n_iter`` times with the photograph
        itself as guide (Fig. 6d).

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.

    References
    ----------
    Galetto and Deng (2022), sec. 3.3, Figs. 5 and 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_wgif
    >>> image = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> coarse = np.full((64, 64), 1.0)
    >>> coarse[:, 24:] = 5.0
    >>> fine = refine_wgif(coarse, image)
    >>> bool(fine[32, 28] < coarse[32, 28])
    True
    """
    gray = GrayRows(image)
    blur_map = check_map(blur_map, gray.shape, "blur_map")
    blur_map = blur_map.astype(np.float32, copy=False)
    photograph = gray.whole() if guide_channels == "gray" else to_float_image(image)
    settings = radius, eps, 1.0, weight_smoothing
    refined = blur_map
    if iterate == "map":
        for _ in range(n_iter):
            refined = apply_weighted(refined, photograph, *settings)
    else:
        for _ in range(n_iter):
            photograph = apply_weighted(photograph, photograph, *settings)
        refined = apply_weighted(blur_map, photograph, *settings)
    # An affine function of the guide can overshoot; sigma stays within the evidence.
    low, high = blur_map.min(), blur_map.max()
    # With no pass it is still the map that was given.
    return np.clip(refined, low, high, out=None if refined is blur_map else refined)


class WGIFRefiner(ImageTransformer):
    """Refine blur maps by an iterated weighted guided filter, the paper's way.

    Parameters
    ----------
    radius : int, default=16
        Radius of the guided filter, in pixels: its windows are ``2 * radius + 1`` wide.
    eps : float, default=0.005
        Ridge, above 0, on the scale of the photograph's variance in [0, 1].
    n_iter : int, default=7
        Passes over the photograph, or over the map with ``iterate="map"``.
    guide_channels : {"gray", "color"}, default="gray"
        Guide: luminance or color of the photograph.
    weight_smoothing : float, default=0.0
        Sigma of a Gaussian over the edge weights, in pixels.
    iterate : {"guide", "map"}, default="guide"
        "guide" smooths the photograph, then refines the map in one pass, as the paper
        does (Fig. 6g). "map" filters the map ``n_iter`` times with the photograph
        itself as guide (Fig. 6d).
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Notes
    -----
    The confidence is passed on as it came; it says how far the map was to be trusted
    before it was refined.

    References
    ----------
    Galetto and Deng (2022), sec. 3.3.

    Examples
    --------
    >>> from skdefocus import SlidingWindowMapper, WGIFRefiner
    >>> from skdefocus.datasets import load_sample_photograph
    >>> samples = SlidingWindowMapper().transform([load_sample_photograph()])
    >>> WGIFRefiner().transform(samples)[0].blur_map.dtype
    dtype('float32')
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        radius: int = 16,
        eps: float = 0.005,
        n_iter: int = 7,
        *,
        guide_channels: str = "gray",
        weight_smoothing: float = 0.0,
        iterate: str = "guide",
        n_jobs: int | None = None,
    ) -> None:
        self.radius = radius
        self.eps = eps
        self.n_iter = n_iter
        self.guide_channels = guide_channels
        self.weight_smoothing = weight_smoothing
        self.iterate = iterate
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        refined = unchecked(refine_wgif)(
            sample.require_map(), sample.image, **self._settings()
        )
        return sample.replace(blur_map=refined)
