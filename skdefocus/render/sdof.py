"""SDoFRenderer: shallow depth of field from one photograph (sec. 5.2)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .._base import ImageTransformer
from .._validation import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_REAL,
    StrOptions,
    check_map,
    check_parameters,
    protect_subject,
    to_float_image,
)
from ..filters import blur, guided_filter, otsu_threshold, unsharp_mask
from ..sample import DefocusSample

__all__ = [
    "SDoFRenderer",
    "automatic_focus_range",
    "sdof_parameters",
    "sdof_weight",
    "shallow_depth_of_field",
]

_AUTO = StrOptions({"auto"})
_OPEN_FRACTION = Interval(Real, 0, 1, closed="neither")
_WEIGHT = {
    "c0": [NON_NEGATIVE_REAL],
    "c1": [POSITIVE_REAL],
    "w0": [_OPEN_FRACTION],
    "w1": [_OPEN_FRACTION],
    "pivot": [POSITIVE_REAL],
}
_RENDERING = {
    "smoothing": [StrOptions({"guided", "disc"})],
    "radius": [NON_NEGATIVE_INTEGER],
    "eps": [POSITIVE_REAL],
    "n_iter": [NON_NEGATIVE_INTEGER],
    "disc_sigma": [POSITIVE_REAL, None],
    "gain": [NON_NEGATIVE_REAL],
    "literal": ["boolean"],
}
# The map's scale on which defocus is split into focus and background.
_LOG_OFFSET = 0.8
# Photographs whose two modes are closer than this have no background to blur.
_LEAST_DISTANCE = 0.5
# Light adds up linearly; files hold about its 2.2nd root.
_GAMMA = 2.2


def sdof_parameters(
    c0: float = 1.0,
    c1: float = 7.0,
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
) -> tuple[float, float]:
    """Solve eq. 13 for its two parameters from two points of the curve.

    Parameters
    ----------
    c0, c1 : float, default=1.0 and 7.0
        Sigma, in pixels, up to which a pixel counts as in focus and from which it
        counts as background: 0 <= c0 < c1 < pivot.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there: 0 < w1 < w0 < 1.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.

    Returns
    -------
    gamma, sigma : float
        Exponent and scale of ``W = 1 - exp(-((pivot - M) / sigma) ** gamma)``.

    Raises
    ------
    ValueError
        For values outside these ranges.

    References
    ----------
    Galetto and Deng (2022), eq. 13.

    Examples
    --------
    >>> from skdefocus.render import sdof_parameters
    >>> [round(value, 4) for value in sdof_parameters(1, 7)]
    [8.0464, 7.0783]
    """
    parameters = {"c0": c0, "c1": c1, "w0": w0, "w1": w1, "pivot": pivot}
    check_parameters(_WEIGHT, parameters, "sdof_parameters")
    if not c0 < c1 < pivot:
        raise ValueError(
            f"'c0', 'c1' and 'pivot' must satisfy 0 <= c0 < c1 < pivot. Got c0={c0:g}, "
            f"c1={c1:g}, pivot={pivot:g} instead."
        )
    if not w1 < w0:
        raise ValueError(
            f"'w0' and 'w1' must satisfy 0 < w1 < w0 < 1. Got w0={w0:g}, w1={w1:g} "
            f"instead."
        )
    log0, log1 = -np.log1p(-w0), -np.log1p(-w1)
    gamma = np.log(log0 / log1) / np.log((pivot - c0) / (pivot - c1))
    return float(gamma), float((pivot - c0) / log0 ** (1 / gamma))


def sdof_weight(
    blur_map: np.ndarray,
    c0: float = 1.0,
    c1: float = 7.0,
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    literal: bool = False,
) -> np.ndarray:
    """Weight of the sharpened photograph in every pixel (eq. 13).

    The equation as printed is not monotone: it falls to 0 at the pivot and rises
    again, so that the most blurred pixels would get the sharpened photograph. Here the
    weight stays 0 beyond the pivot.

    Parameters
    ----------
    blur_map : array-like
        Sigma in pixels, at least 0, of any shape.
    c0, c1 : float, default=1.0 and 7.0
        Sigma up to which a pixel counts as in focus and from which as background.
    w0, w1 : float, default=0.999 and 0.001
        Weights there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.
    literal : bool, default=False
        Reproduce the equation as printed.

    Returns
    -------
    ndarray of the map's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For values outside the ranges that `sdof_parameters` names.

    References
    ----------
    Galetto and Deng (2022), eq. 13.

    Examples
    --------
    >>> from skdefocus.render import sdof_weight
    >>> sdof_weight([1.0, 7.0, 18.0]).round(3)
    array([0.999, 0.001, 0.   ], dtype=float32)
    >>> sdof_weight([18.0], literal=True).round(2)
    array([0.93], dtype=float32)
    """
    gamma, sigma = sdof_parameters(c0, c1, w0=w0, w1=w1, pivot=pivot)
    # In float64: gamma can be large where c0 and c1 are close together.
    distance = pivot - np.asarray(blur_map, dtype=np.float64)
    distance = np.abs(distance) if literal else np.maximum(distance, 0)
    return -np.expm1(-((distance / sigma) ** gamma)).astype(np.float32)


def automatic_focus_range(
    blur_map: np.ndarray, *, pivot: float = 10.0
) -> tuple[float, float]:
    """Take c0 and c1 from the in-focus and the background mode of a map.

    The map is split in two by Otsu's threshold on a logarithmic scale; c0 is reached
    by three quarters of the sharper part, c1 by a quarter of the more blurred one.

    Parameters
    ----------
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    pivot : float, default=10.0
        Both stay below it.

    Returns
    -------
    c0, c1 : float
        In pixels of sigma. Where the modes cannot be told apart, which is warned of,
        both lie above the map, so that nothing is blurred, unless the whole
        photograph lies beyond the pivot.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import automatic_focus_range
    >>> c0, c1 = automatic_focus_range(np.array([[0.5, 0.5, 4.0, 4.0]]))
    >>> round(c0, 2), round(c1, 2)
    (0.5, 4.0)
    """
    blur_map = np.asarray(blur_map, dtype=np.float32)
    scale = np.log(blur_map + np.float32(_LOG_OFFSET))
    sharp = scale < otsu_threshold(scale)
    highest = 0.95 * pivot
    c0 = float(np.quantile(blur_map[sharp], 0.75)) if sharp.any() else 0.0
    c1 = float(np.quantile(blur_map[~sharp], 0.25))
    if not sharp.any() or c1 - c0 < _LEAST_DISTANCE:
        warnings.warn(
            "the blur map has no clear distinction between focus and background, so "
            "nothing is blurred; give c0 and c1, or a subject mask.",
            UserWarning,
            stacklevel=2,
        )
        c0 = min(float(blur_map.max()), highest - _LEAST_DISTANCE)
        return c0, c0 + _LEAST_DISTANCE
    c1 = min(c1, highest)
    return min(c0, c1 - _LEAST_DISTANCE), c1


def _smooth_guided(
    image: np.ndarray, radius: int, eps: float, n_iter: int
) -> np.ndarray:
    """Smooth an image by the guided filter, guided by itself, again and again.

    Each channel guides itself: with all three as guide, colours that differ less than
    brightness does would be averaged away and the background would fade to grey.
    """
    if image.ndim == 3:
        channels = np.ascontiguousarray(np.moveaxis(image, -1, 0))
        smooth = [_smooth_guided(channel, radius, eps, n_iter) for channel in channels]
        return np.stack(smooth, axis=-1)
    for _ in range(n_iter):
        image = guided_filter(image, radius=radius, eps=eps)
    return np.clip(image, 0, 1)


def _smooth_disc(image: np.ndarray, background: np.ndarray, sigma: float) -> np.ndarray:
    """Blur the background as a lens would, in linear light, without its subject.

    Every pixel becomes the mean of the background pixels under the disc, so no light
    of the subject is scattered into its surroundings.
    """
    light = image**_GAMMA
    share = blur(background, sigma, "disc")
    weight = background if image.ndim == 2 else background[..., np.newaxis]
    gathered = blur(np.clip(light * weight, 0, 1), sigma, "disc")
    share = share if image.ndim == 2 else share[..., np.newaxis]
    known = share > 1e-3
    mean = np.where(known, gathered / np.maximum(share, 1e-3), light)
    return np.clip(mean, 0, 1) ** np.float32(1 / _GAMMA)


def shallow_depth_of_field(
    image: np.ndarray,
    blur_map: np.ndarray,
    c0: float | str = "auto",
    c1: float | str = "auto",
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    smoothing: str = "guided",
    radius: int = 33,
    eps: float = 128 / 255**2,
    n_iter: int = 5,
    disc_sigma: float | None = None,
    gain: float = 0.25,
    literal: bool = False,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Render a photograph with less depth of field (eqs. 12 and 13).

    A sharpened and a smoothed copy are mixed by the weight of `sdof_weight`.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0.
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from the map (`automatic_focus_range`). The
        paper's example is 1 and 7.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.
    smoothing : {"guided", "disc"}, default="guided"
        How the background is smoothed: by the guided filter, again and again (the
        paper), or by a disc, as a lens draws it.
    radius : int, default=33
        Of the guided filter, in pixels.
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1].
    n_iter : int, default=5
        Passes of the guided filter.
    disc_sigma : float, optional
        Sigma of the disc, in pixels; by default 1 % of the diagonal.
    gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    subject_mask : array-like of shape (H, W), optional
        True, or 1, where the photograph is in focus whatever the map says.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or maps that do not fit the image.

    References
    ----------
    Galetto and Deng (2022), sec. 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import shallow_depth_of_field
    >>> photo = np.random.default_rng(0).random((48, 48))
    >>> blur_map = np.repeat([[0.0, 9.0]], 24, axis=1) * np.ones((48, 1))
    >>> shallow = shallow_depth_of_field(photo, blur_map, 1, 7, smoothing="disc")
    >>> bool(shallow[:, 40:].std() < photo[:, 40:].std())
    True
    """
    check_parameters(
        {"c0": [NON_NEGATIVE_REAL, _AUTO], "c1": [POSITIVE_REAL, _AUTO], **_RENDERING},
        {
            "c0": c0,
            "c1": c1,
            "smoothing": smoothing,
            "radius": radius,
            "eps": eps,
            "n_iter": n_iter,
            "disc_sigma": disc_sigma,
            "gain": gain,
            "literal": literal,
        },
        "shallow_depth_of_field",
    )
    image = to_float_image(image)
    blur_map = check_map(blur_map, image.shape, "blur_map")
    blur_map = protect_subject(blur_map, subject_mask)
    c0, c1 = _resolve_range(blur_map, c0, c1, pivot)
    weight = sdof_weight(blur_map, c0, c1, w0=w0, w1=w1, pivot=pivot, literal=literal)
    if smoothing == "guided":
        smooth = _smooth_guided(image, radius, eps, n_iter)
    else:
        sigma = 0.01 * float(np.hypot(*blur_map.shape))
        sigma = sigma if disc_sigma is None else disc_sigma
        smooth = _smooth_disc(image, 1 - weight, sigma)
    sharp = unsharp_mask(image, gain)
    share = weight if image.ndim == 2 else weight[..., np.newaxis]
    return np.clip(share * sharp + (1 - share) * smooth, 0, 1)


