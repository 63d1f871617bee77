"""Shallow depth of field from one photograph and its blur or depth map (eq. 12)."""

from __future__ import annotations

import numpy as np

from .._shared.validation import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_REAL,
    StrOptions,
    check_map,
    check_parameters,
    protect_subject,
    to_float_image,
)
from ..filters import blur, guided_filter, unsharp_mask
from .depth import FOCUS_CONSTRAINTS, defocus_from_depth
from .lens import LENS_CONSTRAINTS, lens_blur
from .weight import LEAST_DISTANCE, automatic_focus_range, sdof_weight

__all__ = [
    "GAMMA",
    "LARGEST_SHARE",
    "RENDERING_CONSTRAINTS",
    "shallow_depth_of_field",
]

_AUTO = StrOptions({"auto"})
RENDERING_CONSTRAINTS = {
    "c0": [NON_NEGATIVE_REAL, _AUTO],
    "c1": [POSITIVE_REAL, _AUTO],
    "smoothing": [StrOptions({"guided", "disc", "lens"})],
    "radius": [NON_NEGATIVE_INTEGER],
    "eps": [POSITIVE_REAL],
    "n_iter": [NON_NEGATIVE_INTEGER],
    "disc_sigma": [POSITIVE_REAL, None],
    "subject_gain": [NON_NEGATIVE_REAL],
    "literal": ["boolean"],
    **FOCUS_CONSTRAINTS,
    **LENS_CONSTRAINTS,
}
# c1 over the pivot in the paper's example.
LARGEST_SHARE = 0.7
# Light adds up linearly; files hold about its 2.2nd root.
GAMMA = 2.2


def _smooth_guided(
    image: np.ndarray, radius: int, eps: float, n_iter: int
) -> np.ndarray:
    """Smooth an image by the guided filter, guided by itself, again and again.

    Each channel guides itself: with all three as guide, colors that differ less than
    brightness does would be averaged away and the background would fade to gray.
    """
    if image.ndim == 3:
        channels = np.ascontiguousarray(np.moveaxis(image, -1, 0))
        smooth = [_smooth_guided(channel, radius, eps, n_iter) for channel in channels]
        return np.stack(smooth, axis=-1)
    for _ in range(n_iter):
        image = guided_filter(image, radius=radius, eps=eps)
    within: np.ndarray = np.clip(image, 0, 1)
    return within


