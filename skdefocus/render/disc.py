"""Shallow depth of field by one disc for all of the background (sec. 5.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._shared.parameters import POSITIVE_REAL, checked, unchecked
from ..filters import blur, linear_to_srgb, srgb_to_linear
from ..sample import UNKNOWN
from ._scene import (
    SCENE_CONSTRAINTS,
    UNIT_CONSTRAINTS,
    mix_sharp_and_smooth,
    read_scene,
)
from .weight import weigh_subject

__all__ = ["DISC_CONSTRAINTS", "render_disc"]

DISC_CONSTRAINTS: dict[str, list[Any]] = {"disc_sigma": [POSITIVE_REAL, None]}
# A pixel keeps its own light where less background than this lies under its disc.
_LEAST_SHARE = 1e-3


def _smooth_disc(image: np.ndarray, background: np.ndarray, sigma: float) -> np.ndarray:
    """Blur the background as a lens would, in linear light, without its subject.

    Every pixel becomes the mean of the background pixels under the disc, so no light
    of the subject is scattered into its surroundings.
    """
    light = srgb_to_linear(image)
    share = unchecked(blur)(background, sigma, "disc")
    weight = background if image.ndim == 2 else background[..., np.newaxis]
    gathered = unchecked(blur)(np.clip(light * weight, 0, 1), sigma, "disc")
    share = share if image.ndim == 2 else share[..., np.newaxis]
    mean = gathered / np.maximum(share, _LEAST_SHARE)
    return linear_to_srgb(np.clip(np.where(share > _LEAST_SHARE, mean, light), 0, 1))


@checked({**SCENE_CONSTRAINTS, **UNIT_CONSTRAINTS, **DISC_CONSTRAINTS})
def render_disc(
    image: np.ndarray,
    blur_map: np.ndarray,
    c0: float | str = "auto",
    c1: float | str = "auto",
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    disc_sigma: float | None = None,
    subject_gain: float = 0.25,
    literal: bool = False,
    unit: str = "px",
    focus: float | str = "auto",
    confidence: np.ndarray | None = None,
    unknown_below: float = UNKNOWN,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Render a photograph with less depth of field by a disc (eqs. 12 and 13).

    A sharpened copy and a blurred one are mixed by the weight of `sdof_weight`. The
    blurred copy is the background under one disc, the same for all pixels, without the
    light of the subject.

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
    disc_sigma : float, optional
        Sigma of the disc, in pixels, half its radius; of the largest disc where they
        vary; by default 1 % of the diagonal, at most a quarter of the shorter side.
    subject_gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone.
    unit : {"px", "depth", "disparity"}, default="px"
        What the map holds: sigma in pixels; distances, above 0, larger is farther; or
        inverse distances, larger is nearer. Depth and disparity, on any scale, are
        turned into the sigma, up to ``disc_sigma``, that a lens would give them
        (`defocus_from_depth`).
    focus : float or "auto", default="auto"
        Depth or disparity in focus, on the map's scale; "auto" is the subject's or,
        without a mask, that of the nearer part of the photograph. Not used with sigma.
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
    render_lens : Discs whose radius follows the map, with occlusion.
    render_guided : The paper's way.

    Notes
    -----
    The disc gathers linear light (`skdefocus.filters.srgb_to_linear`).

    References
    ----------
    Galetto and Deng (2022), sec. 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import render_disc
    >>> photo = np.random.default_rng(0).random((48, 48))
    >>> blur_map = np.repeat([[0.0, 9.0]], 24, axis=1) * np.ones((48, 1))
    >>> shallow = render_disc(photo, blur_map, 1, 7)
    >>> bool(shallow[:, 40:].std() < photo[:, 40:].std())
    True
    """
    scene = read_scene(
        image,
        blur_map,
        disc_sigma,
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
    # Of what is in focus nothing at all counts: a disc holds much more of it than of a
    # gap within it.
    background = np.clip((w0 - weight) / (w0 - w1), 0, 1).astype(np.float32)
    smooth = _smooth_disc(scene.image, background, scene.largest_sigma)
    return mix_sharp_and_smooth(scene.image, smooth, weight, subject_gain)
