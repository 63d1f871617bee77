"""MutualGuidedRefiner: keep the edges that blur map and photograph share."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.sigma_scale import LARGEST_SIGMA, from_log_sigma, to_log_sigma
from .._shared.validation import check_map, to_float_image, to_gray
from ..filters import mutual_guided_filter
from ..sample import DefocusSample
from ._distance import map_scale

__all__ = ["MutualGuidedRefiner", "refine_mutual_guided"]

_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "guide_smoothness": [NON_NEGATIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
    "eps": [POSITIVE_REAL],
    "guide_eps": [POSITIVE_REAL],
    "guide_channels": [StrOptions({"gray", "color"})],
}


@checked(_CONSTRAINTS, unit=[StrOptions({"px", "relative"})])
def refine_mutual_guided(
    blur_map: np.ndarray,
    image: np.ndarray,
    *,
    unit: str = "px",
    smoothness: float = 0.1,
    guide_smoothness: float = 0.01,
    n_iter: int = 3,
    eps: float = 0.01,
    guide_eps: float = 0.01,
    guide_channels: str = "gray",
) -> np.ndarray:
    """Refine a blur map together with the photograph: shared edges stay.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    unit : {"px", "relative"}, default="px"
        Unit of the map, which decides on what scale it is filtered: see ``eps``.
    smoothness : float, default=0.1
        Weight of the map's gradients, at least 0. 0 leaves the map as it is.
    guide_smoothness : float, default=0.01
        Weight of the photograph's gradients, at least 0. 0 keeps its texture.
    n_iter : int, default=3
        Passes, at least 1.
    eps : float, default=0.01
        Least gradient of the map, above 0: smaller ones count as this. Sigma is
        filtered as ``log(sigma + 0.8)``, with 0 to 19 px mapped to 0 to 1, and a
        relative map as it is.
    guide_eps : float, default=0.01
        Least gradient of the photograph in [0, 1], above 0: smaller ones count as this.
    guide_channels : {"gray", "color"}, default="gray"
        Guide: luminance or color of the photograph.

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.
    RuntimeError
        If the linear systems are too hard to solve: a smoothness out of all proportion.

    See Also
    --------
    skdefocus.filters.mutual_guided_filter : The filter, for any image and guide.

    References
    ----------
    Guo, Li, Ma and Ling, "Mutually guided image filtering", TPAMI 42(3), 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_mutual_guided
    >>> image = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> coarse = np.clip(np.arange(64) / 4 - 5, 1, 5) * np.ones((64, 1))
    >>> fine = refine_mutual_guided(coarse, image)
    >>> bool(fine[32, 32] - fine[32, 31] > 1)
    True
    """
    settings: dict[str, Any] = {
        "smoothness": smoothness,
        "guide_smoothness": guide_smoothness,
        "n_iter": n_iter,
        "eps": eps,
        "guide_eps": guide_eps,
    }
    photograph = to_float_image(image)
    upper = 1.0 if unit == "relative" else None
    blur_map = check_map(blur_map, photograph.shape, "blur_map", upper=upper)
    blur_map = blur_map.astype(np.float32)
    if guide_channels == "gray":
        photograph = to_gray(photograph)
    if unit == "relative":
        return unchecked(mutual_guided_filter)(blur_map, photograph, **settings)
    # The largest sigma lies at 1 on the filter's scale.
    low, high = to_log_sigma([0.0, LARGEST_SIGMA])
    scaled = (to_log_sigma(blur_map.astype(np.float64)) - low) / (high - low)
    scaled = unchecked(mutual_guided_filter)(scaled, photograph, **settings)
    refined = from_log_sigma(low + (high - low) * scaled).astype(np.float32)
    # There and back again may leave the range by the last digit.
    return np.clip(refined, blur_map.min(), blur_map.max())


class MutualGuidedRefiner(ImageTransformer):
    """Refine blur maps together with their photographs by the mutually guided filter.

    Parameters
    ----------
    smoothness : float, default=0.1
        Weight of the map's gradients, at least 0. 0 leaves the map as it is.
    guide_smoothness : float, default=0.01
        Weight of the photograph's gradients, at least 0. 0 keeps its texture.
    n_iter : int, default=3
        Passes, at least 1.
    eps : float, default=0.01
        Least gradient of the map, above 0: smaller ones count as this. Sigma is
        filtered as ``log(sigma + 0.8)``, with 0 to 19 px mapped to 0 to 1, and a
        relative map as it is.
    guide_eps : float, default=0.01
        Least gradient of the photograph in [0, 1], above 0: smaller ones count as this.
    guide_channels : {"gray", "color"}, default="gray"
        Guide: luminance or color of the photograph.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Notes
    -----
    Depth and disparity are divided by their largest value, then filtered as relative
    maps are.

    The confidence is passed on as it came; it says how far the map was to be trusted
    before it was refined.

    References
    ----------
    Guo, Li, Ma and Ling, "Mutually guided image filtering", TPAMI 42(3), 2020.

    Examples
    --------
    >>> from skdefocus import LaplacianVarianceMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.refine import MutualGuidedRefiner
    >>> photograph = load_sample_photograph()[::4, ::4]
    >>> samples = LaplacianVarianceMapper().transform([photograph])
    >>> MutualGuidedRefiner().transform(samples)[0].unit
    'relative'
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        smoothness: float = 0.1,
        guide_smoothness: float = 0.01,
        n_iter: int = 3,
        *,
        eps: float = 0.01,
        guide_eps: float = 0.01,
        guide_channels: str = "gray",
        n_jobs: int | None = None,
    ) -> None:
        self.smoothness = smoothness
        self.guide_smoothness = guide_smoothness
        self.n_iter = n_iter
        self.eps = eps
        self.guide_eps = guide_eps
        self.guide_channels = guide_channels
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        scale = map_scale(sample)
        values = sample.require_map() / scale
        unit = "px" if sample.unit == "px" else "relative"
        refined = unchecked(refine_mutual_guided)(
            values, sample.image, unit=unit, **self._settings()
        )
        return sample.replace(blur_map=refined * np.float32(scale))
