"""What both ways of making patches are told, and how they imitate cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..synthesis import through_jpeg

__all__ = ["PatchSettings", "degrade", "draw_scale", "resize", "to_uint8"]


@dataclass(frozen=True)
class PatchSettings:
    """Settings that hold for every photograph of a patch set.

    Parameters
    ----------
    ladder : tuple of float
        Sigma of each level, in pixels.
    patch_size : int
        Side of a patch, in pixels.
    padding : {"reflect", "nearest", "constant"}
        What lies around a patch that is blurred alone.
    n_patches : int or None
        Patches asked of all photographs; None for all there are.
    psf : {"gaussian", "disc", "mixed"}
        Point spread function.
    augment : bool
        Vary scale, contrast, brightness, noise and JPEG quality.
    min_sharpness : float
        Smallest variance of the Laplacian of a sharp patch.
    """

    ladder: tuple[float, ...]
    patch_size: int
    padding: str
    n_patches: int | None
    psf: str
    augment: bool
    min_sharpness: float


def draw_scale(rng: np.random.Generator) -> float:
    """Draw by how much a photograph is made smaller: 0.4 to 1, often not at all."""
    # Downscaling makes a photograph sharper and its textures finer.
    return rng.uniform(0.4, 1.0) if rng.random() < 0.6 else 1.0


def resize(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a grey image of values in [0, 1], with anti-aliasing."""
    image = Image.fromarray(grey).resize((width, height), Image.Resampling.LANCZOS)
    return np.clip(np.asarray(image), 0, 1)


def degrade(region: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add contrast, brightness, noise and JPEG as cameras and web pages do.

    Parameters
    ----------
    region : ndarray of shape (H, W)
        Grey values in [0, 1].
    rng : Generator
        Decides over all of them.

    Returns
    -------
    ndarray of shape (H, W), uint8
        The region as a photograph would show it.
    """
    mean = region.mean()
    contrast, brightness = rng.uniform(0.4, 1.2), rng.uniform(-0.15, 0.15)
    noise = rng.normal(0, rng.uniform(0, 3) / 255, region.shape)
    levels = to_uint8((region - mean) * contrast + mean + brightness + noise)
    if rng.random() < 0.8:
        levels = through_jpeg(levels, int(rng.integers(70, 99)))
    return levels


def to_uint8(region: np.ndarray) -> np.ndarray:
    """Round values in [0, 1] to grey levels."""
    return np.clip(np.rint(region * 255), 0, 255).astype(np.uint8)