def _resolve_range(
    blur_map: np.ndarray, c0: float | str, c1: float | str, pivot: float
) -> tuple[float, float]:
    """Replace "auto"; a value given stays, and the other keeps its distance to it."""
    if "auto" not in (c0, c1):
        return float(c0), float(c1)
    auto0, auto1 = automatic_focus_range(blur_map, pivot=pivot)
    if c0 != "auto":
        return float(c0), max(auto1, min(float(c0) + _LEAST_DISTANCE, 0.99 * pivot))
    if c1 != "auto":
        return min(auto0, max(0.0, float(c1) - _LEAST_DISTANCE)), float(c1)
    return auto0, auto1


class SDoFRenderer(ImageTransformer):
    """Render photographs with less depth of field (sec. 5.2).

    Parameters
    ----------
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from each map. The paper's example is 1 and 7.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0.
    smoothing : {"guided", "disc"}, default="guided"
        How the background is smoothed: by the guided filter, again and again (the
        paper), or by a disc, as a lens draws it.
    radius : int, default=33
        Of the guided filter, in pixels.
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1].
    n_iter : int, default=5
        Passes of the guided filter.
    disc_sigma : float, optional
        Sigma of the disc, in pixels; by default 1 % of the diagonal.
    gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    n_jobs : int, optional
        Photographs worked on at a time, as in joblib.

    References
    ----------
    Galetto and Deng (2022), sec. 5.2, eqs. 12 and 13.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdefocus import SDoFRenderer, SlidingWindowMapper, WGIFRefiner
    >>> from skdefocus.datasets import load_sample_photograph
    >>> steps = make_pipeline(SlidingWindowMapper(), WGIFRefiner(), SDoFRenderer())
    >>> steps.fit_transform([load_sample_photograph()])[0].dtype
    dtype('float32')
    """

    _constraints = {  # noqa: RUF012
        **_WEIGHT,
        **_RENDERING,
        "c0": [NON_NEGATIVE_REAL, _AUTO],
        "c1": [POSITIVE_REAL, _AUTO],
        "n_jobs": [int, None],
    }
    _needs = "px"

    def __init__(
        self,
        c0: float | str = "auto",
        c1: float | str = "auto",
        *,
        w0: float = 0.999,
        w1: float = 0.001,
        pivot: float = 10.0,
        smoothing: str = "guided",
        radius: int = 33,
        eps: float = 128 / 255**2,
        n_iter: int = 5,
        disc_sigma: float | None = None,
        gain: float = 0.25,
        literal: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.c0 = c0
        self.c1 = c1
        self.w0 = w0
        self.w1 = w1
        self.pivot = pivot
        self.smoothing = smoothing
        self.radius = radius
        self.eps = eps
        self.n_iter = n_iter
        self.disc_sigma = disc_sigma
        self.gain = gain
        self.literal = literal
        self.n_jobs = n_jobs

    def transform(
        self,
        X: Iterable[DefocusSample],
        subject_masks: Sequence[np.ndarray | None] | None = None,
    ) -> list[np.ndarray]:
        """Render photographs.

        Parameters
        ----------
        X : list of DefocusSample
            Samples with a blur map in pixels.
        subject_masks : list of array-like of shape (H, W), optional
            For every photograph None or a mask, True, or 1, where it is in focus
            whatever the map says.

        Returns
        -------
        list of ndarray, float32
            Photographs in [0, 1].

        Raises
        ------
        ValueError
            For parameters, samples or masks that are not accepted.
        """
        self._check()
        return self._map(X, subject_masks=subject_masks)

    def _check(self) -> None:
        super()._check()
        if "auto" not in (self.c0, self.c1):
            sdof_parameters(self.c0, self.c1, w0=self.w0, w1=self.w1, pivot=self.pivot)

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        subject_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        settings: dict[str, Any] = self.get_params(deep=False)
        del settings["n_jobs"]
        return shallow_depth_of_field(
            sample.image, sample.blur_map, subject_mask=subject_mask, **settings
        )
