"""Shallow depth of field from one photograph and its blur map (eq. 12)."""

from __future__ import annotations

import numpy as np

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
from ..filters import blur, guided_filter, unsharp_mask
from .weight import LEAST_DISTANCE, automatic_focus_range, sdof_weight

__all__ = ["RENDERING_CONSTRAINTS", "shallow_depth_of_field"]

_AUTO = StrOptions({"auto"})
RENDERING_CONSTRAINTS = {
    "c0": [NON_NEGATIVE_REAL, _AUTO],
    "c1": [POSITIVE_REAL, _AUTO],
    "smoothing": [StrOptions({"guided", "disc"})],
    "radius": [NON_NEGATIVE_INTEGER],
    "eps": [POSITIVE_REAL],
    "n_iter": [NON_NEGATIVE_INTEGER],
    "disc_sigma": [POSITIVE_REAL, None],
    "gain": [NON_NEGATIVE_REAL],
    "literal": ["boolean"],
}
# c1 over the pivot in the paper's example.
_LARGEST_SHARE = 0.7
# Light adds up linearly; files hold about its 2.2nd root.
_GAMMA = 2.2


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
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it.
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
        RENDERING_CONSTRAINTS,
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
    # The range is the photograph's; a subject set to 0 would be taken for a mode.
    c0, c1, pivot = _resolve_range(blur_map, c0, c1, pivot)
    blur_map = protect_subject(blur_map, subject_mask)
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
    return c0, c1, max(pivot, c1 / _LARGEST_SHARE)
