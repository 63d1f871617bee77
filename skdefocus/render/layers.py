"""Layers of one sigma each: cut from a defocus map, blurred and composited."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..filters import disc_kernel
from ..filters._blur import disc_blur
from .unmix import Mixture, defocus_scale

__all__ = ["cut_into_layers", "lay_over"]

# Shares of a disc below it are rounding errors of its convolution.
_LEAST_SHARE = 1e-5
# Light below it is not seen any more.
_LEAST_LIGHT = 1e-4


def cut_into_layers(signed: np.ndarray, n_layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each pixel the number of its layer, from the front, and layers a sigma.

    Parameters
    ----------
    signed : ndarray of shape (H, W), float32
        Sigma in pixels, below 0 before the plane of focus.
    n_layers : int
        Most layers, at least 3; a map with more sigmas is rounded, evenly on a
        logarithmic scale.

    Returns
    -------
    layers : ndarray of shape (H, W), int
        Number of each pixel's layer; 0 is the nearest.
    sigmas : ndarray of shape (n,), float64
        Sigma of each layer, in pixels, at least 0: its mean, but 0 where any of it is.
    """
    values, layers = np.unique(signed, return_inverse=True)
    layers = layers.reshape(signed.shape)
    if len(values) > n_layers:
        scale = defocus_scale(signed)
        low, high = float(scale.min()), float(scale.max())
        step = (high - low) / (n_layers - 1)
        # In focus stays in focus: layers lie at whole steps from there.
        layers = np.rint(scale / step if step > 0 else scale).astype(np.intp)
        layers = np.unique(layers, return_inverse=True)[1].reshape(signed.shape)
    counts = np.bincount(layers.ravel())
    sums = np.bincount(layers.ravel(), np.abs(signed, dtype=np.float64).ravel())
    sigmas = sums / counts
    sigmas[layers[signed == 0]] = 0
    return layers, sigmas


def lay_over(layers: np.ndarray, sigmas: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Blur each layer by its disc and lay them over each other, from front to back.

    Parameters
    ----------
    layers : ndarray of shape (H, W), int
        Number of each pixel's layer, from the front.
    sigmas : ndarray of shape (n,)
        Sigma of each layer, in pixels.
    mixture : Mixture
        Linear light of the photograph, its edges taken apart.

    Returns
    -------
    ndarray of shape (H, W, C), float32
        Linear light, which rounding may take a little out of [0, 1].
    """
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
    share = disc_blur(own + edge, sigma)
    not_nearer = (layers >= number) * rest + (front >= number) * mixture.share
    not_nearer = disc_blur(not_nearer, sigma)
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
    gathered = disc_blur(weight, sigma)
    there = gathered > _LEAST_SHARE
    for c in range(color.shape[-1]):
        channel = disc_blur(weighted[..., c], sigma)
        np.divide(channel, gathered, out=color[..., c], where=there)
    return there
