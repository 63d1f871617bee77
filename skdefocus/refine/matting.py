"""MattingRefiner: spread a blur map by the matting Laplacian of its photograph."""

from __future__ import annotations

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, StrOptions, checked, unchecked
from .._shared.validation import check_map, to_float_image, to_gray
from ..filters.matting import MATTING_CONSTRAINTS, matting_smoother
from ..sample import DefocusSample

__all__ = ["MattingRefiner", "refine_matting"]

_CONSTRAINTS = {
    **MATTING_CONSTRAINTS,
    "guide_channels": [StrOptions({"gray", "color"})],
}


@checked(_CONSTRAINTS)
def refine_matting(
    blur_map: np.ndarray,
    image: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    data_weight: float = 0.01,
    eps: float = 1e-4,
    radius: int = 1,
    guide_channels: str = "color",
) -> np.ndarray:
    """Refine a blur map by closed-form matting, as Zhuo and Sim do.

    It needs pymatting: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    confidence : array-like of shape (H, W), optional
        How far the map can be trusted, in [0, 1]. None means 1 everywhere.
    data_weight : float, default=0.01
        Weight of the distance from the map, above 0. Less is smoother.
    eps : float, default=1e-4
        Ridge, above 0, on the scale of the variance of the photograph in [0, 1], summed
        over a window. More is smoother and transfers less texture.
    radius : int, default=1
        Radius of the windows, in pixels: they are ``2 * radius + 1`` wide.
    guide_channels : {"gray", "color"}, default="color"
        Guide: luminance or color of the photograph.

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.
    ImportError
        Without pymatting.
    RuntimeError
        If the linear system is too hard to solve: a data weight next to nothing.

    See Also
    --------
    skdefocus.filters.matting_smoother : The smoother, for any image and guide.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008; Zhuo and Sim, "Defocus map estimation from a single image",
    Pattern Recognition 44(9), 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_matting
    >>> image = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> coarse = np.full((64, 64), 1.0)
    >>> coarse[:, 24:] = 5.0
    >>> fine = refine_matting(coarse, image)  # doctest: +SKIP
    >>> bool(fine[32, 28] < coarse[32, 28])  # doctest: +SKIP
    True
    """
    photograph = to_float_image(image)
    blur_map = check_map(blur_map, photograph.shape, "blur_map").astype(np.float32)
    if guide_channels == "gray":
        photograph = to_gray(photograph)
    refined = unchecked(matting_smoother)(
        blur_map,
        photograph,
        confidence,
        data_weight=data_weight,
        eps=eps,
        radius=radius,
    )
    # An affine function of the guide can overshoot; sigma stays within the evidence.
    within: np.ndarray = np.clip(refined, blur_map.min(), blur_map.max())
    return within


class MattingRefiner(ImageTransformer):
    """Refine blur maps by closed-form matting, weighted by their confidence.

    It needs pymatting: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    data_weight : float, default=0.01
        Weight of the distance from the map, above 0. Less is smoother.
    eps : float, default=1e-4
        Ridge, above 0, on the scale of the variance of the photograph in [0, 1], summed
        over a window. More is smoother and transfers less texture.
    radius : int, default=1
        Radius of the windows, in pixels: they are ``2 * radius + 1`` wide.
    guide_channels : {"gray", "color"}, default="color"
        Guide: luminance or color of the photograph.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    Notes
    -----
    The confidence is passed on as it came; it says how far the map was to be trusted
    before it was refined.

    References
    ----------
    Levin, Lischinski and Weiss, "A closed-form solution to natural image matting",
    TPAMI 30(2), 2008; Zhuo and Sim, "Defocus map estimation from a single image",
    Pattern Recognition 44(9), 2011.

    Examples
    --------
    >>> from skdefocus import LaplacianVarianceMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.refine import MattingRefiner
    >>> photograph = load_sample_photograph()[::4, ::4]
    >>> samples = LaplacianVarianceMapper().transform([photograph])
    >>> MattingRefiner().transform(samples)[0].unit  # doctest: +SKIP
    'relative'
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        data_weight: float = 0.01,
        eps: float = 1e-4,
        *,
        radius: int = 1,
        guide_channels: str = "color",
        n_jobs: int | None = None,
    ) -> None:
        self.data_weight = data_weight
        self.eps = eps
        self.radius = radius
        self.guide_channels = guide_channels
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        refined = unchecked(refine_matting)(
            sample.require_map(), sample.image, sample.confidence, **self._settings()
        )
        return sample.replace(blur_map=refined)
