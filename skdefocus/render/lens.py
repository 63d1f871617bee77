"""Shallow depth of field as a lens draws it: discs of varying radius, and occlusion."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .._shared.parameters import NON_NEGATIVE_INTEGER, Interval, checked, unchecked
from .._shared.validation import check_map, to_float_image
from ..filters import linear_to_srgb, srgb_to_linear, unsharp_mask
from ..filters._blur import check_disc
from ..sample import UNKNOWN
from ._scene import SCENE_CONSTRAINTS, UNIT_CONSTRAINTS, read_scene
from .disc import DISC_CONSTRAINTS
from .layers import cut_into_layers, lay_over
from .unmix import steepen, unmix
from .weight import weigh_subject

__all__ = ["LENS_CONSTRAINTS", "lens_blur", "render_lens"]

LENS_CONSTRAINTS: dict[str, list[Any]] = {
    "n_layers": [Interval(Integral, 3, None, closed="left")],
    "edge_radius": [NON_NEGATIVE_INTEGER],
}


@checked(
    {**SCENE_CONSTRAINTS, **UNIT_CONSTRAINTS, **DISC_CONSTRAINTS, **LENS_CONSTRAINTS}
)
def render_lens(
    image: np.ndarray,
    blur_map: np.ndarray,
    c0: float | str = "auto",
    c1: float | str = "auto",
    *,
    w0: float = 0.999,
    w1: float = 0.001,
    pivot: float = 10.0,
    disc_sigma: float | None = None,
    n_layers: int = 32,
    edge_radius: int = 2,
    subject_gain: float = 0.25,
    literal: bool = False,
    unit: str = "px",
    focus: float | str = "auto",
    confidence: np.ndarray | None = None,
    unknown_below: float = UNKNOWN,
    subject_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Render a photograph with less depth of field as a lens draws it.

    The subject is sharpened, and what is out of focus is drawn by discs of varying
    radius, with occlusion (`lens_blur`). With a blur map, the weight of `sdof_weight`
    sets the radius: nothing where it is 1, ``disc_sigma`` where it is 0. With depth or
    disparity, the radius is that of a lens (`defocus_from_depth`).

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    blur_map : array-like of shape (H, W)
        Sigma in pixels, at least 0, or in its place depth or disparity (``unit``).
    c0, c1 : float or "auto", default="auto"
        Sigma, in pixels, up to which a pixel is in focus and from which it is
        background; "auto" takes both from the map (`automatic_focus_range`). The
        paper's example is 1 and 7. Not used with depth or disparity.
    w0, w1 : float, default=0.999 and 0.001
        Weights of the sharpened photograph at c0 and at c1. Not used with depth or
        disparity.
    pivot : float, default=10.0
        Sigma, in pixels, from which the weight is 0; raised to c1 / 0.7 where an
        automatic c1 needs it. Not used with depth or disparity.
    disc_sigma : float, optional
        Sigma of the disc, in pixels, half its radius; of the largest disc where they
        vary; by default 1 % of the diagonal, at most a quarter of the shorter side.
    n_layers : int, default=32
        Most sigmas that the lens draws, at least 3: in focus, before it and behind it.
    edge_radius : int, default=2
        How far, in pixels, an edge of the map may be soft or beside the photograph's,
        at least 0.
    subject_gain : float, default=0.25
        Gain of the unsharp mask that sharpens the subject.
    literal : bool, default=False
        Reproduce eq. 13 as printed, which is not monotone. Not used with depth or
        disparity.
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
    lens_blur : The blur alone, for a map of defocus in pixels.
    render_disc : One disc for all of the background, which is faster.

    References
    ----------
    Galetto and Deng (2022), sec. 5.2, which suggests a more realistic blur.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import render_lens
    >>> photo = np.random.default_rng(0).random((48, 48))
    >>> depth = np.repeat([[1.0, 4.0]], 24, axis=1) * np.ones((48, 1))
    >>> shallow = render_lens(photo, depth, unit="depth", focus=1.0, disc_sigma=3.0)
    >>> bool(shallow[:, 40:].std() < photo[:, 40:].std() / 2)
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
    if unit == "px":
        weight = weigh_subject(
            scene.defocus,
            c0,
            c1,
            w0=w0,
            w1=w1,
            pivot=pivot,
            literal=literal,
            subject_mask=subject_mask,
        )
        defocus = np.float32(scene.largest_sigma) * (1 - weight)
    else:
        defocus = scene.defocus
        # The subject ends where defocus reaches one pixel of sigma.
        weight = np.clip(1 - np.abs(defocus), 0, 1)
    # What is in focus is sharpened before the lens draws the rest.
    sharp = unchecked(unsharp_mask)(scene.image, subject_gain * weight)
    return unchecked(lens_blur)(
        sharp, defocus, n_layers=n_layers, edge_radius=edge_radius
    )


@checked(LENS_CONSTRAINTS)
def lens_blur(
    image: np.ndarray,
    defocus: np.ndarray,
    *,
    n_layers: int = 32,
    edge_radius: int = 2,
) -> np.ndarray:
    """Defocus a photograph by discs of varying radius, with occlusion.

    The photograph is cut into layers of one sigma, seen from the front. Each layer
    covers the share of the disc that it holds among all that is not nearer. So the edge
    of what is in focus stays crisp and its light does not leak into the background,
    while what lies before the plane of focus spreads over what lies behind it.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1].
    defocus : array-like of shape (H, W)
        Sigma in pixels, half the disc's radius: 0 in focus, above 0 behind the plane of
        focus, and below 0 before it. Smaller is nearer.
    n_layers : int, default=32
        Most sigmas used, at least 3: in focus, before it and behind it. A map with more
        is rounded to that many, evenly on a logarithmic scale.
    edge_radius : int, default=2
        How far, in pixels, an edge of the map may be soft or beside the photograph's,
        at least 0: the map's steps are made steep within that distance, and pixels
        that near to a nearer surface are taken apart into its light and their own.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1]. Where nothing is defocused, the image itself but for rounding.

    Raises
    ------
    ValueError
        For parameters outside their range, a map that does not fit the image, or discs
        larger than the image (sigma above 64 px and a quarter of its mean side).

    See Also
    --------
    render_lens : The same, steered by a blur map, with the subject sharpened.
    defocus_from_depth : Such a map from depth or disparity.
    skdefocus.synthesis.defocus : Defocus of a photograph that is sharp everywhere.

    Notes
    -----
    Discs gather linear light (sRGB decoded). What a blurred foreground uncovers at its
    edges, and no photograph shows, is the mean of what its disc holds farther away.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.render import lens_blur
    >>> photo = np.random.default_rng(0).random((32, 32))
    >>> defocus = np.repeat([[0.0, 3.0]], 16, axis=1) * np.ones((32, 1))
    >>> blurred = lens_blur(photo, defocus)
    >>> bool(np.allclose(blurred[:, :16], photo[:, :16], atol=1e-5))
    True
    >>> bool(blurred[:, 16:].std() < photo[:, 16:].std() / 2)
    True
    """
    image = to_float_image(image)
    defocus = np.asarray(defocus)
    if defocus.dtype.kind not in "fiu":
        raise ValueError(f"defocus must hold real numbers; got dtype {defocus.dtype}.")
    sizes = check_map(np.abs(defocus), image.shape, "defocus")
    signed = np.copysign(sizes, defocus).astype(np.float32)
    signed = steepen(signed, edge_radius)
    check_disc(image.shape, float(sizes.max()))
    layers, sigmas = cut_into_layers(signed, n_layers)
    light = srgb_to_linear(image)
    light = light[..., np.newaxis] if light.ndim == 2 else light
    mixture = unmix(light, signed, edge_radius)
    result = lay_over(layers, sigmas, mixture)
    return linear_to_srgb(np.clip(result, 0, 1).reshape(image.shape))
