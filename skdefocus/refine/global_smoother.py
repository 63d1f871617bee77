"""GlobalRefiner: a blur map spread over the whole photograph, up to its edges."""

from __future__ import annotations

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
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.threads import run_in_parts
from .._shared.validation import check_image, check_map, to_float_image
from ..filters._global_smoother import smooth_in_place
from ..filters._soft_guide import guide_noise, soft_guide
from ..filters.box import window_variance
from ..sample import DefocusSample
from ._distance import map_scale

__all__ = ["GlobalRefiner", "refine_global"]

_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "color_sigma": [POSITIVE_REAL],
    "n_iter": [POSITIVE_INTEGER],
    "map_sigma": [POSITIVE_REAL, None],
    "disagreement": [POSITIVE_REAL, None],
    "guide_blur": [StrOptions({"auto"}), NON_NEGATIVE_REAL],
    "value_scale": [StrOptions({"log", "linear"})],
}
# Chosen on CUHK 0201 to 0400 (benchmarks/RESULTS.md).
_SMOOTHNESS = 30_000.0
_COLOR_SIGMA = 0.015
# The guide's blur: least and most, and the deviation of noise, as a share of the span,
# that it is to leave.
_LEAST_BLUR, _MOST_BLUR = 0.7, 1.5
_NOISE_LEFT = 0.005
_MAP_SIGMA = 0.03
_DISAGREEMENT = 0.05
# Half the side of a patch: as far as a sharp edge lowers the map around it.
_NEIGHBORHOOD = 16


@checked(_CONSTRAINTS)
def refine_global(
    blur_map: np.ndarray,
    image: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    smoothness: float = _SMOOTHNESS,
    color_sigma: float = _COLOR_SIGMA,
    n_iter: int = 3,
    map_sigma: float | None = _MAP_SIGMA,
    disagreement: float | None = _DISAGREEMENT,
    guide_blur: float | str = "auto",
    value_scale: str = "log",
) -> np.ndarray:
    """Refine a blur map by an edge-preserving smoother guided by the photograph.

    Where the map is not to be trusted, as on a smooth surface, it is filled in from
    where it is, from as far as no edge of the photograph lies between.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    confidence : array-like of shape (H, W), optional
        In [0, 1], how far each pixel of the map is to be trusted; by default 1.
    smoothness : float, default=30000.0
        Strength, at least 0: on a flat photograph values spread over about its square
        root in pixels.
    color_sigma : float, default=0.015
        Difference of color between neighbors that counts as an edge, above 0, as a
        share of the photograph's span, the distance of its 0.5th from its 99.5th
        percentile: exposure and contrast change nothing.
    n_iter : int, default=3
        Passes along rows and columns.
    map_sigma : float or None, default=0.03
        Difference between neighbors of the refined map, on its ``value_scale``, that
        counts as an edge when it is smoothed once more, above 0; None smooths once.
    disagreement : float or None, default=0.05
        Variance of the map, on its ``value_scale``, in a window of 33 pixels at which
        its confidence is halved, above 0. Around a sharp edge the map is low on both
        sides, and which of them is sharp is not known there. None leaves the
        confidence.
    guide_blur : float or "auto", default="auto"
        Sigma by which the photograph is blurred, in pixels, at least 0, before its
        edges are looked for, since noise would break every tie. "auto" is 0.7, and up
        to 1.5 where there is noise.
    value_scale : {"log", "linear"}, default="log"
        Whether means are taken of ``log(sigma + 0.8)``, on which levels of blur lie at
        nearly equal distances, or of the map as it is.

    Returns
    -------
    ndarray of shape (H, W), float32
        Refined map, within the range of the map given.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.

    See Also
    --------
    skdefocus.filters.global_smoother : The filter.
    refine_wgif : The paper's refinement.

    References
    ----------
    Min et al., "Fast global image smoothing based on weighted least squares", TIP
    23(12), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.refine import refine_global
    >>> image = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((64, 1))
    >>> coarse = np.full((64, 64), 1.0)
    >>> coarse[:, 24:] = 5.0
    >>> fine = refine_global(coarse, image)
    >>> bool(fine[32, 28] < 2 < fine[32, 40])
    True
    """
    # Integers stay integers: the floats of a large color photograph are three maps.
    photograph = check_image(image)
    if photograph.dtype.kind == "f":
        photograph = to_float_image(photograph)
    blur_map = check_map(blur_map, photograph.shape, "blur_map")
    if confidence is not None:
        confidence = check_map(confidence, blur_map.shape, "confidence", upper=1.0)
    if confidence is not None and not confidence.any():
        # Without any evidence the map is all there is.
        confidence = None
    # Values and weights, in whose memory everything else is done.
    planes = np.empty((2, *blur_map.shape), np.float32)
    values, weight = planes

    def prepare(first: int, last: int) -> None:
        rows = slice(first, last)
        values[rows] = blur_map[rows]
        if value_scale == "log":
            to_log_sigma(values[rows], out=values[rows])
        weight[rows] = 1 if confidence is None else confidence[rows]

    run_in_parts(prepare, len(values), 1)
    if disagreement is not None:
        _discount(weight, values, np.float32(disagreement))
    noise, span = guide_noise(photograph)
    blur = guide_blur
    if isinstance(blur, str):
        # A Gaussian leaves so much of white noise.
        blur = noise / (2 * np.sqrt(np.pi) * _NOISE_LEFT * span)
        blur = float(np.clip(blur, _LEAST_BLUR, _MOST_BLUR))
    smooth_in_place(
        planes,
        soft_guide(photograph, blur),
        weighted=True,
        smoothness=smoothness,
        color_sigma=color_sigma * span,
        n_iter=n_iter,
        value_sigma=map_sigma,
    )
    # A copy lets go of the weights.
    refined: np.ndarray = values.copy()
    low, high = (bound(blur_map).astype(np.float32) for bound in (np.min, np.max))

    def finish(first: int, last: int) -> None:
        rows = refined[first:last]
        if value_scale == "log":
            from_log_sigma(rows, out=rows)
        np.clip(rows, low, high, out=rows)

    run_in_parts(finish, len(refined), 1)
    return refined


