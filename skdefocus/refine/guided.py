"""GuidedRefiner: one pass of the guided filter over a blur map."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, StrOptions, checked, unchecked
from .._shared.validation import check_map, to_float_image, to_gray
from ..filters.guided import GUIDED_CONSTRAINTS, apply_affine
from ..sample import DefocusSample

__all__ = ["GuidedRefiner", "refine_guided"]

_CONSTRAINTS = {
    **GUIDED_CONSTRAINTS,
    "guide_channels": [StrOptions({"gray", "color"})],
}


@checked(_CONSTRAINTS)
def refine_guided(
    blur_map: np.ndarray,
    image: np.ndarray,
    *,
    radius: int = 16,
    eps: float = 0.005,
    guide_channels: str = "gray",
) -> np.ndarray:
    """Refine a blur map by one pass of the guided filter, the photograph as guide.

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

    References
    ----------
    He, Sun and Tang, "Guided image filtering", TPAMI 35(6), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_guided
    >>> image = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> coarse = np.full((64, 64), 1.0)
    >>> coarse[:, 24:] = 5.0
    >>> fine = refine_guided(coarse, image)
    >>> bool(fine[32, 28] < coarse[32, 28])
    True
    """
    photograph = to_float_image(image)
    blur_map = check_map(blur_map, photograph.shape, "blur_map").astype(np.float32)
    if guide_channels == "gray":
        photograph = to_gray(photograph)
    refined = apply_affine(blur_map, photograph, radius, eps)
    # An affine function of the guide can overshoot; sigma stays within the evidence.
    within: np.ndarray = np.clip(refined, blur_map.min(), blur_map.max())
    return within


class GuidedRefiner(ImageTransformer):
    """Refine blur maps by one pass of the guided filter.

    Parameters
    ----------
    radius : int, default=16
        Radius of the guided filter, in pixels: its windows are ``2 * radius + 1`` wide.
    eps : float, default=0.005
        Ridge, above 0, on the scale of the photograph's variance in [0, 1].
    guide_channels : {"gray", "color"}, default="gray"
        Guide: luminance or color of the photograph.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    skdefocus.WGIFRefiner : The paper's, without the photograph's texture.

    Notes
    -----
    The confidence is passed on as it came; it says how far the map was to be trusted
    before it was refined.

    References
    ----------
    He, Sun and Tang, "Guided image filtering", TPAMI 35(6), 2013.

    Examples
    --------
    >>> from skdefocus import LaplacianVarianceMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.refine import GuidedRefiner
    >>> samples = LaplacianVarianceMapper().transform([load_sample_photograph()])
    >>> GuidedRefiner().transform(samples)[0].blur_map.shape
    (427, 640)
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        radius: int = 16,
        eps: float = 0.005,
        *,
        guide_channels: str = "gray",
        n_jobs: int | None = None,
    ) -> None:
        self.radius = radius
        self.eps = eps
        self.guide_channels = guide_channels
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        refined = unchecked(refine_guided)(
            sample.require_map(), sample.image, **self._settings()
        )
        return sample.replace(blur_map=refined)
