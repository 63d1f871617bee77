"""Shallow depth of field by a guided filter, the paper's way (sec. 5.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._shared.parameters import NON_NEGATIVE_INTEGER, POSITIVE_REAL, checked, unchecked
from ..filters import guided_filter
from ..sample import UNKNOWN
from ._scene import (
    SCENE_CONSTRAINTS,
    UNIT_CONSTRAINTS,
    mix_sharp_and_smooth,
    read_scene,
)
from .weight import weigh_subject

__all__ = ["GUIDED_CONSTRAINTS", "render_guided"]

GUIDED_CONSTRAINTS: dict[str, list[Any]] = {
    "radius": [NON_NEGATIVE_INTEGER],
    "eps": [POSITIVE_REAL],
    "n_iter": [NON_NEGATIVE_INTEGER],
}
_CONSTRAINTS = {
    **SCENE_CONSTRAINTS,
    **UNIT_CONSTRAINTS,
    **GUIDED_CONSTRAINTS,
    "largest_sigma": [POSITIVE_REAL, None],
}


def _smooth_guided(
    image: np.ndarray, radius: int, eps: float, n_iter: int
) -> np.ndarray:
    """Smooth an image by the guided filter, guided by itself, several times.

    Each channel guides itself: with all three as guide, colors that differ less than
    brightness does would be averaged away and the background would fade to gray.
    """
    if image.ndim == 3:
        channels = np.ascontiguousarray(np.moveaxis(image, -1, 0))
        smooth = [_smooth_guided(channel, radius, eps, n_iter) for channel in channels]
        return np.stack(smooth, axis=-1)
    for _ in range(n_iter):
        image = unchecked(guided_filter)(image, radius=radius, eps=eps)
    within: np.ndarray = np.clip(image, 0, 1)
    return within


@checked(_CONSTRAINTS)
def render_guided(
    image: np.ndarray,
    blur_map: np.ndarray,
    c0: float | str = "auto",
    c1: float | str = "auto",
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    radius: int = 33,
    eps: float = 128 / 255**2,
    n_iter: int = 5,
    subject_gain: float = 0.25,
    literal: bool = False,
    unit: str = "px",
    focus: float | str = "auto",
    largest_sigma: float | None = None,
    confidence: np.ndarray | None = None,
    unknown_below: float = UNKNOWN,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Render a photograph with less depth of field by a guided filter (eqs. 12, 13).

    A sharpened copy and a smoothed one are mixed by the weight of `sdof_weight`. The
    smoothed copy has passed the guided filter several times: it loses its texture and
    keeps its strong edges.

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
        Weights of the sharpened photograph at c0 and at c1.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it.
    radius : int, default=33
        Radius of the guided filter, in pixels.
    eps : float, default=128 / 255 ** 2
        Ridge of the guided filter, on the scale of variance in [0, 1].
    n_iter : int, default=5
        Passes of the guided filter.
    subject_gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    unit : {"px", "depth", "disparity"}, default="px"
        What the map holds: sigma in pixels; distances, above 0, larger is farther; or
        inverse distances, larger is nearer. Depth and disparity, on any scale, are
        turned into the sigma, up to ``largest_sigma``, that a lens would give them
        (`defocus_from_depth`).
    focus : float or "auto", default="auto"
        Depth or disparity in focus, on the map's scale; "auto" is the subject's or,
        without a mask, that of the nearer part of the photograph. Not used with sigma.
    largest_sigma : float, optional
        Sigma, in pixels, of what depth or disparity places most out of focus; by
        default 1 % of the diagonal, at most a quarter of the shorter side. Not used
        with sigma.
    confidence : array-like of shape (H, W), optional
        That of a blur map, in [0, 1]; by default 1 everywhere. Not used with depth or
        disparity.
    unknown_below : float, default=0.25
        Confidence, in [0, 1], below which a pixel is unknown: the map is filled there
        from known pixels (`fill_unknown`). Not used with depth or disparity.
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

    See Also
    --------
    render_disc, render_lens : Backgrounds that look more like those of a lens.

    References
    ----------
    Galetto and Deng (2022), sec. 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import render_guided
    >>> photo = np.random.default_rng(0).random((48, 48))
    >>> blur_map = np.repeat([[0.0, 9.0]], 24, axis=1) * np.ones((48, 1))
    >>> shallow = render_guided(photo, blur_map, 1, 7, eps=0.1)
    >>> bool(shallow[:, 40:].std() < photo[:, 40:].std() / 2)
    True
    """
    scene = read_scene(
        image,
        blur_map,
        largest_sigma,
        unit=unit,
        focus=focus,
        subject_mask=subject_mask,
        confidence=confidence,
        unknown_below=unknown_below,
    )
    weight = weigh_subject(
        np.abs(scene.defocus),
        c0,
        c1,
        w0=w0,
        w1=w1,
        pivot=pivot,
        literal=literal,
        subject_mask=subject_mask,
    )
    smooth = _smooth_guided(scene.image, radius, eps, n_iter)
    return mix_sharp_and_smooth(scene.image, smooth, weight, subject_gain)
