"""Defocus as a lens draws it: discs of varying radius, and what is nearer hides."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .._shared.validation import (
    NON_NEGATIVE_INTEGER,
    POSITIVE_INTEGER,
    check_map,
    check_parameters,
    to_float_image,
)
from ..filters import blur, disc_kernel, linear_to_srgb, srgb_to_linear
from .unmix import Mixture, defocus_scale, steepen, unmix

__all__ = ["LENS_CONSTRAINTS", "lens_blur"]

LENS_CONSTRAINTS = {
    "n_layers": [POSITIVE_INTEGER],
    "edge_radius": [NON_NEGATIVE_INTEGER],
}
# Shares of a disc below it are rounding errors of its convolution.
_LEAST_SHARE = 1e-5
# Light below it is not seen any more.
_LEAST_LIGHT = 1e-4


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
        Most sigmas used, at least 1; a map with more is rounded to that many, evenly on
        a logarithmic scale.
    edge_radius : int, default=2
        How far, in pixels, an edge of the map may be soft or beside the photograph's,
        at least 0: the map's steps are made steep within that distance, and pixels
        that near to a nearer surface are taken apart into its light and their own.

    Returns
    -------
    ndarray of the image's shape, float32
        In [0, 1]. Where nothing is defocused, the image itself.

    Raises
    ------
    ValueError
        For parameters outside their range, or a map that does not fit the image.

    See Also
    --------
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
    check_parameters(
        LENS_CONSTRAINTS,
        {"n_layers": n_layers, "edge_radius": edge_radius},
        "lens_blur",
    )
    image = to_float_image(image)
    defocus = np.asarray(defocus)
    if defocus.dtype.kind not in "fiu":
        raise ValueError(f"defocus must hold real numbers; got dtype {defocus.dtype}.")
    sizes = check_map(np.abs(defocus), image.shape, "defocus")
    signed = np.copysign(sizes, defocus).astype(np.float32)
    signed = steepen(signed, edge_radius)
    layers, sigmas = _cut(signed, n_layers)
    light = srgb_to_linear(image)
    light = light[..., np.newaxis] if light.ndim == 2 else light
    mixture = unmix(light, signed, edge_radius)
    result = _lay_over(layers, sigmas, mixture)
    return linear_to_srgb(np.clip(result, 0, 1).reshape(image.shape))


def _cut(signed: np.ndarray, n_layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each pixel the number of its layer, from the front, and layers a sigma."""
    values, layers = np.unique(signed, return_inverse=True)
    layers = layers.reshape(signed.shape)
    if len(values) > n_layers:
        scale = defocus_scale(signed)
        low, high = float(scale.min()), float(scale.max())
        step = (high - low) / max(n_layers - 1, 1)
        # In focus stays in focus: layers lie at whole steps from there.
        layers = np.rint(scale / step if step > 0 else scale).astype(np.intp)
        layers = np.unique(layers, return_inverse=True)[1].reshape(signed.shape)
    counts = np.bincount(layers.ravel())
    sums = np.bincount(layers.ravel(), np.abs(signed, dtype=np.float64).ravel())
    return layers, sums / counts


def _lay_over(layers: np.ndarray, sigmas: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Lay layers over each other, from the front to the back."""
    result = np.zeros_like(mixture.own)
    left = np.ones(layers.shape, dtype=np.float32)
    front = layers.ravel()[mixture.front]
    for number, sigma in enumerate(sigmas):
        box = _reach((layers == number) | (front == number), float(sigma))
        if left[box].max() < _LEAST_LIGHT:
            continue
        color, cover = _view(
            layers[box],
            front[box],
            Mixture(*(part[box] for part in mixture)),
            number,
            float(sigma),
        )
        seen = left[box] * cover
        result[box] += seen[..., np.newaxis] * color
        left[box] -= seen
    # What a blurred edge uncovers goes on as what lies behind it begins.
    for number in np.unique(layers[left > _LEAST_LIGHT]):
        hidden = (left > _LEAST_LIGHT) & (layers == number)
        sigma = float(sigmas[number])
        box = _reach(hidden, sigma)
        behind = (layers[box] > number).astype(np.float32)
        light = mixture.own[box]
        color = light.copy()
        for weight in (behind, behind * mixture.pure[box]):
            _put_mean(color, light * weight[..., np.newaxis], weight, sigma)
        result[box] += (left[box] * hidden[box])[..., np.newaxis] * color
    return result


def _reach(own: np.ndarray, sigma: float) -> tuple[slice, ...]:
    """Box of all pixels on which a layer's disc depends; its own reach is inside."""
    margin = 2 * (disc_kernel(sigma).shape[0] // 2)
    (box,) = ndimage.find_objects(own.astype(np.int8))
    return tuple(slice(max(s.start - margin, 0), s.stop + margin) for s in box)


def _view(
    layers: np.ndarray,
    front: np.ndarray,
    mixture: Mixture,
    number: int,
    sigma: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean color of a layer under its disc, and its share of what is not nearer."""
    rest = 1 - mixture.share
    own = (layers == number) * rest
    edge = (front == number) * mixture.share
    share = blur(own + edge, sigma, "disc")
    not_nearer = (layers >= number) * rest + (front >= number) * mixture.share
    not_nearer = blur(not_nearer, sigma, "disc")
    color = np.zeros_like(mixture.own)
    front_light = mixture.ahead * edge[..., np.newaxis]
    pure = own * mixture.pure
    weighted = mixture.own * pure[..., np.newaxis] + front_light
    reached = _put_mean(color, weighted, pure + edge, sigma)
    # Mixed pixels serve only a layer's own, where it has no others in reach.
    lonely = (own + edge > 0) & ~reached
    if lonely.any():
        mean = np.zeros_like(color)
        weighted = mixture.own * own[..., np.newaxis] + front_light
        _put_mean(mean, weighted, own + edge, sigma)
        color[lonely] = mean[lonely]
    known = (share > _LEAST_SHARE) & (reached | lonely)
    cover = np.divide(share, not_nearer, out=np.zeros_like(share), where=known)
    return color, np.clip(cover, 0, 1)


def _put_mean(
    color: np.ndarray, weighted: np.ndarray, weight: np.ndarray, sigma: float
) -> np.ndarray:
    """Set colors to their weighted mean under the disc; tell where it has weight."""
    gathered = blur(weight, sigma, "disc")
    there = gathered > _LEAST_SHARE
    for c in range(color.shape[-1]):
        channel = blur(weighted[..., c], sigma, "disc")
        np.divide(channel, gathered, out=color[..., c], where=there)
    return there
