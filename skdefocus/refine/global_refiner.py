"""GlobalRefiner: what was measured, kept where it is sure, spread up to edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import (
    N_JOBS,
    NON_NEGATIVE_REAL,
    POSITIVE_REAL,
    StrOptions,
    checked,
    unchecked,
)
from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.threads import run_in_parts
from .._shared.validation import check_image, check_map, to_float_image
from ..filters._cells import (
    cell_colors,
    cell_sums,
    cell_ties,
    pixels_per_cell,
    spread_cells,
)
from ..filters._soft_guide import guide_noise
from ..filters._surface import surface_slopes
from ..filters._tied_grid import TiedGrid
from ..filters.box import window_variance
from ..sample import DefocusSample
from ._distance import map_scale
from ._reliability import Evidence, refined_confidence

__all__ = ["GlobalRefiner", "refine_and_judge", "refine_global"]

_CONSTRAINTS = {
    "smoothness": [NON_NEGATIVE_REAL],
    "color_sigma": [POSITIVE_REAL],
    "map_sigma": [POSITIVE_REAL, None],
    "disagreement": [POSITIVE_REAL, None],
    "guide_blur": [StrOptions({"auto"}), NON_NEGATIVE_REAL],
    "value_scale": [StrOptions({"log", "linear"})],
}
# Chosen on CUHK 0201 to 0400 and on photographs of known blur
# (docs/decisions/evidence.rst).
_SMOOTHNESS = 10_000.0
_COLOR_SIGMA = 0.015
_MAP_SIGMA = 0.015
_DISAGREEMENT = 0.2
# The guide's blur: least and most, and the deviation of noise, as a share of the span,
# that it is to leave.
_LEAST_BLUR, _MOST_BLUR = 0.7, 1.5
_NOISE_LEFT = 0.005
# Half the side of a patch: as far as a sharp edge lowers the map around it.
_NEIGHBORHOOD = 16
# The data weighs as its confidence does, and more and more where that is nearly 1.
_SURE = 10
_MOST_SURE = 1e-3
# How often a guess is right; what is hardly more often right weighs much less.
_CHANCE = 0.05
# What is not known at all weighs so little.
_LEAST_DATA = 1e-4
# Rows that are brought to pixels at a time.
_STRIP = 128
# A weight is no probability: where it is 1, the map is not certain.
_WEIGHT = np.float32(0.8)
# Bound of the solver's error, the same of what is given back, which varies less than
# half as much, and where only edges or a confidence hang on it.
_TOLERANCE, _OF_WHAT_IS_LEFT, _ROUGH = 0.005, 0.01, 0.03
# Evidence that reached a pixel counts against so much of none.
_NO_EVIDENCE = 0.05


@checked({**_CONSTRAINTS, "return_confidence": ["boolean"]})
def refine_global(
    blur_map: np.ndarray,
    image: np.ndarray,
    confidence: np.ndarray | None = None,
    *,
    smoothness: float = _SMOOTHNESS,
    color_sigma: float = _COLOR_SIGMA,
    map_sigma: float | None = _MAP_SIGMA,
    disagreement: float | None = _DISAGREEMENT,
    guide_blur: float | str = "auto",
    value_scale: str = "log",
    return_confidence: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Refine a blur map by weighing what was measured against the photograph's edges.

    A pixel whose confidence is high keeps its value. One that shows nothing, as on a
    smooth surface, takes its value from evidence that can be reached without crossing
    an edge, from however far.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Map of either unit, at least 0.
    image : array-like of shape (H, W) or (H, W, 3)
        The photograph: uint8, uint16, or float in [0, 1].
    confidence : array-like of shape (H, W), optional
        In [0, 1], how far each pixel of the map is to be trusted. By default all are
        trusted alike, and smoothed.
    smoothness : float, default=10000.0
        Strength, at least 0: on a flat photograph values spread over about the square
        root of it over their confidence, in pixels.
    color_sigma : float, default=0.015
        Difference of color between neighbors that counts as an edge, above 0, as a
        share of the photograph's span, the distance of its 0.5th from its 99.5th
        percentile: exposure and contrast change nothing.
    map_sigma : float or None, default=0.015
        Difference between neighbors of the refined map, on its ``value_scale``, that
        counts as an edge when it is solved for once more, above 0; None solves once.
    disagreement : float or None, default=0.2
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
    return_confidence : bool, default=False
        Give the confidence of the refined map, too.

    Returns
    -------
    refined : ndarray of shape (H, W), float32
        Refined map, within the range of the map given.
    confidence : ndarray of shape (H, W), float32
        Only with ``return_confidence``, for maps of sigma in pixels: the probability,
        in [0, 1], that the refined sigma is right within 25 % or 0.25 px, by how much
        evidence reached a pixel and how far it agrees.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.
    RuntimeError
        If smoothness is so large that the system is not solved.

    See Also
    --------
    refine_wgif : The paper's refinement.
    skdefocus.filters.global_smoother : A filter of the same kind, in one pass.

    Notes
    -----
    Minimized is the sum of ``d (u - f)^2`` over pixels and ``smoothness t (u_p -
    u_q)^2`` over neighbors, with f the map. The data weighs ``d = c^2 / (c + 0.05)``,
    with c the confidence, over ``1 - c^10``, and half as much where the map disagrees:
    what is certain is kept, and what is hardly more often right than a guess weighs
    little. Ties t fall with the difference of colors, and in a second round with that
    of u. What smoothing takes away is smoothed and given back, so that slopes stay.
    Where most of what was measured lies on surfaces that bend little, as floors and
    tables do, neighbors are drawn to the slope of that surface, not to each other:
    ``smoothness t (u_p - u_q - v)^2``.

    Photographs of more than 131072 pixels are solved on cells of 2 x 2 pixels or more,
    and brought up along their edges; the mean difference to a solution on pixels is
    about 0.03 px, and more where hardly anything is known.

    References
    ----------
    Farbman et al., "Edge-preserving decompositions for multi-scale tone and detail
    manipulation", TOG 27(3), 2008, for the energy; Buja, Hastie and Tibshirani, "Linear
    smoothers and additive models", Annals of Statistics 17(2), 1989, for twicing.

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
    refined, *judged = refine_and_judge(
        blur_map,
        image,
        confidence,
        refined_confidence if return_confidence else None,
        smoothness=smoothness,
        color_sigma=color_sigma,
        map_sigma=map_sigma,
        disagreement=disagreement,
        guide_blur=guide_blur,
        value_scale=value_scale,
    )
    return (refined, judged[0]) if judged else refined


def refine_and_judge(
    blur_map: np.ndarray,
    image: np.ndarray,
    confidence: np.ndarray | None,
    judge: Callable[[Evidence], np.ndarray] | None,
    *,
    smoothness: float,
    color_sigma: float,
    map_sigma: float | None,
    disagreement: float | None,
    guide_blur: float | str,
    value_scale: str,
) -> list[np.ndarray]:
    """Refine a map, and bring to its pixels what is made of the evidence of cells.

    Parameters
    ----------
    blur_map, image, confidence
        As in `refine_global`.
    judge : callable or None
        Makes one plane, or several along a first axis, from the `Evidence` of cells;
        0 wherever no pixel has any confidence.
    smoothness, color_sigma, map_sigma, disagreement, guide_blur, value_scale
        As in `refine_global`.

    Returns
    -------
    list of ndarray of shape (H, W), float32
        The refined map and, with ``judge``, what it makes.
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
        refined = [np.array(blur_map, np.float32)]
        return refined if judge is None else [*refined, np.zeros_like(refined[0])]
    size = pixels_per_cell(blur_map.shape)
    data, known, own = _evidence(blur_map, confidence, value_scale, disagreement, size)
    noise, span = guide_noise(photograph)
    blur = guide_blur
    if isinstance(blur, str):
        # A Gaussian leaves so much of white noise.
        blur = noise / (2 * np.sqrt(np.pi) * _NOISE_LEFT * span)
        blur = float(np.clip(blur, _LEAST_BLUR, _MOST_BLUR))
    down, across = cell_ties(photograph, blur, color_sigma * span, size)
    for ties in (down, across):
        ties *= np.float32(smoothness)
    is_log = value_scale == "log"
    planes = _solve(
        data, known, own, judge, down, across, smoothness, map_sigma, size, is_log
    )
    return _to_pixels(planes, photograph, span, size, blur_map, is_log)