def _discount(weight: np.ndarray, values: np.ndarray, disagreement: np.float32) -> None:
    """Lower confidence where a map varies within its neighborhood."""
    variance = window_variance(values, 2 * _NEIGHBORHOOD + 1)

    def discount(first: int, last: int) -> None:
        rows = variance[first:last]
        rows += disagreement
        weight[first:last] *= np.divide(disagreement, rows, out=rows)

    run_in_parts(discount, len(weight), 1)


class GlobalRefiner(ImageTransformer):
    """Refine blur maps by an edge-preserving smoother guided by the photograph.

    The refinement with the best results on CUHK. It uses the confidence of the
    samples: smooth surfaces take their blur from what surrounds them.

    Parameters
    ----------
    smoothness : float, default=30000.0
        Strength, at least 0: on a flat photograph values spread over about its square
        root in pixels.
    color_sigma : float, default=0.015
        Difference of color between neighbors that counts as an edge, above 0, as a
        share of the photograph's span, the distance of its 0.5th from its 99.5th
        percentile: exposure and contrast change nothing.
    n_iter : int, default=3
        Passes along rows and columns.
    map_sigma : float or None, default=0.03
        Difference between neighbors of the refined map, on its ``value_scale``, that
        counts as an edge when it is smoothed once more, above 0; None smooths once.
    disagreement : float or None, default=0.05
        Variance of the map, on its ``value_scale``, in a window of 33 pixels at which
        its confidence is halved, above 0. Around a sharp edge the map is low on both
        sides, and which of them is sharp is not known there. None leaves the
        confidence.
    guide_blur : float or "auto", default="auto"
        Sigma by which the photograph is blurred, in pixels, at least 0, before its
        edges are looked for, since noise would break every tie. "auto" is 0.7, and up
        to 1.5 where there is noise.
    value_scale : {"log", "linear"}, default="log"
        Whether means are taken of ``log(sigma + 0.8)``, on which levels of blur lie at
        nearly equal distances, or of the map as it is.
    n_jobs : int, optional
        Number of photographs processed in parallel (joblib).

    See Also
    --------
    WGIFRefiner : The paper's refinement.

    Notes
    -----
    ``value_scale`` is for sigma in pixels. Maps of unit "relative" are smoothed as they
    are; depth and disparity too, after division by their largest value.

    References
    ----------
    Min et al., "Fast global image smoothing based on weighted least squares", TIP
    23(12), 2014.

    Examples
    --------
    >>> from skdefocus import GlobalRefiner, SlidingWindowMapper
    >>> from skdefocus.datasets import load_sample_photograph
    >>> samples = SlidingWindowMapper().transform([load_sample_photograph()])
    >>> GlobalRefiner().transform(samples)[0].blur_map.dtype
    dtype('float32')
    """

    _constraints = {**_CONSTRAINTS, "n_jobs": N_JOBS}  # noqa: RUF012
    _needs = "map"

    def __init__(
        self,
        smoothness: float = _SMOOTHNESS,
        color_sigma: float = _COLOR_SIGMA,
        n_iter: int = 3,
        *,
        map_sigma: float | None = _MAP_SIGMA,
        disagreement: float | None = _DISAGREEMENT,
        guide_blur: float | str = "auto",
        value_scale: str = "log",
        n_jobs: int | None = None,
    ) -> None:
        self.smoothness = smoothness
        self.color_sigma = color_sigma
        self.n_iter = n_iter
        self.map_sigma = map_sigma
        self.disagreement = disagreement
        self.guide_blur = guide_blur
        self.value_scale = value_scale
        self.n_jobs = n_jobs

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        settings = self._settings()
        if sample.unit != "px":
            settings["value_scale"] = "linear"
        scale = map_scale(sample)
        refined = unchecked(refine_global)(
            sample.require_map() / scale, sample.image, sample.confidence, **settings
        )
        return sample.replace(blur_map=refined * np.float32(scale))
