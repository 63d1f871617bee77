"""What both ways of making patches are told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..synthesis.camera import to_uint8
from ..synthesis.lenses import draw_psf
from ..synthesis.motion import draw_path

__all__ = ["PatchSettings", "draw_scale", "resize"]

# Share of regions that are blurred in linear light, where the two are mixed.
_LINEAR = 0.6


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
    psf : {"gaussian", "disc", "mixed", "lens", "motion"}
        Point spread function.
    lenses : tuple of ndarray of shape (h, w)
        Measured ones, of which "lens" draws some.
    light : {"encoded", "linear", "mixed"}
        What is blurred.
    augment : bool
        Vary scale, contrast, brightness, noise and JPEG quality.
    min_sharpness : float
        Smallest variance of the Laplacian of a sharp patch.
    smooth_share : float
        Share of the patches that are cut anywhere, sharp or not.
    dtype : {"uint8", "float32"}
        Whether patches are rounded to 8 bits.
    """

    ladder: tuple[float, ...]
    patch_size: int
    padding: str
    n_patches: int | None
    psf: str
    augment: bool
    min_sharpness: float
    smooth_share: float
    dtype: str = "uint8"
    lenses: tuple[np.ndarray, ...] = ()
    light: str = "encoded"

    def draw_psf(self, rng: np.random.Generator) -> str | np.ndarray:
        """Draw the point spread function of one region, or one patch and level."""
        if self.psf == "lens":
            return draw_psf(rng, self.lenses)
        if self.psf == "motion":
            return draw_path(rng)
        if self.psf == "mixed":
            return ("gaussian", "disc")[rng.integers(2)]
        return self.psf

    def draw_light(self, rng: np.random.Generator) -> str:
        """Draw whether values are blurred or the light that they stand for."""
        if self.light == "mixed":
            return "linear" if rng.random() < _LINEAR else "encoded"
        return self.light

    def store(self, blurred: np.ndarray) -> np.ndarray:
        """Bring what a blur gave, in [0, 1], to the type of the patches."""
        if self.dtype == "uint8":
            return to_uint8(blurred)
        # Kernels sum to 1 within rounding only.
        exact: np.ndarray = np.clip(blurred, 0, 1).astype(np.float32)
        return exact


def draw_scale(rng: np.random.Generator) -> float:
    """Draw by how much a photograph is made smaller: 0.4 to 1, often not at all."""
    # Downscaling makes a photograph sharper and its textures finer.
    return rng.uniform(0.4, 1.0) if rng.random() < 0.6 else 1.0


def resize(gray: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a gray image of values in [0, 1], with anti-aliasing."""
    image = Image.fromarray(gray).resize((width, height), Image.Resampling.LANCZOS)
    resized: np.ndarray = np.clip(np.asarray(image), 0, 1)
    return resized