def _evidence(
    blur_map: np.ndarray,
    confidence: np.ndarray | None,
    value_scale: str,
    disagreement: float | None,
    size: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weight of the data of each cell, its mean value, and its mean confidence."""

    def planes(first: int, last: int) -> np.ndarray:
        values = np.array(blur_map[first:last], np.float32)
        if value_scale == "log":
            to_log_sigma(values, out=values)
        ones = np.ones_like(values)
        own = ones if confidence is None else np.asarray(confidence[first:last], "f4")
        weight = ones.copy()
        if confidence is not None:
            weight = own**2 / (own + np.float32(_CHANCE))
            weight /= np.float32(1 + _MOST_SURE) - own**_SURE
        weight += np.float32(_LEAST_DATA)
        return np.stack([weight, weight * values, values, own, ones])

    data, weighted, total, own, count = cell_sums(planes, (5, *blur_map.shape), size)
    known = weighted / data
    if disagreement is not None:
        window = 2 * (_NEIGHBORHOOD // size) + 1
        variance = window_variance(total / count, window)
        data *= np.float32(disagreement) / (variance + np.float32(disagreement))
    return data, known, own / count


def _solve(
    data: np.ndarray,
    known: np.ndarray,
    own: np.ndarray,
    judge: Callable[[Evidence], np.ndarray] | None,
    down: np.ndarray,
    across: np.ndarray,
    smoothness: float,
    map_sigma: float | None,
    size: int,
    is_log: bool,
) -> np.ndarray:
    """Solve for the values of cells, and have them judged by their evidence."""
    grid = TiedGrid(data, down, across)
    smooth = None
    if map_sigma is not None:
        smooth = grid.solve(known, tolerance=_ROUGH)
        steps = np.float32(-1 / (map_sigma * size))
        values = smooth.astype(np.float32)
        down[:-1] *= np.exp(steps * np.abs(np.diff(values, axis=0)))
        across[:, :-1] *= np.exp(steps * np.abs(np.diff(values, axis=1)))
        grid = TiedGrid(data, down, across)
    slopes = None
    if smoothness > 0:
        even = np.float32(smoothness)
        slopes = surface_slopes(data, known, down / even, across / even, size)
    smooth = grid.solve(known, smooth, slopes=slopes, tolerance=_TOLERANCE)
    # What smoothing took away is smoothed and given back, so that slopes stay.
    planes = [smooth + grid.solve(known - smooth, tolerance=_OF_WHAT_IS_LEFT)]
    if judge is not None:

        def judged_scale(values: np.ndarray) -> np.ndarray:
            return values if is_log else to_log_sigma(np.maximum(values, 0))

        said = judged_scale(known)
        variance = grid.solve((said - judged_scale(smooth)) ** 2, tolerance=_ROUGH)
        # Some of the evidence is lost on every pixel of the way.
        all_data = data + np.float32(_NO_EVIDENCE * size**2)
        reach = grid.with_data(all_data).solve(data / all_data, tolerance=_ROUGH)
        judged = judge(Evidence(own, said - judged_scale(planes[0]), reach, variance))
        planes.extend(judged.reshape(-1, *smooth.shape))
    return np.stack(planes).astype(np.float32)


def _to_pixels(
    planes: np.ndarray,
    photograph: np.ndarray,
    span: float,
    size: int,
    blur_map: np.ndarray,
    is_log: bool,
) -> list[np.ndarray]:
    """Bring values, and how they were judged, from cells to pixels."""
    colors = cell_colors(photograph, size)
    found = [np.empty(blur_map.shape, np.float32) for _ in planes]
    low, high = (bound(blur_map).astype(np.float32) for bound in (np.min, np.max))

    def bring(first: int, last: int) -> None:
        for start in range(first, last, _STRIP):
            rows = slice(start, min(start + _STRIP, last))
            spread = spread_cells(planes, photograph, colors, span, size, rows)
            for plane, values in zip(found, spread, strict=True):
                plane[rows] = values
            refined = found[0][rows]
            if is_log:
                from_log_sigma(refined, out=refined)
            np.clip(refined, low, high, out=refined)

    run_in_parts(bring, len(blur_map), _STRIP)
    return found


class GlobalRefiner(ImageTransformer):
    """Refine blur maps by weighing what was measured against the photograph's edges.

    It uses the confidence of the samples: what is sure keeps its value, and smooth
    surfaces take theirs from what can be reached without crossing an edge. The refined
    map has a confidence of its own.

    Parameters
    ----------
    smoothness : float, default=10000.0
        Strength, at least 0: on a flat photograph values spread over about the square
        root of it over their confidence, in pixels.
    color_sigma : float, default=0.015
        Difference of color between neighbors that counts as an edge, above 0, as a
        share of the photograph's span, the distance of its 0.5th from its 99.5th
        percentile: exposure and contrast change nothing.
    map_sigma : float or None, default=0.015
        Difference between neighbors of the refined map, on its ``value_scale``, that
        counts as an edge when it is solved for once more, above 0; None solves once.
    disagreement : float or None, default=0.2
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
    refine_global : The function, which says what is minimized.
    WGIFRefiner : The paper's refinement.

    Notes
    -----
    ``value_scale`` is for sigma in pixels. Maps of unit "relative" are smoothed as they
    are; depth and disparity too, after division by their largest value. A confidence
    that is a probability becomes that of the refined sigma: that it is right within
    25 % or 0.25 px. A weight, and any confidence of the other maps, is passed on.

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
        *,
        map_sigma: float | None = _MAP_SIGMA,
        disagreement: float | None = _DISAGREEMENT,
        guide_blur: float | str = "auto",
        value_scale: str = "log",
        n_jobs: int | None = None,
    ) -> None:
        self.smoothness = smoothness
        self.color_sigma = color_sigma
        self.map_sigma = map_sigma
        self.disagreement = disagreement
        self.guide_blur = guide_blur
        self.value_scale = value_scale
        self.n_jobs = n_jobs

    def transform(self, X: Iterable[DefocusSample]) -> list[DefocusSample]:
        """Refine blur maps.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map.

        Returns
        -------
        list of DefocusSample
            With the refined map and its confidence.

        Raises
        ------
        ValueError
            For parameters or items that are not accepted; an item is named by index.
        RuntimeError
            If smoothness is so large that the system is not solved.
        """
        samples: list[DefocusSample] = super().transform(X)
        return samples

    def _transform_one(
        self, sample: DefocusSample, n_threads: int | None
    ) -> DefocusSample:
        settings = self._settings()
        if sample.unit != "px":
            settings["value_scale"] = "linear"
        scale = map_scale(sample)
        confidence = sample.confidence
        if confidence is not None and sample.probability is None:
            confidence = confidence * _WEIGHT
        found = unchecked(refine_global)(
            sample.require_map() / scale,
            sample.image,
            confidence,
            return_confidence=sample.probability is not None,
            **settings,
        )
        refined, confidence = (
            found if isinstance(found, tuple) else (found, sample.confidence)
        )
        return sample.replace(
            blur_map=refined * np.float32(scale), confidence=confidence
        )