def _smooth_disc(image: np.ndarray, background: np.ndarray, sigma: float) -> np.ndarray:
    """Blur the background as a lens would, in linear light, without its subject.

    Every pixel becomes the mean of the background pixels under the disc, so no light
    of the subject is scattered into its surroundings.
    """
    light = image**GAMMA
    share = blur(background, sigma, "disc")
    weight = background if image.ndim == 2 else background[..., np.newaxis]
    gathered = blur(np.clip(light * weight, 0, 1), sigma, "disc")
    share = share if image.ndim == 2 else share[..., np.newaxis]
    known = share > 1e-3
    mean = np.where(known, gathered / np.maximum(share, 1e-3), light)
    return np.clip(mean, 0, 1) ** np.float32(1 / GAMMA)


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
    subject_gain: float = 0.25,
    literal: bool = False,
    unit: str = "px",
    focus: float | str = "auto",
    n_layers: int = 32,
    edge_radius: int = 2,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Render a photograph with less depth of field (eqs. 12 and 13).

    A sharpened and a smoothed copy are mixed by the weight of `sdof_weight`; with
    ``smoothing="lens"`` what is not sharpened is drawn by discs of varying radius.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0, or in its place depth or disparity (``unit``).
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from the map (`automatic_focus_range`). The
        paper's example is 1 and 7.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph there.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it.
    smoothing : {"guided", "disc", "lens"}, default="guided"
        How the background is smoothed: by the guided filter, again and again (the
        paper); by a disc; or as a lens draws it, by discs whose radius follows the map,
        with what is nearer hiding what is farther (`lens_blur`).
    radius : int, default=33
        Of the guided filter, in pixels.
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1].
    n_iter : int, default=5
        Passes of the guided filter.
    disc_sigma : float, optional
        Sigma of the disc, in pixels, of the largest one where they vary; by default 1 %
        of the diagonal.
    subject_gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    unit : {"px", "depth", "disparity"}, default="px"
        What the map is: sigma in pixels; distances, above 0, larger is farther; or
        inverse distances, larger is nearer. Depth and disparity, on any scale, are
        turned into the sigma, up to ``disc_sigma``, that a lens would give them
        (`defocus_from_depth`).
    focus : float or "auto", default="auto"
        Depth or disparity in focus, on the map's scale; "auto" is the subject's or,
        without a mask, that of the nearer part of the photograph. Not used with sigma.
    n_layers : int, default=32
        Most sigmas that a lens draws.
    edge_radius : int, default=2
        How far, in pixels, an edge of the map may be soft or beside the photograph's,
        for a lens.
    subject_mask : array-like of shape (H, W), optional
        True, 1.0, or 255 as uint8, where the photograph is in focus whatever the map
        says.

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
        {**RENDERING_CONSTRAINTS, "unit": [StrOptions({"px", "depth", "disparity"})]},
        {
            "c0": c0,
            "c1": c1,
            "smoothing": smoothing,
            "radius": radius,
            "eps": eps,
            "n_iter": n_iter,
            "disc_sigma": disc_sigma,
            "subject_gain": subject_gain,
            "literal": literal,
            "focus": focus,
            "n_layers": n_layers,
            "edge_radius": edge_radius,
            "unit": unit,
        },
        "shallow_depth_of_field",
    )
    image = to_float_image(image)
    blur_map = check_map(blur_map, image.shape, "blur_map")
    if disc_sigma is None:
        disc_sigma = 0.01 * float(np.hypot(*blur_map.shape))
    layers = {"n_layers": n_layers, "edge_radius": edge_radius}
    if unit != "px":
        defocus = defocus_from_depth(
            blur_map, disc_sigma, unit=unit, focus=focus, subject_mask=subject_mask
        )
        blur_map = np.abs(defocus)
        if smoothing == "lens":
            weight = np.clip(1 - blur_map, 0, 1)
            return lens_blur(_sharpen(image, weight, subject_gain), defocus, **layers)
    # The range is the photograph's; a subject set to 0 would be taken for a mode.
    c0, c1, pivot = _resolve_range(blur_map, c0, c1, pivot)
    blur_map = protect_subject(blur_map, subject_mask)
    weight = sdof_weight(blur_map, c0, c1, w0=w0, w1=w1, pivot=pivot, literal=literal)
    if smoothing == "lens":
        defocus = np.float32(disc_sigma) * (1 - weight)
        return lens_blur(_sharpen(image, weight, subject_gain), defocus, **layers)
    if smoothing == "guided":
        smooth = _smooth_guided(image, radius, eps, n_iter)
    else:
        smooth = _smooth_disc(image, 1 - weight, disc_sigma)
    sharp = unsharp_mask(image, subject_gain)
    share = weight if image.ndim == 2 else weight[..., np.newaxis]
    rendered: np.ndarray = np.clip(share * sharp + (1 - share) * smooth, 0, 1)
    return rendered


def _sharpen(image: np.ndarray, weight: np.ndarray, gain: float) -> np.ndarray:
    """Sharpen what is in focus before a lens draws it."""
    return unsharp_mask(image, gain * weight)


def _resolve_range(
    blur_map: np.ndarray, c0: float | str, c1: float | str, pivot: float
) -> tuple[float, float, float]:
    """Replace "auto"; a value given stays, and the other keeps its distance to it."""
    if c0 != "auto" and c1 != "auto":
        return float(c0), float(c1), pivot
    auto0, auto1 = automatic_focus_range(blur_map)
    if c1 != "auto":
        return min(auto0, max(0.0, float(c1) - LEAST_DISTANCE)), float(c1), pivot
    c0 = auto0 if c0 == "auto" else float(c0)
    c1 = max(auto1, c0 + LEAST_DISTANCE)
    # A large photograph's background can lie anywhere; the curve keeps its shape.
    return c0, c1, max(pivot, c1 / LARGEST_SHARE)
